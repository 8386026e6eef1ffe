/** The functions that Dash calls, by the names that `dashboard.callbacks.run_in_browser` is given. */
import * as feedback from "./classify/feedback.mjs";
import * as classify from "./classify/page.mjs";
import * as data from "./data/page.mjs";
import * as live from "./live/page.mjs";
import * as model from "./model.mjs";
import { showWall } from "./photo-wall.mjs";
import "./play/controls.mjs";
import * as play from "./play/game.mjs";
import { apply, partId } from "./props.mjs";
import { markPage, showStatus } from "./shell.mjs";

/** @type {Record<string, Callback>} */
const CALLBACKS = {
    "shell.showStatus": showStatus,
    "shell.markPage": markPage,
    "photoWall.show": showWall,
    "classify.open": classify.open,
    "classify.update": classify.update,
    "classify.showHeatmap": classify.showHeatmap,
    "feedback.act": feedback.act,
    "feedback.show": feedback.show,
    "data.update": data.update,
    "live.tick": live.tick,
    "live.update": live.update,
    "model.watchFrame": model.watchFrame,
    "model.keepCell": model.keepCell,
    "model.chooseClasses": model.chooseClasses,
    "model.showLegend": model.showLegend,
    "model.keepAddress": model.keepAddress,
    "play.load": play.load,
    "play.update": play.update,
};

/** @typedef {{ id: string | Record<string, unknown>, property: string }} Output */

/**
 * Calls a function and writes what it returns into the page: what the callback declares as outputs through Dash, so
 * that other callbacks wait for it, and the rest at once.
 *
 * @param {string} name
 * @param {Inputs} inputs
 * @param {string[]} triggered
 * @param {Output | Output[] | undefined} outputs
 */
export async function run(name, inputs, triggered, outputs) {
    const changes = (await CALLBACKS[name](inputs, triggered)) || {};
    const take = (/** @type {Output} */ { id, property }) => {
        const key = typeof id === "string" ? id : partId(id);
        const { [property]: value = window.dash_clientside.no_update, ...rest } = changes[key] || {};
        changes[key] = rest;
        return value;
    };
    const values = Array.isArray(outputs) ? outputs.map(take) : outputs && take(outputs);
    apply(changes);
    return values;
}
