/* The photos of this browser tab, each on its way from a file to an answer, and which of them is shown.

   An entry: key, name, file or sample (where it comes from), state (waiting, sending, asking, answered, unanswered),
   wishes (the car that is chosen and the one to compare with, `car` and `versus`, if not the most likely and none),
   photo (what POST /photos returned), since (when), answer (what POST …/answer returned), extras (classes asked for
   besides the most likely ones), problem (why there is no answer), again (it is asked again by itself), tries.
   The page shows what `view` makes of them. */
window.photoSession = (() => {
    const AT_ONCE = 2; // photos on their way at the same time
    const MOST_ENTRIES = 200;
    let entries = [];
    let current = null; // the entry that is shown
    let awaited = null; // the entry that will be shown as soon as its photo is here
    let notes = []; // sentences about anything but the shown entry
    let asking = null; // the label of a class that is being asked for
    let nextKey = 1;
    let minutes = Infinity; // how long the server keeps a photo
    const running = new Set(); // entries on their way
    const retrying = window.modelRetry.retry(work);

    /* What the page shows: see pages/classify.py. */
    function view() {
        const sentences = awaited || !current ? notes : [...notes, current.problem];
        const common = { problem: sentences.filter(Boolean).join("\n"), asking };
        if (awaited) return { ...common, phase: "sending", photo: current && current.photo, answer: null };
        if (!current) return { ...common, phase: "empty", photo: null, answer: null };
        const { key, state, photo, wishes, answer, extras } = current;
        const phase = state === "waiting" ? "asking" : state;
        return { ...common, key, phase, photo, wishes, answer: state === "answered" ? { ...answer, extras } : null };
    }

    function changed() {
        window.photoMemory.keep(entries, current, nextKey);
        if (document.getElementById("classify")) {
            window.dash_clientside.set_props("view", { data: view() });
            window.photoList.show(entries, current);
        }
    }

    /* Once a page load: what the tab had before. What the server has forgotten by then is forgotten here too. */
    function restore(minutesKept) {
        minutes = minutesKept;
        if (entries.length) return;
        const kept = window.photoMemory.restore();
        ({ entries, nextKey } = kept);
        const shown = entries.find((entry) => entry.key === kept.current);
        if (shown && (shown.sample || !isOver(shown))) turnTo(shown);
        if (kept.unsent) say(window.photoSentences.unsent(kept.unsent), true);
        forgetOld();
        work();
    }

    const isOver = (entry) => Boolean(entry.photo) && entry.since < Date.now() - minutes * 60_000;

    /* Samples can be had again, other photos cannot; the one that is shown stays to be looked at. */
    function forgetOld() {
        const old = entries.filter((entry) => isOver(entry) && !entry.sample && entry !== current);
        if (!old.length) return;
        entries = entries.filter((entry) => !old.includes(entry));
        say(window.photoSentences.over(old.length), true);
    }

    /* A photo that cannot be used leaves the page as it was before, but for a sentence. */
    function drop(entry, reason) {
        const batch = entry.batch || [entry];
        entries = entries.filter((other) => other !== entry);
        if (awaited === entry) {
            const place = batch.indexOf(entry);
            awaited = batch.slice(place + 1).find((other) => entries.includes(other) && !other.photo) || null;
        }
        const several = batch.length > 1;
        say(several ? `${entry.name}: ${reason}` : reason, several);
    }

    /* Says something; nothing, if the sentence is null: then the problem of the shown photo goes as well. */
    function say(sentence, addToOthers = false) {
        notes = [...(addToOthers ? notes : []), sentence].filter(Boolean);
        if (!sentence && current) current.problem = null;
        changed();
    }

    /* One entry's way through its states. */
    async function run(entry) {
        try {
            if (!entry.photo) await send(entry);
        } catch (error) {
            drop(entry, error.message);
            return;
        }
        if (entry.state !== "answered") await answer(entry);
    }

    async function send(entry) {
        if (entry.state !== "answered") entry.state = "sending";
        changed();
        const photo = entry.sample
            ? await window.askDashboard.post(`/dataset/${entry.sample}/photo`)
            : await window.askDashboard.postFile("/photos", entry.file);
        entry.photo = { ...photo, name: entry.title, sample: entry.sample };
        entry.since = Date.now();
        delete entry.file;
        if (awaited === entry) {
            awaited = null;
            current = entry;
        }
    }

    /* What was left without an answer keeps its sentence while it is asked again by itself. */
    async function answer(entry) {
        if (entry.state !== "unanswered") {
            Object.assign(entry, { state: "asking", problem: null });
            changed();
        }
        try {
            const found = await ask(entry);
            const { extras, sentences } = await window.photoAnswers.wishedFor(entry, found);
            notes.push(...sentences);
            Object.assign(entry, { answer: found, extras, state: "answered", problem: null });
            retrying.succeeded();
        } catch (error) {
            // A sentence that was closed does not come back by itself.
            if (entry.state !== "unanswered" || entry.problem) entry.problem = error.message;
            const again = retrying.failed(error);
            Object.assign(entry, { state: "unanswered", again, tries: (entry.tries || 0) + 1 });
        }
        changed();
    }

    /* Asks about an entry's photo; a sample that the server has forgotten is sent again first. */
    async function ask(entry, content) {
        try {
            return await window.photoAnswers.ask(entry, content);
        } catch (error) {
            if (error.status !== 404 || !entry.sample) throw error;
            await send(entry);
            return window.photoAnswers.ask(entry, content);
        }
    }

    /* Which entry to go on with: what is looked at first, new ones before those that are asked again. */
    function next() {
        const idle = entries.filter((entry) => !running.has(entry));
        const waiting = idle.filter((entry) => entry.state === "waiting");
        if (waiting.length) return waiting.find((entry) => entry === awaited || entry === current) || waiting[0];
        if (retrying.isPaused()) return undefined;
        const left = idle.filter((entry) => entry.state === "unanswered" && entry.again);
        return left.sort((one, other) => one.tries - other.tries)[0];
    }

    async function work() {
        const entry = running.size < AT_ONCE && next();
        if (!entry) return;
        running.add(entry);
        work(); // another one, if there is room
        await run(entry);
        running.delete(entry);
        work();
    }

    function add(made) {
        const room = MOST_ENTRIES - entries.length;
        notes = made.length > room ? [window.photoSentences.leftOut(made.length - room, MOST_ENTRIES)] : [];
        const fresh = { state: "waiting", extras: [] };
        const batch = made.slice(0, room).map((entry) => ({ key: String(nextKey++), ...fresh, ...entry }));
        for (const entry of batch) Object.defineProperty(entry, "batch", { value: batch }); // not kept
        entries = [...batch, ...entries];
        awaited = batch[0] || null;
        changed();
        return work();
    }

    const addFiles = (files) =>
        add(files.map((file) => ({ file, name: file.name || "Photo", title: `Your photo ${file.name || ""}`.trim() })));

    /* Shows a sample photo: the one in the list, if it is there already. `wishes` are those of a link. */
    function addSample(sample, name, wishes) {
        const known = entries.find((entry) => entry.sample === sample);
        if (!known) return add([{ sample, name, title: name, wishes }]);
        if (!wishes) return select(known.key);
        known.wishes = wishes;
        const { wished, isKnown } = window.photoAnswers;
        const isMissing = (label) => !isKnown(known, label);
        if (known.state === "answered" && wished(known).some(isMissing)) known.state = "waiting";
        turnTo(known);
        return work();
    }

    function select(key) {
        notes = [];
        const entry = entries.find((other) => other.key === key);
        if (entry && (entry.sample || entry === current || !isOver(entry))) turnTo(entry);
        forgetOld();
    }

    /* Shows an entry, as soon as its photo is here. */
    function turnTo(entry) {
        if (isOver(entry) && entry.sample) {
            awaited = entry;
            send(entry).catch((error) => drop(entry, error.message)).finally(changed);
        } else if (entry.photo) {
            current = entry;
            awaited = null;
        } else awaited = entry;
        changed();
    }

    function remove(key) {
        const place = entries.findIndex((entry) => entry.key === key);
        if (place < 0) return;
        const [gone] = entries.splice(place, 1);
        if (gone === awaited) awaited = null;
        if (gone === current) current = null;
        const next = entries[Math.min(place, entries.length - 1)];
        if (next && !current && !awaited) turnTo(next);
        else changed();
    }

    function clear() {
        entries = [];
        notes = [];
        current = awaited = null;
        changed();
    }

    function retry() {
        notes = [];
        if (current && current.state === "unanswered") Object.assign(current, { state: "waiting", problem: null });
        changed();
        return work();
    }

    /* The car that is chosen, and the one it is compared with: kept for when this photo is shown again. */
    function wish(key, car, versus) {
        if (!current || current.key !== key) return;
        current.wishes = { car, versus };
        window.photoMemory.keep(entries, current, nextKey);
    }

    /* Asks for a class beyond the most likely ones. Tells whether the page now has it. */
    async function askFor(label) {
        const entry = current;
        if (!entry || entry.state !== "answered") return false;
        if (window.photoAnswers.isKnown(entry, label)) return true;
        asking = label;
        notes = [];
        changed();
        try {
            window.photoAnswers.learn(entry, await ask(entry, { label }));
            return true;
        } catch (error) {
            retrying.failed(error); // the header looks
            notes = [error.message];
            return false;
        } finally {
            asking = null;
            changed();
        }
    }

    window.setInterval(forgetOld, 60_000);

    return {
        view, restore, changed, addFiles, addSample, select, remove, clear, retry, wish, askFor, say,
        entries: () => entries,
        current: () => current,
    };
})();
