/** The photos of this browser tab, each on its way from a file to an answer, and which of them is shown. */
import { hasElement } from "../dom.mjs";
import { store } from "../props.mjs";
import { classesOf, post, postFile } from "../requests.mjs";
import { retrying } from "../retry.mjs";
import { addAnswer, addExtra, askAbout, chosenLabels, isKnown } from "./answers.mjs";
import { fetchPhoto, nameIn } from "./address.mjs";
import { prepare } from "./downscale.mjs";
import { keep, restoreKept } from "./memory.mjs";
import { expiredText, leftOutText, unsentText } from "./texts.mjs";
import { viewOf } from "./view.mjs";

/** @typedef {import("./view.mjs").Entry} Entry */

const AT_ONCE = 2; // photos on their way at the same time
const MOST_ENTRIES = 200;
const ERASED = ", part erased"; // ends the name of a photo

const session = {
    entries: /** @type {Entry[]} */ ([]),
    current: /** @type {Entry | null} */ (null),
    awaited: /** @type {Entry | null} */ (null),
    notes: /** @type {string[]} */ ([]),
    asking: /** @type {string | null} */ (null),
    classes: /** @type {{ label: string, name: string }[]} */ ([]),
    folded: true,
};
let nextKey = 1;
let minutes = Infinity; // for which the server keeps a photo
/** @type {import("./downscale.mjs").Limits} */
let limits = { megabytes: Infinity, megapixels: Infinity, side: Infinity, readsHeic: false };
/** Entries on their way. @type {Set<Entry>} */
const running = new Set();
const retry = retrying(work);

export const view = () => viewOf(session);
export const entries = () => session.entries;
export const current = () => session.current;

/** Whether the list has an entry. @param {string} key */
export const has = (key) => session.entries.some((entry) => entry.key === key);

/** Whether this tab has not had a photo yet. */
export const isUnused = () => nextKey === 1;

export function changed() {
    keep(session.entries, session.current, nextKey);
    if (hasElement("classify")) store("view", view());
}

/**
 * The page appears: it shows what the tab had before, except what the server has forgotten by then.
 *
 * @param {number} minutesKept - for which the server keeps a photo
 * @param {import("./downscale.mjs").Limits} limitsOfServer
 */
export function restore(minutesKept, limitsOfServer) {
    minutes = minutesKept;
    limits = limitsOfServer;
    if (session.entries.length) return;
    const kept = restoreKept();
    session.entries = kept.entries;
    nextKey = kept.nextKey;
    const shown = session.entries.find((entry) => entry.key === kept.current);
    if (shown && (shown.sample || !isExpired(shown))) show(shown);
    if (kept.unsent) notify(unsentText(kept.unsent), true);
    forgetExpired();
    offerClasses(shown?.answer);
    work();
}

/** @param {Entry} entry */
const isExpired = (entry) => Boolean(entry.photo) && Number(entry.since) < Date.now() - minutes * 60_000;

/** Samples can be had again, other photos cannot; the one that is shown stays to be looked at. */
function forgetExpired() {
    const expired = session.entries.filter((entry) => isExpired(entry) && !entry.sample && entry !== session.current);
    if (!expired.length) return;
    session.entries = session.entries.filter((entry) => !expired.includes(entry));
    notify(expiredText(expired.length), true);
}

/**
 * A photo that cannot be used leaves the page as it was before, but for a sentence.
 *
 * @type {(entry: Entry, reason: string) => void}
 */
function drop(entry, reason) {
    const batch = entry.batch || [entry];
    session.entries = session.entries.filter((other) => other !== entry);
    if (session.awaited === entry) {
        const later = batch.slice(batch.indexOf(entry) + 1);
        session.awaited = later.find((other) => session.entries.includes(other) && !other.photo) || null;
    }
    const isOneOfSeveral = batch.length > 1;
    notify(isOneOfSeveral ? `${entry.name}: ${reason}` : reason, isOneOfSeveral);
}

/**
 * Shows a sentence; null removes all, that of the shown photo as well.
 *
 * @type {(sentence: string | null, isAdded?: boolean) => void}
 */
