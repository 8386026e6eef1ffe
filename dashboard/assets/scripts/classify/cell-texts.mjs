/** The sentences about the cells of a heatmap, about a region of them, and about a photo without such a region. */
import { counted, percent } from "../numbers.mjs";
import { countIn, rounded, unlisted } from "./cells.mjs";

/**
 * @typedef {import("./cells.mjs").Account} Account
 * @typedef {{ chosen: ClassAnswer, other: ClassAnswer | undefined, known: ClassAnswer[] }} Subject - the class whose
 *     evidence is shown, the one that it is compared with, and all that have a map
 *
 * @typedef {object} Erased - what is known about a photo without a region, before the model is asked about it
 * @property {string} from - key of the photo with the region
 * @property {string} label
 * @property {string} name
 * @property {{ label: string, name: string } | null} versus
 * @property {string} version - of the model that answered about the photo with the region
 * @property {number} probability - before
 * @property {number} logit - before; with `versus`, the difference
 * @property {number | null} predictedProbability - null if the temperature is not known
 * @property {number} predictedLogit - with `versus`, the difference
 */

const DECIMALS = 4;
const FEW = 0.0005; // a probability that no shown digit depends on

/** @param {number} number */
export const signed = (number) => {
    const text = Math.abs(number).toFixed(DECIMALS);
    return Number(text) === 0 ? text : `${number < 0 ? "\u2212" : "+"}${text}`;
};

/** Without a plus. @param {number} number */
const plain = (number) => signed(number).replace("+", "");

/** @type {(before: number, without: number | null) => string} */
const change = (before, without) =>
    without === null ? "change of the probability not known" : `${percent(before)} → ${percent(without)}`;

/**
 * What a cell contributes, and what the probability would be without it.
 *
 * @type {(subject: Subject, value: number, without: number | null) => string}
 */
export function cellText({ chosen, other }, value, without) {
    const what = other ? `${signed(value)} logit rather than ${other.name}` : `${signed(value)} logit`;
    return `${what} · ${change(chosen.probability, without)} without it`;
}

/**
 * What a region contributes, and what the probability would be without it.
 *
 * @type {(subject: Subject, region: import("./cells.mjs").Region, exact: Account, without: number | null) => string}
 */
export function regionText({ chosen, other, known }, region, exact, without) {
    const { selection } = rounded(exact, DECIMALS);
    const cells = counted(countIn(region), "cell");
    const what = other ? `${chosen.name} rather than ${other.name}` : chosen.name;
    const left = unlisted(known);
    const kept =
        left > FEW && without !== null ? ` (all classes without a map, ${percent(left)}, stay as they are)` : "";
    return `${cells}: ${signed(selection)} for ${what}. Without: ${change(chosen.probability, without)}${kept}.`;
}

/** The parts of a logit, whose shown numbers add up to it. @type {(exact: Account, isContrast: boolean) => string[]} */
export function accountTexts(exact, isContrast) {
    const { selection, rest, bias, logit } = rounded(exact, DECIMALS);
    return [
        `${signed(selection)} selection`,
        `${signed(rest)} rest`,
        `${signed(bias)} bias`,
        `= ${plain(logit)} ${isContrast ? "difference in logit" : "logit"}`,
    ];
}

/**
 * What was predicted for a photo without a region, and what the model answers about it.
 *
 * @param {Erased} erased
 * @param {{ version: string, known: ClassAnswer[] } | null} answer - null as long as there is none
 */
export function erasedText({ label, name, versus, version, ...numbers }, answer) {
    const what = versus ? `${name} rather than ${versus.name}` : name;
    const { probability, logit, predictedProbability, predictedLogit } = numbers;
    const predicted = predictedProbability === null ? "no prediction" : `${percent(predictedProbability)} predicted`;
    const start = `${what}: ${percent(probability)} → ${predicted}`;
    const [now, other] = [label, versus?.label].map((one) => answer?.known.find((known) => known.label === one));
    if (!answer) return `${start}. Asking the model…`;
    if (!now || (versus && !other)) return `${start}. The model that answers now says nothing about it.`;
    const real = now.logit - (other ? other.logit : 0);
    const changed = answer.version === version ? "" : ` Version ${answer.version} answers now, before ${version}.`;
    return (
        `${start}, ${percent(now.probability)} real; ${versus ? "difference in logit" : "logit"} ${plain(logit)} → ` +
        `${plain(predictedLogit)} predicted, ${plain(real)} real.${changed}`
    );
}
