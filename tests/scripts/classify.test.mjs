import assert from "node:assert/strict";
import { test } from "node:test";

import { addExtra, chosenLabels, isKnown } from "../../dashboard/assets/scripts/classify/answers.mjs";
import { evidence } from "../../dashboard/assets/scripts/classify/evidence.mjs";
import { asCsv, asJson } from "../../dashboard/assets/scripts/classify/export.mjs";
import { doubt, expiredText, leftOutText, unsentText } from "../../dashboard/assets/scripts/classify/texts.mjs";
import { classInRow, chosenRow, rowOf, viewOf } from "../../dashboard/assets/scripts/classify/view.mjs";
import { wordsOf } from "../../dashboard/assets/scripts/words.mjs";

// Modules listen to the document as soon as they are loaded.
globalThis.document = /** @type {any} */ ({ addEventListener: () => undefined, getElementById: () => null });
const { render } = await import("../../dashboard/assets/scripts/classify/render.mjs");
const { addressOf, curlCommand } = await import("../../dashboard/assets/scripts/classify/request.mjs");
const feedback = await import("../../dashboard/assets/scripts/classify/feedback.mjs");

const CARS = wordsOf({ one: "car", many: "cars", itIs: "it is the" });
const car = (/** @type {string} */ label, probability = 0.1, map = [[1, -2]]) => ({
    label,
    name: label.replace("_", " "),
    index: label.length,
    probability,
    map,
});
const answer = (version = "3") => ({
    model: "cars",
    version,
    milliseconds: 12,
    makes: [{ name: "Maki", probability: 0.9 }],
    classes: [car("Maki_Umi", 0.75), car("Maki_Hoshi", 0.15, [[0.1, -0.1]])],
    extent: /** @type {Extent} */ ([0, 0, 1, 1]),
    scale: 2,
});
const PHOTO = {
    id: "p",
    src: "/photos/p.jpg",
    name: "Your photo",
    width: 60,
    height: 40,
    label: "Maki_Umi",
    truth: null,
};
const entry = (changes = {}) =>
    /** @type {import("../../dashboard/assets/scripts/classify/view.mjs").Entry} */ ({
        key: "1",
        name: "a.png",
        title: "Your photo a.png",
        state: "answered",
        photo: PHOTO,
        answer: answer(),
        extras: [],
        ...changes,
    });
const session = (changes = {}) => ({
    current: entry(),
    awaited: null,
    notes: [],
    asking: null,
    classes: [],
    ...changes,
});
const view = (changes = {}) => viewOf(session({ current: entry(changes) }));
const PAGE = { sureAbove: 0.8, origin: "http://here", modelServer: "http://server", modelLabel: "", words: CARS };

test("without a photo the page is empty; one on its way leaves the one before", () => {
    assert.equal(viewOf(session({ current: null })).phase, "empty");
    const sending = viewOf(session({ awaited: entry({ photo: undefined }) }));
    assert.deepEqual([sending.phase, sending.photo, sending.answer], ["sending", PHOTO, null]);
});

test("an entry that waits for its turn is one that is asked about", () => {
    assert.equal(view({ state: "waiting" }).phase, "asking");
    assert.equal(view({ state: "asking" }).answer, null);
});

test("the problem is all notes and that of the shown photo, a line each", () => {
    const current = entry({ state: "unanswered", problem: "The model is away." });
    assert.equal(
        viewOf(session({ current, notes: ["One was left out."] })).problem,
        "One was left out.\nThe model is away.",
    );
    assert.equal(viewOf(session({ current, awaited: entry(), notes: [] })).problem, "");
});

test("extras have rows of their own, after the five likely ones", () => {
    const shown = view({ extras: [car("Orsini_Lince")], choice: { car: "Orsini_Lince", versus: null } });
    assert.deepEqual([rowOf(shown, "Maki_Hoshi"), rowOf(shown, "Orsini_Lince"), rowOf(shown, "x")], [1, 5, -1]);
    assert.equal(classInRow(shown, chosenRow(shown))?.label, "Orsini_Lince");
    assert.equal(classInRow(shown, 3), undefined);
});

