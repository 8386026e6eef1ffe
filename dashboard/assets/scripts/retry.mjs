/** "Wait for the model, then try again": repeats what failed for a passing reason after growing pauses, and at once
    when the header sees that the model is ready. */

const PASSING = new Set([0, 429, 502, 503, 504]); // 0: the dashboard itself did not answer
const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 30_000;

/**
 * For one kind of request.
 *
 * @param {() => void} again - called when it is time to ask again
 */
export function retrying(again) {
    let pause = FIRST_PAUSE;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;

    function goOn() {
        clearTimeout(timer);
        timer = undefined;
        again();
    }

    /** A request failed. Returns whether it will be repeated. @param {any} error */
    function failed(error) {
        if (!PASSING.has(error.status)) return false;
        document.dispatchEvent(new Event("model-trouble"));
        if (timer === undefined) {
            timer = setTimeout(goOn, pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE);
        }
        return true;
    }

    /** A request was answered: others need not wait any longer. */
    function succeeded() {
        pause = FIRST_PAUSE;
        if (timer !== undefined) goOn();
    }

    document.addEventListener("model-ready", succeeded);
    return { failed, succeeded, isPaused: () => timer !== undefined };
}
