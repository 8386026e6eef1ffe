/* Photo walls: fixed cells that show a page of photos at a time, with heatmaps asked one by one as they come into
   sight. What a wall is given is described in components/photo_wall.py. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.photo_wall = (() => {
    const AT_ONCE = 2; // requests for heatmaps, of all walls together
    const NO_FILE = "The file of this photo cannot be shown.";
    const walls = new WeakMap(); // a wall's element -> what it shows
    const waiting = []; // cells in sight that have not been asked about, in order
    let failed = []; // those to be asked about again
    let running = 0;
    const retrying = window.modelRetry.retry(askAgain);

    /* Fills a wall with photos. Gives its state: waiting, empty or filled. */
    function show(data, id) {
        const element = document.getElementById(id);
        if (!element) return window.dash_clientside.no_update;
        const before = walls.get(element);
        const photos = (data && data.photos) || [];
        const isSame = before && before.photos.map((p) => p.id).join() === photos.map((p) => p.id).join();
        // Answers are kept while a wall shows the same photos: other classes to explain are often among them.
        const wall = { photos, page: isSame ? before.page : 0, answers: isSame ? before.answers : new Map() };
        walls.set(element, wall);
        element.querySelector(".wall-empty").textContent = data ? data.empty || "No photos." : "";
        turn(element, 0);
        if (!data) return "waiting";
        return photos.length ? "filled" : "empty";
    }

    function turn(element, pages) {
        const wall = walls.get(element);
        const cells = [...element.querySelectorAll(".wall-cell")];
        const last = Math.max(0, Math.ceil(wall.photos.length / cells.length) - 1);
        wall.page = Math.min(Math.max(wall.page + pages, 0), last);
        const first = wall.page * cells.length;
        cells.forEach((cell, index) => fill(cell, wall.photos[first + index]));
        const to = Math.min(first + cells.length, wall.photos.length);
        element.querySelector(".wall-range").textContent = to ? `${first + 1} to ${to} of ${wall.photos.length}` : "";
        element.querySelector(".wall-pages").hidden = last === 0;
        const [earlier, later] = element.querySelectorAll(".wall-turn");
        earlier.disabled = wall.page === 0;
        later.disabled = wall.page === last;
    }

    function fill(cell, photo) {
        cell.photo = photo;
        cell.hidden = !photo;
        sight.unobserve(cell);
        clear(cell);
        if (!photo) return;
        const link = cell.querySelector(".wall-photo");
        if (photo.href) link.href = photo.href;
        else link.removeAttribute("href");
        link.dataset.photo = photo.id;
        cell.querySelector(".wall-title").textContent = photo.title;
        cell.querySelector(".wall-lines").textContent = (photo.lines || []).join("\n");
        const image = cell.querySelector(".wall-image");
        const source = `/dataset/${photo.id}.jpg?side=400`;
        if (image.getAttribute("src") !== source) {
            image.removeAttribute("src"); // or the photo before would stay until this one is there
            image.src = source;
        }
        if (photo.explain) sight.observe(cell); // tells at once whether it is in sight
    }

    function clear(cell) {
        window.evidenceMap.clear(cell.querySelector(".wall-map"));
        note(cell, "");
    }

    function note(cell, text, isProblem = false) {
        const place = cell.querySelector(".wall-note");
        place.textContent = text;
        place.classList.toggle("wall-problem", isProblem);
    }

    const sight = new IntersectionObserver((entries) => {
        for (const { target, isIntersecting } of entries) {
            if (!isIntersecting) continue;
            sight.unobserve(target);
            waiting.push({ cell: target, photo: target.photo });
        }
        start();
    });

    function start() {
        for (let i = 0; i < AT_ONCE; i++) work();
    }

    function askAgain() {
        waiting.push(...failed.map((one) => ({ ...one, again: true })));
        failed = [];
        start();
    }

    /* Goes through the cells that wait; those that show another photo by now are passed over. */
    async function work() {
        if (running >= AT_ONCE || waiting.length === 0) return;
        const one = waiting.shift();
        if (one.cell.photo === one.photo && one.cell.isConnected) {
            if (one.again && retrying.isPaused()) failed.push(one);
            else {
                running += 1;
                await draw(one);
                running -= 1;
            }
        }
        work();
    }

    /* A cell that is asked about again keeps its sentence until there is an answer. */
    async function draw({ cell, photo, again }) {
        const wall = walls.get(cell.closest(".photo-wall"));
        if (!again) note(cell, "Asking the model…");
        let text = "";
        try {
            // What speaks against is asked first: the answer often holds the map of the other class as well.
            const against = photo.against && classIn(await answerWith(photo.against, photo, wall), photo.against).map;
            const answer = await answerWith(photo.explain, photo, wall);
            let { map } = classIn(answer, photo.explain);
            if (against) map = map.map((row, y) => row.map((number, x) => number - against[y][x]));
            const image = cell.querySelector(".wall-image");
            await image.decode();
            if (cell.photo !== photo) return;
            const size = { width: image.naturalWidth, height: image.naturalHeight };
            const scale = against ? Math.max(...map.flat().map(Math.abs)) || 1 : answer.scale;
            const canvas = cell.querySelector(".wall-map");
            window.evidenceMap.paint(canvas, map, answer.extent, size, { scale, signed: Boolean(against) });
        } catch (error) {
            text = error.name === "EncodingError" ? NO_FILE : error.message;
            if (retrying.failed(error)) failed.push({ cell, photo });
        }
        if (cell.photo === photo) note(cell, text, text !== "");
    }

    /* An answer that holds the map of a class: one that was given before, or a new one. */
    async function answerWith(label, photo, wall) {
        const known = wall.answers.get(photo.id) || [];
        const fitting = known.find((answer) => classIn(answer, label));
        if (fitting) return fitting;
        const answer = await window.askDashboard.post(`/dataset/${photo.id}/answer`, { label });
        retrying.succeeded();
        wall.answers.set(photo.id, [...known, answer]);
        return answer;
    }

    const classIn = (answer, label) => [...answer.classes, answer.asked].find((entry) => entry && entry.label === label);

    document.addEventListener("click", (event) => {
        const button = event.target.closest(".wall-turn");
        if (button) turn(button.closest(".photo-wall"), Number(button.dataset.turn));
    });
    // "error" does not bubble, but it can be caught on its way down.
    document.addEventListener(
        "error",
        (event) => {
            const cell = event.target.closest && event.target.closest(".wall-cell");
            if (cell) note(cell, NO_FILE, true);
        },
        true,
    );

    return { show };
})();
