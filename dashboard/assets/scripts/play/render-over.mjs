/** The end of a game and the leaderboard: what they show for a state of the game. */
import { duration, points } from "../numbers.mjs";
import { each } from "../props.mjs";
import { boardNote, MARKS, shareText } from "./texts.mjs";

/** @typedef {import("./render.mjs").View} View */

const ROUNDS = 10; // that the page has places for
const BOARD_ROWS = 10;

/** @type {(game: any, number: number) => string} */
export const photoAddress = (game, number) => `/play/games/${game.id}/rounds/${number}.jpg`;

/** @type {(view: View, origin: string) => Changes} */
export function renderOver({ phase, game }, origin) {
    if (phase !== "over") return {};
    const scores = `${points(game.points)} : ${points(game.ai_points)}`;
    const isDraw = game.points === game.ai_points;
    const result = isDraw ? "A draw" : game.points > game.ai_points ? "You won" : "The AI won";
    const rounds = (/** @type {string} */ part, /** @type {(played: any, place: number) => any} */ props) =>
        each(
            ROUNDS,
            (place) => ({ part: `play-recap-${part}`, place }),
            game.played,
            (played, place) => (played ? props(played, place) : {}),
        );
    const aiLine = (/** @type {any} */ { ai, ai_points }) =>
        ai.length ? `${MARKS[ai_points]} AI: ${ai[0].name}` : "\u2013 AI: missed its turn";
    return {
        "play-result": { children: `${result}, ${scores}` },
        "play-result-about": {
            children: `${game.rounds} rounds, ${game.difficulty}. You thought for ${duration(game.seconds)}.`,
        },
        "play-share-text": { children: shareText(game, origin) },
        ...each(
            ROUNDS,
            (place) => ({ part: "play-recap-round", place }),
            game.played,
            (played) => ({ hidden: !played }),
        ),
        ...rounds("photo", (_, place) => ({ src: `${photoAddress(game, place + 1)}?side=400` })),
        ...rounds("truth", (played) => ({ children: played.truth })),
        ...rounds("you", (played) => ({ children: `${MARKS[played.points]} You: ${played.guess}` })),
        ...rounds("ai", (played) => ({ children: aiLine(played) })),
    };
}

/** The leaderboard. @type {(view: View) => Changes} */
export function renderBoard({ phase, game, board }) {
    const lines = board?.scores || [];
    const cells = (/** @type {string} */ cell, /** @type {(line: any, place: number) => string} */ text) =>
        each(
            BOARD_ROWS,
            (rank) => ({ part: `play-board-${cell}`, rank }),
            lines,
            (line, place) => ({
                children: line ? text(line, place) : "",
            }),
        );
    return {
        "play-board-kind": { children: board ? `${board.rounds} rounds, ${board.difficulty}` : "" },
        "play-sign": { hidden: !(phase === "over" && game.ranked && !game.name) },
        "play-board-note": { children: boardNote(phase, game, board ? board.scores : []) },
        "play-board-table": { hidden: !lines.length },
        ...each(
            BOARD_ROWS,
            (rank) => ({ part: "play-board-row", rank }),
            lines,
            (/** @type {any} */ line) => ({ hidden: !line, className: line && line.mine ? "play-board-mine" : "" }),
        ),
        ...cells("rank", (_, place) => String(place + 1)),
        ...cells("name", (line) => line.name),
        ...cells("points", (line) => points(line.points)),
        ...cells("ai", (line) => points(line.ai_points)),
        ...cells("time", (line) => duration(line.seconds)),
    };
}
