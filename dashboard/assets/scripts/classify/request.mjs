/** How to ask the same elsewhere: the page's address, and a command for a terminal. */
import { closest, copyText, element } from "../dom.mjs";
import { chosenRow, LIKELY } from "./view.mjs";

/**
 * The address that shows the same. Only sample photos have one that others can open.
 *
 * @param {import("./view.mjs").View} view
 * @param {URL} page - the page's address
 */
export function addressOf({ photo, choice }, page) {
    const address = new URL(page.pathname, page.origin);
    if (!photo?.sample) return address;
    address.searchParams.set("sample", photo.sample);
    for (const [name, label] of Object.entries(choice)) if (label) address.searchParams.set(name, label);
    return address;
}

/**
 * A command that asks the model server the same.
 *
 * @param {import("./view.mjs").View} view - with an answer
 * @param {ClassAnswer} chosen
 * @param {{ origin: string, modelServer: string, modelLabel: string }} page
 */
export function curlCommand(view, chosen, { origin, modelServer, modelLabel }) {
    const model = view.answer ? view.answer.model : "";
    const address = `${modelServer}/v1/models/${model}${modelLabel ? `/labels/${modelLabel}` : ""}:predict`;
    const index = chosenRow(view) < LIKELY ? -1 : chosen.index;
    return [
        `curl -s -o photo.jpg '${origin}${view.photo.src}'`,
        `{ printf '{"signature_name": "explain", "instances": [{"class_index": ${index}, "image_bytes": {"b64": "'`,
        "  base64 < photo.jpg | tr -d '\\n'",
        `  printf '"}}]}'; } | curl -s -d @- '${address}'`,
    ].join("\n");
}

document.addEventListener("click", async (event) => {
    const button = closest(event, "#copy-curl, #copy-link");
    if (!button) return;
    const isLink = button.id === "copy-link";
    const text = isLink ? location.href : element("curl").textContent;
    const failed = isLink ? text : "Mark the command and copy it: the browser does not allow it here.";
    element("copied").textContent = (await copyText(text)) ? "Copied." : failed;
});
