/** The live view: it asks for the runs again and again, and draws what it is told. Nothing is kept in the browser, so a
    page that is loaded again shows the same. */
import { element, hasElement } from "../dom.mjs";
import { clear, paint } from "../heatmap.mjs";
import { percent } from "../numbers.mjs";
import { partId, store } from "../props.mjs";
import { get } from "../requests.mjs";
import { drawChart } from "./chart.mjs";
import { NOTHING, addressOf, curves, inWords, learningCurves, placeOf, render, watchedRun } from "./render.mjs";

const FULL = 100; // the number in a map that stands for a full colour

/** @type {import("./render.mjs").View} */
let view = NOTHING;
let isAsking = false;
/** Which answers each canvas shows, so that it is not painted again every other second. @type {string} */
let painted = "";

/** Asks for the runs, unless an answer is still on its way. */
export async function tick() {
    if (!hasElement("live") || isAsking) return;
    isAsking = true;
    try {
        const found = await get(`/runs?show=${view.asked.map(encodeURIComponent).join(",")}`);
        if (found.is_ready && hasElement("waiting")) {
            location.reload();
            return;
        }
        await change({ found, problem: "" });
    } catch (/** @type {any} */ error) {
        await change({ problem: error.message });
    } finally {
        isAsking = false;
    }
}

/**
 * The state or a field of the view has changed.
 *
 * @param {Inputs} inputs
 * @param {string[]} triggered
 */
export function update(inputs, triggered) {
    if (!hasElement("live") || !view.found) return undefined;
    const chosen = inputs["live-choice.value"] || [];
    if (triggered.includes("live-choice.value") && chosen.join() !== view.asked.join()) {
        view = { ...view, asked: chosen, at: null };
        tick();
        return undefined;
    }
    const run = watchedRun(view.found);
    const at = inputs["live-at.value"];
    if (run && triggered.includes("live-at.value") && at !== placeOf(view, run)) {
        change({ at: at >= run.snapshots.length - 1 ? null : at });
        return undefined;
    }
    draw();
    return render(view);
}

/** @param {Partial<import("./render.mjs").View>} changes */
async function change(changes) {
    view = { ...view, ...changes };
    const run = watchedRun(view.found);
    const answers = run ? await answersOf(run, run.snapshots[placeOf(view, run)]) : null;
    view = { ...view, answers };
    if (hasElement("live")) store("live-view", view);
}

/** @type {Map<string, Promise<import("./render.mjs").Snapshot | null>>} */
const known = new Map();

/** @type {(run: import("./render.mjs").Run, name: string) => Promise<import("./render.mjs").Snapshot | null>} */
function answersOf(run, name) {
    const address = addressOf(run, `${name}.json`);
    const answers =
        known.get(address) ||
        get(address).catch(() => {
            known.delete(address);
            return null;
        });
    known.set(address, answers);
    return answers;
}

/** Draws what are no properties: curves and heatmaps. */
function draw() {
    const runs = view.found?.shown || [];
    const two = (/** @type {number} */ value) => value.toFixed(2);
    const whole = (/** @type {number} */ value) => `${Math.round(100 * value)}%`;
    show("accuracy", "Accuracy", curves(runs, "accuracy"), { format: whole, xTitle: "epoch", top: 1 });
    show("loss", "Loss", curves(runs, "loss"), { format: two, xTitle: "epoch" });
    show("learning", "Accuracy as photos go by", learningCurves(runs), {
        format: whole,
        xTitle: "photos",
        top: 1,
    });
    paintMaps();
}

/** @type {(name: string, title: string, lines: import("./chart.mjs").Line[], options: any) => void} */
function show(name, title, lines, options) {
    const hasCurve = lines.some((line) => line.points.length);
    element(`live-${name}-figure`).hidden = !hasCurve;
    if (!hasCurve) return;
    const place = element(`live-${name}`);
    place.setAttribute("aria-label", inWords(title, lines, options.top ? percent : options.format));
    drawChart(place, lines, options);
}

function paintMaps() {
    const run = watchedRun(view.found);
    const { answers } = view;
    const shown = run && answers ? `${run.id} ${answers.stage} ${answers.epoch}` : "";
    const canvases = Array.from({ length: 12 }, (_, place) => element(partId({ watched: place, part: "map" })));
    // A page that was opened again has new, small canvases.
    if (shown === painted && canvases[0].width > 1) return;
    painted = shown;
    canvases.forEach((canvas, place) => {
        const photo = run?.photos[place];
        const answer = answers?.answers[place];
        if (photo && answer && answers) paint(canvas, answer.map, answers.extent, photo, { scale: FULL });
        else clear(canvas);
    });
}

if (typeof window !== "undefined" && window.addEventListener) {
    window.addEventListener("resize", () => {
        if (hasElement("live") && view.found) draw();
    });
}