test("at most three extras are kept; another version's answer drops them", () => {
    const known = entry({ extras: ["A", "B", "C"].map((label) => car(label)) });
    addExtra(known, { ...answer(), asked: car("D") });
    assert.deepEqual(
        known.extras.map(({ label }) => label),
        ["B", "C", "D"],
    );
    addExtra(known, { ...answer(), asked: car("Maki_Umi") });
    assert.equal(known.extras.length, 3);
    addExtra(known, { ...answer("4"), asked: car("E") });
    assert.deepEqual([known.extras.map(({ label }) => label), known.answer?.version], [["E"], "4"]);
    assert.ok(isKnown(known, "E") && !isKnown(known, "D"));
    assert.deepEqual(chosenLabels({ choice: { car: null, versus: "E" } }), ["E"]);
});

test("evidence for a car is drawn on the answer's scale; too little is said", () => {
    const shown = view();
    assert.equal(evidence(shown, answer().classes[0], "for", CARS).text, "Showing what speaks for Maki Umi.");
    assert.match(evidence(shown, answer().classes[1], "for", CARS).text, /Maki Hoshi: only faint evidence/);
    const nothing = evidence(shown, car("A", 0.1, [[-1]]), "for", CARS);
    assert.deepEqual([nothing.map, nothing.text], [null, "Nothing in the photo speaks for A."]);
});

test("evidence for and against has two colours and one scale for all cars", () => {
    const { signed, scale, text } = evidence(view(), answer().classes[0], "both", CARS);
    assert.deepEqual([signed, scale, text], [true, 2, "Orange speaks for Maki Umi, blue against it."]);
});

test("two cars are compared by the difference of their maps", () => {
    const shown = view({ choice: { car: null, versus: "Maki_Hoshi" } });
    const { map, scale, legend } = evidence(shown, /** @type {any} */ (classInRow(shown, 0)), "for", CARS);
    assert.deepEqual([map, scale, legend.slice(0, 2)], [[[0.9, -1.9]], 1.9, ["for Maki Hoshi", "for Maki Umi"]]);
});

test("sentences speak of what the photos show", () => {
    const birds = wordsOf({ one: "bird", many: "birds", itIs: "it is the" });
    for (const [words, one, many, robin] of /** @type {const} */ ([
        [birds, "bird", "birds", "it is the Robin"],
        [wordsOf({}), "class", "classes", "it is Robin"],
    ])) {
        assert.match(evidence(view(), answer().classes[0], "for", words).legend[2], new RegExp(`for all ${many} here`));
        const props = render(viewOf(session({ asking: "Robin" })), null, { ...PAGE, words });
        assert.equal(props["progress-text"].children, `Asking about another ${one}…`);
        const said = { p: { right: false, name: "Robin", mayTrain: false } };
        const thanks = feedback.render(view(), said, null, words)["feedback-text"].children;
        assert.equal(thanks, `Thank you. You said: ${robin}.`);
    }
});

test("confidence is put in words where it is low", () => {
    assert.equal(doubt(0.8, 0.8), "");
    assert.match(doubt(0.41, 0.8), /about 4 are right/);
    assert.match(doubt(0.1, 0.8), /about one is right/);
    assert.match(doubt(0.01, 0.8), /fewer than one is right/);
});

test("sentences about photos have the right number", () => {
    assert.match(unsentText(1), /^1 photo had .* choose it again\.$/);
    assert.match(expiredText(2), /^2 photos are .* choose them again\.$/);
    assert.match(leftOutText(1, 200), /holds 200 photos: 1 photo was left out/);
});

test("a CSV line for each photo, quoted, and safe in a spreadsheet", () => {
    const [header, line] = asCsv([/** @type {any} */ (entry({ name: '=1,"a"' }))]).split("\n");
    assert.equal(header.split(",").length, 16);
    assert.equal(line, `"'=1,""a""",Maki_Umi,cars,3,Maki,0.9,Maki_Umi,0.75,Maki_Hoshi,0.15,,,,,,`);
});

