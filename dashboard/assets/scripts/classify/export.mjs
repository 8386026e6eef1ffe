/** The answers of this session as files to take away. */

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
    const header = ["photo", "truth", "model", "version", "make", "make_probability"];
    for (const rank of RANKS) header.push(`label_${rank}`, `probability_${rank}`);
    const rows = entries.map(({ name, photo, answer: { model, version, makes, classes } }) => [
        ...[name, photo.label, model, version, makes[0]?.name, makes[0]?.probability],
        ...RANKS.flatMap((rank) => [classes[rank - 1]?.label, classes[rank - 1]?.probability]),
    ]);
    return [header, ...rows].map((row) => row.map(csvCell).join(",")).join("\n") + "\n";
}

/** All that is known of each photo, with the maps. @param {AnsweredEntry[]} entries */
export function asJson(entries) {
    const photos = entries.map(({ name, photo: { width, height, label }, answer, extras }) => {
        return { photo: name, width, height, truth: label, ...answer, asked: extras };
    });
    return JSON.stringify(photos, null, 2);
}
