import assert from "node:assert/strict";
import { test } from "node:test";

import {
    account,
    areaOf,
    cellAt,
    cellsOf,
    countIn,
    moved,
    peak,
    probabilityWithout,
    regionOf,
    rounded,
    sumIn,
    unlisted,
} from "../../dashboard/assets/scripts/classify/cells.mjs";
import { accountTexts, cellText, erasedText, regionText } from "../../dashboard/assets/scripts/classify/cell-texts.mjs";
import { around, boxOf, meanOutside } from "../../dashboard/assets/scripts/classify/erase.mjs";

const CELLS = { rows: 2, columns: 3 };
const MAP = [
    [1, 2, 4],
    [8, 16, -32],
];
/** @type {Extent} */
const WHOLE = [0, 0, 1, 1];
/** Half a cell up and left of equal parts of the photo, as a ResNet has it. @type {Extent} */
const MOVED = [-0.25, -1 / 6, 0.75, 5 / 6];

/** @type {(top: number, left: number, bottom: number, right: number) => import("../../dashboard/assets/scripts/classify/cells.mjs").Region} */
const region = (top, left, bottom, right) => ({ top, left, bottom, right });

/**
 * Classes of a model, with the probabilities that softmax gives them.
 *
 * @type {(temperature: number, parts: { bias: number, map: Contributions }[]) => ClassAnswer[]}
 */
function classes(temperature, parts) {
    const logits = parts.map(({ bias, map }) => bias + map.flat().reduce((total, cell) => total + cell, 0));
    const most = Math.max(...logits);
    const total = logits.reduce((sum, logit) => sum + Math.exp((logit - most) / temperature), 0);
    return parts.map((part, index) => ({
        ...part,
        index,
        label: `Make_${index}`,
        name: `Make ${index}`,
        logit: logits[index],
        probability: Math.exp((logits[index] - most) / temperature) / total,
    }));
}

test("the cell under a point lies where the extent says, and beyond the outermost is the outermost", () => {
    /** @type {[number, number, Extent, number, number][]} */
    const table = [
        [0.1, 0.1, WHOLE, 0, 0],
        [0.5, 0.49, WHOLE, 0, 1],
        [0.5, 0.51, WHOLE, 1, 1],
        [1, 1, WHOLE, 1, 2],
        [-0.2, 1.7, WHOLE, 1, 0],
        [0.1, 0.24, MOVED, 0, 0],
        [0.2, 0.26, MOVED, 1, 1],
        [0.99, 0.99, MOVED, 1, 2],
    ];
    for (const [x, y, extent, row, column] of table) {
        assert.deepEqual(cellAt({ x, y }, extent, CELLS), { row, column }, `${x}, ${y}`);
    }
});

test("a region covers its cells on the photo, and every point of it belongs to one of them", () => {
    assert.deepEqual(areaOf(region(0, 0, 0, 1), WHOLE, CELLS), region(0, 0, 0.5, 2 / 3));
    assert.deepEqual(areaOf(region(0, 0, 1, 2), MOVED, CELLS), region(0, 0, 1, 1));
    for (const extent of [WHOLE, MOVED, /** @type {Extent} */ ([0.2, 0.1, 0.7, 1.4])]) {
        for (let row = 0; row < CELLS.rows; row++) {
            for (let column = 0; column < CELLS.columns; column++) {
                const area = areaOf(region(row, column, row, column), extent, CELLS);
                const [x, y] = [(area.left + area.right) / 2, (area.top + area.bottom) / 2];
                if (area.left < area.right) assert.deepEqual(cellAt({ x, y }, extent, CELLS), { row, column });
            }
        }
    }
});

test("a region is the rectangle between two cells, whichever comes first", () => {
    const [one, other] = [
        { row: 1, column: 0 },
        { row: 0, column: 2 },
    ];
    assert.deepEqual(regionOf(one, other), region(0, 0, 1, 2));
    assert.deepEqual(regionOf(other, one), region(0, 0, 1, 2));
    assert.equal(countIn(region(0, 1, 1, 2)), 4);
    assert.deepEqual(cellsOf(MAP), CELLS);
});