export function notify(sentence, isAdded = false) {
    session.notes = [...(isAdded ? session.notes : []), ...(sentence ? [sentence] : [])];
    if (!sentence && session.current) session.current.problem = null;
    changed();
}

/** Takes an entry through its states. @param {Entry} entry */
async function run(entry) {
    try {
        if (!entry.photo) await send(entry);
    } catch (/** @type {any} */ error) {
        drop(entry, error.message);
        return;
    }
    if (entry.state !== "answered") await answer(entry);
}

/** @param {Entry} entry */
async function send(entry) {
    if (entry.state !== "answered") entry.state = "sending";
    changed();
    const photo = entry.sample ? await post(`/dataset/${entry.sample}/photo`) : await upload(entry);
    entry.photo = { ...photo, name: entry.title, sample: entry.sample };
    entry.since = Date.now();
    delete entry.file;
    if (session.awaited === entry) {
        session.awaited = null;
        session.current = entry;
    }
}

/** Sends a photo that is not the server's own. @param {Entry} entry */
async function upload({ file, address }) {
    const photo = file || (await fetchPhoto(/** @type {string} */ (address)));
    return postFile("/photos", await prepare(photo, limits));
}

/** An entry that is asked about again by itself keeps its sentence meanwhile. @param {Entry} entry */
async function answer(entry) {
    if (entry.state !== "unanswered") {
        Object.assign(entry, { state: "asking", problem: null });
        changed();
    }
    try {
        session.notes.push(...(await addAnswer(entry, await ask(entry))));
        offerClasses(entry.answer);
        retry.succeeded();
    } catch (/** @type {any} */ error) {
        // A sentence that was closed does not come back by itself.
        if (entry.state !== "unanswered" || entry.problem) entry.problem = error.message;
        const again = retry.failed(error);
        Object.assign(entry, { state: "unanswered", again, tries: (entry.tries || 0) + 1 });
    }
    changed();
}

/**
 * Asks about an entry's photo; a sample that the server has forgotten is sent again first.
 *
 * @type {(entry: Entry, content?: unknown) => ReturnType<typeof askAbout>}
 */
async function ask(entry, content) {
    try {
        return await askAbout(entry, content);
    } catch (/** @type {any} */ error) {
        if (error.status !== 404 || !entry.sample) throw error;
        await send(entry);
        return askAbout(entry, content);
    }
}

/** All classes that the answer's version knows can be asked for. @param {Answer | undefined} given */
async function offerClasses(given) {
    const classes = given ? await classesOf(given.version) : [];
    if (classes === session.classes || !classes.length) return;
    session.classes = classes;
    changed();
}

/** The entry to go on with: what is looked at first, new ones before those that are asked about again. */
function next() {
    const idle = session.entries.filter((entry) => !running.has(entry));
    const waiting = idle.filter((entry) => entry.state === "waiting");
    const looked = waiting.find((entry) => entry === session.awaited || entry === session.current);
    if (waiting.length) return looked || waiting[0];
    if (retry.isPaused()) return undefined;
    const left = idle.filter((entry) => entry.state === "unanswered" && entry.again);
    return left.sort((one, other) => Number(one.tries) - Number(other.tries))[0];
}

async function work() {
    const entry = running.size < AT_ONCE && next();
    if (!entry) return;
    running.add(entry);
    const end = run(entry);
    work(); // another one, if there is room
    await end;
    running.delete(entry);
    work();
}

/** @param {Pick<Entry, "name" | "title" | "file" | "address" | "sample" | "choice" | "erased">[]} made */
function add(made) {
    const room = MOST_ENTRIES - session.entries.length;
    session.notes = made.length > room ? [leftOutText(made.length - room, MOST_ENTRIES)] : [];
    const batch = made.slice(0, room).map((entry) => {
        return /** @type {Entry} */ ({ key: String(nextKey++), state: "waiting", extras: [], ...entry });
    });
    for (const entry of batch) Object.defineProperty(entry, "batch", { value: batch }); // not kept
    session.entries = [...batch, ...session.entries];
    session.awaited = batch[0] || null;
    changed();
    work();
}

/** @param {File[]} files */
export const addFiles = (files) =>
    add(files.map((file) => ({ file, name: file.name || "Photo", title: `Your photo ${file.name || ""}`.trim() })));

