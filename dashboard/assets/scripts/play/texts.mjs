/** The game's sentences. */
import { points } from "../numbers.mjs";

/** Of a round, by its points. @type {Record<string, string>} */
export const MARKS = { 0: "\u2717", 0.5: "\u00bd", 1: "\u2713" };
/** @type {Record<string, string>} */
const SQUARES = { 0: "\u25a1", 0.5: "\u25e9", 1: "\u25a0" };
/** @type {Record<string, string>} */
const SPOKEN = { 0: "was wrong", 0.5: "got the make", 1: "was right" };
/** By your points and those of the AI. @type {Record<string, string>} */
const VERDICTS = {
    "1 1": "You both got it",
    "1 0.5": "You got it, the AI only the make",
    "1 0": "Your point",
    "0.5 1": "The AI got it, you only the make",
    "0.5 0.5": "You both got the make",
    "0.5 0": "Half a point for you",
    "0 1": "The AI\u2019s point",
    "0 0.5": "Half a point for the AI",
    "0 0": "Neither of you",
};
/** When the AI missed its turn. @type {Record<string, string>} */
const ALONE = { 0: "Not this time", 0.5: "You got the make", 1: "You got it" };

/** @param {any} played - a round */
export const verdict = (played) =>
    played.missed ? ALONE[played.points] : VERDICTS[`${played.points} ${played.ai_points}`];

/**
 * What a screen reader says when the answers are revealed.
 *
 * @type {(view: any, words: import("../words.mjs").Words) => string}
 */
export function announcement({ phase, game }, { itIs }) {
    if (phase !== "revealed") return "";
    const last = game.played[game.played.length - 1];
    const ai = last.ai.length ? `The AI said ${last.ai[0].name} and ${SPOKEN[last.ai_points]}.` : last.missed;
    const state = `You ${points(game.points)}, AI ${points(game.ai_points)}.`;
    return `${verdict(last)}. ${itIs[0].toUpperCase()}${itIs.slice(1)} ${last.truth}. ${ai} ${state}`;
}

/** A text that challenges others to the same photos. @type {(game: any, origin: string) => string} */
export function shareText(game, origin) {
    const { seed, rounds, difficulty, played } = game;
    const squares = (/** @type {string} */ key) =>
        played.map((/** @type {any} */ round) => SQUARES[round[key]]).join("");
    const isDraw = game.points === game.ai_points;
    const outcome = isDraw ? "a draw" : game.points > game.ai_points ? "I won" : "I lost";
    return [
        `Beat the AI: ${outcome} ${points(game.points)} : ${points(game.ai_points)}`,
        `Me ${squares("points")}`,
        `AI ${squares("ai_points")}`,
        `The same ${rounds} photos, ${difficulty}:`,
        `${origin}/play?${new URLSearchParams({ seed, rounds, difficulty })}`,
    ].join("\n");
}

/** @type {(phase: string, game: any, scores: any[] | null) => string} */
export function boardNote(phase, game, scores) {
    if (scores === null) return "The leaderboard cannot be read now. Reload the page to try again.";
    if (phase === "over" && !game.ranked) {
        return "You had seen some of these photos before, so this game does not count here.";
    }
    if (scores.length) return "";
    return phase === "over" ? "Nobody yet: be the first." : "Nobody has played this yet: be the first.";
}
