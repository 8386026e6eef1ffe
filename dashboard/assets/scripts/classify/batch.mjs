/** The list of photos as a whole: in which order it stands, which of its photos it shows, and what they add up to. */
import { count, counted } from "../numbers.mjs";
import { isSure } from "./texts.mjs";
import { markOf } from "./view.mjs";

/** @typedef {import("./view.mjs").Entry} Entry */

const MOST_CLASSES = 4; // of a summary

/** @param {Entry} entry */
const best = (entry) => (entry.state === "answered" ? entry.answer?.classes[0] : undefined);

/**
 * The entries to show.
 *
 * @param {Entry[]} entries - newest first
 * @param {{ order: string, filter: string }} wanted - `filter`: "all", "unsure", "wrong", or "class:" and a label
 */
export function arranged(entries, { order, filter }) {
    const kept = entries.filter((entry) => fits(entry, filter));
    if (order !== "least" && order !== "most") return kept;
    const sign = order === "least" ? 1 : -1;
    const answered = kept.filter(best).sort((one, other) => sign * (probability(one) - probability(other)));
    return [...answered, ...kept.filter((entry) => !best(entry))];
}

const probability = (/** @type {Entry} */ entry) => best(entry)?.probability ?? 0;

/** @type {(entry: Entry, filter: string) => boolean} */
function fits(entry, filter) {
    const top = best(entry);
    if (filter === "unsure") return Boolean(top && entry.answer && !isSure(entry.answer));
    if (filter === "wrong") return markOf(entry) === "wrong";
    return filter.startsWith("class:") ? top?.label === filter.slice("class:".length) : true;
}

/** How often each class was answered, most often first. @type {(entries: Entry[]) => { label: string, name: string, times: number }[]} */
function tally(entries) {
    /** @type {Map<string, { label: string, name: string, times: number }>} */
    const classes = new Map();
    for (const top of entries.map(best)) {
        if (!top) continue;
        const line = classes.get(top.label) || { label: top.label, name: top.name, times: 0 };
        line.times += 1;
        classes.set(top.label, line);
    }
    return [...classes.values()].sort((one, other) => other.times - one.times || one.name.localeCompare(other.name));
}

/**
 * What the list says about its photos together.
 *
 * @param {Entry[]} entries
 * @returns {{ count: number, done: number, text: string, filters: Choice[] }} `done`: photos that need no more waiting;
 *     `filters`: what can be shown
 */
export function summary(entries) {
    const done = entries.filter(
        ({ state, again }) => state === "answered" || (state === "unanswered" && !again),
    ).length;
    const classes = tally(entries);
    const unsure = entries.filter((entry) => fits(entry, "unsure")).length;
    const marks = entries.map(markOf);
    const [right, wrong] = ["right", "wrong"].map((mark) => marks.filter((one) => one === mark).length);
    const sentences = [
        done < entries.length
            ? `${count(done)} of ${counted(entries.length, "photo")} answered`
            : counted(done, "photo"),
        ...classes.slice(0, MOST_CLASSES).map(({ name, times }) => `${count(times)} ${name}`),
        classes.length > MOST_CLASSES && `${count(classes.length - MOST_CLASSES)} other classes`,
        unsure && `${count(unsure)} not sure`,
        right + wrong && `${count(right)} of ${counted(right + wrong, "sample")} right`,
    ];
    return {
        count: entries.length,
        done,
        text: sentences.filter(Boolean).join(" · "),
        filters: [
            { value: "all", label: "All photos" },
            { value: "unsure", label: `Not sure (${count(unsure)})` },
            { value: "wrong", label: `Wrong (${count(wrong)})` },
            ...classes.map(({ label, name, times }) => ({
                value: `class:${label}`,
                label: `${name} (${count(times)})`,
            })),
        ],
    };
}
