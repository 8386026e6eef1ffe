/** Small helpers for what lies outside of Dash: elements that scripts make and fill themselves. */

/** @param {string} id */
export const hasElement = (id) => document.getElementById(id) !== null;

/**
 * An element that the page must have.
 *
 * @param {string} id
 * @returns {any} whichever kind of element it is
 */
export function element(id) {
    const found = document.getElementById(id);
    if (!found) throw new Error(`The page has no element ${id}.`);
    return found;
}

/**
 * @param {string} tag
 * @param {Record<string, unknown>} properties
 * @param {...(Node | string)} children
 * @returns {any} whichever kind of element `tag` makes
 */
export function make(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
}

/**
 * The nearest element around an event's target, itself included, that fits.
 *
 * @param {Event} event
 * @param {string} selector
 * @returns {any} whichever kind of element it is
 */
export const closest = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);

/**
 * Puts the keyboard on an element, as soon as it is shown and can take it; for up to a second.
 *
 * @param {string} selector
 */
export function focusWhenReady(selector, frames = 60) {
    const found = /** @type {any} */ (document.querySelector(selector));
    if (found && found.offsetParent && !found.disabled) found.focus({ preventScroll: true });
    else if (frames) requestAnimationFrame(() => focusWhenReady(selector, frames - 1));
}

/**
 * Copies a text, and says whether the browser allowed it: it does so over https and on this machine only.
 *
 * @param {string} text
 */
export async function copyText(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        return false;
    }
}
