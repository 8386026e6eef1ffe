/** The keys and buttons of the game. */
import { closest, element } from "../dom.mjs";
import * as game from "./game.mjs";

/** @param {number} place */
const choice = (place) => game.view.game?.choices[place]?.label;
const sameKind = () => ({ rounds: game.view.game.rounds, difficulty: game.view.game.difficulty });

/** @type {Record<string, () => unknown>} */
const BUTTONS = {
    "play-start": () => game.begin(game.view.challenge || game.view.kind),
    "play-start-over": () =>
        game.begin({ ...(game.view.phase === "over" ? sameKind() : game.view.kind), start_over: true }),
    "play-resume": game.resume,
    "play-decline": () => {
        game.leaveChallenge();
        game.showStart();
    },
    "play-leave": game.showStart,
    "play-settings": game.showStart,
    "play-again": () => game.begin(sameKind()),
    "play-next": game.next,
    "play-copy": game.copy,
    "play-close-problem": () => game.setView({ problem: null, startOver: false }),
    "play-guess": () => game.guess(game.view.model),
};

document.addEventListener("click", (event) => {
    const button = game.isOpen() && closest(event, "#play button");
    if (!button || button.disabled) return;
    if (button.dataset.choice) game.guess(choice(Number(button.dataset.choice)));
    else BUTTONS[button.id]?.();
});

document.addEventListener("submit", (event) => {
    if (/** @type {Element} */ (event.target).id !== "play-sign") return;
    event.preventDefault();
    game.sign(element("play-name").value);
});

document.addEventListener("keydown", (event) => {
    if (!game.isOpen() || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.repeat) {
        // Enter held down must not run through the next rounds.
        if (event.key === "Enter" && closest(event, "#play button")) event.preventDefault();
    } else if (closest(event, "input, textarea")) {
        // Typed text is no move.
    } else if (/^[1-4]$/.test(event.key)) game.guess(choice(Number(event.key) - 1));
    else if (event.key === "Enter" && !closest(event, "a, button")) game.next();
});

/** The photo's size is known once it is there; until then its place is empty. @param {Event} event */
function photoLoaded({ target }) {
    const photo = /** @type {HTMLImageElement} */ (target);
    if (photo.id !== "play-photo") return;
    const src = photo.getAttribute("src");
    game.setView({ photo: { src, width: photo.naturalWidth, height: photo.naturalHeight } });
}

/** @param {Event} event */
function photoFailed({ target }) {
    if (/** @type {Element} */ (target).id !== "play-photo" || game.view.phase === "start") return;
    game.setView({ problem: "This photo cannot be shown. Make a guess and go on to the next one." });
}

// These events do not bubble, but they can be caught on their way down.
document.addEventListener("load", photoLoaded, true);
document.addEventListener("error", photoFailed, true);
