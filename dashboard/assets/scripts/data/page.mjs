/** The page "Data": it asks the dashboard for what its address says, and shows that.

    A field that is set changes the address; the address, however it changed, decides what is shown. */
import { closest, element } from "../dom.mjs";
import { apply, store } from "../props.mjs";
import { get } from "../requests.mjs";
import { words } from "../words.mjs";
import { showClasses } from "./class-bars.mjs";
import { fieldsOf, isOfMake, renderFields, searchOf, searchOfFields } from "./conditions.mjs";
import { detailsOf, drawDetails } from "./details.mjs";
import { ADDRESS, addressOf, CLOSED, render } from "./render.mjs";

const FIELDS = ["text", "make", "label", "split", "years", "scores", "group", "excluded", "suspects"];
/** @type {import("./render.mjs").View} */
const EMPTY = {
    phase: "searching",
    problem: "",
    search: "",
    asked: null,
    found: null,
    details: CLOSED,
    bounds: { years: [0, 0], scores: [0, 0] },
};

/** The page's element, as long as it is there. @type {any} */
let page = null;
let view = EMPTY;

const query = () => new URLSearchParams(location.search);
const isHere = () => location.pathname === ADDRESS && page !== null && page.isConnected;

/** Changes the state; the page follows. @param {Partial<typeof view>} changes */
function setView(changes) {
    view = { ...view, ...changes };
    if (page?.isConnected) store("data-view", view);
}

const details = detailsOf(
    () => view.details,
    (changes) => setView({ details: { ...view.details, ...changes } }),
);

/**
 * The page appears, or its state or a field has changed.
 *
 * @param {Inputs} inputs
 * @param {string[]} triggered
 */
export function update(inputs, triggered) {
    const isNew = page !== element("data-page");
    if (isNew) begin(inputs);
    const fields = Object.fromEntries(FIELDS.map((name) => [name, inputs[`data-${name}.value`]]));
    const labels = inputs["data-labels.data"];
    if (fields.make && fields.label && !isOfMake(fields.label, fields.make, labels)) {
        return { "data-label": { value: null } }; // calls this once more
    }
    const search = searchOfFields(fields, view.bounds);
    const isSet = isNew || triggered.some((name) => name.endsWith(".value"));
    if (isSet && searchOf(query()).toString() === search.toString()) follow();
    else if (isSet) go(search, isNew);
    draw();
    return { ...renderFields(fields, search, labels), ...render(view, query(), words()) };
}

/** @param {Inputs} inputs */
function begin(inputs) {
    page = element("data-page");
    view = {
        ...EMPTY,
        bounds: {
            years: [inputs["data-years.min"], inputs["data-years.max"]],
            scores: [inputs["data-scores.min"], inputs["data-scores.max"]],
        },
    };
    for (const image of page.querySelectorAll(".wall-image")) image.loading = "lazy";
    if (matchMedia("(max-width: 40em)").matches) page.querySelector("details").open = false;
}

/** Draws what Dash leaves alone. */
function draw() {
    const { found, search } = view;
    if (found) {
        page.querySelector(".data-pages").hidden = found.pages === 1;
        showClasses(element("data-classes"), found.classes, new URLSearchParams(search).get("label"));
    }
    drawDetails(view.details);
}

/** @type {(parameters: URLSearchParams, isCorrection?: boolean) => void} */
function go(parameters, isCorrection = false) {
    history[isCorrection ? "replaceState" : "pushState"](null, "", addressOf(parameters));
    follow();
}

/** Shows what the address asks for. */
function follow() {
    const parameters = query();
    const photo = parameters.get("photo");
    parameters.delete("photo");
    list(parameters.toString());
    details.open(photo);
}

/** Asks for the photos of a search. @type {(search: string, isAgain?: boolean) => Promise<void>} */
async function list(search, isAgain = false) {
    if (view.asked === search && !isAgain) return;
    setView({ phase: "searching", problem: "", asked: search });
    const changes = await get(`/dataset/photos?${search}`).then(
        (found) => ({ found, search }),
        (error) => ({ problem: error.message }),
    );
    if (view.asked === search) setView({ ...changes, phase: "shown" });
}

/** @param {number} pages - forth or back */
function turn(pages) {
    const parameters = query();
    parameters.delete("photo");
    parameters.set("page", view.found.page + pages);
    go(parameters);
    element("data-found").scrollIntoView({ block: "center" });
}

/** The address changed: the fields follow it, and so does what is shown. */
function followAddress() {
    const fields = Object.entries(fieldsOf(query(), view.bounds));
    apply(Object.fromEntries(fields.map(([name, value]) => [`data-${name}`, { value }])));
    follow();
}

/** Opens a photo's details; null closes them. @param {string | null} photo */
function open(photo) {
    const parameters = query();
    if (parameters.get("photo") === photo) return;
    if (photo) parameters.set("photo", photo);
    else parameters.delete("photo");
    go(parameters);
}

/** @param {any} target - the button or link that was clicked */
function click(target) {
    if (target.matches(".data-class")) {
        const isPressed = target.getAttribute("aria-pressed") === "true";
        apply({ "data-label": { value: isPressed ? null : target.dataset.label } });
    } else if (target.matches(".data-answer-row")) details.choose(Number(target.dataset.rank));
    else if (target.matches(".data-close")) element("data-details").close();
    else if (target.id === "data-ask") details.ask();
    else if (target.id === "data-previous") turn(-1);
    else if (target.id === "data-next") turn(1);
    else if (target.id === "data-again") list(view.asked || "", true);
    else if (target.id === "data-clear") {
        const kept = new URLSearchParams(query().has("suspects") ? { suspects: "yes" } : {});
        history.pushState(null, "", addressOf(kept));
        followAddress();
    } else open(target.dataset.photo);
}

const CLICKED =
    "a[data-photo], .data-class, .data-answer-row, .data-close, " +
    "#data-ask, #data-previous, #data-next, #data-clear, #data-again";

document.addEventListener("click", (event) => {
    if (!isHere() || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = closest(event, CLICKED);
    if (target?.dataset.photo) event.preventDefault();
    if (target) click(target);
    // The dialog itself is hit only beside its content.
    else if (event.target === element("data-details")) element("data-details").close();
});

// Also after Escape. "close" does not bubble, but it can be caught on its way down.
document.addEventListener(
    "close",
    (event) => {
        if (/** @type {Element} */ (event.target).id === "data-details" && isHere()) open(null);
    },
    true,
);

// Back, forward, and links of the header. Dash would build the whole page again for another query; it may have begun to
// listen before this module was there, so that this listens on the way down.
for (const kind of ["popstate", "_dashprivate_pushstate"]) {
    const listener = (/** @type {Event} */ event) => {
        if (!isHere()) return;
        event.stopImmediatePropagation();
        followAddress();
    };
    window.addEventListener(kind, listener, true);
}
