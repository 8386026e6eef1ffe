/** Heatmaps: the contributions of a few cells become a smooth, coloured layer over a photo.

    The numbers are interpolated and only then coloured. Scaling up a small coloured picture instead would blend
    colours, and show values that are nowhere in the map. */
import { chosenPalette, colourTable, STEPS } from "./palettes.mjs";

const SHORTEST_CANVAS = 640; // so that a tiny photo, shown large, still gets a smooth map

/**
 * For each of `size` pixels along one side: the two cells beside it and the second one's weight. Beyond the centres of
 * the outermost cells both are the outermost cell.
 *
 * @param {number} cells - divide the part from `low` to `high` of the side evenly; it may reach beyond 0 and 1
 * @param {number} size
 * @param {number} low
 * @param {number} high
 */
function linearWeights(cells, size, low, high) {
    const first = new Int32Array(size);
    const second = new Int32Array(size);
    const weight = new Float32Array(size);
    const inside = (/** @type {number} */ cell) => Math.min(Math.max(cell, 0), cells - 1);
    for (let pixel = 0; pixel < size; pixel++) {
        const place = (((pixel + 0.5) / size - low) / (high - low)) * cells - 0.5;
        const cell = Math.floor(place);
        first[pixel] = inside(cell);
        second[pixel] = inside(cell + 1);
        weight[pixel] = place - cell;
    }
    return { first, second, weight };
}

/**
 * Bilinear, as `upsample_map` of the Python package, which is what the maps' scores are measured on: no number is
 * larger or smaller than those of the cells.
 *
 * @param {Contributions} rows
 * @param {Extent} extent
 * @param {number} width
 * @param {number} height
 * @returns {Float32Array} width x height numbers, row by row
 */
export function upsample(rows, extent, width, height) {
    const [top, left, bottom, right] = extent;
    const across = linearWeights(rows[0].length, width, left, right);
    const down = linearWeights(rows.length, height, top, bottom);
    const wide = rows.map((row) =>
        Float32Array.from(
            across.weight,
            (share, x) => (1 - share) * row[across.first[x]] + share * row[across.second[x]],
        ),
    );
    const values = new Float32Array(width * height);
    for (let y = 0; y < height; y++) {
        const [above, below, share] = [wide[down.first[y]], wide[down.second[y]], down.weight[y]];
        for (let x = 0; x < width; x++) {
            values[y * width + x] = (1 - share) * above[x] + share * below[x];
        }
    }
    return values;
}

const contextOf = (/** @type {HTMLCanvasElement} */ canvas) =>
    /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

/**
 * Turns values of at most 1 into pixels. Those of a signed map are at least -1; those below 0 of another show nothing.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} values
 * @param {boolean} signed
 */
function colour(canvas, values, signed) {
    const context = contextOf(canvas);
    const image = context.createImageData(canvas.width, canvas.height);
    const table = colourTable(signed ? "signed" : chosenPalette());
    for (let i = 0; i < values.length; i++) {
        const value = Math.min(Math.max(signed ? (values[i] + 1) / 2 : values[i], 0), 1);
        const entry = 4 * Math.round(value * (STEPS - 1));
        image.data[4 * i] = table[entry];
        image.data[4 * i + 1] = table[entry + 1];
        image.data[4 * i + 2] = table[entry + 2];
        image.data[4 * i + 3] = table[entry + 3];
    }
    context.putImageData(image, 0, 0);
}

/**
 * Draws a map at the photo's own resolution.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Contributions} rows
 * @param {Extent} extent
 * @param {Size} photo
 * @param {{ scale?: number, signed?: boolean }} options - `scale` is the number that stands for a full colour; `signed`
 *     draws evidence against, too
 */
export function paint(canvas, rows, extent, photo, { scale = 1, signed = false } = {}) {
    const zoom = Math.max(1, SHORTEST_CANVAS / Math.max(photo.width, photo.height));
    canvas.width = Math.max(1, Math.round(photo.width * zoom));
    canvas.height = Math.max(1, Math.round(photo.height * zoom));
    const shares = rows.map((row) => row.map((cell) => cell / scale));
    colour(canvas, upsample(shares, extent, canvas.width, canvas.height), signed);
}

/** @param {HTMLCanvasElement} canvas */
export function clear(canvas) {
    contextOf(canvas).clearRect(0, 0, canvas.width, canvas.height);
}

/**
 * Draws the scale, left to right: from nothing to much, or from much against to much for.
 *
 * @param {HTMLCanvasElement} canvas
 */
export function paintLegend(canvas, signed = false) {
    const shares = Float32Array.from(
        { length: canvas.width * canvas.height },
        (_, i) => (i % canvas.width) / (canvas.width - 1),
    );
    colour(canvas, signed ? shares.map((share) => 2 * share - 1) : shares, signed);
}

/** How far the strongest evidence of some maps is from zero. @param {Contributions[]} maps */
export const strongest = (maps) => Math.max(...maps.flat(2).map(Math.abs));

/**
 * What speaks for one class rather than another.
 *
 * @type {(one: Contributions, other: Contributions) => Contributions}
 */
export const difference = (one, other) => one.map((row, y) => row.map((cell, x) => cell - other[y][x]));
