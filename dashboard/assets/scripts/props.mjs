/** The one place where scripts write into the page: `{id: {property: value}}`, whatever the widget. */

const parsed = (/** @type {string} */ id) => (id.startsWith("{") ? JSON.parse(id) : id);

/** @param {string} id */
function propsOf(id) {
    try {
        return window.dash_component_api.getLayout(parsed(id))?.props;
    } catch {
        return undefined; // Dash fails for an id that is not there
    }
}

const isSame = (/** @type {unknown} */ one, /** @type {unknown} */ other) =>
    one === other || JSON.stringify(one) === JSON.stringify(other);

/**
 * Writes what differs from what is there. A component that is not there, because another page has been opened
 * meanwhile, is left out; a property that is as it should be is not written, or its callbacks would run again.
 *
 * @param {Changes | void} changes
 */
export function apply(changes) {
    for (const [id, props] of Object.entries(changes || {})) {
        const current = propsOf(id);
        if (!current) continue;
        const different = Object.entries(props).filter(([name, value]) => !isSame(current[name], value));
        if (different.length) window.dash_clientside.set_props(parsed(id), Object.fromEntries(different));
    }
}

/** The id of one of several components alike, with its keys in Dash's order. @param {Record<string, unknown>} keys */
export const partId = (keys) => JSON.stringify(keys, Object.keys(keys).sort());

/**
 * The same properties for several components alike.
 *
 * @template T
 * @param {number} count
 * @param {(place: number) => Record<string, unknown>} id
 * @param {(T | undefined)[]} items - may be fewer than `count`
 * @param {(item: T | undefined, place: number) => Record<string, unknown>} props
 * @returns {Changes}
 */
export function each(count, id, items, props) {
    return Object.fromEntries(
        Array.from({ length: count }, (_, place) => [partId(id(place)), props(items[place], place)]),
    );
}

/**
 * Writes properties even if they are the same as before, so that their callbacks run again.
 *
 * @type {(id: string, props: Record<string, unknown>) => void}
 */
export const write = (id, props) => window.dash_clientside.set_props(parsed(id), props);

/** Writes a page's state into its store, which renders the page. @type {(id: string, data: unknown) => void} */
export const store = (id, data) => write(id, { data });