test("JSON holds the maps and the classes that were asked for", () => {
    const [photo] = JSON.parse(asJson([/** @type {any} */ (entry({ extras: [car("Orsini_Lince")] }))]));
    assert.deepEqual([photo.photo, photo.truth, photo.classes[0].map], ["a.png", "Maki_Umi", [[1, -2]]]);
    assert.equal(photo.asked[0].label, "Orsini_Lince");
});

test("the page shows the rows of an answer, and hides those it has none for", () => {
    const props = render(view(), null, PAGE);
    assert.deepEqual(props.classify, { "data-phase": "answered", "data-asking": "no" });
    assert.equal(props['{"part":"name","rank":0}'].children, "Maki Umi");
    assert.deepEqual(props['{"part":"row","rank":2}'], { disabled: true, style: { display: "none" } });
    assert.equal(props["model-line"].children, "version 3, answered in 12 ms");
    assert.equal(props.choice.value, "0");
});

test("while nothing is answered five rows wait, and the fields stay as they are", () => {
    const props = render(viewOf(session({ current: null })), null, PAGE);
    assert.deepEqual(props['{"part":"row","rank":4}'], { disabled: true, style: { display: undefined } });
    assert.equal(props.make.children, "The five best answers appear here.");
    assert.equal(props.choice, undefined);
    assert.equal(props.photo.src, undefined);
});

test("no car is offered to be compared with itself", () => {
    const classes = [
        { label: "Maki_Umi", name: "Maki Umi" },
        { label: "Maki_Hoshi", name: "Maki Hoshi" },
    ];
    const props = render(viewOf(session({ classes })), null, PAGE);
    assert.deepEqual(props.versus.data, [{ value: "Maki_Hoshi", label: "Maki Hoshi" }]);
    assert.equal(/** @type {any} */ (props["ask-class"].data).length, 2);
});

test("the command asks for a class only if it is not among the likely ones", () => {
    const shown = view({ extras: [car("Orsini_Lince")] });
    assert.match(
        curlCommand(shown, shown.answer?.classes[0] ?? car(""), PAGE),
        /"class_index": -1,.*\n.*\n.*http:\/\/server\/v1\/models\/cars:predict'$/,
    );
    const chosen = view({ extras: [car("Orsini_Lince")], choice: { car: "Orsini_Lince", versus: null } });
    const command = curlCommand(chosen, car("Orsini_Lince"), { ...PAGE, modelLabel: "stable" });
    assert.match(command, /"class_index": 12,/);
    assert.match(command, /cars\/labels\/stable:predict/);
});

test("only a sample has an address, with what is chosen", () => {
    const here = new URL("http://here/?sample=old&car=x");
    assert.equal(addressOf(view(), here).href, "http://here/");
    const shown = view({ photo: { ...PHOTO, sample: "s" }, choice: { car: "Maki_Hoshi", versus: null } });
    assert.equal(addressOf(shown, here).href, "http://here/?sample=s&car=Maki_Hoshi");
});

test("the feedback card asks, opens its form, and thanks", () => {
    assert.equal(
        feedback.render(viewOf(session({ current: null })), null, null, CARS).feedback["data-state"],
        "hidden",
    );
    const asking = feedback.render(view(), {}, null, CARS);
    assert.deepEqual(asking.feedback, { "data-state": "ask", "aria-busy": "false", "data-own": "yes" });
    const form = { photo: "p", unlisted: true, mayTrain: true, busy: false, problem: { photo: "p", text: "Away." } };
    const open = feedback.render(view(), {}, form, CARS);
    assert.deepEqual([open.feedback["data-state"], open["feedback-problem"].children], ["no", "Away."]);
    const said = { p: { right: false, name: "Maki Hoshi", mayTrain: true } };
    assert.equal(
        feedback.render(view(), said, null, CARS)["feedback-text"].children,
        "Thank you. You said: it is the Maki Hoshi. Your photo is kept for training.",
    );
});
