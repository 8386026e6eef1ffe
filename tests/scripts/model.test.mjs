import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseClasses, keepCell, showLegend } from "../../dashboard/assets/scripts/model.mjs";

const PAIR = '{"pair":3}';
const CELL = '{"frame":"model-confusion"}.data-cell';
/** @type {[unknown, unknown][]} */
const written = [];
/** @type {string[]} */
const scrolled = [];
const canvas = {
    hidden: false,
    width: 2,
    height: 1,
    getContext: () => ({ createImageData: () => ({ data: [] }), putImageData: () => 0 }),
};
/** @type {Record<string, unknown>} */
const ELEMENTS = {
    "model-section-photos": { scrollIntoView: () => scrolled.push("photos") },
    [PAIR]: { dataset: { labels: "Maki_Umi\nMaki_Hoshi" } },
    "a-legend": canvas,
};
globalThis.document = /** @type {any} */ ({ getElementById: (/** @type {string} */ id) => ELEMENTS[id] || null });
globalThis.window = /** @type {any} */ ({
    dash_clientside: {
        set_props: (/** @type {unknown} */ id, /** @type {unknown} */ props) => written.push([id, props]),
    },
});
globalThis.localStorage = /** @type {any} */ ({ getItem: () => null });

/** @type {(inputs: Inputs, trigger: string) => unknown[]} */
function chosen(inputs, trigger) {
    const props = chooseClasses(inputs, [trigger]);
    return [props["model-truth"]?.value, props["model-answer"]?.value, props["model-both-ways"]?.checked];
}

test("the first choice is shown where it is; any other brings the reader to the photos", () => {
    assert.deepEqual(chosen({ "model-first-choice.data": ["A", null] }, "model-first-choice.data"), ["A", null, true]);
    assert.deepEqual(scrolled, []);
    assert.deepEqual(chosen({ [CELL]: "A\nB" }, CELL), ["A", "B", false]);
    assert.deepEqual(scrolled, ["photos"]);
});

test("a row of the table is any answer about its class; a pair is both ways", () => {
    const rows = "model-class-table.selectedRows";
    assert.deepEqual(chosen({ [rows]: [{ label: "A" }] }, rows), ["A", null, false]);
    assert.deepEqual(chosen({ [rows]: [] }, rows), [undefined, undefined, undefined]);
    assert.deepEqual(chosen({}, `${PAIR}.n_clicks`), ["Maki_Umi", "Maki_Hoshi", true]);
});

test("a cell is kept even if it is the same as before, and the plot forgets it", () => {
    const inputs = { '{"graph":"model-confusion"}.clickData': { points: [{ x: "B", y: "A" }] } };
    assert.deepEqual(keepCell(inputs), { '{"graph":"model-confusion"}': { clickData: null } });
    assert.deepEqual(written, [[{ frame: "model-confusion" }, { "data-cell": "A\nB" }]]);
});

test("the legend has its ends, or is hidden", () => {
    assert.deepEqual(showLegend({ "a-evidence.value": "answer", "a-legend.id": "a-legend" }), {
        "a-cold": { children: "little" },
        "a-hot": { children: "much for the answer" },
    });
    showLegend({ "a-evidence.value": "none", "a-legend.id": "a-legend" });
    assert.equal(canvas.hidden, true);
});
