import assert from "node:assert/strict";
import { test } from "node:test";

// The module listens to the document and watches its cells as soon as it is loaded.
globalThis.document = /** @type {any} */ (new EventTarget());
globalThis.IntersectionObserver = /** @type {any} */ (class {});
const { classIn, pageOf, wallOf } = await import("../../dashboard/assets/scripts/photo-wall.mjs");

const photo = (/** @type {string} */ id, changes = {}) => ({ id, title: id, ...changes });

test("a wall is turned page by page, never beyond its ends", () => {
    assert.deepEqual(pageOf(0, 30, 12), { page: 0, last: 2, first: 0, range: "1 to 12 of 30" });
    assert.deepEqual(pageOf(2, 30, 12), { page: 2, last: 2, first: 24, range: "25 to 30 of 30" });
    assert.equal(pageOf(3, 30, 12).page, 2);
    assert.equal(pageOf(-1, 30, 12).page, 0);
    assert.equal(pageOf(0, 24, 12).last, 1);
});

test("an empty wall has one page without a caption", () => {
    assert.deepEqual(pageOf(0, 0, 12), { page: 0, last: 0, first: 0, range: "" });
});

test("answers and the page are kept while a wall shows the same photos, whatever is explained", () => {
    const first = wallOf([photo("a"), photo("b")], undefined);
    assert.deepEqual(first, { photos: [photo("a"), photo("b")], page: 0, answers: new Map() });
    first.page = 1;
    const explained = [photo("a", { explain: "Maki_Umi" }), photo("b")];
    const next = wallOf(explained, first);
    assert.deepEqual([next.photos, next.page, next.answers], [explained, 1, first.answers]);
    assert.equal(next.answers, first.answers);
    const other = wallOf([photo("b"), photo("a")], first);
    assert.equal(other.page, 0);
    assert.notEqual(other.answers, first.answers);
});

test("an answer holds the most likely classes and the one that was asked for", () => {
    const car = (/** @type {string} */ label) => ({ label, name: label, map: [[1]] });
    const answer = /** @type {any} */ ({ classes: [car("Maki_Umi")], asked: car("Maki_Hoshi") });
    assert.equal(classIn(answer, "Maki_Umi"), answer.classes[0]);
    assert.equal(classIn(answer, "Maki_Hoshi"), answer.asked);
    assert.equal(classIn(answer, "Orsini_Lince"), undefined);
    assert.equal(classIn(/** @type {any} */ ({ classes: [], asked: null }), "Maki_Umi"), undefined);
});
