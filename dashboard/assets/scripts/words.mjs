/** The words for what the photos show, which `dashboard/subject.py` writes into the page's main element. */

/** @typedef {{ one: string, many: string, itIs: string }} Words - such as "bird", "birds" and "it is the" */

/**
 * The words in an element's data attributes; those for photos of anything where an attribute is missing.
 *
 * @param {DOMStringMap} dataset
 * @returns {Words}
 */
export const wordsOf = ({ one = "class", many = "classes", itIs = "it is" }) => ({ one, many, itIs });

/** The words of the page that is open. */
export const words = () => wordsOf(document.querySelector("main")?.dataset ?? {});
