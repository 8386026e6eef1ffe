/** How photos get in: dropped, chosen, pasted, taken by the camera or picked from the gallery. */
import { closest, element, hasElement, make } from "../dom.mjs";
import * as session from "./session.mjs";

const isHere = () => hasElement("classify");

/** @param {File[]} files */
export function takeFiles(files) {
    const limit = Number(element("classify").dataset.maxUploadMb);
    const fitting = files.filter((file) => file.size <= limit * 1e6);
    if (fitting.length) session.addFiles(fitting);
    const sentences = files
        .filter((file) => !fitting.includes(file))
        .map((file) => {
            const size = (file.size / 1e6).toFixed(1);
            return `“${file.name}” has ${size} MB; at most ${limit} MB can be taken. Scale it down and try again.`;
        });
    if (sentences.length) session.notify(sentences.join("\n"), fitting.length > 0);
}

// A file input outside of what Dash renders. Its value is emptied each time, or the same file could not be chosen twice.
const input = make("input", { type: "file", accept: "image/*", multiple: true, id: "photo-file", hidden: true });
input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = "";
    if (files.length && isHere()) takeFiles(files);
});
document.body.append(input);

document.addEventListener("click", (event) => {
    const target = isHere() && closest(event, ".browse, [data-sample], #try-again, #close-problem");
    if (!target) return;
    if (target.matches(".browse")) input.click();
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
    return thumbnail?.getAttribute("aria-label") || `Data set photo ${sample.slice(0, 8)}`;
}

/** On a phone the gallery lies far below the photo it changes. */
export function scrollToPhoto() {
    const columns = document.querySelector(".columns");
    if (columns && columns.getBoundingClientRect().top < 0) columns.scrollIntoView({ block: "start" });
}

document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files || [])];
    if (files.length && isHere()) takeFiles(files);
});

// Dropping works anywhere on the page: beside the stage, a browser would leave us for the file.
const mark = (/** @type {boolean} */ isDragging) => document.documentElement.classList.toggle("dragging", isDragging);
document.addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(Boolean(event.dataTransfer?.types.includes("Files")));
});
document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(false);
});
document.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    if (!isHere()) return;
    const files = [...(event.dataTransfer?.files || [])];
    if (files.length) takeFiles(files);
    else session.notify("That was no file. Save the photo first, then drop its file here.");
});
