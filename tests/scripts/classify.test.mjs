import assert from "node:assert/strict";
import { test } from "node:test";

import { addExtra, chosenLabels, isKnown } from "../../dashboard/assets/scripts/classify/answers.mjs";
import { addressIn, nameIn } from "../../dashboard/assets/scripts/classify/address.mjs";
import { arranged, summary } from "../../dashboard/assets/scripts/classify/batch.mjs";
import { fitted, isHeic } from "../../dashboard/assets/scripts/classify/downscale.mjs";
import { evidence } from "../../dashboard/assets/scripts/classify/evidence.mjs";
import { asCsv, asJson } from "../../dashboard/assets/scripts/classify/export.mjs";
import {
    confidence,
    expiredText,
    leftOutText,
    unsentText,
    worth,
} from "../../dashboard/assets/scripts/classify/texts.mjs";
import { classInRow, chosenRow, rowOf, viewOf } from "../../dashboard/assets/scripts/classify/view.mjs";
import { wordsOf } from "../../dashboard/assets/scripts/words.mjs";

// Modules listen to the document as soon as they are loaded.
globalThis.document = /** @type {any} */ ({ addEventListener: () => undefined, getElementById: () => null });
const { render } = await import("../../dashboard/assets/scripts/classify/render.mjs");
const { addressOf, curlCommand, pythonCode } = await import("../../dashboard/assets/scripts/classify/request.mjs");
const feedback = await import("../../dashboard/assets/scripts/classify/feedback.mjs");

const CARS = wordsOf({ one: "car", many: "cars", itIs: "it is the" });
const car = (/** @type {string} */ label, probability = 0.1, map = [[1, -2]]) => ({
    label,
    name: label.replace("_", " "),
    index: label.length,
    probability,
    logit: 1,
    bias: 0,
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
    temperature: 1,
    sure_above: 0.8,
    measured: null,
    familiarity: 0.4,
    is_familiar: true,
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
    entries: [entry()],
    current: entry(),
    awaited: null,
    notes: [],
    asking: null,
    classes: [],
    folded: true,
    ...changes,
});
const view = (changes = {}) => viewOf(session({ current: entry(changes) }));
const PAGE = {
    origin: "http://here",
    modelServer: "http://server",
    modelLabel: "",
    words: CARS,
    samples: ["s", "t", "u"],
    list: { ...summary([entry(), entry()]), filter: "all" },
};

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

test("an answer says how many test photos with such answers were right", () => {
    const measured = { count: 63, right: 41, interval: /** @type {[number, number]} */ ([0.528, 0.757]) };
    const few = { count: 19, right: 19, interval: null };
    const told = "Of 63 answers about this confident, 41 were right (95 %: 53 to 76 %).";
    for (const [sure_above, record, sentence] of /** @type {[number, Measured | null, string][]} */ ([
        [0.8, measured, `Not sure. ${told}`],
        [0.75, measured, told],
        [0.8, few, "Not sure. Too few answers about this confident were measured to say how many are right."],
        [0.5, few, ""],
        [0.8, null, "Not sure."],
        [0.5, null, ""],
        [0.5, { ...measured, right: 1 }, told.replace("41 were", "1 was")],
    ])) {
        assert.equal(worth({ ...answer(), makes: [], sure_above, measured: record }), sentence);
    }
    const thousands = worth({ ...answer(), sure_above: 0, measured: { ...measured, count: 1200 } });
    assert.match(thousands, /^Of 1,200 answers/);
});

test("the make may be sure and the model not", () => {
    assert.equal(worth(answer()), "Sure of the make, not of the model.");
    assert.equal(worth({ ...answer(), sure_above: 0.95 }), "Not sure.");
});

test("of an unfamiliar photo this is said before a name", () => {
    const stranger = { ...answer(), familiarity: 0.02, is_familiar: false, sure_above: 0.1 };
    const changes = render(view({ answer: stranger }), null, PAGE);
    assert.equal(changes.make.children, "I know no such photo");
    assert.equal(changes["other-makes"].children, "");
    assert.match(String(changes["not-sure"].children), /^This is unlike .* 98\.0% are more familiar\.$/);
    assert.equal(changes["not-sure"]["data-sure"], "no");
    assert.equal(changes["answer-over"].children, "Maki Umi 75.0%, unfamiliar");
    assert.equal(confidence(stranger), "75.0%, unfamiliar");
    const older = /** @type {any} */ ({ ...answer(), is_familiar: undefined, sure_above: 0.1 });
    assert.equal(worth(older), "");
});

