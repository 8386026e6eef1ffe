/* How a photo gets in: dropped, chosen, pasted or picked from the gallery. All ways meet in `classify`,
   which sends it, asks for the answer and puts each step into the store `view`. */
(() => {
    const EMPTY = { phase: "empty", photo: null, answer: null, problem: null };
    let view = EMPTY;
    let running = null; // aborts the photo before, when the next one comes sooner than its answer

    function show(changes) {
        view = { ...view, ...changes };
        window.dash_clientside.set_props("view", { data: view });
    }

    /* Asks our own server; whatever goes wrong becomes an Error whose message is for people. */
    async function post(address, body, signal) {
        let response;
        try {
            response = await fetch(address, { method: "POST", body, signal });
        } catch (error) {
            if (error.name === "AbortError") throw error;
            throw new Error("The dashboard itself does not answer. Check that it is still running, then try again.");
        }
        const answer = await response.json().catch(() => null);
        if (response.ok && answer) return answer;
        const failed = `The dashboard failed (error ${response.status}). Try again in a moment.`;
        throw new Error((answer && answer.error) || failed);
    }

    /* Runs one photo's way through the phases; a newer photo overtakes it. */
    async function run(steps) {
        if (running) running.abort();
        const mine = new AbortController();
        running = mine;
        try {
            await steps(mine.signal);
        } catch (error) {
            // Aborted: a newer photo has the page now.
            if (running === mine) fail(error.message);
        } finally {
            if (running === mine) running = null;
        }
    }

    /* A photo that cannot be used leaves the page as it was before; one without an answer stays. */
    function fail(problem) {
        if (view.phase === "asking") show({ phase: "unanswered", problem });
        else if (view.answer) show({ phase: "answered", problem });
        else show({ phase: view.photo ? "unanswered" : "empty", problem });
    }

    async function ask(signal) {
        show({ phase: "asking", answer: null, problem: null });
        const answer = await post(`/photos/${view.photo.id}/answer`, undefined, signal);
        if (!signal.aborted) show({ phase: "answered", answer });
    }

    function classify(address, body, name) {
        return run(async (signal) => {
            show({ phase: "sending", problem: null });
            const photo = await post(address, body, signal);
            if (signal.aborted) return;
            show({ photo: { ...photo, name } });
            await ask(signal);
        });
    }

    function classifyFile(file) {
        const page = document.getElementById("classify");
        if (!page) return; // another page is open
        const megabytes = Number(page.dataset.maxUploadMb);
        if (file.size > megabytes * 1e6) {
            const size = (file.size / 1e6).toFixed(1);
            refuse(`“${file.name}” has ${size} MB; at most ${megabytes} MB can be taken. Scale it down and try again.`);
            return;
        }
        classify("/photos", file, file.name ? `Your photo ${file.name}` : "Your photo");
    }

    /* Says why something is not taken, without touching a photo that is on its way. */
    function refuse(problem) {
        show({ problem });
    }

    // A file input of the page's own, outside of what Dash renders. Its value is emptied each time,
    // or the same file could not be chosen twice.
    const input = document.createElement("input");
    input.type = "file";
    input.accept = "image/*";
    input.id = "photo-file";
    input.hidden = true;
    input.addEventListener("change", () => {
        const [file] = input.files;
        if (file) classifyFile(file);
        input.value = "";
    });
    document.body.append(input);

    document.addEventListener("click", (event) => {
        const target = event.target.closest(".browse, [data-sample], #try-again, #close-problem");
        if (!target) return;
        if (target.matches(".browse")) input.click();
        else if (target.id === "try-again") run(ask);
        else if (target.id === "close-problem") show({ problem: null });
        else {
            classify(`/samples/${target.dataset.sample}/photo`, undefined, "Sample photo");
            scrollToPhoto();
        }
    });

    /* On a phone the gallery lies far below the photo it changes. */
    function scrollToPhoto() {
        const columns = document.querySelector(".columns");
        if (columns.getBoundingClientRect().top < 0) columns.scrollIntoView({ block: "start" });
    }

    document.addEventListener("paste", (event) => {
        const [file] = event.clipboardData.files;
        if (file) classifyFile(file);
    });

    // Dropping works anywhere on the page: beside the stage, a browser would leave us for the file.
    const hasFiles = (event) => event.dataTransfer && event.dataTransfer.types.includes("Files");
    const mark = (dragging) => document.documentElement.classList.toggle("dragging", dragging);
    document.addEventListener("dragover", (event) => {
        event.preventDefault();
        mark(hasFiles(event));
    });
    document.addEventListener("dragleave", (event) => {
        if (!event.relatedTarget) mark(false);
    });
    document.addEventListener("drop", (event) => {
        event.preventDefault();
        mark(false);
        const [file] = event.dataTransfer.files;
        if (file) classifyFile(file);
        else refuse("That was no file. Save the photo first, then drop its file here.");
    });
})();
