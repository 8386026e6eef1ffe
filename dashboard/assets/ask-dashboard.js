/* Requests to our own server. Whatever goes wrong becomes an Error whose message is for people. */
window.askDashboard = (() => {
    async function ask(address, options) {
        let response;
        try {
            response = await fetch(address, options);
        } catch (error) {
            if (error.name === "AbortError") throw error;
            const silent = "The dashboard itself does not answer. Check that it is still running, then try again.";
            throw Object.assign(new Error(silent), { status: 0 });
        }
        const answer = await response.json().catch(() => null);
        if (response.ok && answer) return answer;
        const failed = `The dashboard failed (error ${response.status}). Try again in a moment.`;
        const error = new Error((answer && answer.error) || failed);
        error.status = response.status;
        error.answer = answer;
        throw error;
    }

    const get = (address) => ask(address);
    const remove = (address) => ask(address, { method: "DELETE" });
    const postFile = (address, file) => ask(address, { method: "POST", body: file });
    const post = (address, content) =>
        ask(address, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: content === undefined ? undefined : JSON.stringify(content),
        });

    return { get, post, postFile, remove };
})();