test("each answer is sure by the threshold of the version that gave it", () => {
    assert.equal(confidence(answer()), "75.0%, not sure");
    assert.equal(confidence({ ...answer(), sure_above: 0.75 }), "75.0%");
});

test("sentences about photos have the right number", () => {
    assert.match(unsentText(1), /^1 photo had .* choose it again\.$/);
    assert.match(expiredText(2), /^2 photos are .* choose them again\.$/);
    assert.match(leftOutText(1, 200), /holds 200 photos: 1 photo was left out/);
});

test("a CSV line for each photo, quoted, and safe in a spreadsheet", () => {
    const [header, line] = asCsv([/** @type {any} */ (entry({ name: '=1,"a"' }))]).split("\n");
    assert.equal(header.split(",").length, 17);
    assert.equal(line, `"'=1,""a""",Maki_Umi,cars,3,Maki,0.9,0.4,Maki_Umi,0.75,Maki_Hoshi,0.15,,,,,,`);
});

test("JSON holds the maps in whole units, and each class once", () => {
    const extras = [car("Orsini_Lince", 1 / 3), car("Maki_Hoshi")];
    const [photo] = JSON.parse(asJson([/** @type {any} */ (entry({ extras }))]));
    assert.deepEqual([photo.photo, photo.truth, photo.unit], ["a.png", "Maki_Umi", 0.02]);
    assert.deepEqual(
        photo.classes.map((/** @type {ClassAnswer} */ { label, map }) => [label, map]),
        [
            ["Maki_Umi", [[50, -100]]],
            ["Maki_Hoshi", [[5, -5]]],
        ],
    );
    assert.deepEqual(photo.asked, [{ label: "Orsini_Lince", index: 12, probability: 0.33333, map: [[50, -100]] }]);
});

test("the JSON of a large map is short", () => {
    const cell = (/** @type {number} */ x, /** @type {number} */ y) => Number((Math.sin(x * y) ** 3 / 7).toFixed(6));
    const map = Array.from({ length: 20 }, (_, y) => Array.from({ length: 30 }, (_, x) => cell(x, y)));
    const classes = ["A", "B", "C", "D", "E"].map((label) => car(label, 0.2, map));
    const large = /** @type {any} */ (entry({ answer: { ...answer(), classes } }));
    assert.ok(asJson([large]).length < 3.5 * 5 * 20 * 30, "more than 3.5 characters for each number");
});