/**
 * Adds a photo of which a region has been erased; the classes that are chosen stay so.
 *
 * @type {(file: File, erased: import("./cell-texts.mjs").Erased) => void}
 */
export function addErased(file, erased) {
    const choice = { car: erased.label, versus: erased.versus && erased.versus.label };
    const from = session.entries.find((entry) => entry.key === erased.from);
    const [name, title] = [from?.name, from?.title].map((text) => `${(text || "Photo").replace(ERASED, "")}${ERASED}`);
    add([{ file, name, title, choice, erased }]);
}

/** Returns to the photo from which the shown one was made by erasing a region, and drops the latter. */
export function undoErased() {
    const current = session.current;
    const before = session.entries.find((entry) => entry.key === current?.erased?.from);
    if (!current || !before) return;
    session.entries = session.entries.filter((entry) => entry !== current);
    session.notes = [];
    show(before);
}

/** @param {string} address - of a photo on the web */
export function addAddress(address) {
    const name = nameIn(address);
    add([{ address, name, title: `Your photo ${name}` }]);
}

/** Folds the controls of the heatmap on a phone, or shows them. */
export function fold() {
    session.folded = !session.folded;
    changed();
}

/**
 * Shows a sample photo: the one in the list, if it is there.
 *
 * @type {(sample: string, name: string, choice?: Entry["choice"]) => void}
 */
export function addSample(sample, name, choice) {
    const known = session.entries.find((entry) => entry.sample === sample);
    if (!known) return add([{ sample, name, title: name, choice }]);
    if (!choice) return select(known.key);
    known.choice = choice;
    const isMissing = (/** @type {string} */ label) => !isKnown(known, label);
    if (known.state === "answered" && chosenLabels(known).some(isMissing)) known.state = "waiting";
    show(known);
    work();
}

/** @param {string} key */
export function select(key) {
    session.notes = [];
    const entry = session.entries.find((other) => other.key === key);
    if (entry && (entry.sample || entry === session.current || !isExpired(entry))) show(entry);
    forgetExpired();
}

/** Shows an entry, as soon as its photo is here. @param {Entry} entry */
function show(entry) {
    if (isExpired(entry) && entry.sample) {
        session.awaited = entry;
        send(entry)
            .catch((error) => drop(entry, error.message))
            .finally(changed);
    } else if (entry.photo) {
        session.current = entry;
        session.awaited = null;
    } else session.awaited = entry;
    changed();
}

/** @param {string} key */
export function remove(key) {
    const place = session.entries.findIndex((entry) => entry.key === key);
    if (place < 0) return;
    const [gone] = session.entries.splice(place, 1);
    if (gone === session.awaited) session.awaited = null;
    if (gone === session.current) session.current = null;
    const follower = session.entries[Math.min(place, session.entries.length - 1)];
    if (follower && !session.current && !session.awaited) show(follower);
    else changed();
}

export function clear() {
    Object.assign(session, { entries: [], notes: [], current: null, awaited: null });
    changed();
}

export function tryAgain() {
    session.notes = [];
    if (session.current?.state === "unanswered") Object.assign(session.current, { state: "waiting", problem: null });
    changed();
    work();
}

/**
 * Keeps which class is chosen, and the one it is compared with, for a photo.
 *
 * @type {(key: string | undefined, choice: import("./view.mjs").ClassChoice) => void}
 */
export function setChoice(key, choice) {
    if (!session.current || session.current.key !== key) return;
    session.current.choice = choice;
    changed();
}

/** Asks for a class beyond the most likely ones. Returns whether the page now has it. @param {string} label */
export async function askFor(label) {
    const entry = session.current;
    if (!entry || entry.state !== "answered") return false;
    if (isKnown(entry, label)) return true;
    session.asking = label;
    session.notes = [];
    changed();
    try {
        addExtra(entry, await ask(entry, { label }));
        return true;
    } catch (/** @type {any} */ error) {
        retry.failed(error); // the header looks
        session.notes = [error.message];
        return false;
    } finally {
        session.asking = null;
        changed();
    }
}

setInterval(forgetExpired, 60_000);
