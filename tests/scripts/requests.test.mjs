import assert from "node:assert/strict";
import { test } from "node:test";

import { classesOf, get, post, postFile, remove, RequestError } from "../../dashboard/assets/scripts/requests.mjs";

/** What the server was asked. @type {{ address: string, options: RequestInit | undefined }[]} */
let asked = [];

/** The dashboard's answer to every request; null if it does not answer. @param {Response | null} response */
function answers(response) {
    asked = [];
    globalThis.fetch = /** @type {any} */ (
        async (/** @type {string} */ address, /** @type {RequestInit} */ options) => {
            asked.push({ address, options });
            if (!response) throw new TypeError("Failed to fetch");
            return response.clone();
        }
    );
}

/** The error of a request that must fail. @type {(request: Promise<unknown>) => Promise<RequestError>} */
async function failure(request) {
    const error = await request.then(
        () => null,
        (reason) => reason,
    );
    assert.ok(error instanceof RequestError);
    return error;
}

test("what is sent, and the answer that comes back", async () => {
    answers(Response.json({ id: "p" }));
    assert.deepEqual(await get("/photos/p"), { id: "p" });
    assert.equal(asked[0].options, undefined);
    await remove("/photos/p");
    assert.equal(asked[1].options?.method, "DELETE");
    await post("/photos/p/answer", { label: "Maki_Umi" });
    assert.deepEqual(asked[2].options, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: '{"label":"Maki_Umi"}',
    });
    await post("/dataset/1/photo");
    assert.equal(asked[3].options?.body, undefined);
    const file = new Blob(["photo"]);
    await postFile("/photos", file);
    assert.equal(asked[4].options?.body, file);
});

test("a refusal has the server's own sentence, its status and what came with it", async () => {
    answers(Response.json({ error: "The file is empty.", limit: 3 }, { status: 400 }));
    const error = await failure(get("/photos"));
    assert.equal(error.message, "The file is empty.");
    assert.equal(error.status, 400);
    assert.deepEqual(error.answer, { error: "The file is empty.", limit: 3 });
});

test("what is no JSON never reaches the page", async () => {
    answers(new Response("<h1>Bad Gateway</h1>", { status: 502 }));
    assert.equal((await failure(get("/photos"))).message, "The dashboard failed (error 502). Try again in a moment.");
    answers(new Response("<form>Sign in</form>")); // a proxy's page in place of an answer
    assert.equal((await failure(get("/photos"))).status, 200);
});

test("a dashboard that does not answer has the status 0", async () => {
    answers(null);
    const error = await failure(get("/photos"));
    assert.equal(error.status, 0);
    assert.match(error.message, /^The dashboard itself does not answer\./);
});

test("a version's classes are asked for once, but again after a failure", async () => {
    assert.deepEqual(await classesOf(""), []);
    answers(null);
    assert.deepEqual(await classesOf("3"), []);
    const classes = [{ label: "Maki_Umi", name: "Maki Umi" }];
    answers(Response.json(classes));
    assert.deepEqual(await classesOf("3"), classes);
    assert.equal(await classesOf("3"), await classesOf("3"));
    assert.deepEqual(
        asked.map(({ address }) => address),
        ["/versions/3/classes"],
    );
});
