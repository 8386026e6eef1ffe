/** The class histogram: a bar for each class, divided by split, that is a button too. */
import { make } from "../dom.mjs";
import { count } from "../numbers.mjs";

/** @typedef {{ label: string, name: string, photos: number, splits: Record<string, number> }} ClassCount */

const SPLITS = ["train", "validation", "test", "none"];
/** The rows that each list has had, by label. @type {WeakMap<Element, Map<string, any>>} */
const rowsOf = new WeakMap();

/**
 * Draws the classes. Rows stay the same elements from one search to the next, so that focus and place are kept.
 *
 * @param {any} list
 * @param {ClassCount[]} classes
 * @param {string | null} chosen - the label that is searched for
 */
export function showClasses(list, classes, chosen) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const place = list.scrollTop;
    const most = Math.max(...classes.map(({ photos }) => photos), 1);
    const known = rowsOf.get(list) || new Map();
    rowsOf.set(list, known);
    const rows = classes.map((entry) => {
        const row = known.get(entry.label) || makeRow(entry);
        known.set(entry.label, row);
        const button = row.firstChild;
        const [, bar, photos] = button.children;
        button.setAttribute("aria-pressed", String(entry.label === chosen));
        SPLITS.forEach((split, i) => {
            bar.children[i].style.width = `${(100 * (entry.splits[split] || 0)) / most}%`;
        });
        photos.textContent = count(entry.photos);
        button.title = Object.entries(entry.splits)
            .map(([split, number]) => `${split}: ${number}`)
            .join(", ");
        return row;
    });
    list.replaceChildren(...rows);
    list.scrollTop = place;
    if (focused && list.contains(focused)) focused.focus({ preventScroll: true });
}

/** @param {ClassCount} entry */
function makeRow({ label, name }) {
    const button = make(
        "button",
        { type: "button", className: "data-class option entry" },
        make("span", { className: "data-class-name", textContent: name }),
        make(
            "span",
            { className: "data-class-bar" },
            ...SPLITS.map((split) => make("span", { className: `data-${split}` })),
        ),
        make("span", { className: "data-class-count" }),
    );
    button.dataset.label = label;
    return make("li", {}, button);
}
