/** The game: its moves. pages/play.py describes the state. */
import { copyText, element, focusWhenReady, hasElement } from "../dom.mjs";
import { isGrey, setGrey } from "../grey.mjs";
import { paint } from "../heatmap.mjs";
import { apply, store } from "../props.mjs";
import { get, post } from "../requests.mjs";
import { retrying } from "../retry.mjs";
import { words } from "../words.mjs";
import { heatmapClass, LOADING, render } from "./render.mjs";

const MOVED_ON = [404, 409]; // the game is not where this tab thinks it is

/** @type {import("./render.mjs").View} */
export let view = LOADING;
let isBusy = false; // one move at a time
const retry = retrying(() => {
    if (isOpen() && view.phase === "revealed" && !view.answer) askAgain(view.game);
});

export const isOpen = () => hasElement("play");
/** @param {any} game */
const roundAddress = (game) => `/play/games/${game.id}/rounds/${game.number}`;
/** @param {Inputs} inputs */
const kindOf = (inputs) => ({
    rounds: Number(inputs["play-rounds.value"]),
    difficulty: inputs["play-difficulty.value"],
});

/** Changes the state; the page follows. @param {Partial<typeof view>} changes */
export function setView(changes) {
    view = { ...view, ...changes };
    if (isOpen()) store("play-view", view);
}

/** The page appears: it shows a challenge, or the game that this visitor is in. @param {Inputs} inputs */
export async function load(inputs) {
    view = { ...LOADING, challenge: inputs["play-challenge.data"] || null, kind: kindOf(inputs) };
    isBusy = false;
    const brokenLink = inputs["play-broken-link.data"] || null;
    try {
        const { game } = await get("/play/game");
        setView({ ...stateOf(game), problem: brokenLink });
        if (view.challenge) setView({ phase: "start" });
        else enter(game);
    } catch (/** @type {any} */ error) {
        setView({ phase: "start", problem: error.message });
    }
    if (view.phase !== "over") loadBoard(view.kind);
}

/**
 * The state or a field of the page has changed.
 *
 * @param {Inputs} inputs
 * @param {string[]} triggered
 */
export function update(inputs, triggered) {
    if (triggered.includes("play-rounds.value") || triggered.includes("play-difficulty.value")) {
        setView({ kind: kindOf(inputs) });
        if (view.phase !== "over") loadBoard(view.kind);
    }
    const [make, model] = [inputs["play-make.value"], inputs["play-model.value"]];
    if (triggered.includes("play-make.value") && make !== view.make) {
        setView({ make, model: null });
        if (make) focusWhenReady("#play-model");
    } else if (triggered.includes("play-model.value") && model !== view.model) {
        setView({ model });
        if (model) focusWhenReady("#play-guess");
    }
    if (triggered.includes("play-grey-photo.checked")) setGrey(inputs["play-grey-photo.checked"]);
    const drawn = heatmapClass(view);
    if (drawn) paint(element("play-heatmap"), drawn.map, view.answer.extent, view.photo, view.answer);
    return {
        ...render(view, { isOn: inputs["play-heatmap-on.checked"], isGrey: isGrey() }, location.origin, words()),
        "play-grey-photo": { checked: isGrey() },
    };
}

/** One move; one that fails leaves the game where the server has it. @param {() => Promise<void>} steps */
async function move(steps) {
    if (isBusy) return;
    isBusy = true;
    const before = view.phase;
    try {
        await steps();
    } catch (/** @type {any} */ error) {
        const problem = { problem: error.message, startOver: Boolean(error.answer?.start_over) };
        if (MOVED_ON.includes(error.status) && view.game && before !== "start") {
            const { game } = await get("/play/game").catch(() => view);
            setView({ ...stateOf(game), ...problem });
        } else setView({ phase: before, guess: null, ...problem });
    } finally {
        isBusy = false;
    }
}

/** The state of a game as the server gave it. @param {any} game */
function stateOf(game) {
    if (game && game.difficulty === "hard") loadCars();
    const phase = game ? game.phase : "start";
    const fresh = phase === "guessing" ? { make: null, model: null } : {};
    return { phase, game, answer: null, guess: null, problem: null, startOver: false, ...fresh };
}

/** Shows the top of the page, where a phone has what is new, and puts the keyboard there. @param {string} id */
function showTop(id) {
    scrollTo(0, 0);
    focusWhenReady(`#${id}`);
}

/** Asks for what a phase needs besides the game. @param {any} game */
function enter(game) {
    if (!game) return;
    if (game.phase === "revealed") askAgain(game);
    if (game.phase === "over") loadBoard(game);
}

/** @param {unknown} settings */
export function begin(settings) {
    return move(async () => {
        const { game } = await post("/play/games", settings);
        leaveChallenge(); // reloading goes on with this game
        setView(stateOf(game));
        showTop("play-round-title");
    });
}

export function leaveChallenge() {
    history.replaceState(history.state, "", location.pathname);
    setView({ challenge: null });
}

/** @param {string | null} label */
export function guess(label) {
    if (view.phase !== "guessing" || isBusy || !label) return;
    move(async () => {
        setView({ phase: "asking", guess: label, problem: null });
        const { game, answer } = await post(`${roundAddress(view.game)}/guess`, { label });
        setView({ ...stateOf(game), answer });
        if (!answer) askAgain(game);
        showTop("play-next");
    });
}

export function next() {
    if (view.phase !== "revealed") return;
    move(async () => {
        const { game } = await post(`${roundAddress(view.game)}/next`);
        setView(stateOf(game));
        enter(game);
        showTop(game.phase === "over" ? "play-result" : "play-round-title");
    });
}

/** After a reload: the maps are not kept with the game. Everything else is shown without them. @param {any} game */
async function askAgain(game) {
    if (!game.played[game.number - 1].ai.length) return;
    const answer = await post(`${roundAddress(game)}/answer`).catch((error) => retry.failed(error) && null);
    if (answer) retry.succeeded();
    const isSame = view.phase === "revealed" && view.game.id === game.id && view.game.number === game.number;
    if (answer && isSame) setView({ answer });
}

/** @param {string} name */
export function sign(name) {
    return move(async () => {
        const { game } = await post(`/play/games/${view.game.id}/score`, { name });
        setView({ game, problem: null });
        await loadBoard(game);
    });
}

export function showStart() {
    setView({ phase: "start", problem: null, startOver: false });
    loadBoard(view.kind);
    showTop("play-start-title");
}

export function resume() {
    leaveChallenge();
    setView({ phase: view.game.phase });
    enter(view.game);
    showTop("play-round-title");
}

async function loadCars() {
    const answer = await get("/play/cars").catch((error) => setView({ problem: error.message }));
    if (answer) setView({ cars: answer.cars });
}

/** The leaderboard of one kind of game. @param {ReturnType<typeof kindOf>} kind */
async function loadBoard({ rounds, difficulty }) {
    const query = new URLSearchParams({ rounds: String(rounds), difficulty });
    const { scores } = await get(`/play/scores?${query}`).catch(() => ({ scores: null }));
    const wanted = view.phase === "over" ? view.game : view.kind;
    if (wanted.rounds === rounds && wanted.difficulty === difficulty)
        setView({ board: { rounds, difficulty, scores } });
}

export async function copy() {
    const text = element("play-share-text");
    const isCopied = await copyText(text.textContent);
    if (!isCopied) getSelection()?.selectAllChildren(text);
    apply({ "play-copied": { children: isCopied ? "Copied." : "Selected: copy it with Ctrl+C." } });
}
