import assert from "node:assert/strict";
import { test } from "node:test";

import { apply, each, partId } from "../../dashboard/assets/scripts/props.mjs";

/** Stands in for Dash: components by id, and what is written. @param {Record<string, Record<string, unknown>>} components */
function page(components) {
    /** @type {[unknown, unknown][]} */
    const written = [];
    const keyOf = (/** @type {any} */ id) => (typeof id === "string" ? id : partId(id));
    globalThis.window = /** @type {any} */ ({
        dash_component_api: {
            getLayout: (/** @type {unknown} */ id) => {
                const props = components[keyOf(id)];
                if (!props) throw new TypeError("Dash fails so");
                return { props };
            },
        },
        dash_clientside: {
            set_props: (/** @type {unknown} */ id, /** @type {unknown} */ props) => written.push([id, props]),
        },
    });
    return written;
}

test("only what differs is written", () => {
    const written = page({ title: { children: "old", hidden: true }, bar: { style: { width: "5%" } } });
    apply({ title: { children: "new", hidden: true }, bar: { style: { width: "5%" } } });
    assert.deepEqual(written, [["title", { children: "new" }]]);
});

test("a component that is not on the page is left out", () => {
    const written = page({ title: {} });
    apply({ gone: { children: "x" }, title: { children: "y" } });
    assert.deepEqual(written, [["title", { children: "y" }]]);
});

test("components alike are written by their keys", () => {
    const written = page({ '{"part":"row","rank":0}': {}, '{"part":"row","rank":1}': { hidden: true } });
    const changes = each(
        2,
        (rank) => ({ rank, part: "row" }),
        ["a"],
        (item) => ({ hidden: !item }),
    );
    assert.deepEqual(Object.keys(changes), ['{"part":"row","rank":0}', '{"part":"row","rank":1}']);
    apply(changes);
    assert.deepEqual(written, [[{ part: "row", rank: 0 }, { hidden: false }]]);
});

test("nothing to write is no error", () => {
    const written = page({});
    apply(undefined);
    assert.deepEqual(written, []);
});
