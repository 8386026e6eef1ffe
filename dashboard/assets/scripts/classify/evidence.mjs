/** What the heatmap shows: what in the photo speaks for a class, for and against it, or for it rather than another. */
import { difference, strongest } from "../heatmap.mjs";
import { comparedClass, knownClasses } from "./view.mjs";

const FAINT = 0.15; // below this share of the strongest evidence a map is all but invisible
const FIXED_COLOURS = "With two sides, the colours are fixed.";

/**
 * @param {import("./view.mjs").View} view - with an answer
 * @param {ClassAnswer} chosen
 * @param {string} kind - "for", or "both" for evidence for and against
 * @param {import("../words.mjs").Words} words
 * @returns {{ map: Contributions | null, scale: number, signed: boolean, text: string, legend: string[] }} `scale` is
 *     the number that stands for a full colour; `map` is null if there is nothing to draw
 */
export function evidence(view, chosen, kind, { many }) {
    const known = knownClasses(view);
    const other = comparedClass(view, chosen);
    if (other) {
        const map = difference(chosen.map, other.map);
        return {
            map,
            scale: strongest([map]) || 1,
            signed: true,
            text: `Orange speaks for ${chosen.name} rather than ${other.name}, blue the other way round.`,
            legend: [`for ${other.name}`, `for ${chosen.name}`, FIXED_COLOURS],
        };
    }
    if (kind === "both") {
        return {
            map: chosen.map,
            scale: strongest(known.map((one) => one.map)) || 1,
            signed: true,
            text: `Orange speaks for ${chosen.name}, blue against it.`,
            legend: ["against", "for", `One scale for all ${many} here. ${FIXED_COLOURS}`],
        };
    }
    const scale = view.answer ? view.answer.scale : 1;
    const most = Math.max(...chosen.map.flat()) / scale;
    const faint = most < FAINT ? ": only faint evidence." : ".";
    return {
        map: most > 0 ? chosen.map : null,
        scale,
        signed: false,
        text:
            most > 0
                ? `Showing what speaks for ${chosen.name}${faint}`
                : `Nothing in the photo speaks for ${chosen.name}.`,
        legend: ["little", "much", `One scale for all ${many} here, so their colours can be compared.`],
    };
}
