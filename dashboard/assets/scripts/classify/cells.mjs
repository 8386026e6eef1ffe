/** The cells of a heatmap: where they lie on the photo, what they add up to, and what the model would say without them. */

/**
 * @typedef {{ row: number, column: number }} Cell
 * @typedef {{ top: number, left: number, bottom: number, right: number }} Region - rows and columns, or shares of the
 *     photo; of rows and columns, the last ones belong to it
 * @typedef {{ rows: number, columns: number }} Cells - how many there are
 * @typedef {Pick<ClassAnswer, "map" | "logit" | "bias">} Parts - that a logit is the sum of
 * @typedef {{ selection: number, rest: number, bias: number, logit: number }} Account
 */

const inside = (/** @type {number} */ place, /** @type {number} */ count) => Math.min(Math.max(place, 0), count - 1);

/** @param {Contributions} map @returns {Cells} */
export const cellsOf = (map) => ({ rows: map.length, columns: map[0].length });

/**
 * The cell under a point. Beyond the outermost cells it is the outermost cell, as the heatmap is drawn.
 *
 * @param {{ x: number, y: number }} point - in shares of the photo's width and height
 * @param {Extent} extent
 * @param {Cells} cells
 * @returns {Cell}
 */
export function cellAt({ x, y }, [top, left, bottom, right], { rows, columns }) {
    return {
        row: inside(Math.floor(((y - top) / (bottom - top)) * rows), rows),
        column: inside(Math.floor(((x - left) / (right - left)) * columns), columns),
    };
}

/** The rectangle between two cells, which both belong to. @type {(one: Cell, other: Cell) => Region} */
export const regionOf = (one, other) => ({
    top: Math.min(one.row, other.row),
    left: Math.min(one.column, other.column),
    bottom: Math.max(one.row, other.row),
    right: Math.max(one.column, other.column),
});

/** Low and high end of some cells along one side. @type {(first: number, last: number, count: number, low: number, high: number) => [number, number]} */
function ends(first, last, count, low, high) {
    const edge = (/** @type {number} */ place) => Math.min(Math.max(low + ((high - low) * place) / count, 0), 1);
    // The outermost cells reach to the photo's edge, as the heatmap is drawn.
    return [first === 0 ? 0 : edge(first), last === count - 1 ? 1 : edge(last + 1)];
}

/**
 * Where a region lies on the photo, in shares of its height and width. The part that lies beyond the photo is cut off.
 *
 * @param {Region} region - rows and columns
 * @param {Extent} extent
 * @param {Cells} cells
 * @returns {Region}
 */
export function areaOf(region, [top, left, bottom, right], { rows, columns }) {
    const [above, below] = ends(region.top, region.bottom, rows, top, bottom);
    const [start, end] = ends(region.left, region.right, columns, left, right);
    return { top: above, left: start, bottom: below, right: end };
}

/** @type {(region: Region) => number} */
export const countIn = ({ top, left, bottom, right }) => (bottom - top + 1) * (right - left + 1);

const sum = (/** @type {number[]} */ numbers) => numbers.reduce((total, number) => total + number, 0);

/** The sum of the cells in a region. @type {(map: Contributions, region: Region) => number} */
export const sumIn = (map, { top, left, bottom, right }) =>
    sum(map.slice(top, bottom + 1).flatMap((row) => row.slice(left, right + 1)));

/**
 * What a class's logit is made of: the cells of a region, all other cells, and the bias. For two classes, the same of
 * the difference of their logits.
 *
 * @param {Parts} chosen
 * @param {Parts | undefined} other
 * @param {Region} region
 * @returns {Account}
 */
export function account(chosen, other, region) {
    const { rows, columns } = cellsOf(chosen.map);
    const all = { top: 0, left: 0, bottom: rows - 1, right: columns - 1 };
    const of = (/** @type {Parts} */ one) => {
        const selection = sumIn(one.map, region);
        return { selection, rest: sumIn(one.map, all) - selection, bias: one.bias, logit: one.logit };
    };
    const [mine, theirs] = [of(chosen), other && of(other)];
    if (!theirs) return mine;
    return {
        selection: mine.selection - theirs.selection,
        rest: mine.rest - theirs.rest,
        bias: mine.bias - theirs.bias,
        logit: mine.logit - theirs.logit,
    };
}

/**
 * The account with so many decimals that the shown numbers add up: the rest takes up the rounding of all four.
 *
 * @type {(exact: Account, decimals: number) => Account}
 */
export function rounded({ selection, bias, logit }, decimals) {
    const unit = 10 ** decimals;
    const [chosen, base, whole] = [selection, bias, logit].map((number) => Math.round(number * unit));
    return { selection: chosen / unit, rest: (whole - chosen - base) / unit, bias: base / unit, logit: whole / unit };
}

/** The probability of all classes that are not among some. @param {ClassAnswer[]} known */
export const unlisted = (known) => Math.max(0, 1 - sum(known.map(({ probability }) => probability)));

/**
 * The probability of a class if what the cells of a region contribute to each known class were taken away. That is the
 * softmax of the logits that are left. The other classes, whose contributions are not known, keep their logits.
 *
 * @param {ClassAnswer} chosen - one of `known`
 * @param {ClassAnswer[]} known
 * @param {Region} region
 * @param {number | null} temperature - divisor of the logits; null if it is not known
 * @returns {number | null} null if the temperature is not known
 */
export function probabilityWithout(chosen, known, region, temperature) {
    if (temperature === null) return null;
    // Relative to the likeliest class, since the probability of an unlikely one can be too small for its digits.
    const top = known.reduce((most, one) => (one.probability > most.probability ? one : most));
    const left = (/** @type {ClassAnswer} */ one) =>
        Math.log(top.probability) + (one.logit - sumIn(one.map, region) - top.logit) / temperature;
    const logarithms = [Math.log(unlisted(known)), ...known.map(left)];
    const most = Math.max(...logarithms); // so that no exponential overflows
    return Math.exp(left(chosen) - most) / sum(logarithms.map((one) => Math.exp(one - most)));
}

/**
 * The cell to which a key leads.
 *
 * @param {Cell} cell
 * @param {string} key - as `KeyboardEvent.key`
 * @param {Cells} cells
 * @returns {Cell | null} null if the key leads nowhere
 */
export function moved({ row, column }, key, { rows, columns }) {
    /** @type {Record<string, Cell>} */
    const places = {
        ArrowUp: { row: row - 1, column },
        ArrowDown: { row: row + 1, column },
        ArrowLeft: { row, column: column - 1 },
        ArrowRight: { row, column: column + 1 },
        Home: { row, column: 0 },
        End: { row, column: columns - 1 },
        PageUp: { row: 0, column },
        PageDown: { row: rows - 1, column },
    };
    const place = places[key];
    return place ? { row: inside(place.row, rows), column: inside(place.column, columns) } : null;
}

/** The cell with the largest contribution. @param {Contributions} map @returns {Cell} */
export function peak(map) {
    const rows = map.map((row) => Math.max(...row));
    const row = rows.indexOf(Math.max(...rows));
    return { row, column: map[row].indexOf(rows[row]) };
}
