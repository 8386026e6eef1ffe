/** The answers of this session as files to take away. */
import { strongest } from "../heatmap.mjs";

/** @typedef {import("./view.mjs").Entry & { answer: Answer }} AnsweredEntry */

const RANKS = [1, 2, 3, 4, 5];

/** A CSV cell, quoted if need be; a leading sign would make a spreadsheet calculate. @param {unknown} value */
function csvCell(value) {
    const text = value === undefined || value === null ? "" : String(value);
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A line for each photo. @param {AnsweredEntry[]} entries */
export function asCsv(entries) {
    const header = ["photo", "truth", "model", "version", "make", "make_probability", "familiarity"];
    for (const rank of RANKS) header.push(`label_${rank}`, `probability_${rank}`);
    const rows = entries.map(({ name, photo, answer: { model, version, makes, classes, familiarity } }) => [
        ...[name, photo.label, model, version, makes[0]?.name, makes[0]?.probability, familiarity],
        ...RANKS.flatMap((rank) => [classes[rank - 1]?.label, classes[rank - 1]?.probability]),
    ]);
    return [header, ...rows].map((row) => row.map(csvCell).join(",")).join("\n") + "\n";
}

const STEPS = 100; // that the strongest evidence of a photo is divided into

/** Five digits are more than a probability deserves. @param {number} number */
const rounded = (number) => Number(number.toPrecision(5));

/**
 * A class as the file has it: its name follows from its label, and its map is in whole units.
 *
 * @type {(one: ClassAnswer, unit: number) => Pick<ClassAnswer, "label" | "index" | "probability" | "map">}
 */
function exported({ label, index, probability, map }, unit) {
    const units = map.map((row) => row.map((cell) => Math.round(cell / unit) || 0)); // no -0
    return { label, index, probability: rounded(probability), map: units };
}

/**
 * All that is known of each photo, a line each. The numbers of its maps are whole multiples of its `unit`, a hundredth of
 * the strongest evidence. Each class is there once, also if it was asked for.
 *
 * @param {AnsweredEntry[]} entries
 */
export function asJson(entries) {
    const photos = entries.map(({ name, photo: { width, height, label }, answer, extras }) => {
        const { model, version, makes, extent, classes } = answer;
        const asked = extras.filter((extra) => !classes.some((one) => one.label === extra.label));
        const unit = rounded(strongest([...classes, ...asked].map((one) => one.map)) / STEPS) || 1;
        return {
            ...{ photo: name, width, height, truth: label, model, version, familiarity: answer.familiarity ?? null },
            makes: makes.map((make) => ({ name: make.name, probability: rounded(make.probability) })),
            extent: extent.map(rounded),
            unit,
            classes: classes.map((one) => exported(one, unit)),
            asked: asked.map((one) => exported(one, unit)),
        };
    });
    return `[${photos.map((photo) => `\n${JSON.stringify(photo)}`).join(",")}\n]\n`;
}
