import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { difference, paint, strongest, upsample } from "../../dashboard/assets/scripts/heatmap.mjs";
import { chosenPalette, choosePalette, colourTable, STEPS } from "../../dashboard/assets/scripts/palettes.mjs";

/** @type {Map<string, string>} */
const kept = new Map();
globalThis.localStorage = /** @type {any} */ ({
    getItem: (/** @type {string} */ name) => kept.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ value) => kept.set(name, value),
});

test("interpolation passes through the cells' numbers at their centres", () => {
    const values = upsample(
        [
            [1, 2],
            [-0.5, 0.5],
        ],
        [0, 0, 1, 1],
        6,
        6,
    );
    const at = (/** @type {number} */ x, /** @type {number} */ y) => values[6 * y + x];
    assert.deepEqual([at(1, 1), at(4, 1), at(1, 4), at(4, 4)], [1, 2, -0.5, 0.5]);
});

test("a map is enlarged as by Python, where it is scored", () => {
    const file = new URL("../support/enlarged_maps.json", import.meta.url);
    for (const { cells, extent, height, width, enlarged } of JSON.parse(readFileSync(file, "utf-8"))) {
        const values = upsample(cells, extent, width, height);
        assert.equal(values.length, height * width);
        values.forEach((value, i) => {
            assert.ok(Math.abs(value - enlarged[Math.floor(i / width)][i % width]) < 1e-5);
        });
    }
});

test("a map of one number is that number everywhere, whatever its extent", () => {
    assert.deepEqual([...upsample([[0.25]], [-0.1, 0.2, 1.3, 0.9], 3, 2)], Array(6).fill(0.25));
});

test("an extent beyond the photo moves the cells' centres", () => {
    // Two cells over twice the photo's width: their centres are the photo's edges.
    const values = upsample([[0, 1]], [0, -0.5, 1, 1.5], 100, 1);
    assert.ok(values[0] < 0.01 && values[99] > 0.99);
    assert.ok(Math.abs(values[49] - 0.5) < 0.01);
});

test("nothing is see-through, much is not, and the photo is never hidden", () => {
    for (const name of ["inferno", "viridis", "cividis", "turbo"]) {
        const table = colourTable(name);
        assert.equal(table.length, 4 * STEPS);
        assert.equal(table[3], 0);
        assert.ok(table.at(-1) === 220);
    }
});

test("a signed table has orange for, blue against, and nothing in the middle", () => {
    const table = colourTable("signed");
    assert.deepEqual([...table.slice(0, 3)], [0, 114, 178]);
    assert.deepEqual([...table.slice(-4, -1)], [213, 94, 0]);
    assert.ok(table[4 * (STEPS / 2) + 3] < 10);
});

test("a palette stays chosen; one that does not exist is not taken", () => {
    assert.equal(chosenPalette(), "inferno");
    choosePalette("viridis");
    choosePalette("pink");
    assert.equal(chosenPalette(), "viridis");
});

test("a map is painted at the photo's resolution, a tiny one larger", () => {
    /** @type {Uint8ClampedArray} */
    let painted = new Uint8ClampedArray();
    const canvas = /** @type {any} */ ({
        getContext: () => ({
            createImageData: (/** @type {number} */ width, /** @type {number} */ height) => ({
                data: new Uint8ClampedArray(4 * width * height),
            }),
            putImageData: (/** @type {any} */ image) => (painted = image.data),
        }),
    });
    paint(canvas, [[-1, 4]], [0, 0, 1, 1], { width: 60, height: 30 }, { scale: 4 });
    assert.deepEqual([canvas.width, canvas.height], [640, 320]);
    assert.equal(painted[3], 0);
    assert.equal(painted.at(-1), 220);
    paint(canvas, [[1]], [0, 0, 1, 1], { width: 1600, height: 900 });
    assert.deepEqual([canvas.width, canvas.height], [1600, 900]);
});

test("the evidence for one class rather than another", () => {
    const one = [[1, 2]];
    const other = [[0.5, 4]];
    assert.deepEqual(difference(one, other), [[0.5, -2]]);
    assert.equal(strongest([one, difference(one, other)]), 2);
});
