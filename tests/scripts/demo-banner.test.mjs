import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document = /** @type {any} */ ({ addEventListener: () => undefined });
const { renderBanner } = await import("../../dashboard/assets/scripts/demo-banner.mjs");

test("the banner follows the served model, and stays as it is while that is unknown", () => {
    assert.deepEqual(renderBanner(8), {
        "demo-banner": { hidden: false },
        "demo-text": { children: "Demo model: 8 invented cars." },
    });
    assert.deepEqual(renderBanner(0), { "demo-banner": { hidden: true }, "demo-text": { children: "" } });
    assert.deepEqual(renderBanner(undefined), {});
});
