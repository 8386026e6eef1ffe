/** Photo walls: fixed cells that show a page of photos at a time, with heatmaps that are asked for one by one as they
    come into sight. components/photo_wall.py describes what a wall is given. */
import { closest } from "./dom.mjs";
import { clear, difference, paint, strongest } from "./heatmap.mjs";
import { post } from "./requests.mjs";
import { retrying } from "./retry.mjs";

/**
 * @typedef {{ id: string, title: string, lines?: string[], href?: string, explain?: string, against?: string }} WallPhoto
 * @typedef {{ photos: WallPhoto[], page: number, answers: Map<string, Answer[]> }} Wall
 * @typedef {{ cell: HTMLElement, photo: WallPhoto, isRepeated?: boolean }} Job
 */

const AT_ONCE = 2; // requests for heatmaps, of all walls together
const NO_FILE = "The file of this photo cannot be shown.";

/** What each wall shows. @type {WeakMap<Element, Wall>} */
const walls = new WeakMap();
/** What each cell shows. @type {WeakMap<Element, WallPhoto>} */
const shown = new WeakMap();
/** Cells in sight that have not been asked about, in order. @type {Job[]} */
const waiting = [];
/** Cells to be asked about again. @type {Job[]} */
let failed = [];
let running = 0;
const retry = retrying(() => {
    waiting.push(...failed.map((job) => ({ ...job, isRepeated: true })));
    failed = [];
    start();
});

/** Any element inside another. @type {(parent: Element, selector: string) => any} */
const part = (parent, selector) => parent.querySelector(selector);

/** Fills a wall with the photos of its store. @param {Inputs} inputs */
export function showWall(inputs) {
    const [data, id] = ["data", "id"].map(
        (end) => Object.entries(inputs).find(([name]) => name.endsWith(`.${end}`))?.[1],
    );
    const element = document.getElementById(id);
    if (!element) return undefined;
    const photos = data?.photos || [];
    walls.set(element, wallOf(photos, walls.get(element)));
    part(element, ".wall-empty").textContent = data ? data.empty || "No photos." : "";
    turn(element, 0);
    return { [id]: { "data-state": !data ? "waiting" : photos.length ? "filled" : "empty" } };
}

/**
 * What a wall shows that is given photos. Answers, and the page, are kept while the photos stay the same: other classes
 * to explain are often among the answers.
 *
 * @type {(photos: WallPhoto[], before: Wall | undefined) => Wall}
 */
export function wallOf(photos, before) {
    const isSame = before && before.photos.map((p) => p.id).join() === photos.map((p) => p.id).join();
    return isSame ? { ...before, photos } : { photos, page: 0, answers: new Map() };
}

/**
 * The page nearest to a wished one: its number, that of the last page, the place of its first photo, and its caption.
 *
 * @type {(wished: number, photos: number, cells: number) => { page: number, last: number, first: number, range: string }}
 */
export function pageOf(wished, photos, cells) {
    const last = Math.max(0, Math.ceil(photos / cells) - 1);
    const page = Math.min(Math.max(wished, 0), last);
    const first = page * cells;
    const range = photos ? `${first + 1} to ${Math.min(first + cells, photos)} of ${photos}` : "";
    return { page, last, first, range };
}

/** @type {(element: Element, pages: number) => void} */
function turn(element, pages) {
    const wall = /** @type {Wall} */ (walls.get(element));
    const cells = [...element.querySelectorAll(".wall-cell")];
    const { page, last, first, range } = pageOf(wall.page + pages, wall.photos.length, cells.length);
    wall.page = page;
    cells.forEach((cell, index) => fill(/** @type {HTMLElement} */ (cell), wall.photos[first + index]));
    part(element, ".wall-range").textContent = range;
    part(element, ".wall-pages").hidden = last === 0;
    const [earlier, later] = /** @type {any} */ (element.querySelectorAll(".wall-turn"));
    earlier.disabled = page === 0;
    later.disabled = page === last;
}

