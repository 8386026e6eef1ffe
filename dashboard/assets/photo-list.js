/* The list of this session's photos, and its two files to take away. Dash leaves the list's inside alone. */
window.photoList = (() => {
    const STATES = {
        waiting: "Waiting",
        sending: "Reading…",
        asking: "Asking…",
        unanswered: "No answer yet",
    };

    function element(tag, properties = {}, ...children) {
        const made = Object.assign(document.createElement(tag), properties);
        made.append(...children);
        return made;
    }

    function show(entries, current) {
        const list = document.getElementById("photo-list");
        document.getElementById("photo-list-section").hidden = entries.length === 0;
        const had = new Map([...list.children].map((item) => [item.dataset.key, item]));
        list.replaceChildren(...entries.map((entry) => update(had.get(entry.key) || make(entry), entry, entry === current)));
    }

    function make(entry) {
        const item = element(
            "li",
            { className: "photo-item tile" },
            element(
                "button",
                { type: "button", className: "photo-item-open" },
                element("img", { alt: "", width: 96, height: 72 }),
                element("span", { className: "photo-item-name" }),
                element("strong", { className: "photo-item-answer" }),
                element("span", { className: "photo-item-share" }),
            ),
            element("button", { type: "button", className: "photo-item-remove", textContent: "×" }),
        );
        item.dataset.key = entry.key;
        return item;
    }

    /* An item keeps its elements, so that nothing flickers and the keyboard's place is kept. */
    function update(item, entry, isCurrent) {
        const [open, remove] = item.children;
        const [image, name, answer, share] = open.children;
        const best = entry.answer && entry.state === "answered" ? entry.answer.classes[0] : null;
        // A sample has an address that does not end with this session.
        const address = entry.sample ? `/dataset/${entry.sample}.jpg` : entry.photo && entry.photo.src;
        const source = address ? `${address}?side=160` : "";
        if (image.getAttribute("src") !== source && source) image.src = source;
        name.textContent = entry.name;
        answer.textContent = best ? best.name : STATES[entry.state] || "";
        share.textContent = best ? window.classifyPage.confidence(best.probability) : "";
        open.setAttribute("aria-current", String(isCurrent));
        open.disabled = !entry.photo;
        remove.setAttribute("aria-label", `Remove ${entry.name}`);
        return item;
    }

    /* The keyboard's place, once what it was on is gone: the item that moved up, or the place for a photo. */
    function focusAfter(place) {
        const items = document.querySelectorAll("#photo-list > .photo-item");
        if (items.length) items[Math.min(place, items.length - 1)].querySelector(".photo-item-remove").focus();
        else focusStage();
    }

    function focusStage(frames = 60) {
        const stage = document.querySelector(".invitation");
        if (stage && stage.offsetParent) stage.focus({ preventScroll: true });
        else if (frames) requestAnimationFrame(() => focusStage(frames - 1)); // not shown yet
    }

    function removeItem(item) {
        const place = [...item.parentElement.children].indexOf(item);
        window.photoSession.remove(item.dataset.key);
        focusAfter(place);
    }

    /* Quotes a cell as CSV; a leading sign would make a spreadsheet calculate. */
    function cell(value) {
        const text = value === undefined || value === null ? "" : String(value);
        const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
        return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    }

    function asCsv(entries) {
        const ranks = [1, 2, 3, 4, 5];
        const header = ["photo", "truth", "model", "version", "make", "make_probability"];
        for (const rank of ranks) header.push(`label_${rank}`, `probability_${rank}`);
        const rows = entries.map(({ name, photo, answer }) => [
            name, photo.label, answer.model, answer.version, answer.makes[0].name, answer.makes[0].probability,
            ...ranks.flatMap((rank) => {
                const entry = answer.classes[rank - 1];
                return entry ? [entry.label, entry.probability] : ["", ""];
            }),
        ]);
        return [header, ...rows].map((row) => row.map(cell).join(",")).join("\n") + "\n";
    }

    function asJson(entries) {
        const photos = entries.map(({ name, photo, answer, extras }) => ({
            photo: name, width: photo.width, height: photo.height, truth: photo.label, ...answer, asked: extras,
        }));
        return JSON.stringify(photos, null, 2);
    }

    function download(name, type, content) {
        const link = element("a", { download: name, href: URL.createObjectURL(new Blob([content], { type })) });
        link.click();
        URL.revokeObjectURL(link.href);
    }

    document.addEventListener("click", (event) => {
        const item = event.target.closest(".photo-item");
        const answered = () => window.photoSession.entries().filter((entry) => entry.state === "answered");
        if (event.target.closest(".photo-item-remove")) removeItem(item);
        else if (event.target.closest(".photo-item-open")) {
            window.photoSession.select(item.dataset.key);
            window.photoIntake.scrollToPhoto();
        } else if (event.target.closest("#download-csv")) download("answers.csv", "text/csv", asCsv(answered()));
        else if (event.target.closest("#download-json")) {
            download("answers.json", "application/json", asJson(answered()));
        } else if (event.target.closest("#clear-photos")) {
            window.photoSession.clear();
            focusStage();
        }
    });

    return { show, asCsv };
})();
