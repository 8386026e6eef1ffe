import assert from "node:assert/strict";
import { test } from "node:test";

import { partId } from "../../dashboard/assets/scripts/props.mjs";
import { heatmapClass, LOADING, render } from "../../dashboard/assets/scripts/play/render.mjs";
import { shareText, verdict } from "../../dashboard/assets/scripts/play/texts.mjs";

const ORIGIN = "http://localhost:8050";
const PLAYED = {
    truth: "Maki Hoshi",
    guess: "Maki Hoshi",
    points: 1,
    ai_points: 0.5,
    missed: "",
    ai: [
        { label: "Maki_Umi", name: "Maki Umi", probability: 0.5 },
        { label: "Maki_Hoshi", name: "Maki Hoshi", probability: 0.25 },
    ],
};
const GAME = {
    id: "g",
    seed: 7,
    rounds: 3,
    number: 1,
    difficulty: "easy",
    phase: "guessing",
    points: 0,
    ai_points: 0,
    seconds: 61,
    ranked: true,
    name: null,
    played: [],
    choices: [{ label: "Maki_Hoshi", name: "Maki Hoshi" }],
};
const PHOTO = { src: "/play/games/g/rounds/1.jpg", width: 300, height: 200 };
const part = (/** @type {string} */ name, /** @type {number} */ place) => partId({ part: name, place });
const ranked = (/** @type {string} */ name, /** @type {number} */ rank) => partId({ part: name, rank });
const CARS = { one: "car", many: "cars", itIs: "it is the" };
const shown = (/** @type {object} */ state, heatmapOn = true, words = CARS) =>
    render({ ...LOADING, ...state }, { isOn: heatmapOn, isGrey: true }, ORIGIN, words);
const REVEALED = { phase: "revealed", photo: PHOTO, game: { ...GAME, points: 1, ai_points: 0.5, played: [PLAYED] } };
const ANSWER = { extent: [0, 0, 1, 1], scale: 1, classes: [{ label: "Maki_Umi", name: "Maki Umi", map: [[1]] }] };

test("before anything is known the page is loading, and no round is touched", () => {
    const props = shown({});
    assert.equal(props.play["data-phase"], "loading");
    assert.equal(props["play-photo"], undefined);
    assert.equal(props["play-board-table"].hidden, true);
});

test("a game that has begun can be gone on with", () => {
    const props = shown({ phase: "start", game: { ...GAME, number: 2 } });
    assert.equal(props["play-resume"].children, "Go on with round 2 of 3");
    assert.deepEqual(shown({ phase: "start" })["play-resume"].style, { display: "none" });
});

test("a round shows its choices; its photo appears once it is loaded", () => {
    const props = shown({ phase: "guessing", game: GAME });
    assert.deepEqual(props["play-frame"].style, { visibility: "hidden" });
    assert.deepEqual(props[part("play-choice", 0)], {
        className: "play-choice option",
        disabled: false,
        hidden: false,
    });
    assert.equal(props[part("play-choice", 1)].hidden, true);
    assert.equal(props[part("play-dot-you", 0)].className, "play-dot play-dot-now");
    assert.equal(props[part("play-dot-you", 3)].className, "play-dot play-dot-none");
    assert.deepEqual(shown({ phase: "guessing", game: GAME, photo: PHOTO })["play-frame"].style, { "--ratio": 1.5 });
});

test("while the AI is asked, the choice is marked and no other can be made", () => {
    const props = shown({ phase: "asking", game: GAME, guess: "Maki_Hoshi" });
    assert.equal(props[part("play-choice", 0)].className, "play-choice option play-choice-made");
    assert.equal(props[part("play-choice", 0)].disabled, true);
});

test("the answers are revealed with what each is worth", () => {
    const props = shown(REVEALED);
    assert.equal(props["play-verdict"].children, "You got it, the AI only the make");
    assert.equal(props["play-your-answer"].children, "✓ You said so.");
    assert.equal(props[ranked("play-ai-row", 1)].className, "play-ai-truth");
    assert.equal(props[ranked("play-ai-percent", 0)].children, "50.0%");
    assert.equal(props[ranked("play-ai-row", 2)].hidden, true);
    assert.equal(props[part("play-dot-ai", 0)].className, "play-dot play-dot-half");
    assert.match(
        String(props["play-announcement"].children),
        /It is the Maki Hoshi. The AI said Maki Umi and got the make. You 1, AI ½/,
    );
});

