/** The banner on every page while the served model is the demo. A person hides it for as long as the tab is open. */
import { closest, copyText, element } from "./dom.mjs";

const KEPT_AS = "demo-banner"; // shell.py reads it before the page is painted

/**
 * The banner for a state of the model server.
 *
 * @param {number | undefined} classes - that the demo knows; 0 if another model is served, undefined if that is unknown
 * @returns {Changes}
 */
export function renderBanner(classes) {
    if (classes === undefined) return {};
    return {
        "demo-banner": { hidden: classes === 0 },
        "demo-text": { children: classes ? `Demo model: ${classes} invented cars.` : "" },
    };
}

document.addEventListener("click", async (event) => {
    if (closest(event, "#demo-close")) {
        sessionStorage.setItem(KEPT_AS, "closed");
        document.documentElement.dataset.demoBanner = "closed";
    } else if (closest(event, "#demo-copy")) {
        const isCopied = await copyText(element("demo-commands").textContent);
        element("demo-copied").textContent = isCopied
            ? "Copied."
            : "Mark the commands and copy them: the browser does not allow it here.";
    }
});
