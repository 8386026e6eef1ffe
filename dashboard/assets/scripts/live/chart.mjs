/** Small line charts that are drawn again every other second: plotly would be a megabyte before the first model. */

const SPACE = { left: 44, right: 52, top: 22, bottom: 26 };
const MOST_TICKS = 6;

/**
 * @typedef {{ x: number, y: number }} Place
 * @typedef {{ name: string, points: Place[], style: string, label?: boolean }} Line - `label`: its last value beside it
 * @typedef {{ width: number, height: number, format: (value: number) => string, xTitle: string, top?: number }} Options
 * @typedef {{ tag: string, attributes: Record<string, string | number>, text?: string }} Mark
 */

/**
 * Round numbers from 0 or `low` to at least `high`.
 *
 * @type {(low: number, high: number, most?: number) => number[]}
 */
export function ticks(low, high, most = MOST_TICKS) {
    const span = Math.max(high - low, 1e-9);
    const rough = span / (most - 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999) || rough;
    const first = Math.floor(low / step + 1e-9);
    const last = Math.ceil(high / step - 1e-9);
    return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/**
 * The marks of a chart.
 *
 * @type {(lines: Line[], options: Options) => Mark[]}
 */
export function chart(lines, { width, height, format, xTitle, top }) {
    const points = lines.flatMap((line) => line.points);
    if (!points.length) return [];
    const yTicks = ticks(0, top ?? (Math.max(...points.map((point) => point.y)) || 1), 5);
    const farthest = Math.max(...points.map((point) => point.x));
    const xTicks = ticks(0, Math.max(farthest, 1)).filter((tick) => Number.isInteger(tick) && tick <= farthest);
    const highest = Math.max(...yTicks);
    const across = (/** @type {number} */ x) =>
        SPACE.left + (x / Math.max(farthest, 1)) * (width - SPACE.left - SPACE.right);
    const down = (/** @type {number} */ y) =>
        height - SPACE.bottom - (y / highest) * (height - SPACE.top - SPACE.bottom);
    /** @type {Mark[]} */
    const marks = [];
    for (const tick of yTicks) {
        const y = round(down(tick));
        marks.push({
            tag: "line",
            attributes: { class: "live-grid", x1: SPACE.left, x2: width - SPACE.right, y1: y, y2: y },
        });
        marks.push(text("live-tick-y", SPACE.left - 6, y + 4, format(tick)));
    }
    for (const tick of xTicks) marks.push(text("live-tick-x", round(across(tick)), height - 8, String(tick)));
    marks.push(text("live-x-title", width - 2, height - 8, xTitle));
    for (const { points: places, style, label } of lines) {
        const path = places.map(({ x, y }) => `${round(across(x))},${round(down(Math.min(y, highest)))}`);
        if (path.length > 1) {
            marks.push({ tag: "polyline", attributes: { class: `live-line ${style}`, points: path.join(" ") } });
        }
        const last = places.at(-1);
        if (!last) continue;
        const [x, y] = [round(across(last.x)), round(down(Math.min(last.y, highest)))];
        marks.push({ tag: "circle", attributes: { class: `live-dot ${style}`, cx: x, cy: y, r: 3 } });
        if (label) marks.push(text(`live-value ${style}`, x, y - 9, format(last.y)));
    }
    return marks;
}

const round = (/** @type {number} */ value) => Math.round(10 * value) / 10;

/** @type {(kind: string, x: number, y: number, words: string) => Mark} */
const text = (kind, x, y, words) => ({ tag: "text", attributes: { class: kind, x, y }, text: words });

const SVG = "http://www.w3.org/2000/svg";

/**
 * Draws a chart in place of what an element holds, as wide as the element.
 *
 * @type {(element: HTMLElement, lines: Line[], options: Omit<Options, "width" | "height">) => void}
 */
export function drawChart(element, lines, options) {
    const width = Math.max(260, Math.round(element.clientWidth));
    const height = 210;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("aria-hidden", "true");
    for (const { tag, attributes, text: words } of chart(lines, { ...options, width, height })) {
        const mark = document.createElementNS(SVG, tag);
        for (const [name, value] of Object.entries(attributes)) mark.setAttribute(name, String(value));
        if (words !== undefined) mark.textContent = words;
        svg.append(mark);
    }
    element.replaceChildren(svg);
}
