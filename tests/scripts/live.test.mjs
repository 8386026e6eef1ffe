import assert from "node:assert/strict";
import { test } from "node:test";

import { chart, ticks } from "../../dashboard/assets/scripts/live/chart.mjs";
import {
    NOTHING,
    curves,
    figures,
    isAlive,
    learningCurves,
    placeOf,
    render,
    step,
    timeLeft,
    work,
} from "../../dashboard/assets/scripts/live/render.mjs";

const EPOCHS = [
    { stage: "all", epoch: 1, loss: 2, accuracy: 0.4, val_loss: 2.1, val_accuracy: 0.5 },
    { stage: "all", epoch: 2, loss: 1, accuracy: 0.6, val_loss: 1.2, val_accuracy: 0.75 },
];
/** @type {import("../../dashboard/assets/scripts/live/render.mjs").Run} */
const RUN = {
    id: "demo-2026-01-01T10-00-00",
    title: "2026-01-01 10:00 UTC",
    state: "running",
    reason: null,
    settings: "ResNet50V2",
    command: "car-classifier train",
    stage: "Training all layers",
    stage_number: 2,
    stage_count: 3,
    work: "Training, stage all",
    done: 25,
    total: 50,
    photos_per_second: 31.26,
    seconds_left: 214,
    epoch: 3,
    epochs: 5,
    loss: 0.8,
    accuracy: 0.7,
    learning_curve: [],
    history: EPOCHS,
    version: null,
    photos: [{ photo: "01.jpg", label: "Maki_Hoshi", width: 60, height: 40 }],
    snapshots: ["1-001", "1-002"],
};
/** @type {import("../../dashboard/assets/scripts/live/render.mjs").Found} */
const FOUND = {
    is_ready: false,
    has_version: false,
    preparation: null,
    drawn: [],
    runs: [{ id: RUN.id, title: RUN.title, state: "running" }],
    shown: [RUN],
};

const part = (/** @type {Changes} */ props, /** @type {string} */ name, place = 0) =>
    props[JSON.stringify({ part: name, run: place })];

test("a run that goes on shows its stage, its epoch, what is left, and its figures", () => {
    const props = render({ ...NOTHING, found: FOUND });
    assert.equal(part(props, "card").hidden, false);
    assert.equal(part(props, "card", 1).hidden, true);
    assert.equal(part(props, "step").children, "Step 2 of 3: Training all layers, epoch 3 of 5");
    assert.equal(part(props, "work").children, "About 4 minutes left · 31 photos a second");
    assert.equal(
        part(props, "figures").children,
        "This epoch: loss 0.80, 70.0% right · 75.0% of validation photos right",
    );
    assert.deepEqual(part(props, "bar").style, { width: "50%" });
    assert.equal(part(props, "command").children, "");
    assert.equal(props["live-tick"].interval, 2000);
});

test("a run that was stopped says so with the command that goes on, and is asked about seldom", () => {
    const run = { ...RUN, state: "stopped", done: null, total: null };
    const props = render({
        ...NOTHING,
        found: { ...FOUND, runs: [{ ...FOUND.runs[0], state: "stopped" }], shown: [run] },
    });
    assert.equal(
        part(props, "note").children,
        "It was stopped. This command goes on where it stopped (if it still runs, end it with Ctrl-C first):",
    );
    assert.equal(part(props, "command").children, "car-classifier train");
    assert.equal(part(props, "work").children, "");
    assert.equal(props["live-tick"].interval, 15_000);
});

test("a run that failed says why; one that ended says as which version it was published", () => {
    const failed = { ...RUN, state: "failed", reason: "The disk is full.", command: "" };
    const ended = { ...RUN, state: "ended", version: "model/2" };
    const props = render({ ...NOTHING, found: { ...FOUND, shown: [failed, ended] } });
    assert.equal(part(props, "note").children, "It failed: The disk is full.");
    assert.equal(part(props, "note", 1).children, "Published as model/2.");
    assert.deepEqual(part(props, "bar", 1).style, { width: "100%" });
    assert.equal(part(props, "step", 1).children, "");
});

test("amounts are named only where they are known, never as 0 of nothing", () => {
    const before = { ...RUN, work: "Checking photos", done: null, total: null, epoch: null, seconds_left: null };
    assert.equal(work({ ...before, photos_per_second: null }), "Checking photos");
    assert.equal(
        work({ ...before, done: 3, total: 9, photos_per_second: 2.34 }),
        "Checking photos: 3 of 9 · 2.3 photos a second",
    );
    assert.equal(step({ ...before, stage_count: 0 }), "Training all layers");
    assert.equal(step({ ...before, stage: "" }), "");
    assert.deepEqual(
        [timeLeft(3), timeLeft(50), timeLeft(3600), timeLeft(36_000)],
        ["less than a minute left", "about 1 minute left", "about 60 minutes left", "about 10 hours left"],
    );
});

