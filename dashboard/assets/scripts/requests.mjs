/** Requests to the dashboard's own server. Every failure becomes an Error whose message is for people. */

export class RequestError extends Error {
    /**
     * @param {string} message
     * @param {number} status - 0 if the dashboard did not answer
     * @param {any} answer - the body of the answer, if it was JSON
     */
    constructor(message, status, answer = null) {
        super(message);
        this.status = status;
        this.answer = answer;
    }
}

/**
 * @param {string} address
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
async function request(address, options) {
    let response;
    try {
        response = await fetch(address, options);
    } catch {
        throw new RequestError(
            "The dashboard itself does not answer. Check that it is still running, then try again.",
            0,
        );
    }
    const answer = await response.json().catch(() => null);
    if (response.ok && answer) return answer;
    const failed = `The dashboard failed (error ${response.status}). Try again in a moment.`;
    throw new RequestError((answer && answer.error) || failed, response.status, answer);
}

/** @param {string} address */
export const get = (address) => request(address);

/** @param {string} address */
export const remove = (address) => request(address, { method: "DELETE" });

/** @type {(address: string, file: Blob) => Promise<any>} */
export const postFile = (address, file) => request(address, { method: "POST", body: file });

/** @type {(address: string, content?: unknown) => Promise<any>} */
export const post = (address, content) =>
    request(address, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: content === undefined ? undefined : JSON.stringify(content),
    });

/** @type {Map<string, Promise<any[]>>} */
const classLists = new Map();

/**
 * The classes of a version, sorted by name; none if the server cannot tell them now.
 *
 * @param {string} version
 * @returns {Promise<{ label: string, name: string }[]>}
 */
export function classesOf(version) {
    if (!version) return Promise.resolve([]);
    const known =
        classLists.get(version) ||
        get(`/versions/${version}/classes`).catch(() => {
            classLists.delete(version);
            return [];
        });
    classLists.set(version, known);
    return known;
}
