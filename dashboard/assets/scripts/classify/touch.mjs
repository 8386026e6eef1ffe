/** The cells over the photo: pointing at one reads it, drawing over several adds them up, and the region can be erased. */
import { closest, element, focusWhenReady, hasElement } from "../dom.mjs";
import { difference } from "../heatmap.mjs";
import { account, areaOf, cellAt, cellsOf, moved, peak, probabilityWithout, regionOf } from "./cells.mjs";
import { accountTexts, cellText, erasedText, regionText } from "./cell-texts.mjs";
import { erased } from "./erase.mjs";
import * as session from "./session.mjs";
import { comparedClass, knownClasses } from "./view.mjs";

/**
 * @typedef {import("./cells.mjs").Cell} Cell
 * @typedef {import("./cells.mjs").Region} Region
 * @typedef {object} Shown - the heatmap that is shown
 * @property {string} key - of the photo's entry
 * @property {any} photo
 * @property {Answer} answer
 * @property {ClassAnswer} chosen
 * @property {ClassAnswer | undefined} other
 * @property {ClassAnswer[]} known
 * @property {Contributions} map
 */

let shown = /** @type {Shown | null} */ (null);
let cursor = /** @type {Cell | null} */ (null);
let isReading = false; // whether the pointer or the keyboard is on the cursor
/** Where a selection began, and what it replaces. @type {{ anchor: Cell, before: Selection | undefined } | null} */
let drag = null;
/** The selection of each photo. @typedef {{ anchor: Cell, region: Region }} Selection @type {Map<string, Selection>} */
const selections = new Map();

const selection = () => (shown ? selections.get(shown.key) : undefined);

/**
 * Another photo, answer or class is shown.
 *
 * @param {import("./view.mjs").View} view
 * @param {ClassAnswer | undefined} chosen
 */
export function showCells(view, chosen) {
    const before = shown;
    shown = null;
    if (view.answer && view.key && chosen) {
        const other = comparedClass(view, chosen);
        const map = other ? difference(chosen.map, other.map) : chosen.map;
        const { key, photo, answer } = view;
        shown = { key, photo, answer, chosen, other, known: knownClasses(view), map };
    }
    for (const key of selections.keys()) if (!session.has(key)) selections.delete(key);
    if (before?.key !== shown?.key) [cursor, isReading, drag] = [null, false, null];
    const answer = view.answer && { version: view.answer.version, known: knownClasses(view) };
    element("erased").hidden = !view.erased;
    element("undo-erase").disabled = !view.erased?.canUndo;
    setText("erased-text", view.erased ? erasedText(view.erased, answer) : "");
    draw();
}

/** A live region speaks whenever it is written. @type {(id: string, text: string) => void} */
function setText(id, text) {
    const target = element(id);
    if (target.textContent !== text) target.textContent = text;
}

/** Puts an element over a region. @type {(id: string, region: Region | undefined | null) => void} */
function cover(id, region) {
    const target = element(id);
    target.hidden = !region || !shown;
    if (!region || !shown) return;
    const { top, left, bottom, right } = areaOf(region, shown.answer.extent, cellsOf(shown.map));
    Object.assign(target.style, {
        top: `${100 * top}%`,
        left: `${100 * left}%`,
        width: `${100 * (right - left)}%`,
        height: `${100 * (bottom - top)}%`,
    });
}

const without = (/** @type {Shown} */ { chosen, known, answer }, /** @type {Region} */ region) =>
    probabilityWithout(chosen, known, region, answer.temperature);

function draw() {
    const region = selection()?.region;
    const cell = isReading && cursor ? regionOf(cursor, cursor) : null;
    cover("cell-cursor", cell);
    cover("cell-selection", region);
    drawNote(cell);
    element("region").hidden = !shown || !region;
    if (!shown || !region) return;
    const exact = account(shown.chosen, shown.other, region);
    setText("region-text", regionText(shown, region, exact, without(shown, region)));
    const texts = accountTexts(exact, Boolean(shown.other));
    for (const [place, part] of /** @type {const} */ (["selection", "rest", "bias", "logit"]).entries()) {
        setText(`region-${part}`, texts[place]);
        if (part === "logit") continue;
        const bar = element(`region-bar-${part}`);
        bar.style.flexGrow = String(Math.abs(exact[part]));
        bar.dataset.side = exact[part] < 0 ? "against" : "for";
    }
}

/** The note beside the cell, inside of the photo. @param {Region | null} cell */
function drawNote(cell) {
    const note = element("cell-note");
    note.hidden = !cell || !shown;
    if (!cell || !shown) return;
    setText("cell-note", noteText(shown, cell));
    const { top, left, bottom, right } = areaOf(cell, shown.answer.extent, cellsOf(shown.map));
    const across = 50 * (left + right);
    const isLow = top > 0.35;
    Object.assign(note.style, {
        left: `${across}%`,
        transform: `translateX(-${across}%)`,
        top: isLow ? "auto" : `calc(${100 * bottom}% + 0.4rem)`,
        bottom: isLow ? `calc(${100 * (1 - top)}% + 0.4rem)` : "auto",
    });
}