test("drawn cars are shown until there are photos to watch", () => {
    const preparation = { ...RUN, stage: "Drawing cars", work: "Drawing cars", epoch: null };
    const drawn = ["a.jpg", "b c.jpg"];
    const image = (/** @type {Changes} */ props, /** @type {number} */ place) =>
        props[JSON.stringify({ drawn: place })];
    let props = render({ ...NOTHING, found: { ...FOUND, preparation, drawn, shown: [] } });
    assert.equal(props["live-preparation"].hidden, false);
    assert.equal(image(props, 1).src, "/runs/drawn/b%20c.jpg");
    assert.deepEqual(image(props, 2).style, { visibility: "hidden" });
    props = render({ ...NOTHING, found: { ...FOUND, preparation, drawn } });
    assert.equal(props["live-drawn"].hidden, true);
    props = render({
        ...NOTHING,
        found: { ...FOUND, preparation: { ...preparation, state: "ended" }, has_version: true },
    });
    assert.equal(props["live-preparation"].hidden, true);
});

test("watched photos say what the net answers, and what would be right", () => {
    const answer = { label: "Aurelio_Vela", probability: 0.6, truth_probability: 0.3, map: [[1]] };
    const answers = { stage: "all", epoch: 2, extent: /** @type {Extent} */ ([0, 0, 1, 1]), answers: [answer] };
    const cell = (/** @type {Changes} */ props, /** @type {string} */ name) =>
        props[JSON.stringify({ part: name, watched: 0 })];
    let props = render({ ...NOTHING, found: FOUND, answers });
    assert.equal(cell(props, "answer").children, "✗ Aurelio Vela 60.0%");
    assert.equal(cell(props, "answer")["data-right"], "no");
    assert.equal(cell(props, "truth").children, "It is Maki Hoshi 30.0%");
    assert.deepEqual(props["live-at"], { max: 1, value: 1 });
    props = render({
        ...NOTHING,
        found: FOUND,
        answers: { ...answers, answers: [{ ...answer, label: "Maki_Hoshi" }] },
    });
    assert.equal(cell(props, "answer").children, "✓ Maki Hoshi 60.0%");
    assert.equal(cell(props, "truth").children, "");
});

test("the last answers are shown, unless earlier ones are chosen", () => {
    assert.equal(placeOf({ ...NOTHING, at: null }, RUN), 1);
    assert.equal(placeOf({ ...NOTHING, at: 0 }, RUN), 0);
    assert.equal(placeOf({ ...NOTHING, at: 7 }, RUN), 1);
});

test("something is going on while a run or the preparation does", () => {
    assert.equal(isAlive(null), false);
    assert.equal(isAlive(FOUND), true);
    const ended = { ...FOUND, runs: [{ ...FOUND.runs[0], state: "ended" }] };
    assert.equal(isAlive(ended), false);
    assert.equal(isAlive({ ...ended, preparation: RUN }), true);
});

test("curves go on within the epoch; a one-pass training has its accuracy against photos", () => {
    const [training, validation] = curves([RUN], "loss");
    assert.deepEqual(training.points, [
        { x: 1, y: 2 },
        { x: 2, y: 1 },
        { x: 2.5, y: 0.8 },
    ]);
    assert.deepEqual(validation.points, [
        { x: 1, y: 2.1 },
        { x: 2, y: 1.2 },
    ]);
    const onePass = { ...RUN, history: [], epoch: null, learning_curve: [{ photos: 100, accuracy: 0.4 }] };
    assert.deepEqual(learningCurves([onePass])[0].points, [{ x: 100, y: 0.4 }]);
    assert.equal(figures(onePass), "40.0% right after 100 photos");
});

test("ticks are round numbers that hold the values", () => {
    assert.deepEqual(ticks(0, 1, 5), [0, 0.5, 1]);
    assert.deepEqual(ticks(0, 12), [0, 5, 10, 15]);
    assert.deepEqual(ticks(0, 0.07, 5), [0, 0.02, 0.04, 0.06, 0.08]);
});

test("a chart has a line for two points, a dot for one, and nothing without", () => {
    const options = { width: 400, height: 200, format: String, xTitle: "epoch" };
    const line = {
        name: "a",
        style: "s",
        points: [
            { x: 1, y: 1 },
            { x: 2, y: 4 },
        ],
    };
    const tags = (/** @type {import("../../dashboard/assets/scripts/live/chart.mjs").Line[]} */ lines) =>
        chart(lines, options).map((mark) => mark.tag);
    assert.equal(tags([line]).filter((tag) => tag === "polyline").length, 1);
    assert.equal(tags([{ ...line, points: [{ x: 1, y: 1 }] }]).filter((tag) => tag === "polyline").length, 0);
    assert.deepEqual(chart([{ ...line, points: [] }], options), []);
});
