/** The sentences of the page "Classify" that depend on numbers. */
import { percent } from "../numbers.mjs";

/**
 * Calibrated probabilities mean what they say: of ten answers given with 0.4, about four are right.
 *
 * @type {(probability: number, sureAbove: number) => string}
 */
export function doubt(probability, sureAbove) {
    if (probability >= sureAbove) return "";
    const right = Math.round(10 * probability);
    const many = right === 0 ? "fewer than one is" : right === 1 ? "about one is" : `about ${right} are`;
    return `Not sure. Of ten answers this confident, ${many} right.`;
}

/** @type {(probability: number, sureAbove: number) => string} */
export const confidence = (probability, sureAbove) =>
    percent(probability) + (doubt(probability, sureAbove) ? ", not sure" : "");

/** @type {(count: number, verbs: [string, string]) => string} */
const photos = (count, [one, many]) => (count === 1 ? `1 photo ${one}` : `${count} photos ${many}`);
const again = (/** @type {number} */ count) => `choose ${count === 1 ? "it" : "them"} again.`;

/** @param {number} count */
export const unsentText = (count) =>
    `${photos(count, ["had", "had"])} not been sent when the page was loaded again; ${again(count)}`;

/** @param {number} count */
export const expiredText = (count) => `${photos(count, ["is", "are"])} no longer kept by the server; ${again(count)}`;

/** @type {(count: number, most: number) => string} */
export const leftOutText = (count, most) =>
    `The list holds ${most} photos: ${photos(count, ["was", "were"])} left out. ` +
    `Remove some from the list, then ${again(count)}`;

/** Ends the name of a sample. @param {import("./view.mjs").Mark | undefined} mark */
export const markText = (mark) => (mark ? `, answered ${mark}` : "");
