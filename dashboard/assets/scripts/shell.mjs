/** The header: the state of the model server, asked of the dashboard's own server every few seconds, and the page that
    is open. */
import { renderBanner } from "./demo-banner.mjs";
import { apply } from "./props.mjs";
import { get } from "./requests.mjs";

/** @type {boolean | null} */
let wasReady = null; // null: not known yet
/** @type {Promise<Changes> | null} */
let looking = null;
/** @type {() => void} */
let becameReady;
const firstReady = new Promise((resolve) => (becameReady = () => resolve(undefined)));

/** Waits until the model has been seen to be ready. */
export const whenReady = () => firstReady;

/** @returns {Promise<Changes>} */
async function look() {
    const status = await get("/status").catch((error) =>
        error.answer ? error.answer : { state: "down", text: "Dashboard ended" },
    );
    const isReady = status.state === "ready";
    // Photos that were left without an answer can be asked about again now, without a click.
    if (isReady && wasReady === false) document.dispatchEvent(new Event("model-ready"));
    if (isReady) becameReady();
    wasReady = isReady;
    return {
        status: { children: status.text, className: `status status-${status.state}` },
        "status-detail": { children: status.detail || "" },
        ...renderBanner(status.demo),
    };
}

export function showStatus() {
    looking ??= look().finally(() => (looking = null));
    return looking;
}

/** @param {Inputs} inputs */
export function markPage(inputs) {
    for (const link of document.querySelectorAll(".nav-link")) {
        const isOpen = /** @type {HTMLAnchorElement} */ (link).pathname === inputs["_pages_location.pathname"];
        if (isOpen) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
    }
}

/* A request failed because of the model: the header must not go on saying that all is well. */
document.addEventListener("model-trouble", async () => {
    if (!looking) apply(await showStatus());
});
