/** What survives a reload of the tab: its photos and answers, but not the files that were still to be sent. */

/** @typedef {import("./view.mjs").Entry} Entry */

const KEPT_AS = "photo-session";
let isLeaving = false; // requests that end with the page must not change what it leaves behind

/** @type {(entries: Entry[], current: Entry | null, nextKey: number) => void} */
export function keep(entries, current, nextKey) {
    if (isLeaving) return;
    const kept = entries
        .filter((entry) => entry.photo || entry.sample || entry.address)
        .map((entry) => ({ ...entry, file: undefined }));
    const rest = { unsent: entries.length - kept.length, current: current?.key, nextKey };
    const write = (/** @type {object[]} */ some) =>
        sessionStorage.setItem(KEPT_AS, JSON.stringify({ entries: some, ...rest }));
    try {
        write(kept);
    } catch {
        keepWithoutAnswers(kept, current, write);
    }
}

/**
 * There is no room for all answers: those of the photos that are not shown are asked for again.
 *
 * @type {(kept: Entry[], current: Entry | null, write: (some: object[]) => void) => void}
 */
function keepWithoutAnswers(kept, current, write) {
    const short = kept.map((entry) =>
        entry.key === current?.key ? entry : { ...entry, answer: undefined, extras: [], state: "waiting" },
    );
    try {
        write(short);
    } catch {
        sessionStorage.removeItem(KEPT_AS); // the list lives as long as the page
    }
}

/**
 * What was kept; entries that were under way wait again.
 *
 * @returns {{ entries: Entry[], unsent: number, current: string | null, nextKey: number }} the number of unsent
 *     photos, and the key of the shown entry
 */
export function restoreKept() {
    const kept = JSON.parse(sessionStorage.getItem(KEPT_AS) || "null");
    if (!kept) return { entries: [], unsent: 0, current: null, nextKey: 1 };
    for (const entry of kept.entries) {
        const isOld = entry.answer && !("temperature" in entry.answer); // of a page before an update
        if (isOld || ["sending", "asking"].includes(entry.state)) entry.state = "waiting";
    }
    return kept;
}

globalThis.addEventListener?.("pagehide", () => (isLeaving = true));
globalThis.addEventListener?.("pageshow", () => (isLeaving = false));
