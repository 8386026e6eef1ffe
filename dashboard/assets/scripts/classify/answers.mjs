/** What an entry knows of its classes, and how it learns of more. */
import { post } from "../requests.mjs";

/** @typedef {import("./view.mjs").Entry} Entry */

const MOST_EXTRAS = 3; // as many rows as the page has for them

/** @type {(entry: Entry, content?: unknown) => Promise<Answer & { asked: ClassAnswer }>} */
export const askAbout = ({ photo }, content) => post(`/photos/${photo.id}/answer`, content);

/** @type {(classes: ClassAnswer[] | undefined, label: string) => boolean} */
const has = (classes, label) => Boolean(classes?.some((known) => known.label === label));

/** @type {(entry: Pick<Entry, "answer" | "extras">, label: string) => boolean} */
export const isKnown = ({ answer, extras }, label) => has(answer?.classes, label) || has(extras, label);

/** The labels that an entry's choice names. @param {Pick<Entry, "choice">} entry @returns {string[]} */
export const chosenLabels = ({ choice }) => [...new Set(Object.values(choice || {}).filter((label) => label !== null))];

/**
 * Adds an answer, and the classes that are chosen but not among the most likely ones. A class that cannot be had, from
 * an old link perhaps, is no longer chosen.
 *
 * @param {Entry} entry
 * @param {Answer} answer
 * @returns {Promise<string[]>} sentences about classes that cannot be had
 */
export async function addAnswer(entry, answer) {
    const [extras, sentences] = [/** @type {ClassAnswer[]} */ ([]), /** @type {string[]} */ ([])];
    for (const label of chosenLabels(entry)) {
        if (has(answer.classes, label)) continue;
        try {
            extras.push((await askAbout(entry, { label })).asked);
        } catch (/** @type {any} */ error) {
            sentences.push(error.message);
        }
    }
    const { car = null, versus = null } = entry.choice || {};
    const kept = (/** @type {string | null} */ label) => (label && isKnown({ answer, extras }, label) ? label : null);
    const choice = { car: kept(car), versus: kept(versus) };
    Object.assign(entry, { answer, extras, choice, state: "answered", problem: null });
    return sentences;
}

/**
 * Adds the answer about a class that was asked for.
 *
 * @type {(entry: Entry, answer: Answer & { asked: ClassAnswer }) => void}
 */
export function addExtra(entry, { asked, ...answer }) {
    // Another version answers by now: what the former one answered about other classes goes with it.
    if (answer.version !== entry.answer?.version) Object.assign(entry, { answer, extras: [] });
    if (isKnown(entry, asked.label)) return;
    entry.extras = [...entry.extras.slice(-(MOST_EXTRAS - 1)), asked];
}
