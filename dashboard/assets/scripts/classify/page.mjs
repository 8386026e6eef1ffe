/** The page "Classify": it follows the session of photos, and the fields that a person sets. */
import { element, hasElement } from "../dom.mjs";
import { clear, paint, paintLegend } from "../heatmap.mjs";
import { isGrey, setGrey } from "../grey.mjs";
import { choosePalette, chosenPalette } from "../palettes.mjs";
import { whenReady } from "../shell.mjs";
import { words } from "../words.mjs";
import { summary } from "./batch.mjs";
import "./camera.mjs";
import { evidence } from "./evidence.mjs";
import { noteStep, onReturn } from "./history.mjs";
import { nameOf } from "./intake.mjs";
import { showList } from "./list.mjs";
import { render } from "./render.mjs";
import { addressOf } from "./request.mjs";
import * as session from "./session.mjs";
import { showCells } from "./touch.mjs";
import { classInRow, chosenRow, rowOf } from "./view.mjs";

/** The page appears, at first or again: with the photos it had, and the sample that its address names. */
export function open() {
    const { photoMinutes, maxUploadMb, maxMegapixels, photoSide, readsHeic } = element("classify").dataset;
    session.restore(Number(photoMinutes), {
        megabytes: Number(maxUploadMb),
        megapixels: Number(maxMegapixels),
        side: Number(photoSide),
        readsHeic: readsHeic === "yes",
    });
    const query = new URLSearchParams(location.search);
    const sample = query.get("sample");
    if (sample) session.addSample(sample, nameOf(sample), { car: query.get("car"), versus: query.get("versus") });
    else showStep(history.state?.photo);
    whenReady().then(showFirst);
    session.changed();
    return { palette: { value: chosenPalette() }, "grey-photo": { checked: isGrey() } };
}

/** The photo of the browser's place in its history, after "back" from another page. @param {string | undefined} key */
function showStep(key) {
    if (key && key !== session.current()?.key && session.has(key)) session.select(key);
}

/** Answers the first sample, unless this tab has had a photo. The first thing to see is an answer. */
function showFirst() {
    const sample = document.querySelector("[data-sample]")?.getAttribute("data-sample");
    if (sample && hasElement("classify") && session.isUnused()) session.addSample(sample, nameOf(sample));
}

onReturn(
    () => hasElement("classify"),
    (key, sample) => {
        if (key && session.has(key)) session.select(key);
        else if (sample) session.addSample(sample, nameOf(sample));
    },
);

/**
 * The state or a field of the page has changed.
 *
 * @param {Inputs} inputs
 * @param {string[]} triggered
 */
export function update(inputs, triggered) {
    if (!hasElement("classify") || takeFields(inputs, triggered)) return undefined;
    const view = session.view();
    const chosen = classInRow(view, chosenRow(view));
    const shown = chosen ? evidence(view, chosen, inputs["evidence.value"], words()) : null;
    draw(view, shown);
    showCells(view, chosen);
    const { modelServer = "", modelLabel = "" } = element("classify").dataset;
    const list = summary(session.entries());
    // A class of which the list has no photo any more is not filtered by.
    const filter = list.filters.some(({ value }) => value === inputs["list-filter.value"])
        ? inputs["list-filter.value"]
        : "all";
    showList(session.entries(), session.current(), { order: inputs["list-order.value"], filter });
    // The photo that an address asked for may still be on its way.
    if (view.phase !== "sending") noteStep(view.key, addressOf(view, new URL(location.href)), session.has);
    const samples = [...document.querySelectorAll("[data-sample]")].map((one) => one.getAttribute("data-sample") || "");
    return render(view, shown, {
        origin: location.origin,
        modelServer,
        modelLabel,
        words: words(),
        samples,
        list: { ...list, filter },
    });
}

/**
 * Takes over what a person has set. Returns whether that changes the state, which calls `update` once more.
 *
 * @type {(inputs: Inputs, triggered: string[]) => boolean}
 */
function takeFields(inputs, triggered) {
    const view = session.view();
    if (triggered.includes("palette.value")) choosePalette(inputs["palette.value"]);
    if (!view.answer) return false;
    const asked = inputs["ask-class.value"];
    if (triggered.includes("ask-class.value") && asked) chooseAny(asked);
    const row = triggered.includes("choice.value") ? Number(inputs["choice.value"]) : chosenRow(view);
    const label = classInRow(view, row)?.label;
    const versus = triggered.includes("versus.value") ? inputs["versus.value"] || null : view.choice.versus;
    const isSame = row === chosenRow(view) && versus === view.choice.versus;
    if (isSame || !label) return false;
    // A class is compared with no other once it is chosen itself.
    session.setChoice(view.key, { car: row === 0 ? null : label, versus: versus === label ? null : versus });
    // A class to compare with that has no map yet is asked for; its row then is there to be compared with.
    if (versus && rowOf(view, versus) < 0 && !view.asking) session.askFor(versus);
    return true;
}

/** Chooses any class that the model knows, asking for it first if need be. @param {string} label */
async function chooseAny(label) {
    const { key } = session.view();
    if (!(await session.askFor(label))) return;
    const view = session.view();
    const row = rowOf(view, label);
    const versus = view.choice.versus === label ? null : view.choice.versus;
    if (row >= 0) session.setChoice(key, { car: row === 0 ? null : label, versus });
}

/** @type {(view: import("./view.mjs").View, shown: ReturnType<typeof evidence> | null) => void} */
function draw(view, shown) {
    const canvas = element("heatmap");
    if (shown) paintLegend(element("legend"), shown.signed);
    if (shown?.map && view.answer) paint(canvas, shown.map, view.answer.extent, view.photo, shown);
    else clear(canvas);
}

/**
 * The heatmap is switched on or off, or made fainter, or the photo below it grey.
 *
 * @param {Inputs} inputs
 * @param {string[]} triggered
 */
export function showHeatmap(inputs, triggered) {
    if (triggered.includes("grey-photo.checked")) setGrey(inputs["grey-photo.checked"]);
    const isOn = inputs["heatmap-on.checked"];
    return {
        heatmap: { style: { opacity: isOn ? inputs["opacity.value"] / 100 : 0 } },
        "photo-frame": { "data-grey": isOn && isGrey() ? "yes" : "no" },
        "grey-photo": { disabled: !isOn },
    };
}