/** @type {(cell: HTMLElement, photo: WallPhoto | undefined) => void} */
function fill(cell, photo) {
    cell.hidden = !photo;
    sight.unobserve(cell);
    clear(part(cell, ".wall-map"));
    note(cell, "");
    if (!photo) {
        shown.delete(cell);
        return;
    }
    shown.set(cell, photo);
    const link = part(cell, ".wall-photo");
    if (photo.href) link.href = photo.href;
    else link.removeAttribute("href");
    link.dataset.photo = photo.id;
    part(cell, ".wall-title").textContent = photo.title;
    part(cell, ".wall-lines").textContent = (photo.lines || []).join("\n");
    const image = part(cell, ".wall-image");
    const source = `/dataset/${photo.id}.jpg?side=400`;
    if (image.getAttribute("src") !== source) {
        image.removeAttribute("src"); // or the photo before would stay until this one is there
        image.src = source;
    }
    if (photo.explain) sight.observe(cell); // tells at once whether it is in sight
}

/** @type {(cell: Element, text: string, isProblem?: boolean) => void} */
function note(cell, text, isProblem = false) {
    const place = part(cell, ".wall-note");
    place.textContent = text;
    place.classList.toggle("wall-problem", isProblem);
}

const sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
        const photo = shown.get(target);
        if (!isIntersecting || !photo) continue;
        sight.unobserve(target);
        waiting.push({ cell: /** @type {HTMLElement} */ (target), photo });
    }
    start();
});

function start() {
    for (let i = 0; i < AT_ONCE; i++) work();
}

/** Goes through the cells that wait; those that show another photo by now are passed over. */
async function work() {
    const job = running < AT_ONCE && waiting.shift();
    if (!job) return;
    if (shown.get(job.cell) === job.photo && job.cell.isConnected) {
        if (job.isRepeated && retry.isPaused()) failed.push(job);
        else {
            running += 1;
            await draw(job);
            running -= 1;
        }
    }
    work();
}

/** A cell that is asked about again keeps its sentence until there is an answer. @param {Job} job */
async function draw({ cell, photo, isRepeated }) {
    const wall = /** @type {Wall} */ (walls.get(/** @type {Element} */ (cell.closest(".photo-wall"))));
    if (!isRepeated) note(cell, "Asking the model…");
    let text = "";
    try {
        // The class that speaks against is asked for first: the answer often holds the map of the other class as well.
        const against = photo.against && classIn(await answerWith(photo.against, photo, wall), photo.against)?.map;
        const label = /** @type {string} */ (photo.explain);
        const answer = await answerWith(label, photo, wall);
        const ours = /** @type {ClassAnswer} */ (classIn(answer, label)).map;
        const map = against ? difference(ours, against) : ours;
        const image = part(cell, ".wall-image");
        await image.decode();
        if (shown.get(cell) !== photo) return;
        const size = { width: image.naturalWidth, height: image.naturalHeight };
        const scale = against ? strongest([map]) || 1 : answer.scale;
        paint(part(cell, ".wall-map"), map, answer.extent, size, { scale, signed: Boolean(against) });
    } catch (/** @type {any} */ error) {
        text = error.name === "EncodingError" ? NO_FILE : error.message;
        if (retry.failed(error)) failed.push({ cell, photo });
    }
    if (shown.get(cell) === photo) note(cell, text, text !== "");
}

/**
 * An answer that holds the map of a class: one that was given before, or a new one.
 *
 * @type {(label: string, photo: WallPhoto, wall: Wall) => Promise<Answer>}
 */
async function answerWith(label, photo, wall) {
    const known = wall.answers.get(photo.id) || [];
    const fitting = known.find((answer) => classIn(answer, label));
    if (fitting) return fitting;
    const answer = await post(`/dataset/${photo.id}/answer`, { label });
    retry.succeeded();
    wall.answers.set(photo.id, [...known, answer]);
    return answer;
}

/** What an answer says about a class. @type {(answer: Answer, label: string) => ClassAnswer | undefined} */
export const classIn = (answer, label) =>
    [...answer.classes, answer.asked].find((entry) => entry && entry.label === label);

document.addEventListener("click", (event) => {
    const button = closest(event, ".wall-turn");
    if (button) turn(button.closest(".photo-wall"), Number(button.dataset.turn));
});
// "error" does not bubble, but it can be caught on its way down.
document.addEventListener(
    "error",
    (event) => {
        const cell = closest(event, ".wall-cell");
        if (cell) note(cell, NO_FILE, true);
    },
    true,
);