test("a region's cells, the rest and the bias sum to the logit; for two classes to the difference", () => {
    assert.equal(sumIn(MAP, region(0, 1, 1, 2)), -10);
    const one = { map: MAP, bias: 0.5, logit: -0.5 };
    const other = { map: MAP.map((row) => row.map((cell) => cell / 2)), bias: 1, logit: 0.5 };
    assert.deepEqual(account(one, undefined, region(0, 1, 1, 2)), { selection: -10, rest: 9, bias: 0.5, logit: -0.5 });
    assert.deepEqual(account(one, other, region(0, 0, 0, 0)), { selection: 0.5, rest: -1, bias: -0.5, logit: -1 });
});

test("the shown numbers add up to the last digit", () => {
    const shown = rounded({ selection: 0.00004, rest: 0.00004, bias: 0.00004, logit: 0.00012 }, 4);
    assert.deepEqual(shown, { selection: 0, rest: 0.0001, bias: 0, logit: 0.0001 });
    for (let number = 1; number < 50; number++) {
        const [selection, rest, bias] = [Math.sin(number), Math.cos(number * 3), Math.sin(number * 7)];
        const texts = accountTexts({ selection, rest, bias, logit: selection + rest + bias }, false);
        const units = texts.map((text) => Math.round(1e4 * parseFloat(text.replace("= ", "").replace("−", "-"))));
        assert.equal(units[0] + units[1] + units[2], units[3], texts.join(" "));
    }
});

test("without a region's contributions, the probability is the softmax of what is left", () => {
    for (const temperature of [0.5, 1, 2.5]) {
        const parts = [
            { bias: 0.5, map: [[1, 2]] },
            { bias: 0, map: [[0.5, -1]] },
            { bias: 1, map: [[-1, 0.25]] },
        ];
        const known = classes(temperature, parts);
        const after = classes(
            temperature,
            parts.map(({ bias, map }) => ({ bias, map: [[map[0][0], 0]] })),
        );
        known.forEach((one, place) => {
            const without = probabilityWithout(one, known, region(0, 1, 0, 1), temperature);
            assert.ok(Math.abs(Number(without) - after[place].probability) < 1e-12);
        });
    }
});

test("classes that are not known keep their logits, and their share is told", () => {
    const all = classes(1, [
        { bias: 0, map: [[2]] },
        { bias: 0, map: [[1]] },
        { bias: 1.5, map: [[0]] }, // contributes nothing, so that leaving it out changes nothing
    ]);
    const some = all.slice(0, 2);
    const region0 = region(0, 0, 0, 0);
    const [exact, found] = [all, some].map((known) => Number(probabilityWithout(all[0], known, region0, 1)));
    assert.ok(Math.abs(exact - found) < 1e-12);
    assert.ok(Math.abs(unlisted(some) - all[2].probability) < 1e-12);
    assert.match(
        regionText(
            { chosen: all[0], other: undefined, known: some },
            region0,
            account(all[0], undefined, region0),
            found,
        ),
        /classes without a map, \d+\.\d%, stay as they are/,
    );
});

test("no exponential overflows, and without a temperature there is no probability", () => {
    const known = classes(1, [
        { bias: 0, map: [[900]] },
        { bias: 0, map: [[-900]] },
    ]);
    assert.equal(known[1].probability, 0);
    assert.equal(probabilityWithout(known[0], known, region(0, 0, 0, 0), 1), 0.5);
    assert.equal(probabilityWithout(known[1], known, region(0, 0, 0, 0), 1), 0.5);
    assert.equal(probabilityWithout(known[0], known, region(0, 0, 0, 0), null), null);
});

