/** The page "Classify": what it shows for a state. */
import { percent } from "../numbers.mjs";
import { each } from "../props.mjs";
import { curlCommand, pythonCode } from "./request.mjs";
import { confidence, isSure, isUnknown, markText, worth } from "./texts.mjs";
import { classInRow, chosenRow, knownClasses, LIKELY } from "./view.mjs";

const ROWS = 8;
/** @type {Record<string, string>} */
const WAITING = { empty: "The five best answers appear here.", unanswered: "No answer yet." };
/** @type {Record<string, string>} */
const PROGRESS = { sending: "Reading the photo…", asking: "Asking the model…" };

/**
 * @typedef {import("./view.mjs").View} View
 * @typedef {ReturnType<typeof import("./evidence.mjs").evidence>} Evidence
 * @typedef {{ origin: string, modelServer: string, modelLabel: string,
 *     words: import("../words.mjs").Words, samples: string[],
 *     list: ReturnType<typeof import("./batch.mjs").summary> & { filter: string } }} Page - `samples`: their ids
 */

/**
 * @param {View} view
 * @param {Evidence | null} shown - what the heatmap shows, if there is one
 * @param {Page} page
 * @returns {Changes}
 */
export function render(view, shown, page) {
    const { phase, photo, problem, asking, folded } = view;
    return {
        classify: {
            "data-phase": phase,
            "data-asking": asking ? "yes" : "no",
            "data-folded": folded ? "yes" : "no",
        },
        adjust: { "aria-expanded": String(!folded) },
        problem: { "data-shown": problem ? "yes" : "no" },
        "problem-text": { children: problem },
        photo: photo ? { src: photo.src, alt: photo.name } : { alt: "" },
        "photo-frame": { style: { "--ratio": photo ? photo.width / photo.height : 1 } },
        "progress-text": { children: asking ? `Asking about another ${page.words.one}…` : PROGRESS[phase] || "" },
        ...renderRanking(view),
        ...renderFields(view),
        ...renderRequest(view, page),
        ...renderEvidence(shown),
        ...renderSamples(view, page),
        ...renderList(page),
    };
}

/** @type {(view: View) => Changes} */
function renderRanking(view) {
    const { phase, photo, answer } = view;
    const rows = Array.from({ length: ROWS }, (_, row) => classInRow(view, row));
    const parts = (
        /** @type {string} */ part,
        /** @type {(one: ClassAnswer | undefined, row: number) => any} */ props,
    ) => each(ROWS, (rank) => ({ part, rank }), rows, props);
    const makes = answer ? answer.makes.map((make) => `${make.name}, ${percent(make.probability)}`) : [];
    const make = makes.length ? `Make: ${makes[0]}` : "";
    return {
        make: { children: answer ? (isUnknown(answer) ? "I know no such photo" : make) : WAITING[phase] || "" },
        "other-makes": { children: answer && !isUnknown(answer) ? ["", ...makes.slice(1)].join(" · ") : "" },
        "not-sure": {
            children: answer ? worth(answer) : "",
            "data-sure": answer && isSure(answer) && !isUnknown(answer) ? "yes" : "no",
        },
        truth: {
            children: answer && photo.truth ? `Really: ${photo.truth}` : "",
            "data-mark": (answer && view.marks[photo.sample]) || "",
        },
        "answer-over": {
            children: answer ? `${answer.classes[0].name} ${confidence(answer)}` : "",
        },
        "model-line": { children: answer ? modelLine(answer) : "" },
        ...parts("name", (one) => ({ children: one ? one.name : "–" })),
        ...parts("percent", (one) => ({ children: one ? percent(one.probability) : "" })),
        ...parts("bar", (one) => ({ style: { width: one ? `${100 * one.probability}%` : "0" } })),
        ...parts("row", (one, row) => ({
            disabled: !one,
            style: { display: one || (!answer && row < LIKELY) ? undefined : "none" },
        })),
    };
}

/** The page asks one model only, so it does not name that. @param {Answer} answer */
function modelLine({ version, milliseconds }) {
    return `${version ? `version ${version}, ` : ""}answered in ${milliseconds} ms`;
}

/** The classes that are chosen, and those that can be: none is compared with itself. @type {(view: View) => Changes} */
function renderFields(view) {
    const { answer, classes, choice } = view;
    if (!answer) return {};
    const known = classes.length ? classes : knownClasses(view);
    const options = known.map(({ label, name }) => ({ value: label, label: name }));
    const chosen = classInRow(view, chosenRow(view));
    return {
        choice: { value: String(chosenRow(view)) },
        "ask-class": { data: options, value: null }, // ready for the next one; its row says which was chosen
        versus: { data: options.filter(({ value }) => value !== chosen?.label), value: choice.versus },
    };
}

/** @type {(view: View, page: Page) => Changes} */
function renderRequest(view, page) {
    const chosen = classInRow(view, chosenRow(view));
    return {
        curl: { children: chosen ? curlCommand(view, chosen, page) : "" },
        python: { children: chosen ? pythonCode(view, chosen, page) : "" },
        "copy-curl": { disabled: !chosen },
        "copy-python": { disabled: !chosen },
        "copy-link": { disabled: !chosen || !view.photo.sample },
    };
}

/** @type {(shown: Evidence | null) => Changes} */
function renderEvidence(shown) {
    const [low, high, note] = shown ? shown.legend : ["", "", ""];
    return {
        "evidence-text": { children: shown ? shown.text : "" },
        heatmap: { "aria-label": shown ? `Heatmap. ${shown.text}` : "No heatmap yet." },
        "legend-low": { children: low },
        "legend-high": { children: high },
        "legend-note": { children: note },
        palette: { disabled: Boolean(shown && shown.signed) },
    };
}

/** Which sample is shown, and which of them were answered right. @type {(view: View, page: Page) => Changes} */
const renderSamples = ({ photo, marks }, { samples }) =>
    each(
        samples.length,
        (number) => ({ part: "sample", number }),
        samples,
        (sample, number) => ({
            "data-mark": marks[String(sample)] || "",
            "aria-label": `Sample photo ${number + 1}${markText(marks[String(sample)])}`,
            "aria-current": photo?.sample === sample ? "true" : "false",
        }),
    );

/** What the list of photos says about them together. @param {Page} page @returns {Changes} */
function renderList({ list }) {
    const isUnderWay = list.done < list.count;
    return {
        "list-summary": { children: list.count > 1 ? list.text : "" },
        "list-progress": {
            value: String(list.done),
            max: String(list.count || 1),
            hidden: !isUnderWay || list.count < 2,
        },
        "list-fields": { hidden: list.count < 2 },
        "list-filter": { data: list.filters, value: list.filter },
    };
}
