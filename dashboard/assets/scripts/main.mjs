/** The functions that Dash calls, by the names that `dashboard.callbacks.run_in_browser` is given. */
import { showWall } from "./photo-wall.mjs";
import * as play from "./play/game.mjs";
import { apply } from "./props.mjs";
import { markPage, showStatus } from "./shell.mjs";

/** @type {Record<string, Callback>} */
const CALLBACKS = {
    "shell.showStatus": showStatus,
    "shell.markPage": markPage,
    "photoWall.show": showWall,
    "play.load": play.load,
    "play.update": play.update,
};

/**
 * Calls a function and writes what it returns into the page.
 *
 * @param {string} name
 * @param {Inputs} inputs
 * @param {string[]} triggered
 */
export async function run(name, inputs, triggered) {
    apply(await CALLBACKS[name](inputs, triggered));
}
