/** Heatmaps: the contributions of a few cells become a smooth, coloured layer over a photo.

    The numbers are interpolated and only then coloured. Scaling up a small coloured picture instead would blend
    colours, and show values that are nowhere in the map. */
import { chosenPalette, colourTable, STEPS } from "./palettes.mjs";

const SHORTEST_CANVAS = 640; // so that a tiny photo, shown large, still gets a smooth map

/**
 * For each of `size` pixels along one side: the four cells around it and their weights (Catmull-Rom, which passes
 * through the cells' own values at their centres).
 *
 * @param {number} cells - divide the part from `low` to `high` of the side evenly; it may reach beyond 0 and 1
 * @param {number} size
 * @param {number} low
 * @param {number} high
 */
function cubicWeights(cells, size, low, high) {
    const index = new Int32Array(size * 4);
    const weight = new Float32Array(size * 4);
    for (let pixel = 0; pixel < size; pixel++) {
        const place = (((pixel + 0.5) / size - low) / (high - low)) * cells - 0.5;
        const cell = Math.floor(place);
        const t = place - cell;
        const weights = [
            ((-0.5 * t + 1) * t - 0.5) * t,
            (1.5 * t - 2.5) * t * t + 1,
            ((-1.5 * t + 2) * t + 0.5) * t,
            (0.5 * t - 0.5) * t * t,
        ];
        for (let tap = 0; tap < 4; tap++) {
            index[4 * pixel + tap] = Math.min(Math.max(cell - 1 + tap, 0), cells - 1);
            weight[4 * pixel + tap] = weights[tap];
        }
    }
    return { index, weight };
}

/**
 * @param {Contributions} rows
 * @param {Extent} extent
 * @param {number} width
 * @param {number} height
 * @returns {Float32Array} width x height numbers, row by row
 */
export function upsample(rows, extent, width, height) {
    const [top, left, bottom, right] = extent;
    const across = cubicWeights(rows[0].length, width, left, right);
    const down = cubicWeights(rows.length, height, top, bottom);
    const wide = rows.map((row) => {
        const line = new Float32Array(width);
        for (let x = 0; x < width; x++) {
            const k = 4 * x;
            line[x] =
                across.weight[k] * row[across.index[k]] +
                across.weight[k + 1] * row[across.index[k + 1]] +
                across.weight[k + 2] * row[across.index[k + 2]] +
                across.weight[k + 3] * row[across.index[k + 3]];
        }
        return line;
    });
    const values = new Float32Array(width * height);
    for (let y = 0; y < height; y++) {
        const k = 4 * y;
        const [a, b, c, d] = [0, 1, 2, 3].map((tap) => wide[down.index[k + tap]]);
        const [wa, wb, wc, wd] = down.weight.subarray(k, k + 4);
        for (let x = 0; x < width; x++) {
            values[y * width + x] = wa * a[x] + wb * b[x] + wc * c[x] + wd * d[x];
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
