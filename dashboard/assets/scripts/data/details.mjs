/** The details of one photo of the data set, in a dialog over the page. */
import { element, make } from "../dom.mjs";
import { clear, paint } from "../heatmap.mjs";
import { percent } from "../numbers.mjs";
import { get, post } from "../requests.mjs";
import { CLOSED, columnsOf } from "./render.mjs";

/**
 * @param {() => any} current - returns the state of the dialog
 * @param {(changes: any) => void} set - changes it
 */
export function detailsOf(current, set) {
    /** Opens the dialog for a photo; null closes it. @param {string | null} id */
    async function open(id) {
        const dialog = element("data-details");
        if (!id) {
            if (current().id) set(CLOSED);
            if (dialog.open) dialog.close();
            return;
        }
        if (!dialog.open) dialog.showModal();
        if (current().id === id) return;
        set({ ...CLOSED, id });
        dialog.scrollTop = 0;
        const loaded = await get(`/dataset/${id}.json`).then(
            (photo) => ({ photo }),
            (error) => ({ problem: error.message }),
        );
        if (current().id === id) set(loaded);
    }

    /** Asks the model about the photo. */
    async function ask() {
        const { id } = current();
        set({ isAsking: true, answerProblem: "" });
        /** @type {any} */
        let changes;
        try {
            const answer = await post(`/dataset/${id}/answer`);
            await element("data-photo").decode();
            changes = { answer, rank: 0 };
        } catch (/** @type {any} */ error) {
            const isUnreadable = error.name === "EncodingError";
            changes = { answerProblem: isUnreadable ? "The file of this photo cannot be shown." : error.message };
        }
        if (current().id === id) set({ ...changes, isAsking: false });
    }

    return { open, ask, choose: (/** @type {number} */ rank) => set({ rank }) };
}

/** Draws the lists and the map, which Dash leaves alone. @param {any} details */
export function drawDetails({ photo, answer, rank }) {
    const cells = columnsOf(photo).flatMap(([name, cell]) => [
        make("dt", { textContent: name }),
        make("dd", { textContent: cell }),
    ]);
    element("data-columns").replaceChildren(...cells);
    const list = element("data-answer");
    const classes = answer ? answer.classes : [];
    if (list.childElementCount !== classes.length) {
        list.replaceChildren(
            ...classes.map((/** @type {ClassAnswer} */ known, /** @type {number} */ at) => answerRow(known, at, photo)),
        );
    }
    for (const button of list.querySelectorAll("button")) {
        button.setAttribute("aria-pressed", String(Number(button.dataset.rank) === rank));
    }
    if (!answer) return clear(element("data-map"));
    const { naturalWidth: width, naturalHeight: height } = element("data-photo");
    paint(element("data-map"), classes[rank].map, answer.extent, { width, height }, { scale: answer.scale });
}

/** @type {(known: ClassAnswer, rank: number, photo: any) => HTMLElement} */
function answerRow({ label, name, probability }, rank, photo) {
    const share = make("span", { className: "bar-fill" });
    share.style.width = `${100 * probability}%`;
    const button = make(
        "button",
        { type: "button", className: "data-answer-row option entry" },
        make("span", { textContent: label === photo.label ? `${name} (its label)` : name }),
        make("span", { className: "number", textContent: percent(probability) }),
        make("span", { className: "bar" }, share),
    );
    button.dataset.rank = rank;
    return make("li", {}, button);
}
