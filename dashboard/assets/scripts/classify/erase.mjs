/** A photo of which a region has been filled with the mean colour of what surrounds it. */
import { make } from "../dom.mjs";
import { fitted } from "./downscale.mjs";

/** @typedef {{ x: number, y: number, width: number, height: number }} Box - in pixels */

const RING = 1 / 32; // of the photo's longest side: how wide the surroundings are
const GREY = [128, 128, 128]; // where the region is the whole photo

/**
 * The pixels that an area covers, wholly or in part.
 *
 * @param {import("./cells.mjs").Region} area - in shares of the photo
 * @param {Size} size
 * @returns {Box}
 */
export function boxOf({ top, left, bottom, right }, { width, height }) {
    const [x, y] = [Math.floor(left * width), Math.floor(top * height)];
    return { x, y, width: Math.ceil(right * width) - x, height: Math.ceil(bottom * height) - y };
}

/**
 * A box with its surroundings, as far as the photo has them.
 *
 * @type {(box: Box, size: Size) => Box}
 */
export function around({ x, y, width, height }, size) {
    const reach = Math.max(1, Math.round(RING * Math.max(size.width, size.height)));
    const [left, top] = [Math.max(0, x - reach), Math.max(0, y - reach)];
    return {
        x: left,
        y: top,
        width: Math.min(size.width, x + width + reach) - left,
        height: Math.min(size.height, y + height + reach) - top,
    };
}

/**
 * The mean colour of the pixels outside of a box; grey if there are none.
 *
 * @param {ArrayLike<number>} pixels - red, green, blue and alpha, row by row
 * @param {number} width - pixels in a row
 * @param {Box} hole
 * @returns {number[]} red, green and blue
 */
export function meanOutside(pixels, width, hole) {
    const totals = [0, 0, 0];
    let count = 0;
    for (let i = 0; 4 * i < pixels.length; i++) {
        const [x, y] = [(i % width) - hole.x, Math.floor(i / width) - hole.y];
        if (x >= 0 && x < hole.width && y >= 0 && y < hole.height) continue;
        for (let channel = 0; channel < 3; channel++) totals[channel] += pixels[4 * i + channel];
        count++;
    }
    return count ? totals.map((total) => Math.round(total / count)) : GREY;
}

/**
 * @param {string} address - of the photo
 * @param {import("./cells.mjs").Region} area - in shares of the photo
 * @param {number} side - longest side of the result, in pixels
 * @param {string} name - of the file
 * @returns {Promise<File>} a PNG, so that all other pixels stay as they are
 */
export async function erased(address, area, side, name) {
    const image = make("img", { src: address });
    await image.decode();
    const size = fitted({ width: image.naturalWidth, height: image.naturalHeight }, side);
    const canvas = make("canvas", { ...size });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, size.width, size.height);
    const box = boxOf(area, size);
    const ring = around(box, size);
    const pixels = context.getImageData(ring.x, ring.y, ring.width, ring.height).data;
    const hole = { ...box, x: box.x - ring.x, y: box.y - ring.y };
    context.fillStyle = `rgb(${meanOutside(pixels, ring.width, hole).join(" ")})`;
    context.fillRect(box.x, box.y, box.width, box.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    if (!blob) throw new Error("The browser cannot encode it.");
    return new File([blob], name, { type: "image/png" });
}