/** @type {(shown: Shown, cell: Region) => string} */
const noteText = (shown, cell) => cellText(shown, shown.map[cell.top][cell.left], without(shown, cell));

/** Tells a screen reader what the keyboard or the end of a drag has changed. */
function speak() {
    if (!shown) return;
    const region = selection()?.region;
    const place = cursor ? `Row ${cursor.row + 1}, column ${cursor.column + 1}: ` : "";
    const cell = cursor ? noteText(shown, regionOf(cursor, cursor)) : "";
    const exact = region && account(shown.chosen, shown.other, region);
    setText("cell-said", exact ? regionText(shown, region, exact, without(shown, region)) : place + cell);
}

/** @type {(anchor: Cell, end: Cell) => void} */
function select(anchor, end) {
    if (shown) selections.set(shown.key, { anchor, region: regionOf(anchor, end) });
}

function deselect() {
    if (shown) selections.delete(shown.key);
    setText("cell-said", "Nothing is selected.");
    draw();
}

/** The cell under the pointer. @param {PointerEvent} event */
function cellUnder(event) {
    if (!shown) return null;
    const { left, top, width, height } = element("cells").getBoundingClientRect();
    const point = { x: (event.clientX - left) / width, y: (event.clientY - top) / height };
    return cellAt(point, shown.answer.extent, cellsOf(shown.map));
}

const isOver = (/** @type {Event} */ event) => Boolean(shown && closest(event, "#cells"));

document.addEventListener("pointerdown", (event) => {
    const cell = isOver(event) && event.isPrimary && event.button === 0 ? cellUnder(event) : null;
    if (!cell) return;
    element("cells").setPointerCapture(event.pointerId);
    drag = { anchor: cell, before: selection() };
    [cursor, isReading] = [cell, true];
    select(cell, cell);
    draw();
});

document.addEventListener("pointermove", (event) => {
    const cell = isOver(event) && event.isPrimary ? cellUnder(event) : null;
    if (!cell || (isReading && cursor?.row === cell.row && cursor.column === cell.column)) return;
    [cursor, isReading] = [cell, true];
    if (drag) select(drag.anchor, cell);
    draw();
});

document.addEventListener("pointerup", () => {
    if (!drag) return;
    drag = null;
    speak();
});

// A finger that scrolls the page selects nothing.
document.addEventListener("pointercancel", () => {
    if (!drag || !shown) return;
    if (drag.before) selections.set(shown.key, drag.before);
    else selections.delete(shown.key);
    [drag, isReading] = [null, false];
    draw();
});

document.addEventListener("pointerout", (event) => {
    if (!isOver(event) || drag || event.pointerType === "touch") return;
    isReading = element("cells").matches(":focus-visible");
    draw();
});

document.addEventListener("focusin", (event) => {
    // The pointer reads by itself.
    if (!isOver(event) || drag || !shown || !element("cells").matches(":focus-visible")) return;
    [cursor, isReading] = [cursor || peak(shown.map), true];
    draw();
    speak();
});

document.addEventListener("focusout", (event) => {
    if (!isOver(event)) return;
    isReading = false;
    draw();
});

document.addEventListener("keydown", (event) => {
    if (!isOver(event) || !shown || event.altKey || event.ctrlKey || event.metaKey) return;
    const here = cursor || peak(shown.map);
    const next = moved(here, event.key, cellsOf(shown.map));
    if (next && event.shiftKey) select(selection()?.anchor || here, next);
    else if (event.key === "Enter" || event.key === " ") select(here, here);
    else if (event.key === "Escape") selections.delete(shown.key);
    else if (!next) return;
    event.preventDefault();
    [cursor, isReading] = [next || here, true];
    draw();
    speak();
});

document.addEventListener("click", (event) => {
    const button = hasElement("classify") && closest(event, "#erase, #clear-region, #undo-erase");
    if (!button) return;
    if (button.id === "erase") eraseAndAsk(button);
    else if (button.id === "clear-region") {
        deselect();
        focusWhenReady("#cells");
    } else {
        session.undoErased();
        focusWhenReady("#cells");
    }
});

/** Fills in the region and asks the model about what is left, as about any other photo. @param {HTMLButtonElement} button */
async function eraseAndAsk(button) {
    const region = selection()?.region;
    if (!shown || !region || button.disabled) return;
    const { key, photo, answer, chosen, other } = shown;
    const { selection: taken, logit } = account(chosen, other, region);
    /** @type {import("./cell-texts.mjs").Erased} */
    const told = {
        from: key,
        label: chosen.label,
        name: chosen.name,
        versus: other ? { label: other.label, name: other.name } : null,
        version: answer.version,
        probability: chosen.probability,
        logit,
        predictedProbability: without(shown, region),
        predictedLogit: logit - taken,
    };
    const area = areaOf(region, answer.extent, cellsOf(shown.map));
    button.disabled = true; // one click, one request
    try {
        const side = Number(element("classify").dataset.photoSide);
        session.addErased(await erased(`/photos/${photo.id}`, area, side, "part erased.png"), told);
        focusWhenReady("#undo-erase", 600);
    } catch {
        session.notify("The browser could not read the photo again to erase the region. Choose the photo again.");
    } finally {
        button.disabled = false;
    }
}