test("the page shows the rows of an answer, and hides those it has none for", () => {
    const props = render(view(), null, PAGE);
    assert.deepEqual(props.classify, { "data-phase": "answered", "data-asking": "no", "data-folded": "yes" });
    assert.equal(props["answer-over"].children, "Maki Umi 75.0%, not sure");
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
        /"class_index": -1,.*\n.*'http:\/\/here\/photos\/p'.*\n.*http:\/\/server\/v1\/models\/cars:predict'$/,
    );
    assert.match(pythonCode(shown, shown.answer?.classes[0] ?? car(""), PAGE), /"class_index": -1,/);
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

test("samples are marked right or wrong, once they are answered", () => {
    const known = (/** @type {string} */ sample, /** @type {string} */ label, state = "answered") =>
        entry({ key: sample, sample, state, photo: { ...PHOTO, sample, label, truth: label } });
    const entries = [known("s", "Maki_Umi"), known("t", "Maki_Hoshi"), known("u", "Maki_Umi", "asking"), entry()];
    const shown = viewOf(session({ entries, current: entries[1] }));
    assert.deepEqual(shown.marks, { s: "right", t: "wrong" });
    const props = render(shown, null, PAGE);
    const samples = [0, 1, 2].map((number) => props[`{"number":${number},"part":"sample"}`]);
    assert.deepEqual(
        samples.map((sample) => [sample["data-mark"], sample["aria-label"], sample["aria-current"]]),
        [
            ["right", "Sample photo 1, answered right", "false"],
            ["wrong", "Sample photo 2, answered wrong", "true"],
            ["", "Sample photo 3", "false"],
        ],
    );
    assert.equal(props.truth["data-mark"], "wrong");
});

const sure = (/** @type {string} */ key, probability = 0.5, label = "Maki_Umi", truth = "") =>
    entry({ key, answer: { ...answer(), classes: [car(label, probability)] }, photo: { ...PHOTO, label: truth } });

test("the list can be sorted by confidence, and filtered", () => {
    const waiting = entry({ key: "w", state: "waiting", answer: undefined });
    const entries = [
        sure("a", 0.9),
        waiting,
        sure("b", 0.4, "Orsini_Lince"),
        sure("c", 0.6, "Maki_Umi", "Orsini_Lince"),
    ];
    for (const [order, filter, keys] of /** @type {const} */ ([
        ["newest", "all", "awbc"],
        ["least", "all", "bcaw"],
        ["most", "all", "acbw"],
        ["newest", "unsure", "bc"],
        ["most", "unsure", "cb"],
        ["newest", "wrong", "c"],
        ["newest", "class:Maki_Umi", "ac"],
    ])) {
        const shown = arranged(entries, { order, filter });
        assert.equal(shown.map(({ key }) => key).join(""), keys, `${order}, ${filter}`);
    }
});

test("a summary counts answers, classes, doubts and samples", () => {
    const entries = [
        sure("a", 0.9, "Maki_Umi", "Maki_Umi"),
        sure("b", 0.4, "Orsini_Lince", "Maki_Umi"),
        sure("c", 0.9),
    ];
    assert.equal(summary(entries).text, "3 photos · 2 Maki Umi · 1 Orsini Lince · 1 not sure · 1 of 2 samples right");
    const under = summary([...entries, entry({ state: "waiting", answer: undefined })]);
    assert.match(under.text, /^3 of 4 photos answered · /);
    assert.deepEqual([under.done, under.count], [3, 4]);
    assert.deepEqual(
        under.filters.map(({ label }) => label),
        ["All photos", "Not sure (1)", "Wrong (1)", "Maki Umi (2)", "Orsini Lince (1)"],
    );
    const many = "abcdef".split("").map((label) => sure(label, 0.9, label));
    assert.match(summary(many).text, /1 d · 2 other classes$/);
});

test("photos are scaled down to the longest side, and never up", () => {
    assert.deepEqual(fitted({ width: 8000, height: 4000 }, 1600), { width: 1600, height: 800 });
    assert.deepEqual(fitted({ width: 1, height: 9000 }, 1600), { width: 1, height: 1600 });
    assert.deepEqual(fitted({ width: 60, height: 40 }, 1600), { width: 60, height: 40 });
});

test("HEIC photos are told by their type or name", () => {
    for (const [type, name, expected] of /** @type {const} */ ([
        ["image/heic", "a", true],
        ["image/heif-sequence", "a", true],
        ["", "IMG_1.HEIC", true],
        ["image/jpeg", "a.jpg", false],
    ])) {
        assert.equal(isHeic({ type, name }), expected, name);
    }
});

test("the address of a photo is found in what is dropped or pasted", () => {
    for (const [given, expected] of /** @type {[Record<string, string>, string | null][]} */ ([
        [{ "text/plain": " https://a.example/x.jpg \n" }, "https://a.example/x.jpg"],
        [{ "text/uri-list": "# a comment\r\nhttps://a.example/page", "text/plain": "x" }, "https://a.example/page"],
        [
            {
                "text/html": '<meta charset="utf-8"><img alt="x" src="https://a.example/x.jpg?a=1&amp;b=2">',
                "text/uri-list": "https://a.example/page",
            },
            "https://a.example/x.jpg?a=1&b=2",
        ],
        [{ "text/plain": "data:image/png;base64,AA==" }, "data:image/png;base64,AA=="],
        [{ "text/plain": "see https://a.example/x.jpg" }, null],
        [{ "text/plain": "javascript:alert(1)" }, null],
        [{ "text/html": "<img data-src='https://a.example/x.jpg'>" }, null],
        [{}, null],
    ])) {
        assert.equal(addressIn({ getData: (type) => given[type] || "" }), expected);
    }
    assert.equal(nameIn("https://a.example/cars/my%20car.jpg?size=2"), "my car.jpg");
    assert.equal(nameIn("https://a.example/"), "a.example");
    assert.equal(nameIn("https://a.example/50%"), "50%");
    assert.equal(nameIn("data:image/png;base64,AA=="), "Photo");
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
