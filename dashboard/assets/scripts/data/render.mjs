/** The page "Data": what it shows for a state. pages/data.py describes the state. */
import { count, counted, percent } from "../numbers.mjs";

/**
 * @typedef {object} View
 * @property {string} phase
 * @property {string} problem
 * @property {string} search
 * @property {string | null} asked
 * @property {any} found
 * @property {any} details
 * @property {import("./conditions.mjs").Bounds} bounds
 */
/** @typedef {import("../words.mjs").Words} Words */

export const ADDRESS = "/data";
// Columns that say nothing to a reader, or that the dialog shows elsewhere.
const LEFT_OUT = ["sha256", "label"];

/** No photo is open. */
export const CLOSED = { id: null, photo: null, problem: "", isAsking: false, answer: null, rank: 0, answerProblem: "" };

/** @param {URLSearchParams} parameters */
export const addressOf = (parameters) => (parameters.size ? `${ADDRESS}?${parameters}` : ADDRESS);

/** @type {(view: View, query: URLSearchParams, words: Words) => Changes} */
export function render({ phase, problem, search, found, details }, query, words) {
    return {
        "data-page": { "data-phase": phase },
        "data-problem": { "data-shown": problem ? "yes" : "no" },
        "data-problem-text": { children: problem },
        ...(found ? renderFound(found, new URLSearchParams(search), query, words) : {}),
        ...(details.id ? renderDetails(details, query) : {}),
    };
}

/** @type {(found: any, search: URLSearchParams, query: URLSearchParams, words: Words) => Changes} */
function renderFound(found, search, query, words) {
    const isSuspects = search.get("suspects") === "yes";
    const all = counted(found.of, "photo");
    return {
        "data-found": { children: found.found === found.of ? all : `${count(found.found)} of ${all}` },
        "data-about-suspects": { children: isSuspects ? suspectsText(found, words) : "" },
        "data-suspects": {
            data: [
                { value: "no", label: "All photos" },
                { value: "yes", label: `Suspected label errors (${count(found.suspects)})` },
            ],
        },
        "data-photos": {
            data: {
                photos: found.photos.map((/** @type {any} */ photo) => wallPhoto(photo, query, isSuspects)),
                empty: isSuspects ? "No suspects here." : "No photo is like that. Clear a filter to see more.",
            },
        },
        "data-page-text": { children: `Page ${count(found.page)} of ${count(found.pages)}` },
        "data-previous": { disabled: found.page <= 1 },
        "data-next": { disabled: found.page >= found.pages },
    };
}

/** @type {(found: any, words: Words) => string} */
function suspectsText({ version, looked_at: lookedAt }, { one }) {
    const splits = Object.entries(lookedAt || {}).map(
        ([split, photos]) => `${counted(photos, "photo")} of ${split ? `the ${split} split` : "no split"}`,
    );
    if (!splits.length) {
        return (
            "Nothing can be suspected: no version of the model has answers (predictions.csv) for these photos. " +
            "Publish one with car-classifier train."
        );
    }
    return (
        `Version ${version} of the model is sure that these show another ${one} than their label says: at least as ` +
        "sure as it is, on average, of photos that carry that other label. They are suspects, not errors: look " +
        `before you change a label. Looked at: ${splits.join(", ")}; of others its answers are not known.`
    );
}

/**
 * A photo as the wall wants it.
 *
 * @type {(photo: any, query: URLSearchParams, isSuspects?: boolean) => import("../photo-wall.mjs").WallPhoto}
 */
export function wallPhoto(photo, query, isSuspects = false) {
    const address = new URLSearchParams(query);
    address.set("photo", photo.id);
    const about = [photo.year, photo.split].filter(Boolean).join(", ");
    const lines = [];
    if (photo.suspect) lines.push(`Model says: ${photo.suspect.name}, ${percent(photo.suspect.probability)}`);
    if (photo.similarity !== undefined) lines.push(`Similarity ${photo.similarity.toFixed(2)}`);
    if (about) lines.push(about);
    if (photo.excluded) lines.push(`Excluded: ${photo.excluded}`);
    else if (photo.group && !photo.suspect) lines.push(`Near-duplicates: group ${photo.group}`);
    return { id: photo.id, title: isSuspects ? `Label: ${photo.name}` : photo.name, lines, href: addressOf(address) };
}

/** The dialog of one photo. @type {(details: any, query: URLSearchParams) => Changes} */
function renderDetails({ id, photo, problem, isAsking, answer, rank, answerProblem }, query) {
    const wall = (/** @type {any[]} */ photos) => ({
        data: { photos: photos.map((one) => wallPhoto(one, query)), empty: " " },
    });
    const { photos = [], version, problem: similarProblem = "", command = "" } = photo ? photo.similar : {};
    const shown = answer ? `Showing what speaks for ${answer.classes[rank].name}.` : answerProblem;
    return {
        "data-details": { "data-phase": photo || problem ? "shown" : "loading" },
        "data-name": { children: photo ? photo.name : problem || "\u00a0" },
        ...(photo ? { "data-photo": { src: `/dataset/${photo.id}.jpg?side=800`, alt: photo.name } } : {}),
        ...renderSuspicion(photo),
        "data-classify": { href: `/?sample=${id}` },
        "data-ask": { loading: isAsking, style: answer ? { display: "none" } : {} },
        "data-answer-text": { children: shown },
        "data-duplicates-section": { hidden: !photo?.duplicates.length },
        "data-duplicates-photos": wall(photo ? photo.duplicates : []),
        "data-similar-text": {
            children: version
                ? `The most alike, as version ${version} of the model sees them; near-duplicates aside.`
                : similarProblem,
        },
        "data-similar-command": { children: command },
        "data-similar-photos": wall(photos),
    };
}

/** The label beside what the model is sure of, where the two differ. @type {(photo: any) => Changes} */
function renderSuspicion(photo) {
    const suspect = photo?.suspect;
    if (!suspect) return { "data-suspicion": { hidden: true } };
    return {
        "data-suspicion": { hidden: false },
        "data-labelled": { children: photo.name },
        "data-labelled-text": { children: `to which the model gives ${percent(suspect.label_probability)}` },
        "data-answered": { children: `${suspect.name}, ${percent(suspect.probability)}` },
        "data-answered-text": { children: `photos labelled so get ${percent(suspect.threshold)} on average` },
    };
}

/**
 * The columns of a photo that the dialog lists, as names and cells.
 *
 * @param {any} photo
 * @returns {[string, string][]}
 */
export const columnsOf = (photo) =>
    photo
        ? photo.columns
              .filter((/** @type {[string, string]} */ [name, cell]) => cell && !LEFT_OUT.includes(name))
              .map((/** @type {[string, string]} */ [name, cell]) => [name.replaceAll("_", " "), cell])
        : [];
