import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

// The modules listen to the document and set a timer as soon as they are loaded; nothing here waits for one.
globalThis.document = /** @type {any} */ (Object.assign(new EventTarget(), { getElementById: () => null }));
globalThis.setInterval = globalThis.setTimeout = /** @type {any} */ (() => 0);
/** @type {Map<string, string>} */
const kept = new Map();
globalThis.sessionStorage = /** @type {any} */ ({
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ text) => kept.set(key, text),
    removeItem: (/** @type {string} */ key) => kept.delete(key),
});
const session = await import("../../dashboard/assets/scripts/classify/session.mjs");

const ANSWER = {
    version: "3",
    temperature: 1,
    makes: [],
    classes: [{ label: "Maki_Umi", name: "Maki Umi", map: [[1]] }],
};

/** Requests that the server has not answered yet. @type {{ address: string, answer: (status?: number, body?: object) => void }[]} */
let open = [];
/** Every request so far. @type {string[]} */
let asked = [];
let photos = 0;

globalThis.fetch = /** @type {any} */ (
    (/** @type {string} */ address) => {
        asked.push(address);
        return new Promise((resolve) => {
            const answer = (status = 200, body = usual(address)) => {
                open = open.filter((request) => request.answer !== answer);
                resolve({ ok: status < 400, status, json: async () => body });
            };
            open.push({ address, answer });
        });
    }
);

/** What the server usually says. @type {(address: string) => object} */
function usual(address) {
    if (address.endsWith("/answer")) return ANSWER;
    if (address.endsWith("/classes")) return [];
    return { id: `p${++photos}`, src: "/photos/p.jpg", label: "", truth: null };
}

/** Lets everything run that waits for no request. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Answers all requests as usual, and those that follow. */
async function answerAll() {
    await settled();
    while (open.length) {
        open[0].answer();
        await settled();
    }
}

/** @type {(...names: string[]) => File[]} */
const files = (...names) => names.map((name) => new File(["photo"], name));
const LIMITS = { megabytes: 20, megapixels: 50, side: 1600, readsHeic: false };
const names = () => session.entries().map((entry) => entry.name);
const states = () => session.entries().map((entry) => entry.state);
const sent = () => asked.filter((address) => address === "/photos").length;

beforeEach(async () => {
    await answerAll();
    session.clear();
    kept.clear();
    [asked, photos] = [[], 0];
});

test("two photos are on their way at a time, and the first of them is shown", async () => {
    session.addFiles(files("a.png", "b.png", "c.png"));
    assert.deepEqual(states(), ["sending", "sending", "waiting"]);
    assert.equal(session.current(), null);
    await settled();
    open[0].answer();
    await settled();
    assert.equal(session.current()?.name, "a.png");
    assert.equal(sent(), 2);
    await answerAll();
    assert.deepEqual(states(), ["answered", "answered", "answered"]);
    assert.equal(session.current()?.name, "a.png");
});

test("the photo that is looked at goes first", async () => {
    session.addFiles(files("a.png", "b.png", "c.png", "d.png"));
    session.select(session.entries()[3].key);
    await settled();
    for (const request of [...open]) request.answer(400, { error: "It is no photo." });
    await settled();
    assert.deepEqual(names(), ["c.png", "d.png"]);
    assert.equal(sent(), 4);
    open.find(({ address }) => address === "/photos")?.answer();
    await answerAll();
    assert.equal(session.current()?.name, "d.png");
});

test("a photo that cannot be used leaves a sentence, with its name if it was one of several", async () => {
    session.addFiles(files("a.png"));
    await settled();
    open[0].answer(400, { error: "It is no photo." });
    await settled();
    assert.deepEqual([names(), session.view().problem], [[], "It is no photo."]);
    session.addFiles(files("b.png", "c.png"));
    await settled();
    open[0].answer(400, { error: "It is no photo." });
    await answerAll();
    assert.deepEqual([names(), session.view().problem], [["c.png"], "b.png: It is no photo."]);
    assert.equal(session.current()?.name, "c.png"); // in the place of the one that was awaited
});

test("the list has room for 200 photos", async () => {
    session.addFiles(files(...Array.from({ length: 202 }, (_, i) => `${i}.png`)));
    assert.equal(names().length, 200);
    assert.match(session.view().problem, /^The list holds 200 photos: 2 photos were left out\./);
});

test("when the shown photo is removed, the next one is shown", async () => {
    session.addFiles(files("a.png", "b.png", "c.png"));
    await answerAll();
    session.select(session.entries()[1].key);
    session.remove(session.entries()[1].key);
    assert.equal(session.current()?.name, "c.png");
    session.remove(session.entries()[1].key);
    assert.equal(session.current()?.name, "a.png");
    session.remove(session.entries()[0].key);
    assert.equal(session.current(), null);
});

test("a photo is asked about again once the model is ready", async () => {
    session.addFiles(files("a.png"));
    await settled();
    open[0].answer();
    await settled();
    open[0].answer(503, { error: "The model server cannot be reached." });
    await settled();
    assert.deepEqual(states(), ["unanswered"]);
    assert.equal(session.current()?.problem, "The model server cannot be reached.");
    globalThis.document.dispatchEvent(new Event("model-ready"));
    await answerAll();
    assert.deepEqual(states(), ["answered"]);
    assert.equal(session.current()?.problem, null);
    assert.equal(sent(), 1);
});

