import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { RequestError } from "../../dashboard/assets/scripts/requests.mjs";
import { retrying } from "../../dashboard/assets/scripts/retry.mjs";

/** The pauses that run, in order. @type {{ pause: number, end: () => void }[]} */
let pauses = [];
let repeated = 0;

const failure = (/** @type {number} */ status) => new RequestError("", status);
const again = () => (repeated += 1);

beforeEach(() => {
    pauses = [];
    repeated = 0;
    globalThis.document = /** @type {any} */ (new EventTarget());
    globalThis.setTimeout = /** @type {any} */ (
        (/** @type {() => void} */ end, /** @type {number} */ pause) => {
            pauses.push({ pause, end });
            return pauses.length;
        }
    );
    globalThis.clearTimeout = () => undefined;
});

test("what fails for a passing reason is repeated after growing pauses", () => {
    const retry = retrying(again);
    const lengths = [];
    for (const status of [0, 429, 502, 503, 504, 503]) {
        assert.equal(retry.failed(failure(status)), true);
        const { pause, end } = /** @type {{ pause: number, end: () => void }} */ (pauses.at(-1));
        lengths.push(pause / 1000);
        end();
    }
    assert.deepEqual(lengths, [2, 4, 8, 16, 30, 30]);
    assert.equal(repeated, 6);
});

test("what fails for good is not repeated, and the header does not look", () => {
    let troubles = 0;
    globalThis.document.addEventListener("model-trouble", () => (troubles += 1));
    const retry = retrying(again);
    assert.equal(retry.failed(failure(400)), false);
    assert.equal(retry.failed(new Error("a mistake of ours")), false);
    assert.deepEqual([retry.isPaused(), pauses.length, troubles], [false, 0, 0]);
    retry.failed(failure(503));
    assert.equal(troubles, 1);
});

test("several that fail at once wait together", () => {
    const retry = retrying(again);
    retry.failed(failure(503));
    retry.failed(failure(503));
    assert.equal(pauses.length, 1);
    assert.equal(retry.isPaused(), true);
});

test("an answer, or the header's word that the model is ready, ends the pause at once", () => {
    const retry = retrying(again);
    for (const end of [retry.succeeded, () => globalThis.document.dispatchEvent(new Event("model-ready"))]) {
        retry.failed(failure(503));
        end();
        assert.equal(retry.isPaused(), false);
    }
    assert.equal(repeated, 2);
    assert.deepEqual(
        pauses.map(({ pause }) => pause),
        [2_000, 2_000],
    );
    retry.succeeded(); // nothing waits
    assert.equal(repeated, 2);
});
