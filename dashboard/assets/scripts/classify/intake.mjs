/** How photos get in: dropped, chosen, pasted, taken by the camera or picked from the gallery. */
import { closest, hasElement, make } from "../dom.mjs";
import { addressIn } from "./address.mjs";
import * as session from "./session.mjs";

const isHere = () => hasElement("classify");

// A file input outside of what Dash renders. Its value is emptied each time, or the same file could not be chosen twice.
const input = make("input", {
    type: "file",
    accept: "image/*,.heic,.heif",
    multiple: true,
    id: "photo-file",
    hidden: true,
});
input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = "";
    if (files.length && isHere()) session.addFiles(files);
});
document.body.append(input);

document.addEventListener("click", (event) => {
    const target = isHere() && closest(event, ".browse, [data-sample], #try-again, #close-problem, #adjust");
    if (!target) return;
    if (target.matches(".browse")) input.click();
    else if (target.id === "adjust") session.fold();
    else if (target.id === "try-again") session.tryAgain();
    else if (target.id === "close-problem") session.notify(null);
    else {
        session.addSample(target.dataset.sample, nameOf(target.dataset.sample));
        scrollToPhoto();
    }
});

/**
 * The name of a sample photo: as in the gallery, or by its id. The class's name would give the answer away.
 *
 * @param {string} sample
 */
export function nameOf(sample) {
    const thumbnail = document.querySelector(`[data-sample="${CSS.escape(sample)}"]`);
    return thumbnail?.getAttribute("data-name") || `Data set photo ${sample.slice(0, 8)}`;
}

/** The list lies far below the photo that it changes. */
export function scrollToPhoto() {
    const columns = document.querySelector(".columns");
    if (columns && columns.getBoundingClientRect().top < 0) columns.scrollIntoView({ block: "start" });
}

/**
 * Takes the photos, or the address of one, from what was dropped or pasted. Returns whether there was any.
 *
 * @param {DataTransfer | null} transfer
 */
function take(transfer) {
    const files = [...(transfer?.files || [])];
    const address = transfer && addressIn(transfer);
    if (files.length) session.addFiles(files);
    else if (address) session.addAddress(address);
    return files.length > 0 || Boolean(address);
}

document.addEventListener("paste", (event) => {
    // A text that is pasted into a field is meant for the field.
    const isForField = !event.clipboardData?.files.length && closest(event, "input, textarea");
    if (isHere() && !isForField) take(event.clipboardData);
});

// Dropping works anywhere on the page: beside the stage, a browser would leave us for the file.
const mark = (/** @type {boolean} */ isDragging) => document.documentElement.classList.toggle("dragging", isDragging);
document.addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(Boolean(event.dataTransfer?.types.some((type) => type === "Files" || type === "text/uri-list")));
});
document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(false);
});
document.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    if (isHere() && !take(event.dataTransfer)) {
        session.notify("That was no file. Save the photo first, then drop its file here.");
    }
});
