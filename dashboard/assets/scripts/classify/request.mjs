/** How to ask the same elsewhere: the page's address, a command for a terminal, and a few lines of Python. */
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

/** @typedef {{ origin: string, modelServer: string, modelLabel: string }} Page */

/**
 * What both the command and the Python ask: the photo's address, the model's, and the class.
 *
 * @type {(view: import("./view.mjs").View, chosen: ClassAnswer, page: Page) =>
 *     { photo: string, address: string, index: number }}
 */
function question(view, chosen, { origin, modelServer, modelLabel }) {
    const model = view.answer ? view.answer.model : "";
    return {
        photo: `${origin}/photos/${view.photo.id}`, // as the model gets it: `src` is what the page shows
        address: `${modelServer}/v1/models/${model}${modelLabel ? `/labels/${modelLabel}` : ""}:predict`,
        index: chosenRow(view) < LIKELY ? -1 : chosen.index,
    };
}

/**
 * A command that asks the model server the same. It writes no file, so that it overwrites none.
 *
 * @param {import("./view.mjs").View} view - with an answer
 * @param {ClassAnswer} chosen
 * @param {Page} page
 */
export function curlCommand(view, chosen, page) {
    const { photo, address, index } = question(view, chosen, page);
    return [
        `{ printf '{"signature_name": "explain", "instances": [{"class_index": ${index}, "image_bytes": {"b64": "'`,
        `  curl -s '${photo}' | base64 | tr -d '\\n'`,
        `  printf '"}}]}'; } | curl -s -d @- '${address}'`,
    ].join("\n");
}

/**
 * The same in Python, without any package.
 *
 * @param {import("./view.mjs").View} view - with an answer
 * @param {ClassAnswer} chosen
 * @param {Page} page
 */
export function pythonCode(view, chosen, page) {
    const { photo, address, index } = question(view, chosen, page);
    return [
        "import base64, json, urllib.request",
        "",
        `photo = urllib.request.urlopen("${photo}").read()`,
        `instance = {"class_index": ${index}, "image_bytes": {"b64": base64.b64encode(photo).decode()}}`,
        'question = json.dumps({"signature_name": "explain", "instances": [instance]})',
        `answer = json.load(urllib.request.urlopen("${address}", question.encode()))`,
        'print(json.dumps(answer["predictions"][0], indent=2))',
    ].join("\n");
}

document.addEventListener("click", async (event) => {
    const button = closest(event, "#copy-curl, #copy-python, #copy-link");
    if (!button) return;
    const isLink = button.id === "copy-link";
    const text = isLink ? location.href : element(button.id.replace("copy-", "")).textContent;
    const failed = isLink ? text : "Mark the text and copy it: the browser does not allow it here.";
    element("copied").textContent = (await copyText(text)) ? "Copied." : failed;
});
