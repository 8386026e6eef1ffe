/** The game: what the page shows for a state of the game. pages/play.py describes the state. */
import { percent, points } from "../numbers.mjs";
import { each } from "../props.mjs";
import { photoAddress, renderBoard, renderOver } from "./render-over.mjs";
import { announcement, MARKS, verdict } from "./texts.mjs";

const ROUNDS = 10; // that the page has places for
const CHOICES = 4;
const ANSWERS = 5;

/** The state before anything is known. */
export const LOADING = {
    phase: "loading",
    challenge: null,
    kind: null,
    game: null,
    answer: null,
    guess: null,
    photo: null,
    problem: null,
    startOver: false,
    board: null,
    cars: null,
    make: null,
    model: null,
};

/** @typedef {import("../words.mjs").Words} Words */
/** @typedef {Record<keyof typeof LOADING, any>} View */
/** @typedef {{ isOn: boolean, isGrey: boolean }} Wanted - whether the heatmap is wanted, and the photo below it grey */

/** @param {any} game */
export const lastPlayed = (game) => game.played[game.played.length - 1];

/** @param {View} view */
const isPhotoLoaded = ({ game, photo }) => Boolean(photo && photo.src === photoAddress(game, game.number));

/**
 * Everything that depends on the state.
 *
 * @param {View} view
 * @param {Wanted} heatmap
 * @param {string} origin - of the page's address
 * @param {Words} words
 * @returns {Changes}
 */
export function render(view, heatmap, origin, words) {
    return {
        ...renderPage(view, heatmap, words),
        ...renderRound(view),
        ...renderReveal(view),
        ...renderHeatmap(view, heatmap),
        ...renderNaming(view),
        ...renderOver(view, origin),
        ...renderBoard(view),
    };
}

/** @type {(view: View, wanted: Wanted, words: Words) => Changes} */
function renderPage(view, { isOn, isGrey }, words) {
    const { game, challenge, problem } = view;
    const waits = game && game.phase !== "over" && view.phase === "start";
    return {
        play: {
            "data-phase": view.phase,
            "data-naming": game && game.difficulty === "hard" ? "yes" : "no",
            "data-grey": isOn && isGrey && heatmapClass(view) ? "yes" : "no",
        },
        "play-problem": { "data-shown": problem ? "yes" : "no" },
        "play-problem-text": { children: problem || "" },
        "play-start-over": { hidden: !view.startOver },
        "play-announcement": { children: announcement(view, words) },
        "play-start-title": { children: challenge ? "A challenge" : "New game" },
        "play-challenge-about": { hidden: !challenge },
        "play-decline": { hidden: !challenge },
        "play-kind": { hidden: Boolean(challenge) },
        "play-resume": {
            children: waits ? `Go on with round ${game.number} of ${game.rounds}` : "",
            style: { display: waits ? undefined : "none" },
        },
    };
}

/** @type {(view: View) => Changes} */
function renderRound(view) {
    const { phase, game, photo, guess } = view;
    if (!game) {
        return {
            "play-round-title": { children: "" },
            "play-points-you": { children: "0" },
            "play-points-ai": { children: "0" },
        };
    }
    const dots = (/** @type {string} */ player, /** @type {string} */ key) =>
        each(
            ROUNDS,
            (place) => ({ part: `play-dot-${player}`, place }),
            game.played,
            (played, place) => ({ className: dotClass(game, played, place, key) }),
        );
    return {
        "play-round-title": { children: `Round ${game.number} of ${game.rounds}` },
        "play-points-you": { children: points(game.points) },
        "play-points-ai": { children: points(game.ai_points) },
        "play-photo": { src: photoAddress(game, game.number) },
        "play-frame": {
            style: isPhotoLoaded(view) ? { "--ratio": photo.width / photo.height } : { visibility: "hidden" },
        },
        ...dots("you", "points"),
        ...dots("ai", "ai_points"),
        ...each(
            CHOICES,
            (place) => ({ part: "play-choice-name", place }),
            game.choices,
            (choice) => ({ children: choice ? choice.name : "" }),
        ),
        ...each(
            CHOICES,
            (place) => ({ part: "play-choice", place }),
            game.choices,
            (choice) => ({
                className:
                    guess && choice && choice.label === guess
                        ? "play-choice option play-choice-made"
                        : "play-choice option",
                disabled: phase === "asking",
                hidden: !choice,
            }),
        ),
    };
}

