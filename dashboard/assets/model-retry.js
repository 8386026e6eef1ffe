/* "Wait for the model, then try again": what it left unanswered for a passing reason is asked again after growing
   pauses, and at once when the header sees that the model is ready. */
window.modelRetry = (() => {
    const PASSING = new Set([0, 429, 502, 503, 504]); // 0: the dashboard itself did not answer
    const FIRST_PAUSE = 2_000;
    const LONGEST_PAUSE = 30_000;

    /* For one kind of request. `again` is called when it is time to ask again. */
    function retry(again) {
        let pause = FIRST_PAUSE;
        let timer = null;

        function goOn() {
            clearTimeout(timer);
            timer = null;
            again();
        }

        /* A request failed. Tells whether it will be asked again. */
        function failed(error) {
            if (!PASSING.has(error.status)) return false;
            document.dispatchEvent(new Event("model-trouble"));
            if (timer === null) {
                timer = setTimeout(goOn, pause);
                pause = Math.min(2 * pause, LONGEST_PAUSE);
            }
            return true;
        }

        /* A request was answered: others need not wait any longer. */
        function succeeded() {
            pause = FIRST_PAUSE;
            if (timer !== null) goOn();
        }

        document.addEventListener("model-ready", succeeded);
        return { failed, succeeded, isPaused: () => timer !== null };
    }

    return { retry };
})();