test("arrow keys move by a cell, others to the ends, none beyond the map", () => {
    const start = { row: 0, column: 1 };
    /** @type {[string, number, number][]} */
    const table = [
        ["ArrowUp", 0, 1],
        ["ArrowDown", 1, 1],
        ["ArrowLeft", 0, 0],
        ["ArrowRight", 0, 2],
        ["Home", 0, 0],
        ["End", 0, 2],
        ["PageUp", 0, 1],
        ["PageDown", 1, 1],
    ];
    for (const [key, row, column] of table) assert.deepEqual(moved(start, key, CELLS), { row, column }, key);
    assert.deepEqual(moved({ row: 1, column: 2 }, "ArrowRight", CELLS), { row: 1, column: 2 });
    for (const key of ["a", "Tab", "Escape"]) assert.equal(moved(start, key, CELLS), null, key);
    assert.deepEqual(peak(MAP), { row: 1, column: 1 });
});

test("the sentences name the numbers, and what they are of", () => {
    const [one, other] = classes(1, [
        { bias: 0, map: [[2, 0.00001]] },
        { bias: 0.5, map: [[-0.5, 0]] },
    ]);
    const known = [one, other];
    assert.equal(
        cellText({ chosen: one, other: undefined, known }, 2, 0.25),
        "+2.0000 logit · 88.1% → 25.0% without it",
    );
    assert.equal(
        cellText({ chosen: one, other, known }, -0.5, null),
        "−0.5000 logit rather than Make 1 · change of the probability not known without it",
    );
    const both = region(0, 0, 0, 1);
    const text = regionText({ chosen: one, other, known }, both, account(one, other, both), 0.5);
    assert.equal(text, "2 cells: +2.5000 for Make 0 rather than Make 1. Without: 88.1% → 50.0%.");
    assert.deepEqual(accountTexts(account(one, other, both), true), [
        "+2.5000 selection",
        "0.0000 rest",
        "−0.5000 bias",
        "= 2.0000 difference in logit",
    ]);
});

test("a photo without a region: before, predicted, and what the model really says", () => {
    const known = classes(1, [
        { bias: 0, map: [[1]] },
        { bias: 0, map: [[1]] },
    ]);
    const told = {
        from: "1",
        label: "Make_0",
        name: "Make 0",
        versus: null,
        version: "3",
        probability: 0.75,
        logit: 3,
        predictedProbability: 0.4,
        predictedLogit: 0.5,
    };
    assert.match(erasedText(told, null), /^Make 0: 75\.0% → 40\.0% predicted\. Asking the model…$/);
    assert.equal(
        erasedText(told, { version: "3", known }),
        "Make 0: 75.0% → 40.0% predicted, 50.0% real; logit 3.0000 → 0.5000 predicted, 1.0000 real.",
    );
    const versus = { label: "Make_1", name: "Make 1" };
    assert.match(erasedText({ ...told, versus }, { version: "3", known }), /difference in logit .* 0\.0000 real\.$/);
    assert.match(erasedText(told, { version: "4", known }), /Version 4 answers now, before 3\.$/);
    assert.match(erasedText({ ...told, label: "Gone" }, { version: "4", known }), /says nothing about it\.$/);
    assert.match(erasedText({ ...told, predictedProbability: null }, { version: "3", known }), /no prediction/);
});

test("all pixels that a region touches are filled, with the mean of those around it", () => {
    assert.deepEqual(boxOf(region(0.25, 0, 0.5, 0.34), { width: 9, height: 8 }), { x: 0, y: 2, width: 4, height: 2 });
    const size = { width: 64, height: 32 };
    assert.deepEqual(around({ x: 10, y: 0, width: 5, height: 32 }, size), { x: 8, y: 0, width: 9, height: 32 });
    const pixels = [10, 20, 30, 255, 200, 200, 200, 255, 20, 40, 60, 255];
    assert.deepEqual(meanOutside(pixels, 3, { x: 1, y: 0, width: 1, height: 1 }), [15, 30, 45]);
    assert.deepEqual(meanOutside(pixels, 3, { x: 0, y: 0, width: 3, height: 1 }), [128, 128, 128]);
});
