/* How photos get in: dropped, chosen, pasted, taken by the camera or picked from the gallery. */
(() => {
    const page = () => document.getElementById("classify");

    function take(files) {
        const limit = Number(page().dataset.maxUploadMb);
        const fit = files.filter((file) => file.size <= limit * 1e6);
        if (fit.length) window.photoSession.addFiles(fit);
        const tooLarge = files.filter((file) => !fit.includes(file)).map((file) => {
            const size = (file.size / 1e6).toFixed(1);
            return `“${file.name}” has ${size} MB; at most ${limit} MB can be taken. Scale it down and try again.`;
        });
        if (tooLarge.length) window.photoSession.say(tooLarge.join("\n"), fit.length > 0);
    }

    // A file input of the page's own, outside of what Dash renders. Its value is emptied each time,
    // or the same file could not be chosen twice.
    const input = document.createElement("input");
    input.type = "file";
    input.accept = "image/*";
    input.multiple = true;
    input.id = "photo-file";
    input.hidden = true;
    input.addEventListener("change", () => {
        const files = [...input.files];
        input.value = "";
        if (files.length && page()) take(files);
    });
    document.body.append(input);

    document.addEventListener("click", (event) => {
        if (!page()) return;
        const target = event.target.closest(".browse, [data-sample], #try-again, #close-problem");
        if (!target) return;
        if (target.matches(".browse")) input.click();
        else if (target.id === "try-again") window.photoSession.retry();
        else if (target.id === "close-problem") window.photoSession.say(null);
        else {
            window.photoSession.addSample(target.dataset.sample, nameOf(target.dataset.sample));
            scrollToPhoto();
        }
    });

    /* What a sample photo is called: as in the gallery, or by its id. What it shows would give the answer away. */
    function nameOf(sample) {
        const thumbnail = document.querySelector(`[data-sample="${CSS.escape(sample)}"]`);
        return thumbnail ? thumbnail.getAttribute("aria-label") : `Data set photo ${sample.slice(0, 8)}`;
    }

    /* On a phone the gallery lies far below the photo it changes. */
    function scrollToPhoto() {
        const columns = document.querySelector(".columns");
        if (columns.getBoundingClientRect().top < 0) columns.scrollIntoView({ block: "start" });
    }

    document.addEventListener("paste", (event) => {
        const files = [...event.clipboardData.files];
        if (files.length && page()) take(files);
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
        if (!page()) return;
        const files = [...event.dataTransfer.files];
        if (files.length) take(files);
        else window.photoSession.say("That was no file. Save the photo first, then drop its file here.");
    });

    window.photoIntake = { take, nameOf, scrollToPhoto };
})();
