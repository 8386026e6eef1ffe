/** The conditions of a search: in the fields of the page, and in its address. */

const NAMES = "text make label split year_from year_to score_from score_to group excluded suspects".split(" ");

/** @typedef {{ years: [number, number], scores: [number, number] }} Bounds - the ends of the sliders */

/** The part of an address that is a search, in a fixed order. @param {URLSearchParams} parameters */
export function searchOf(parameters) {
    const search = new URLSearchParams();
    for (const name of NAMES) {
        const value = parameters.get(name);
        if (value) search.set(name, value);
    }
    return search;
}

/**
 * What the fields are set to, as a search; a slider at its end is no condition.
 *
 * @param {Record<string, any>} fields
 * @param {Bounds} bounds
 */
export function searchOfFields(fields, { years, scores }) {
    const { text, make, label, split, group, excluded, suspects } = fields;
    const values = {
        ...{ text: text.trim(), make, label, split, group, excluded },
        year_from: fields.years[0] > years[0] ? fields.years[0] : null,
        year_to: fields.years[1] < years[1] ? fields.years[1] : null,
        score_from: fields.scores[0] > scores[0] ? fields.scores[0] : null,
        score_to: fields.scores[1] < scores[1] ? fields.scores[1] : null,
        suspects: suspects === "yes" ? "yes" : null,
    };
    const set = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
    return searchOf(new URLSearchParams(set.map(([name, value]) => [name, String(value)])));
}

/**
 * What the fields are to be set to for a search.
 *
 * @type {(search: URLSearchParams, bounds: Bounds) => Record<string, any>}
 */
export function fieldsOf(search, { years, scores }) {
    const get = (/** @type {string} */ name) => search.get(name) || null;
    const bound = (/** @type {string} */ name, /** @type {number} */ end) => (get(name) ? Number(get(name)) : end);
    return {
        text: get("text") || "",
        make: get("make"),
        label: get("label"),
        split: get("split"),
        years: [bound("year_from", years[0]), bound("year_to", years[1])],
        scores: [bound("score_from", scores[0]), bound("score_to", scores[1])],
        group: get("group"),
        excluded: get("excluded"),
        suspects: get("suspects") || "no",
    };
}

/**
 * What the page shows beside the fields.
 *
 * @type {(fields: Record<string, any>, search: URLSearchParams, labels: any[]) => Changes}
 */
export function renderFields({ make, years, scores }, search, labels) {
    const count = search.size - Number(search.has("suspects"));
    return {
        // Models of the chosen make only.
        "data-label": { data: make ? labels.filter(({ group }) => group === make) : labels },
        "data-years-text": { children: years.join(" to ") },
        "data-scores-text": { children: scores.map((/** @type {number} */ score) => score.toFixed(2)).join(" to ") },
        "data-set": { children: count ? `${count} set` : "" },
        "data-clear": { style: { visibility: count ? "visible" : "hidden" } },
    };
}

/** @type {(label: string, make: string, labels: any[]) => boolean} */
export const isOfMake = (label, make, labels) =>
    labels.some(
        ({ group, items }) => group === make && items.some((/** @type {Choice} */ { value }) => value === label),
    );
