import assert from "node:assert/strict";
import { test } from "node:test";

import {
    fieldsOf,
    isOfMake,
    renderFields,
    searchOf,
    searchOfFields,
} from "../../dashboard/assets/scripts/data/conditions.mjs";
import { CLOSED, columnsOf, render, wallPhoto } from "../../dashboard/assets/scripts/data/render.mjs";

const CARS = { one: "car", many: "cars", itIs: "it is the" };
/** @type {import("../../dashboard/assets/scripts/data/conditions.mjs").Bounds} */
const BOUNDS = { years: [2010, 2020], scores: [0, 1] };
const LABELS = [
    { group: "Maki", items: [{ value: "Maki_Umi", label: "Maki Umi" }] },
    { group: "Orsini", items: [{ value: "Orsini_Lince", label: "Orsini Lince" }] },
];
const FOUND = {
    found: 1,
    of: 1200,
    page: 2,
    pages: 3,
    suspects: 4,
    photos: [{ id: "a", name: "Maki Umi", split: "test" }],
};
const view = (changes = {}) => ({
    phase: "shown",
    problem: "",
    search: "",
    asked: null,
    found: null,
    details: CLOSED,
    bounds: BOUNDS,
    ...changes,
});
const query = (text = "") => new URLSearchParams(text);

test("a search goes into the fields and comes out of them as it was", () => {
    for (const text of [
        "",
        "text=red&make=Maki&label=Maki_Umi&split=test",
        "year_from=2012&score_to=0&group=any&suspects=yes",
    ]) {
        assert.equal(searchOfFields(fieldsOf(query(text), BOUNDS), BOUNDS).toString(), text);
    }
});

test("an address may hold other parameters, in any order", () => {
    assert.equal(searchOf(query("page=2&split=test&photo=x&make=Maki")).toString(), "make=Maki&split=test");
});

test("spaces around a text and sliders at their ends are no condition", () => {
    const fields = { ...fieldsOf(query(), BOUNDS), text: "  ", years: [2010, 2020], suspects: "no" };
    assert.equal(searchOfFields(fields, BOUNDS).toString(), "");
});

test("a make offers its own models only", () => {
    const fields = fieldsOf(query("make=Maki&suspects=yes"), BOUNDS);
    const props = renderFields(fields, query("make=Maki&suspects=yes"), LABELS);
    assert.deepEqual(props["data-label"].data, [LABELS[0]]);
    assert.equal(props["data-set"].children, "1 set");
    assert.ok(isOfMake("Maki_Umi", "Maki", LABELS) && !isOfMake("Maki_Umi", "Orsini", LABELS));
});

test("before anything is found, nothing of it is written", () => {
    const props = render(view({ phase: "searching" }), query(), CARS);
    assert.deepEqual(Object.keys(props), ["data-page", "data-problem", "data-problem-text"]);
});

test("the found photos, how many, and where one can turn to", () => {
    const props = render(view({ found: FOUND }), query("page=2"), CARS);
    assert.equal(props["data-found"].children, "1 of 1,200 photos");
    assert.deepEqual([props["data-previous"].disabled, props["data-next"].disabled], [false, false]);
    assert.equal(/** @type {any} */ (props["data-photos"].data).photos[0].href, "/data?page=2&photo=a");
});

test("suspects name the splits that were looked at, or why there are none", () => {
    const suspects = (/** @type {object} */ changes) =>
        String(
            render(view({ search: "suspects=yes", found: { ...FOUND, ...changes } }), query(), CARS)[
                "data-about-suspects"
            ].children,
        );
    assert.match(
        suspects({ version: "3", looked_at: { test: 1, "": 2 } }),
        /show another car than their label says.* 1 photo of the test split, 2 photos of no split/,
    );
    assert.match(suspects({ looked_at: {} }), /^Nothing can be suspected/);
});

test("a photo of the wall says what is known of it", () => {
    const photo = {
        id: "a",
        name: "Maki Umi",
        year: 2014,
        split: "test",
        group: "7",
        suspect: { name: "Orsini Lince", probability: 0.9 },
    };
    assert.deepEqual(wallPhoto(photo, query(), true).lines, ["Model says: Orsini Lince, 90.0%", "2014, test"]);
    assert.equal(wallPhoto(photo, query(), true).title, "Label: Maki Umi");
    assert.deepEqual(wallPhoto({ id: "a", name: "b", group: "7", similarity: 0.5 }, query()).lines, [
        "Similarity 0.50",
        "Near-duplicates: group 7",
    ]);
});

const DETAILS = {
    ...CLOSED,
    id: "a",
    photo: {
        id: "a",
        name: "Maki Umi",
        duplicates: [],
        similar: { photos: [], problem: "No features.", command: "make them" },
        columns: [
            ["file_name", "a.jpg"],
            ["sha256", "0"],
            ["year", ""],
        ],
        suspect: { name: "Orsini Lince", probability: 0.9, label_probability: 0.01, threshold: 0.8 },
    },
};

test("the dialog waits for its photo, then shows it, or why it cannot", () => {
    const loading = render(view({ details: { ...CLOSED, id: "a" } }), query(), CARS);
    assert.deepEqual([loading["data-details"]["data-phase"], loading["data-name"].children], ["loading", "\u00a0"]);
    const props = render(view({ details: DETAILS }), query(), CARS);
    assert.equal(props["data-photo"].src, "/dataset/a.jpg?side=800");
    assert.equal(props["data-labelled-text"].children, "to which the model gives 1.0%");
    assert.equal(props["data-similar-text"].children, "No features.");
    assert.equal(props["data-duplicates-section"].hidden, true);
    assert.deepEqual(columnsOf(DETAILS.photo), [["file name", "a.jpg"]]);
    const failed = render(view({ details: { ...CLOSED, id: "a", problem: "Gone." } }), query(), CARS);
    assert.equal(failed["data-name"].children, "Gone.");
});

test("the button to ask the model goes once there is an answer", () => {
    const answer = { classes: [{ name: "Maki Umi" }, { name: "Orsini Lince" }] };
    const props = render(view({ details: { ...DETAILS, answer, rank: 1 } }), query(), CARS);
    assert.deepEqual(props["data-ask"], { loading: false, style: { display: "none" } });
    assert.equal(props["data-answer-text"].children, "Showing what speaks for Orsini Lince.");
});
