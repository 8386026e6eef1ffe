/** The page "Model": what a click anywhere on it chooses. pages/model.py describes the rest, which the server does. */
import { element } from "./dom.mjs";
import { paintLegend } from "./heatmap.mjs";
import { apply, partId, write } from "./props.mjs";

/** The ends of the legend, by what is drawn over the photos. @type {Record<string, [string, string]>} */
const LEGENDS = {
    contrast: ["speaks for the truth", "for the answer"],
    answer: ["little", "much for the answer"],
    truth: ["little", "much for the truth"],
    none: ["", ""],
};

/** A plot is drawn when its frame is about to come into view. @param {Inputs} inputs */
export function watchFrame(inputs) {
    const id = partId(Object.values(inputs)[0]);
    const observer = new IntersectionObserver(
        (entries) => {
            if (!entries.some((entry) => entry.isIntersecting)) return;
            observer.disconnect();
            apply({ [id]: { "data-near": "yes" } });
        },
        { rootMargin: "150px 0px" },
    );
    observer.observe(element(id));
}

/**
 * Keeps the cell that was clicked in a plot. The plot forgets it, or the same click would change nothing the next time.
 *
 * @param {Inputs} inputs
 */
export function keepCell(inputs) {
    const [[name, click]] = Object.entries(inputs);
    if (!click) return {};
    const graph = name.slice(0, name.lastIndexOf("."));
    const [point] = click.points;
    const frame = partId({ frame: JSON.parse(graph).graph });
    write(frame, { "data-cell": `${point.y}\n${point.x}` });
    return { [graph]: { clickData: null } };
}

/**
 * A pair, a cell of the confusion matrix or a row of the table becomes the classes whose photos are shown.
 *
 * @param {Inputs} inputs
 * @param {string[]} triggered
 * @returns {Changes}
 */
export function chooseClasses(inputs, [trigger = ""]) {
    const chosen = classesOf(inputs, trigger);
    if (!chosen) return {};
    const [truth, answer, bothWays] = chosen;
    const isFirst = trigger === "model-first-choice.data";
    if (!isFirst) element("model-section-photos").scrollIntoView({ block: "start" });
    return {
        "model-truth": { value: truth },
        "model-answer": { value: answer },
        "model-both-ways": { checked: bothWays },
        "model-class-table": { selectedRows: [] }, // or the same click would change nothing the next time
    };
}

/**
 * What really is, what was answered, and whether the other way round as well.
 *
 * @type {(inputs: Inputs, trigger: string) => [string | null, string | null, boolean] | null}
 */
function classesOf(inputs, trigger) {
    const rows = inputs["model-class-table.selectedRows"];
    if (trigger === "model-first-choice.data") {
        const [truth, answer] = inputs[trigger];
        return [truth, answer, true];
    }
    if (trigger.endsWith(".data-cell") && inputs[trigger]) {
        const [truth, answer] = inputs[trigger].split("\n");
        return [truth, answer, false];
    }
    if (trigger === "model-class-table.selectedRows" && rows?.length) return [rows[0].label, null, false];
    if (!trigger.includes('"pair"')) return null;
    const { labels } = element(trigger.slice(0, trigger.lastIndexOf("."))).dataset;
    if (!labels) return null;
    const [truth, answer] = labels.split("\n");
    return [truth, answer, true];
}

/** @param {Inputs} inputs - what is drawn over the photos of a wall, and the id of its legend */
export function showLegend(inputs) {
    const [evidence, id] = ["value", "id"].map(
        (end) => Object.entries(inputs).find(([name]) => name.endsWith(`.${end}`))?.[1],
    );
    const canvas = element(id);
    canvas.hidden = evidence === "none";
    paintLegend(canvas, evidence === "contrast");
    const [cold, hot] = LEGENDS[evidence];
    return {
        [id.replace("-legend", "-cold")]: { children: cold },
        [id.replace("-legend", "-hot")]: { children: hot },
    };
}

/** The address says what is shown, so that it can be shared. @param {Inputs} inputs */
export function keepAddress(inputs) {
    const address = new URL(location.href);
    for (const [name, field] of [
        ["version", "model-version.value"],
        ["compare", "model-other.value"],
    ]) {
        if (inputs[field]) address.searchParams.set(name, inputs[field]);
        else address.searchParams.delete(name);
    }
    history.replaceState(history.state, "", address);
}
