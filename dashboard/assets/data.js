/* The page "Data": what its address asks for is asked of the dashboard and shown.

   A condition that is set changes the address; the address, however it changed, decides what is shown. Variable
   lists (classes, columns, answers) are drawn into elements whose content Dash leaves alone. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.data_page = (() => {
    const ADDRESS = "/data";
    // What the address may hold besides `page` and `photo`, in this order.
    const PARAMETERS = [
        "text", "make", "label", "split", "year_from", "year_to", "score_from", "score_to", "group", "excluded",
        "suspects",
    ];
    const set = (id, props) => window.dash_clientside.set_props(id, props);
    const element = (id) => document.getElementById(id);

    let page = null; // the page's element, as long as it is there
    let shown = null; // the query whose photos are shown or on their way
    let pageNumber = 1; // of the photos that are shown
    let asked = 0; // counts what Dash is told, so that nothing told twice is overheard

    const query = () => new URLSearchParams(location.search);

    function conditionsOf(parameters) {
        const conditions = new URLSearchParams();
        for (const name of PARAMETERS) if (parameters.get(name)) conditions.set(name, parameters.get(name));
        return conditions;
    }

    const addressOf = (parameters) => (parameters.size ? `${ADDRESS}?${parameters}` : ADDRESS);

    function go(parameters, isCorrection = false) {
        history[isCorrection ? "replaceState" : "pushState"](null, "", addressOf(parameters));
        follow();
    }

    /* Shows what the address asks for. */
    function follow() {
        const parameters = query();
        const photo = parameters.get("photo");
        parameters.delete("photo");
        list(parameters.toString());
        window.photoDetails.show(photo);
    }

    /* Runs whenever a condition changes, and once when the page appears. Gives what is searched for. */
    function search(text, make, label, split, years, scores, group, excluded, suspects, ...known) {
        const [labels, yearLow, yearHigh, scoreLow, scoreHigh] = known;
        if (make && label && !isOf(make, label, labels)) {
            set("data-label", { value: null }); // runs this again
            return window.dash_clientside.no_update;
        }
        const values = {
            text: text.trim(),
            make,
            label,
            split,
            year_from: years[0] > yearLow ? years[0] : null,
            year_to: years[1] < yearHigh ? years[1] : null,
            score_from: scores[0] > scoreLow ? scores[0] : null,
            score_to: scores[1] < scoreHigh ? scores[1] : null,
            group,
            excluded,
            suspects: suspects === "yes" ? "yes" : null,
        };
        const wanted = new URLSearchParams();
        for (const name of PARAMETERS) if (values[name] !== null && values[name] !== "") wanted.set(name, values[name]);
        set("data-years-text", { children: years.join(" to ") });
        set("data-scores-text", { children: scores.map((score) => score.toFixed(2)).join(" to ") });
        const count = wanted.size - Number(wanted.has("suspects"));
        set("data-set", { children: count ? `${count} set` : "" });
        set("data-clear", { style: { visibility: count ? "visible" : "hidden" } });

        const isNew = page !== element("data-page");
        page = element("data-page");
        if (isNew) {
            shown = null;
            for (const image of page.querySelectorAll(".wall-image")) image.loading = "lazy";
            if (matchMedia("(max-width: 40em)").matches) page.querySelector("details").open = false;
        }
        if (conditionsOf(query()).toString() === wanted.toString()) follow();
        else go(wanted, isNew);
        return wanted.toString();
    }

    const isOf = (make, label, labels) =>
        labels.some(({ group, items }) => group === make && items.some(({ value }) => value === label));

    const offer_labels = (make, labels) => (make ? labels.filter(({ group }) => group === make) : labels);

    /* The conditions as the address has them. */
    function set_conditions(_, yearLow, yearHigh, scoreLow, scoreHigh) {
        const parameters = query();
        const get = (name) => parameters.get(name) || null;
        const bound = (name, otherwise) => (parameters.get(name) ? Number(parameters.get(name)) : otherwise);
        return [
            get("text") || "",
            get("make"),
            get("label"),
            get("split"),
            [bound("year_from", yearLow), bound("year_to", yearHigh)],
            [bound("score_from", scoreLow), bound("score_to", scoreHigh)],
            get("group"),
            get("excluded"),
            get("suspects") || "no",
        ];
    }

    async function list(wanted, isAgain = false) {
        if (shown === wanted && !isAgain) return;
        shown = wanted;
        page.dataset.phase = "searching";
        set("data-problem", { "data-shown": "no" });
        try {
            const found = await window.askDashboard.get(`/dataset/photos?${wanted}`);
            if (shown === wanted) show(found, new URLSearchParams(wanted));
        } catch (error) {
            if (shown !== wanted) return;
            set("data-problem-text", { children: error.message });
            set("data-problem", { "data-shown": "yes" });
        }
        if (shown === wanted) page.dataset.phase = "shown";
    }

    function show(found, wanted) {
        const isSuspects = wanted.get("suspects") === "yes";
        pageNumber = found.page;
        set("data-found", { children: foundText(found) });
        set("data-about-suspects", { children: isSuspects ? aboutSuspects(found) : "" });
        set("data-suspects", {
            data: [
                { value: "no", label: "All photos" },
                { value: "yes", label: `Suspected label errors (${window.numbers.count(found.suspects)})` },
            ],
        });
        set("data-photos", {
            data: {
                photos: found.photos.map((photo) => wallPhoto(photo, isSuspects)),
                empty: isSuspects ? "No suspects here." : "No photo is like that. Clear a filter to see more.",
            },
        });
        const [number, last] = [found.page, found.pages].map(window.numbers.count);
        set("data-page-text", { children: `Page ${number} of ${last}` });
        set("data-previous", { disabled: found.page <= 1 });
        set("data-next", { disabled: found.page >= found.pages });
        page.querySelector(".data-pages").hidden = found.pages === 1;
        window.classBars.show(element("data-classes"), found.classes, wanted.get("label"));
    }

    const foundText = ({ found, of }) =>
        found === of ? window.numbers.counted(of, "photo") : `${window.numbers.count(found)} of ${window.numbers.counted(of, "photo")}`;

    function aboutSuspects({ version, looked_at: lookedAt }) {
        const splits = Object.entries(lookedAt || {}).map(
            ([split, count]) => `${window.numbers.counted(count, "photo")} of ${split ? `the ${split} split` : "no split"}`,
        );
        if (!splits.length) {
            return (
                "Nothing can be suspected: no version of the model has answers (predictions.csv) for these photos. " +
                "Publish one with car-classifier train."
            );
        }
        return (
            `Version ${version} of the model is sure that these show another car than their label says: at least as ` +
            "sure as it is, on average, of photos that carry that other label. They are suspects, not errors: look " +
            `before you change a label. Looked at: ${splits.join(", ")}; of others its answers are not known.`
        );
    }

    /* A photo as the wall wants it. */
    function wallPhoto(photo, isSuspects) {
        const parameters = query();
        parameters.set("photo", photo.id);
        const about = [photo.year, photo.split].filter(Boolean).join(", ");
        const lines = [];
        if (photo.suspect) lines.push(`Model says: ${photo.suspect.name}, ${window.numbers.percent(photo.suspect.probability)}`);
        if (photo.similarity !== undefined) lines.push(`Similarity ${photo.similarity.toFixed(2)}`);
        if (about) lines.push(about);
        if (photo.excluded) lines.push(`Excluded: ${photo.excluded}`);
        else if (photo.group && !photo.suspect) lines.push(`Near-duplicates: group ${photo.group}`);
        return {
            id: photo.id,
            title: isSuspects ? `Label: ${photo.name}` : photo.name,
            lines,
            href: addressOf(parameters),
        };
    }

    function turn(pages) {
        const parameters = query();
        parameters.delete("photo");
        parameters.set("page", pageNumber + pages);
        go(parameters);
        element("data-found").scrollIntoView({ block: "center" });
    }

    /* The address changed: the conditions follow it, and what is shown follows them. */
    function addressChanged() {
        asked += 1;
        set("data-asked", { data: asked });
        follow();
    }

    /* Opens a photo's details; null closes them. */
    function open(photo) {
        const parameters = query();
        if (parameters.get("photo") === photo) return;
        if (photo) parameters.set("photo", photo);
        else parameters.delete("photo");
        go(parameters);
    }

    const isHere = () => location.pathname === ADDRESS && page !== null && page.isConnected;

    document.addEventListener("click", (event) => {
        if (!isHere()) return;
        const target = event.target.closest(
            "a[data-photo], .data-class, #data-previous, #data-next, #data-clear, #data-again",
        );
        if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
        if (target.dataset.photo) {
            event.preventDefault();
            open(target.dataset.photo);
        } else if (target.matches(".data-class")) {
            set("data-label", { value: target.getAttribute("aria-pressed") === "true" ? null : target.dataset.label });
        } else if (target.id === "data-previous") turn(-1);
        else if (target.id === "data-next") turn(1);
        else if (target.id === "data-again") list(shown, true);
        else {
            const kept = new URLSearchParams(query().has("suspects") ? { suspects: "yes" } : {});
            history.pushState(null, "", addressOf(kept));
            addressChanged();
        }
    });

    // Back, forward, and links of the header. Dash would build the whole page anew for another query.
    for (const kind of ["popstate", "_dashprivate_pushstate"]) {
        window.addEventListener(kind, (event) => {
            if (!isHere()) return;
            event.stopImmediatePropagation();
            addressChanged();
        });
    }

    return { search, offer_labels, set_conditions, open, wallPhoto };
})();