test("a sample that the server has forgotten is sent again, any other photo is not", async () => {
    session.addSample("7", "A sample");
    await answerAll();
    asked = [];
    const car = session.askFor("Maki_Hoshi");
    open[0].answer(404, { error: "This photo is gone." });
    await settled();
    open[0].answer();
    await settled();
    open[0].answer(200, { ...ANSWER, asked: { label: "Maki_Hoshi" } });
    assert.equal(await car, true);
    assert.deepEqual(asked, ["/photos/p1/answer", "/dataset/7/photo", "/photos/p2/answer"]);
    session.addFiles(files("a.png"));
    await answerAll();
    const other = session.askFor("Maki_Hoshi");
    open[0].answer(404, { error: "This photo is gone." });
    assert.equal(await other, false);
    assert.equal(session.view().problem, "This photo is gone.");
});

test("a sample that is in the list already is shown, not added", async () => {
    session.addSample("7", "A sample");
    await answerAll();
    session.addFiles(files("a.png"));
    await answerAll();
    session.addSample("7", "A sample");
    assert.deepEqual(names(), ["a.png", "A sample"]);
    assert.equal(session.current()?.name, "A sample");
});

test("a photo without a region comes from another, keeps its class, and is dropped when one returns to that", async () => {
    session.addFiles(files("a.png"));
    await answerAll();
    /** @type {any} */
    const erased = { from: session.current()?.key, label: "Maki_Umi", versus: null };
    session.addErased(files("erased.png")[0], erased);
    await answerAll();
    assert.deepEqual(names(), ["a.png, part erased", "a.png"]);
    assert.equal(session.current()?.choice?.car, "Maki_Umi");
    assert.equal(session.view().erased?.canUndo, true);
    // Once more, from the photo that has been changed already: its name does not grow.
    session.addErased(files("erased.png")[0], { ...erased, from: session.current()?.key });
    await answerAll();
    assert.deepEqual(names().slice(0, 2), ["a.png, part erased", "a.png, part erased"]);
    session.undoErased();
    assert.deepEqual(names(), ["a.png, part erased", "a.png"]);
    session.remove(String(erased.from));
    assert.equal(session.view().erased?.canUndo, false);
    session.undoErased();
    assert.deepEqual(names(), ["a.png, part erased"]);
});

test("answers that find no room in the tab's store, and those of an older page, are asked for again", async () => {
    const { setItem } = sessionStorage;
    sessionStorage.setItem = (key, text) => {
        if (text.split('"answer":').length > 2) throw new Error("QuotaExceededError");
        setItem(key, text);
    };
    session.addFiles(files("a.png", "b.png"));
    await answerAll();
    sessionStorage.setItem = setItem;
    const text = kept.get("photo-session") || "";
    const [a, b] = JSON.parse(text).entries;
    assert.deepEqual([a.state, b.state, b.answer], ["answered", "waiting", undefined]);
    session.clear();
    const old = { ...a, answer: { ...a.answer, temperature: undefined } };
    kept.set("photo-session", JSON.stringify({ ...JSON.parse(text), entries: [old, b] }));
    asked = [];
    session.restore(60, LIMITS);
    await answerAll();
    assert.deepEqual(states(), ["answered", "answered"]);
    assert.equal(asked.filter((address) => address.endsWith("/answer")).length, 2);
});

test("after a reload the photos are there again, and what was under way goes on", async () => {
    session.addFiles(files("a.png", "b.png"));
    await answerAll();
    session.addFiles(files("c.png"));
    const text = kept.get("photo-session") || "";
    await answerAll();
    session.clear();
    const [b, a] = /** @type {any[]} */ (JSON.parse(text).entries);
    kept.set("photo-session", JSON.stringify({ ...JSON.parse(text), entries: [{ ...b, state: "asking" }, a] }));
    asked = [];
    session.restore(60, LIMITS);
    assert.match(session.view().problem, /^1 photo had not been sent when the page was loaded again/);
    await answerAll();
    assert.deepEqual(names(), [b.name, a.name]);
    assert.deepEqual(states(), ["answered", "answered"]);
    assert.equal(asked.filter((address) => address.endsWith("/answer")).length, 1);
});

test("photos that the server no longer has are taken from the list after a reload", async () => {
    const about = { state: "answered", extras: [], since: Date.now() - 61 * 60_000, answer: ANSWER };
    const [old, sample, fresh] = [
        { ...about, key: "1", name: "old.png", photo: { id: "1" } },
        { ...about, key: "2", name: "A sample", sample: "7", photo: { id: "2" } },
        { ...about, key: "3", name: "fresh.png", photo: { id: "3" }, since: Date.now() },
    ];
    const state = { entries: [old, sample, fresh], unsent: 0, current: "3", nextKey: 4 };
    kept.set("photo-session", JSON.stringify(state));
    session.restore(60, LIMITS);
    await answerAll();
    assert.deepEqual(names(), ["A sample", "fresh.png"]);
    assert.match(session.view().problem, /^1 photo is no longer kept by the server; choose it again\./);
    assert.equal(session.current()?.name, "fresh.png");
});
