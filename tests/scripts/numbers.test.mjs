import assert from "node:assert/strict";
import { test } from "node:test";

import { counted, duration, percent, points } from "../../dashboard/assets/scripts/numbers.mjs";

test("only what is certain reads as 0% or 100%", () => {
    const expected = { 0: "0.0%", 0.0004: "< 0.1%", 0.4567: "45.7%", 0.9994: "99.9%", 0.9996: "> 99.9%", 1: "100%" };
    for (const [probability, text] of Object.entries(expected)) assert.equal(percent(Number(probability)), text);
});

test("counts have their noun", () => {
    assert.deepEqual(
        [counted(0, "photo"), counted(1, "photo"), counted(1200, "photo")],
        ["0 photos", "1 photo", "1,200 photos"],
    );
});

test("points have halves, times have minutes", () => {
    assert.deepEqual([0, 0.5, 3, 2.5].map(points), ["0", "½", "3", "2½"]);
    assert.deepEqual([59, 61].map(duration), ["59 s", "1 min 1 s"]);
});
