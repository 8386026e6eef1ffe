/** The camera: a dialog that shows what it sees; the photo taken goes the way of a chosen file. */
import { closest, element, make } from "../dom.mjs";
import { addFiles } from "./session.mjs";

/** @type {Record<string, string>} */
const PROBLEMS = {
    NotAllowedError: "The browser does not let this page use the camera. Allow it beside the address, then try again.",
    NotFoundError: "No camera was found. Connect one, or choose a photo instead.",
    NotReadableError: "The camera is in use by another program. Close that, then try again.",
};
const NOT_SECURE = "Browsers give the camera to pages on https or localhost only. Choose a photo instead.";
/** @type {MediaStream | null} */
let stream = null;

/** @type {(isReady: boolean, problem?: string) => void} */
function setReady(isReady, problem = "") {
    element("camera-take").disabled = !isReady;
    element("camera-problem").textContent = problem;
}

async function open() {
    setReady(false, "Starting the camera…");
    element("camera").showModal();
    if (!navigator.mediaDevices) return setReady(false, NOT_SECURE);
    try {
        const video = { facingMode: "environment", width: { ideal: 1600 } };
        stream = await navigator.mediaDevices.getUserMedia({ video });
    } catch (/** @type {any} */ error) {
        return setReady(false, PROBLEMS[error.name] || "The camera cannot be used. Choose a photo instead.");
    }
    if (!element("camera").open) return close(); // cancelled meanwhile
    element("camera-view").srcObject = stream;
    await element("camera-view").play();
    setReady(true);
}

function close() {
    for (const track of stream?.getTracks() || []) track.stop();
    stream = null;
    const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("camera"));
    if (dialog?.open) dialog.close();
}

function take() {
    const video = element("camera-view");
    const canvas = make("canvas", { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d").drawImage(video, 0, 0);
    const use = (/** @type {Blob} */ blob) => {
        close();
        addFiles([new File([blob], "from the camera.jpg", { type: "image/jpeg" })]);
    };
    canvas.toBlob(use, "image/jpeg", 0.95);
}

document.addEventListener("click", (event) => {
    if (closest(event, ".open-camera")) open();
    else if (closest(event, "#camera-cancel")) close();
    else if (closest(event, "#camera-take")) take();
});
// Escape closes a dialog by itself: its camera must go out too. Such events do not bubble.
document.addEventListener(
    "close",
    (event) => {
        if (/** @type {Element} */ (event.target).id === "camera") close();
    },
    true,
);
