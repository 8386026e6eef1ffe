/** Photos that the server would not take, made smaller or turned into a JPEG by the browser before they are sent. */
import { make } from "../dom.mjs";

/**
 * @typedef {{ megabytes: number, megapixels: number, side: number, readsHeic: boolean }} Limits - of the server; `side`:
 *     of photos that are scaled down
 */

const QUALITY = 0.95; // as the server's own JPEGs
const NO_HEIC = "This is a HEIC photo, which this browser cannot read. Save it as JPEG and try again.";

/**
 * Whether a file says that it is a HEIC photo. Not every server can read these; some browsers can.
 *
 * @param {{ type: string, name?: string }} file
 */
export const isHeic = ({ type, name = "" }) => /^image\/hei[cf]/i.test(type) || /\.hei[cf]$/i.test(name);

/**
 * The size of a photo whose longest side is at most `side`.
 *
 * @type {(size: Size, side: number) => Size}
 */
export function fitted({ width, height }, side) {
    const share = Math.min(1, side / Math.max(width, height));
    return { width: Math.max(1, Math.round(width * share)), height: Math.max(1, Math.round(height * share)) };
}

/** @type {(size: number, megabytes: number) => string} */
export const tooLarge = (size, megabytes) =>
    `The file has ${(size / 1e6).toFixed(1)} MB; at most ${megabytes} MB can be taken, and this browser cannot scale it ` +
    "down. Scale it down in a photo program and try again.";

/**
 * The photo to send: the file itself if the server takes it, so that the model sees its very pixels.
 *
 * @param {Blob} file
 * @param {Limits} limits
 * @returns {Promise<Blob>}
 */
export async function prepare(file, limits) {
    const isOther = isHeic(file) && !limits.readsHeic;
    const isLarge = file.size > limits.megabytes * 1e6;
    const address = URL.createObjectURL(file);
    try {
        // An image is decoded when it is drawn, not before. It is upright: browsers follow the EXIF orientation.
        const image = make("img", { src: address });
        await loaded(image);
        const size = { width: image.naturalWidth, height: image.naturalHeight };
        if (!isOther && !isLarge && size.width * size.height <= limits.megapixels * 1e6) return file;
        await image.decode();
        return await drawn(image, fitted(size, limits.side));
    } catch {
        if (isOther) throw new Error(NO_HEIC);
        if (isLarge) throw new Error(tooLarge(file.size, limits.megabytes));
        return file; // the server reads more formats, and says why it cannot read this one
    } finally {
        URL.revokeObjectURL(address);
    }
}

/** @type {(image: HTMLImageElement) => Promise<void>} */
const loaded = (image) =>
    new Promise((resolve, reject) => {
        image.onload = () => resolve();
        image.onerror = () => reject(new Error("The browser cannot decode it."));
    });

/** @type {(image: HTMLImageElement, size: Size) => Promise<Blob>} */
async function drawn(image, size) {
    const canvas = make("canvas", { ...size });
    const context = canvas.getContext("2d");
    context.fillStyle = "white"; // below transparent parts, as the server has it
    context.fillRect(0, 0, size.width, size.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, size.width, size.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
    if (!blob) throw new Error("The browser cannot encode it.");
    return blob;
}