/** @type {(game: any, played: any, place: number, key: string) => string} */
function dotClass(game, played, place, key) {
    if (place >= game.rounds) return "play-dot play-dot-none";
    if (!played) return place === game.number - 1 ? "play-dot play-dot-now" : "play-dot";
    if (key === "ai_points" && played.missed) return "play-dot play-dot-missed";
    return `play-dot play-dot-${played[key] === 1 ? "right" : played[key] ? "half" : "wrong"}`;
}

/** @type {(view: View) => Changes} */
function renderReveal({ phase, game }) {
    if (phase !== "revealed") return {}; // the card is hidden; it fades with the texts that it had
    const last = lastPlayed(game);
    const answers = (/** @type {string} */ part, /** @type {(answer: any) => Record<string, unknown>} */ props) =>
        each(ANSWERS, (rank) => ({ part: `play-ai-${part}`, rank }), last.ai, props);
    return {
        "play-reveal": { "data-points": String(last.points) },
        "play-verdict": { children: verdict(last) },
        "play-truth": { children: last.truth },
        "play-your-answer": {
            children: last.points === 1 ? `${MARKS[1]} You said so.` : `${MARKS[last.points]} You said ${last.guess}.`,
        },
        "play-missed": { children: last.missed },
        "play-next": { children: game.number === game.rounds ? "See the result" : "Next photo" },
        ...answers("row", (answer) => ({
            hidden: !answer,
            className: answer && answer.name === last.truth ? "play-ai-truth" : "",
        })),
        ...answers("name", (answer) => ({ children: answer ? answer.name : "" })),
        ...answers("percent", (answer) => ({ children: answer ? percent(answer.probability) : "" })),
        ...answers("bar", (answer) => ({ style: { width: answer ? `${100 * answer.probability}%` : "0" } })),
    };
}

/**
 * The AI's first answer with its map, if it can be drawn over the photo now.
 *
 * @param {View} view
 * @returns {ClassAnswer | null}
 */
export function heatmapClass(view) {
    const { phase, game, answer } = view;
    if (phase !== "revealed" || !answer || !isPhotoLoaded(view)) return null;
    const [first] = lastPlayed(game).ai;
    // When the model is asked again after a reload, another version of it may answer.
    return (first && answer.classes.find((/** @type {ClassAnswer} */ known) => known.label === first.label)) || null;
}

/** @type {(view: View, wanted: Wanted) => Changes} */
function renderHeatmap(view, { isOn }) {
    const drawn = heatmapClass(view);
    const evidence = drawn ? `what speaks for ${drawn.name}` : "";
    const isAwaited = view.phase === "revealed" && !lastPlayed(view.game).missed;
    return {
        "play-heatmap": { hidden: !drawn || !isOn, "aria-label": drawn ? `Heatmap: ${evidence}` : "" },
        "play-evidence": { children: drawn && isOn ? `Bright: ${evidence}.` : isAwaited ? "\u00a0" : "" },
        "play-heatmap-on": { disabled: !drawn },
        "play-grey-photo": { disabled: !drawn || !isOn },
    };
}

/** The fields of a hard game, where a class is named. @type {(view: View) => Changes} */
function renderNaming({ phase, cars, make, model }) {
    /** @type {{ make: string, model: string, label: string }[]} */
    const known = cars || [];
    const makes = [...new Set(known.map((one) => one.make))].sort((one, other) => one.localeCompare(other));
    const hasMakes = known.length === 0 || makes.some(Boolean);
    const models = known
        .filter((one) => !hasMakes || one.make === make)
        .map((one) => ({ value: one.label, label: hasMakes ? one.model : one.model.replaceAll("_", " ") }));
    return {
        "play-make": { data: makes.filter(Boolean), value: make, style: { display: hasMakes ? undefined : "none" } },
        "play-model": { data: models, value: model, disabled: hasMakes && !make, label: hasMakes ? "Model" : "Name" },
        "play-guess": { disabled: !model || phase !== "guessing" },
    };
}
