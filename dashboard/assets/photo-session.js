/* The photos of this browser tab, each on its way from a file to an answer, and which of them is shown.

   An entry: key, name, file or sample (where it comes from), state (waiting, sending, asking, answered, unanswered),
   wishes (classes to choose and to compare with, `car` and `versus`, if a shared link asks for them),
   photo (what POST /photos returned), answer (what POST …/answer returned), extras (classes asked for besides the
   most likely ones), problem (why there is no answer). The page shows what `view` makes of them. */
window.photoSession = (() => {
    const KEPT_AS = "photo-session";
    const AT_ONCE = 2; // photos on their way at the same time
    const MOST_EXTRAS = 3; // as many rows as the page has for them
    const MOST_ENTRIES = 60;
    let entries = [];
    let current = null; // the entry that is shown
    let awaited = null; // the entry that will be shown as soon as its photo is here
    let problem = null;
    let asking = null; // the label of a class that is being asked for
    let nextKey = 1;

    /* What the page shows: see pages/classify.py. */
    function view() {
        const common = { problem, asking };
        if (awaited) return { ...common, phase: "sending", photo: current && current.photo, answer: null };
        if (!current) return { ...common, phase: "empty", photo: null, answer: null };
        const { key, state, photo, wishes, answer, extras } = current;
        return { ...common, key, phase: state, photo, wishes, answer: state === "answered" ? { ...answer, extras } : null };
    }

    function changed() {
        keep();
        if (document.getElementById("classify")) {
            window.dash_clientside.set_props("view", { data: view() });
            window.photoList.show(entries, current);
        }
    }

    /* Survives a reload of the tab; what the server has forgotten by then is forgotten here too. */
    function keep() {
        const done = entries.filter((entry) => entry.photo).map(({ file, ...rest }) => rest);
        const content = JSON.stringify({ entries: done, current: current && current.key, nextKey });
        try {
            sessionStorage.setItem(KEPT_AS, content);
        } catch {
            sessionStorage.removeItem(KEPT_AS); // no room: the list lives as long as the page
        }
    }

    function restore(minutes) {
        if (entries.length) return;
        const kept = JSON.parse(sessionStorage.getItem(KEPT_AS) || "null");
        if (!kept) return;
        const oldest = Date.now() - minutes * 60_000;
        entries = kept.entries.filter((entry) => entry.since > oldest);
        for (const entry of entries) if (entry.state === "asking") entry.state = "unanswered";
        current = entries.find((entry) => entry.key === kept.current) || null;
        nextKey = kept.nextKey;
    }

    /* A photo that cannot be used leaves the page as it was before, but for a sentence. */
    function drop(entry, reason) {
        entries = entries.filter((other) => other !== entry);
        if (awaited === entry) {
            const place = entry.batch.indexOf(entry);
            awaited = entry.batch.slice(place + 1).find((other) => entries.includes(other) && !other.photo) || null;
        }
        const several = entry.batch.length > 1;
        say(several ? `${entry.name}: ${reason}` : reason, several);
    }

    function say(sentence, addToOthers = false) {
        problem = addToOthers && problem ? `${problem} ${sentence}` : sentence;
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
        await answer(entry);
    }

    async function send(entry) {
        entry.state = "sending";
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

    async function answer(entry) {
        entry.state = "asking";
        entry.problem = null;
        changed();
        try {
            entry.answer = await window.askDashboard.post(`/photos/${entry.photo.id}/answer`);
            entry.extras = await wishedFor(entry);
            entry.state = "answered";
        } catch (error) {
            entry.state = "unanswered";
            entry.problem = error.message;
            if (entry === current) problem = error.message;
        }
        changed();
    }

    /* Classes that a shared link asks for, if they are not among the most likely ones. One that cannot be had, from
       an old link perhaps, costs nothing but a sentence. */
    async function wishedFor(entry) {
        const extras = [];
        for (const label of Object.values(entry.wishes || {}).filter(Boolean)) {
            if ([...entry.answer.classes, ...extras].some((known) => known.label === label)) continue;
            try {
                extras.push((await window.askDashboard.post(`/photos/${entry.photo.id}/answer`, { label })).asked);
            } catch (error) {
                problem = error.message;
            }
        }
        return extras;
    }

    async function work() {
        const busy = entries.filter((entry) => ["sending", "asking"].includes(entry.state)).length;
        const next = entries.find((entry) => entry.state === "waiting");
        if (!next || busy >= AT_ONCE) return;
        const running = run(next).finally(work);
        work(); // another one, if there is room
        await running;
    }

    function add(made) {
        const batch = made.map((entry) => ({ key: String(nextKey++), state: "waiting", extras: [], ...entry }));
        for (const entry of batch) Object.defineProperty(entry, "batch", { value: batch }); // not kept
        problem = null;
        entries = [...batch, ...entries].slice(0, MOST_ENTRIES);
        awaited = batch[0];
        changed();
        return work();
    }

    const addFiles = (files) =>
        add(files.map((file) => ({ file, name: file.name || "Photo", title: `Your photo ${file.name || ""}`.trim() })));

    const addSample = (sample, wishes) => add([{ sample, name: "Sample photo", title: "Sample photo", wishes }]);

    function select(key) {
        current = entries.find((entry) => entry.key === key) || current;
        awaited = null;
        problem = current ? current.problem : null;
        changed();
    }

    function remove(key) {
        const place = entries.findIndex((entry) => entry.key === key);
        if (place < 0) return;
        const [gone] = entries.splice(place, 1);
        if (gone === awaited) awaited = null;
        if (gone === current) current = entries[Math.min(place, entries.length - 1)] || null;
        changed();
    }

    function clear() {
        entries = [];
        current = awaited = problem = null;
        changed();
    }

    function retry(entry = current) {
        problem = null;
        return answer(entry);
    }

    /* The model server is back: photos that it left without an answer are asked again. */
    function retryAll() {
        for (const entry of entries.filter((other) => other.state === "unanswered")) {
            entry.state = "waiting";
        }
        problem = null;
        return work();
    }

    /* Asks for a class beyond the most likely ones. Tells whether the page now has it. */
    async function askFor(label) {
        const entry = current;
        if (!entry || entry.state !== "answered") return false;
        if ([...entry.answer.classes, ...entry.extras].some((known) => known.label === label)) return true;
        asking = label;
        problem = null;
        changed();
        try {
            const { asked, ...answer } = await window.askDashboard.post(`/photos/${entry.photo.id}/answer`, { label });
            // Another version answers by now: what the former one said of other classes goes with it.
            const others = answer.version === entry.answer.version ? entry.extras : [];
            entry.answer = answer.version === entry.answer.version ? entry.answer : answer;
            const isLikely = entry.answer.classes.some((known) => known.label === label);
            entry.extras = isLikely ? others : [...others.slice(-(MOST_EXTRAS - 1)), asked];
            return true;
        } catch (error) {
            problem = error.message;
            return false;
        } finally {
            asking = null;
            changed();
        }
    }

    document.addEventListener("model-ready", retryAll);

    return {
        view, restore, changed, addFiles, addSample, select, remove, clear, retry, askFor, say,
        entries: () => entries,
        current: () => current,
    };
})();
