/** The sentences of the page "Classify" that depend on numbers. */
import { count, percent } from "../numbers.mjs";

/** @param {Answer} answer */
export const isSure = ({ classes, sure_above }) => classes[0].probability >= sure_above;

/** Whether the model knows no such photo; older models do not say. @param {Answer} answer */
export const isUnknown = ({ is_familiar }) => is_familiar === false;

/**
 * What the first answer's probability is worth: how many of the version's test photos with such answers were right.
 * Nothing is said of a sure answer of which too little is known.
 *
 * @param {Answer} answer
 */
export function worth(answer) {
    if (isUnknown(answer)) return unfamiliar(answer.familiarity);
    const sentences = [isSure(answer) ? "" : doubt(answer), record(answer.measured, isSure(answer))];
    return sentences.filter(Boolean).join(" ");
}

/** @param {Answer} answer */
function doubt({ makes, sure_above }) {
    return makes.length && makes[0].probability >= sure_above ? "Sure of the make, not of the model." : "Not sure.";
}

/** @param {number | null} familiarity */
function unfamiliar(familiarity) {
    const more =
        familiarity === null ? "" : ` Of photos that show them, ${percent(1 - familiarity)} are more familiar.`;
    return `This is unlike the photos that I know, and I name one of my classes for any picture.${more}`;
}

/** @type {(measured: Measured | null, sure: boolean) => string} */
function record(measured, sure) {
    if (!measured) return "";
    const { count: answers, right, interval } = measured;
    if (!interval) return sure ? "" : "Too few answers about this confident were measured to say how many are right.";
    const [low, high] = interval.map((share) => Math.round(100 * share));
    return (
        `Of ${count(answers)} answers about this confident, ${count(right)} ${right === 1 ? "was" : "were"} right ` +
        `(95 %: ${low} to ${high} %).`
    );
}

/** @param {Answer} answer */
export const confidence = (answer) =>
    percent(answer.classes[0].probability) + (isUnknown(answer) ? ", unfamiliar" : isSure(answer) ? "" : ", not sure");

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