test("the heatmap needs the answer, its class and the photo", () => {
    assert.equal(shown(REVEALED)["play-heatmap"].hidden, true);
    assert.equal(shown(REVEALED)["play-evidence"].children, "\u00a0");
    const props = shown({ ...REVEALED, answer: ANSWER });
    assert.deepEqual(props["play-heatmap"], { hidden: false, "aria-label": "Heatmap: what speaks for Maki Umi" });
    assert.equal(shown({ ...REVEALED, answer: ANSWER }, false)["play-heatmap"].hidden, true);
    assert.equal(heatmapClass({ ...LOADING, ...REVEALED, answer: ANSWER, photo: null }), null);
    // Another version of the model does not know the class that it answered before.
    assert.equal(heatmapClass({ ...LOADING, ...REVEALED, answer: { ...ANSWER, classes: [] } }), null);
});

test("a missed turn says why, and only your points count", () => {
    const missed = { ...PLAYED, ai: [], missed: "The AI took too long." };
    const props = shown({ ...REVEALED, game: { ...REVEALED.game, played: [missed] } });
    assert.equal(props["play-verdict"].children, "You got it");
    assert.equal(props["play-missed"].children, "The AI took too long.");
    assert.equal(props[part("play-dot-ai", 0)].className, "play-dot play-dot-missed");
    assert.equal(verdict({ ...missed, points: 0 }), "Not this time");
});

test("in a hard game a make offers its models, and a model can be guessed", () => {
    const cars = [
        { make: "Orsini", model: "Gatto", label: "Orsini_Gatto" },
        { make: "Maki", model: "Umi", label: "Maki_Umi" },
        { make: "Orsini", model: "Lince", label: "Orsini_Lince" },
    ];
    const hard = { phase: "guessing", game: { ...GAME, difficulty: "hard", choices: [] }, cars };
    assert.deepEqual(shown(hard)["play-make"].data, ["Maki", "Orsini"]);
    assert.equal(shown(hard)["play-model"].disabled, true);
    const chosen = shown({ ...hard, make: "Orsini", model: "Orsini_Lince" });
    assert.deepEqual(chosen["play-model"].data, [
        { value: "Orsini_Gatto", label: "Gatto" },
        { value: "Orsini_Lince", label: "Lince" },
    ]);
    assert.equal(chosen["play-guess"].disabled, false);
});

test("in a hard game without makes, classes are named directly", () => {
    const cars = [
        { make: "", model: "snow_leopard", label: "snow_leopard" },
        { make: "", model: "cats", label: "cats" },
    ];
    const props = shown({ phase: "guessing", game: { ...GAME, difficulty: "hard", choices: [] }, cars });
    assert.deepEqual(props["play-make"].style, { display: "none" });
    assert.equal(props["play-model"].disabled, false);
    assert.deepEqual(props["play-model"].data, [
        { value: "snow_leopard", label: "snow leopard" },
        { value: "cats", label: "cats" },
    ]);
});

test("the end says who won, shows all rounds and asks for a name", () => {
    const game = { ...GAME, phase: "over", points: 1, ai_points: 0.5, played: [PLAYED] };
    const board = { rounds: 3, difficulty: "easy", scores: [] };
    const props = shown({ phase: "over", game, board });
    assert.equal(props["play-result"].children, "You won, 1 : ½");
    assert.equal(props["play-result-about"].children, "3 rounds, easy. You thought for 1 min 1 s.");
    assert.equal(props[part("play-recap-ai", 0)].children, "½ AI: Maki Umi");
    assert.equal(props[part("play-recap-round", 1)].hidden, true);
    assert.equal(props["play-sign"].hidden, false);
    assert.equal(props["play-board-note"].children, "Nobody yet: be the first.");
    assert.equal(shareText(game, ORIGIN).split("\n").at(-1), `${ORIGIN}/play?seed=7&rounds=3&difficulty=easy`);
});

test("the leaderboard marks your line, and says when it cannot be read", () => {
    const scores = [{ name: "Ada", points: 2.5, ai_points: 1, seconds: 30, mine: true }];
    const props = shown({ phase: "start", board: { rounds: 3, difficulty: "easy", scores } });
    assert.deepEqual(props[ranked("play-board-row", 0)], { hidden: false, className: "play-board-mine" });
    assert.equal(props[ranked("play-board-points", 0)].children, "2½");
    const failed = shown({ phase: "start", board: { rounds: 3, difficulty: "easy", scores: null } });
    assert.match(String(failed["play-board-note"].children), /cannot be read now/);
});
