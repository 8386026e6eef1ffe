/** The state of the page "Classify", as its store holds it and its widgets read it.
 *
 * @typedef {{ car: string | null, versus: string | null }} ClassChoice - labels; null: the most likely class, and no other
 *
 * @typedef {object} Entry - a photo of this browser tab, on its way from a file to an answer
 * @property {string} key
 * @property {string} name - in the list
 * @property {string} title - on the stage
 * @property {File} [file] - where it comes from: this, or …
 * @property {string} [address] - … an address on the web, or …
 * @property {string} [sample] - … the id of a photo of the data set
 * @property {"waiting" | "sending" | "asking" | "answered" | "unanswered"} state
 * @property {ClassChoice} [choice]
 * @property {any} [photo] - what POST /photos returned
 * @property {number} [since] - when it did
 * @property {Answer} [answer] - what POST …/answer returned
 * @property {ClassAnswer[]} extras - classes that were asked for besides the most likely ones
 * @property {string | null} [problem] - why there is no answer
 * @property {import("./cell-texts.mjs").Erased} [erased] - of a photo of which a region has been erased
 * @property {boolean} [again] - whether it is asked about again without a click
 * @property {number} [tries]
 * @property {Entry[]} [batch] - all that were added together
 *
 * @typedef {object} View - see pages/classify.py
 * @property {string} phase
 * @property {string} problem
 * @property {string | null} asking
 * @property {string} [key]
 * @property {any} photo
 * @property {(Answer & { extras: ClassAnswer[] }) | null} answer
 * @property {ClassChoice} choice
 * @property {{ label: string, name: string }[]} classes
 * @property {Record<string, Mark>} marks
 * @property {boolean} folded
 * @property {(import("./cell-texts.mjs").Erased & { canUndo: boolean }) | null} erased
 *
 * @typedef {"right" | "wrong"} Mark
 */

export const LIKELY = 5; // rows for the most likely classes; those of extras follow
export const NO_CHOICE = Object.freeze({ car: null, versus: null });

/**
 * Whether the most likely class is the one that the data set names; null where that is not known.
 *
 * @param {Entry} entry
 * @returns {Mark | null}
 */
export function markOf({ state, photo, answer }) {
    if (state !== "answered" || !answer || !photo?.label) return null;
    return answer.classes[0].label === photo.label ? "right" : "wrong";
}

/** The marks of the samples among some entries, by the samples' ids. @param {Entry[]} entries */
const marksOf = (entries) =>
    Object.fromEntries(
        entries.map((entry) => [entry.sample, markOf(entry)]).filter(([sample, mark]) => sample && mark),
    );

/**
 * @param {object} session
 * @param {Entry[]} session.entries - all photos of the tab
 * @param {Entry | null} session.current - the entry that is shown
 * @param {Entry | null} session.awaited - the entry that will be shown as soon as its photo is here
 * @param {string[]} session.notes - sentences about anything but the shown entry
 * @param {string | null} session.asking - the label of a class that is being asked for
 * @param {{ label: string, name: string }[]} session.classes - all that the version knows
 * @param {boolean} session.folded - whether a phone hides the controls of the heatmap
 * @returns {View}
 */
export function viewOf({ entries, current, awaited, notes, asking, classes, folded }) {
    const sentences = awaited || !current ? notes : [...notes, current.problem];
    const problem = sentences.filter(Boolean).join("\n");
    const common = { problem, asking, classes, choice: NO_CHOICE, marks: marksOf(entries), folded, erased: null };
    if (awaited) return { ...common, phase: "sending", photo: current && current.photo, answer: null };
    if (!current) return { ...common, phase: "empty", photo: null, answer: null };
    const { key, state, photo, choice = NO_CHOICE, answer, extras } = current;
    const canUndo = entries.some((entry) => entry.key === current.erased?.from);
    const erased = current.erased ? { ...current.erased, canUndo } : null;
    const phase = state === "waiting" ? "asking" : state;
    const isAnswered = state === "answered" && answer;
    return { ...common, key, phase, photo, choice, erased, answer: isAnswered ? { ...answer, extras } : null };
}

/** All classes that the answer has a map for: the most likely ones, then the extras. @param {View} view */
export const knownClasses = ({ answer }) => (answer ? [...answer.classes, ...answer.extras] : []);

/**
 * The class in a row; extras begin at row 5 even if the model knows fewer classes.
 *
 * @type {(view: View, row: number) => ClassAnswer | undefined}
 */
export function classInRow({ answer }, row) {
    if (!answer) return undefined;
    return row < LIKELY ? answer.classes[row] : answer.extras[row - LIKELY];
}

/**
 * The class that the chosen one is compared with, if there is one.
 *
 * @type {(view: View, chosen: ClassAnswer) => ClassAnswer | undefined}
 */
export const comparedClass = (view, chosen) =>
    knownClasses(view).find((one) => one.label === view.choice.versus && one !== chosen);

/** The row of a class, or -1. @type {(view: View, label: string | null) => number} */
export function rowOf({ answer }, label) {
    if (!answer || !label) return -1;
    const likely = answer.classes.findIndex((one) => one.label === label);
    if (likely >= 0) return likely;
    const extra = answer.extras.findIndex((one) => one.label === label);
    return extra >= 0 ? LIKELY + extra : -1;
}

/** The row of the class that is chosen: the most likely one, if no other is. @param {View} view */
export const chosenRow = (view) => Math.max(rowOf(view, view.choice.car), 0);
