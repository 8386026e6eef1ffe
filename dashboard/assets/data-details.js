/* The details of one photo of the data set, in a dialog over the page "Data". */
window.photoDetails = (() => {
    const set = (id, props) => window.dash_clientside.set_props(id, props);
    const element = (id) => document.getElementById(id);
    // Columns that say nothing to a reader, or that are told elsewhere in the dialog.
    const LEFT_OUT = ["sha256", "label"];

    let shown = null; // id of the photo that is open
    let label = null; // its label
    let answer = null; // what the model said of it

    const make = (tag, className, text = "") => Object.assign(document.createElement(tag), { className, textContent: text });

    /* Opens the dialog for a photo, or closes it. */
    async function show(id) {
        const dialog = element("data-details");
        if (!id) {
            shown = null;
            if (dialog.open) dialog.close();
            return;
        }
        if (!dialog.open) dialog.showModal();
        if (shown === id) return;
        shown = id;
        empty(id);
        dialog.dataset.phase = "loading";
        dialog.scrollTop = 0;
        try {
            const photo = await window.askDashboard.get(`/dataset/${id}.json`);
            if (shown !== id) return;
            fill(photo);
            dialog.dataset.phase = "shown";
        } catch (error) {
            if (shown === id) set("data-name", { children: error.message });
            return;
        }
    }

    function empty(id) {
        answer = null;
        set("data-name", { children: "\u00a0" });
        set("data-suspicion", { hidden: true });
        set("data-classify", { href: `/?sample=${id}` });
        set("data-ask", { loading: false, style: {} });
        set("data-answer-text", { children: "" });
        element("data-answer").replaceChildren();
        element("data-columns").replaceChildren();
        window.evidenceMap.clear(element("data-map"));
        fillSimilar({ photos: [] });
        fillDuplicates([]);
    }

    function fill(photo) {
        label = photo.label;
        set("data-name", { children: photo.name });
        set("data-photo", { src: `/dataset/${photo.id}.jpg?side=800`, alt: photo.name });
        fillSuspicion(photo);
        const cells = photo.columns.filter(([name, cell]) => cell && !LEFT_OUT.includes(name));
        element("data-columns").replaceChildren(
            ...cells.flatMap(([name, cell]) => [make("dt", "", name.replaceAll("_", " ")), make("dd", "", cell)]),
        );
        fillDuplicates(photo.duplicates);
        fillSimilar(photo.similar);
    }

    function fillSuspicion({ name, suspect }) {
        if (!suspect) return;
        const { percent } = window.numbers;
        set("data-labelled", { children: name });
        set("data-labelled-text", { children: `to which the model gives ${percent(suspect.label_probability)}` });
        set("data-answered", { children: `${suspect.name}, ${percent(suspect.probability)}` });
        set("data-answered-text", { children: `photos labelled so get ${percent(suspect.threshold)} on average` });
        set("data-suspicion", { hidden: false });
    }

    const onWall = (photos) => ({
        photos: photos.map((photo) => window.dash_clientside.data_page.wallPhoto(photo, false)),
        empty: " ",
    });

    function fillDuplicates(photos) {
        element("data-duplicates-section").hidden = photos.length === 0;
        set("data-duplicates-photos", { data: onWall(photos) });
    }

    function fillSimilar({ photos = [], version, problem = "", command = "" }) {
        const about = version ? `The most alike, as version ${version} of the model sees them; near-duplicates aside.` : problem;
        set("data-similar-text", { children: about });
        set("data-similar-command", { children: command });
        set("data-similar-photos", { data: onWall(photos) });
    }

    async function ask() {
        const id = shown;
        set("data-ask", { loading: true });
        set("data-answer-text", { children: "" });
        try {
            const given = await window.askDashboard.post(`/dataset/${id}/answer`);
            await element("data-photo").decode();
            if (shown !== id) return;
            answer = given;
            set("data-ask", { loading: false, style: { display: "none" } });
            showAnswer();
        } catch (error) {
            if (shown !== id) return;
            set("data-ask", { loading: false });
            const text = error.name === "EncodingError" ? "The file of this photo cannot be shown." : error.message;
            set("data-answer-text", { children: text });
        }
    }

    function showAnswer() {
        element("data-answer").replaceChildren(...answer.classes.map(answerRow));
        choose(0);
    }

    function answerRow({ label: ofClass, name, probability }, rank) {
        const row = make("li", "");
        const button = make("button", "data-answer-row option entry");
        const bar = make("span", "bar");
        const share = make("span", "bar-fill");
        button.type = "button";
        button.dataset.rank = rank;
        share.style.width = `${100 * probability}%`;
        bar.append(share);
        const title = make("span", "", ofClass === label ? `${name} (its label)` : name);
        button.append(title, make("span", "number", window.numbers.percent(probability)), bar);
        row.append(button);
        return row;
    }

    /* Draws what speaks for one of the classes. */
    function choose(rank) {
        const chosen = answer.classes[rank];
        const photo = element("data-photo");
        const size = { width: photo.naturalWidth, height: photo.naturalHeight };
        for (const button of element("data-answer").querySelectorAll("button")) {
            button.setAttribute("aria-pressed", String(Number(button.dataset.rank) === rank));
        }
        window.evidenceMap.paint(element("data-map"), chosen.map, answer.extent, size, { scale: answer.scale });
        set("data-answer-text", { children: `Showing what speaks for ${chosen.name}.` });
    }

    document.addEventListener("click", (event) => {
        const dialog = element("data-details");
        if (!dialog || !dialog.open) return;
        const row = event.target.closest(".data-answer-row");
        if (row) choose(Number(row.dataset.rank));
        else if (event.target.closest("#data-ask")) ask();
        // The dialog itself is hit only beside its content.
        else if (event.target === dialog || event.target.closest(".data-close")) dialog.close();
    });

    // Also after Escape. "close" does not bubble, but it can be caught on its way down.
    document.addEventListener(
        "close",
        (event) => {
            if (event.target.id === "data-details") window.dash_clientside.data_page.open(null);
        },
        true,
    );

    return { show };
})();
