/** The colours of heatmaps: tables of red, green, blue and alpha for each step of evidence. */

// Low to high, from Matplotlib's colour maps. All but "turbo" can be told apart by every kind of colour vision.
/** @type {Record<string, number[][]>} */
// prettier-ignore
const PALETTES = {
    inferno: [
        [0, 0, 4], [33, 12, 74], [87, 16, 110], [138, 34, 106], [188, 55, 84],
        [228, 90, 49], [249, 142, 9], [249, 203, 53], [252, 255, 164],
    ],
    viridis: [
        [68, 1, 84], [71, 45, 123], [59, 82, 139], [44, 114, 142], [33, 145, 140],
        [40, 174, 128], [94, 201, 98], [173, 220, 48], [253, 231, 37],
    ],
    cividis: [
        [0, 34, 78], [26, 56, 111], [67, 78, 108], [97, 101, 111], [125, 124, 120],
        [155, 148, 118], [188, 174, 108], [222, 201, 88], [254, 232, 56],
    ],
    turbo: [
        [48, 18, 59], [70, 107, 227], [40, 188, 235], [50, 242, 152], [164, 252, 60],
        [238, 207, 58], [251, 126, 33], [208, 47, 5], [122, 4, 3],
    ],
};
const DEFAULT_PALETTE = "inferno";
/** @type {Record<string, number>} */
const SKIPPED = { inferno: 0.25, viridis: 0, cividis: 0.15, turbo: 0 }; // near black says nothing over a photo
// Vermilion and blue of Okabe and Ito: evidence for and against, told apart by every kind of colour vision.
const FOR = [213, 94, 0];
const AGAINST = [0, 114, 178];
export const STEPS = 256; // of a table; for signed maps half of them are on either side of zero
/** @type {Map<string, Uint8ClampedArray>} */
const tables = new Map();

const opacity = (/** @type {number} */ value) => 220 * Math.min(1, 1.4 * value ** 0.9); // never hides the photo

/** For values 0..1. Low ones are see-through: the photo stays visible. @param {string} name */
function sequentialTable(name) {
    const colours = PALETTES[name];
    const table = new Uint8ClampedArray(STEPS * 4);
    for (let step = 0; step < STEPS; step++) {
        const value = step / (STEPS - 1);
        const place = (SKIPPED[name] + (1 - SKIPPED[name]) * value) * (colours.length - 1);
        const low = Math.min(Math.floor(place), colours.length - 2);
        for (let channel = 0; channel < 3; channel++) {
            const [from, to] = [colours[low][channel], colours[low + 1][channel]];
            table[4 * step + channel] = from + (to - from) * (place - low);
        }
        table[4 * step + 3] = opacity(value);
    }
    return table;
}

/** For values -1..1: zero, in the middle, is see-through. */
function signedTable() {
    const table = new Uint8ClampedArray(STEPS * 4);
    for (let step = 0; step < STEPS; step++) {
        const value = (2 * step) / (STEPS - 1) - 1;
        table.set(value > 0 ? FOR : AGAINST, 4 * step);
        table[4 * step + 3] = opacity(Math.abs(value));
    }
    return table;
}

/**
 * Red, green, blue and alpha for each of `STEPS` values.
 *
 * @param {string} name - a palette's, or "signed" for evidence for and against
 * @returns {Uint8ClampedArray}
 */
export function colourTable(name) {
    const table = tables.get(name) || (name === "signed" ? signedTable() : sequentialTable(name));
    tables.set(name, table);
    return table;
}

/** The palette that was chosen in this browser, on any page. */
export function chosenPalette() {
    const kept = localStorage.getItem("heatmap-palette") || "";
    return kept in PALETTES ? kept : DEFAULT_PALETTE;
}

/** @param {string} name */
export function choosePalette(name) {
    if (name in PALETTES) localStorage.setItem("heatmap-palette", name);
}
