/** The list of this session's photos, which Dash leaves alone inside, and its two files to take away. */
import { closest, element, focusWhenReady, make } from "../dom.mjs";
import { arranged } from "./batch.mjs";
import { asCsv, asJson } from "./export.mjs";
import { scrollToPhoto } from "./intake.mjs";
import * as session from "./session.mjs";
import { confidence } from "./texts.mjs";
import { markOf } from "./view.mjs";

/** @typedef {import("./view.mjs").Entry} Entry */

/** @type {Record<string, string>} */
const STATES = { waiting: "Waiting", sending: "Reading…", asking: "Asking…", unanswered: "No answer yet" };

/** What the fields above the list say. */
let wanted = { order: "newest", filter: "all" };

/** @type {(entries: Entry[], current: Entry | null, fields?: typeof wanted) => void} */
export function showList(entries, current, fields = wanted) {
    wanted = fields;
    const list = element("photo-list");
    element("photo-list-section").hidden = entries.length === 0;
    const had = new Map([...list.children].map((item) => [item.dataset.key, item]));
    const items = arranged(entries, wanted).map((entry) =>
        update(had.get(entry.key) || makeItem(entry.key), entry, entry === current),
    );
    // An item that is put where it is loses the keyboard.
    if (items.length !== list.children.length || items.some((item, place) => item !== list.children[place])) {
        list.replaceChildren(...items);
    }
}

/** @param {string} key */
function makeItem(key) {
    const item = make(
        "li",
        { className: "photo-item tile" },
        make(
            "button",
            { type: "button", className: "photo-item-open" },
            make("img", { alt: "", width: 96, height: 72 }),
            make("span", { className: "photo-item-name" }),
            make("strong", { className: "photo-item-answer" }),
            make("span", { className: "photo-item-share" }),
        ),
        make("button", { type: "button", className: "photo-item-remove", textContent: "×" }),
    );
    item.dataset.key = key;
    return item;
}

/**
 * An item keeps its elements, so that nothing flickers and the keyboard's place is kept.
 *
 * @type {(item: any, entry: Entry, isCurrent: boolean) => any}
 */
function update(item, entry, isCurrent) {
    const [open, remove] = item.children;
    const [image, name, answer, share] = open.children;
    const given = entry.state === "answered" ? entry.answer : undefined;
    // A sample has an address that does not end with this session.
    const address = entry.sample ? `/dataset/${entry.sample}.jpg` : entry.photo?.src;
    const source = address ? `${address}?side=160` : "";
    if (image.getAttribute("src") !== source && source) image.src = source;
    name.textContent = entry.name;
    answer.textContent = given ? given.classes[0].name : STATES[entry.state] || "";
    share.textContent = given ? confidence(given) : "";
    answer.dataset.mark = markOf(entry) || "";
    open.setAttribute("aria-current", String(isCurrent));
    open.disabled = !entry.photo;
    remove.setAttribute("aria-label", `Remove ${entry.name}`);
    return item;
}

/** Removes a photo, and puts the keyboard on the one that moved up, or on the place for a photo. @param {any} item */
function removeItem(item) {
    const place = [...item.parentElement.children].indexOf(item);
    session.remove(item.dataset.key);
    showList(session.entries(), session.current());
    const items = document.querySelectorAll("#photo-list > .photo-item .photo-item-remove");
    if (items.length) /** @type {HTMLElement} */ (items[Math.min(place, items.length - 1)]).focus();
    else focusWhenReady(".invitation");
}

/** @type {(name: string, type: string, content: string) => void} */
function download(name, type, content) {
    const link = make("a", { download: name, href: URL.createObjectURL(new Blob([content], { type })) });
    link.click();
    URL.revokeObjectURL(link.href);
}

const answered = () =>
    /** @type {import("./export.mjs").AnsweredEntry[]} */ (
        session.entries().filter((entry) => entry.state === "answered" && entry.answer)
    );

document.addEventListener("click", (event) => {
    const item = closest(event, ".photo-item");
    if (closest(event, ".photo-item-remove")) removeItem(item);
    else if (closest(event, ".photo-item-open")) {
        session.select(item.dataset.key);
        scrollToPhoto();
    } else if (closest(event, "#download-csv")) download("answers.csv", "text/csv", asCsv(answered()));
    else if (closest(event, "#download-json")) download("answers.json", "application/json", asJson(answered()));
    else if (closest(event, "#clear-photos")) {
        session.clear();
        focusWhenReady(".invitation");
    }
});
