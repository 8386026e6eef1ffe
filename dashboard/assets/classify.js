/* The page "Classify": everything it shows is worked out here from the store `view`, with no request but for the
   classes beyond the most likely ones. What the store holds is described in pages/classify.py. */
window.classifyPage = (() => {
    const LIKELY = 5;
    const FAINT = 0.15; // below this share of the strongest evidence a map is all but invisible
    const classLists = new Map(); // of each version: a promise of its classes, sorted by name

    const sureAbove = () => Number(document.getElementById("classify").dataset.sureAbove);

    /* Calibrated probabilities mean what they say: of ten answers given with 0.4, about four are right. */
    function doubt(probability) {
        if (probability >= sureAbove()) return "";
        const right = Math.round(10 * probability);
        const many = right === 0 ? "fewer than one is" : right === 1 ? "about one is" : `about ${right} are`;
        return `Not sure. Of ten answers this confident, ${many} right.`;
    }

    function confidence(probability) {
        return window.numbers.percent(probability) + (doubt(probability) ? ", not sure" : "");
    }

    /* All cars that the answer has a map for: the most likely ones, then those that were asked for. */
    const known = (data) => (data && data.answer ? [...data.answer.classes, ...data.answer.extras] : []);

    /* The car in row `rank`; extras begin at row 5 even if the model knows fewer cars. */
    function inRow(data, rank) {
        if (!data || !data.answer) return undefined;
        return rank < LIKELY ? data.answer.classes[rank] : data.answer.extras[rank - LIKELY];
    }

    function rowOf(data, label) {
        const likely = data.answer.classes.findIndex((entry) => entry.label === label);
        if (likely >= 0) return likely;
        const extra = data.answer.extras.findIndex((entry) => entry.label === label);
        return extra >= 0 ? LIKELY + extra : -1;
    }

    function classesOf(version) {
        if (!version) return Promise.resolve([]);
        if (!classLists.has(version)) {
            const list = window.askDashboard.get(`/versions/${version}/classes`).catch(() => {
                classLists.delete(version);
                return [];
            });
            classLists.set(version, list);
        }
        return classLists.get(version);
    }

    const setProps = (id, props) => window.dash_clientside.set_props(id, props);

    /* Chooses the car of a label, asking for it first if need be. */
    async function choose(label) {
        if (!(await window.photoSession.askFor(label))) return;
        const row = rowOf(window.photoSession.view(), label);
        if (row >= 0) setProps("choice", { value: String(row) });
    }

    return { LIKELY, FAINT, doubt, confidence, known, inRow, rowOf, classesOf, choose };
})();

window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.classify = (() => {
    const ROWS = [0, 1, 2, 3, 4, 5, 6, 7];
    const WAITING = { empty: "The five best answers appear here.", unanswered: "No answer yet." };
    const PROGRESS = { sending: "Reading the photo…", asking: "Asking the model…" };
    const nothing = () => window.dash_clientside.no_update; // not there yet while this file loads
    let lastAnswer = ""; // the one that the choice was last set for
    const page = window.classifyPage;
    const percent = (probability) => window.numbers.percent(probability); // that file is loaded after this one

    /* The page appears, at first or again: with the photos it had, and the sample that its address names. */
    function open(id, minutes) {
        lastAnswer = ""; // the page's fields are new ones
        window.photoSession.restore(Number(minutes));
        const wanted = new URLSearchParams(window.location.search);
        const sample = wanted.get("sample");
        if (sample) {
            const wishes = { car: wanted.get("car"), versus: wanted.get("versus") };
            window.photoSession.addSample(sample, window.photoIntake.nameOf(sample), wishes);
        }
        queueMicrotask(window.photoSession.changed);
        return [window.photoSession.view(), window.evidenceMap.palette()];
    }

    /* Numbers between names and bars, and what lies around them: one list a callback output. */
    function show_view(data) {
        const view = data || { phase: "empty" };
        const { photo, answer } = view;
        const rows = ROWS.map((rank) => page.inRow(view, rank));
        const makes = answer ? answer.makes.map((make) => `${make.name}, ${percent(make.probability)}`) : [];
        return [
            view.phase,
            view.problem ? "yes" : "no",
            view.problem || "",
            photo ? photo.src : nothing(),
            photo ? photo.name : "",
            { "--ratio": photo ? photo.width / photo.height : 1 },
            view.asking ? "Asking about another car…" : PROGRESS[view.phase] || "",
            view.asking ? "yes" : "no",
            answer ? `Make: ${makes[0]}` : WAITING[view.phase] || "",
            answer ? ["", ...makes.slice(1)].join(" · ") : "",
            answer ? page.doubt(answer.classes[0].probability) : "",
            answer && photo.truth ? `Really: ${photo.truth}` : "",
            answer ? modelLine(answer) : "",
            rows.map((row) => (row ? row.name : "–")),
            rows.map((row) => (row ? percent(row.probability) : "")),
            rows.map((row) => ({ width: row ? `${100 * row.probability}%` : "0" })),
            rows.map((row) => !row),
            rows.map((row, rank) => ({ display: row || (!answer && rank < page.LIKELY) ? undefined : "none" })),
        ];
    }

    function modelLine(answer) {
        const version = answer.version ? ` version ${answer.version}` : "";
        return `${answer.model}${version}, answered in ${answer.milliseconds} ms`;
    }

    /* Another answer starts with its most likely car, compared with none, unless others were chosen before or a
       shared link asks for them; anything else changes nothing. */
    function choose_first(data) {
        const answer = data && data.answer ? `${data.key} ${data.answer.version}` : "";
        if (!answer || answer === lastAnswer) return [nothing(), nothing(), nothing()];
        lastAnswer = answer;
        const { car, versus } = data.wishes || {};
        const row = Math.max(car ? page.rowOf(data, car) : 0, 0);
        const isAnother = versus && page.rowOf(data, versus) >= 0 && page.rowOf(data, versus) !== row;
        return [String(row), isAnother ? versus : null, null];
    }

    /* What a person chooses is kept with the photo. A car is compared with no other once it is chosen itself. */
    function keep_choice(choice, versusLabel, data) {
        const chosen = page.inRow(data, Number(choice));
        if (!chosen) return nothing();
        const isSame = versusLabel === chosen.label;
        window.photoSession.wish(data.key, choice === "0" ? null : chosen.label, isSame ? null : versusLabel);
        return isSame ? null : nothing();
    }

    /* The cars that can be asked for: all of the version that answered; none is compared with itself. */
    async function list_classes(data, choice) {
        if (!data || !data.answer) return [nothing(), nothing()];
        const all = await page.classesOf(data.answer.version);
        const options = (all.length ? all : page.known(data)).map(({ label, name }) => ({ value: label, label: name }));
        const chosen = page.inRow(data, Number(choice));
        return [options, options.filter(({ value }) => !chosen || value !== chosen.label)];
    }

    function ask_class(label) {
        if (label) page.choose(label);
        return null; // ready for the next one; the row says which was chosen
    }

    /* A car to compare with that has no map yet is asked for; its row then is there to be compared with. */
    function ask_versus(label, data) {
        if (label && data && data.answer && page.rowOf(data, label) < 0 && !data.asking) {
            window.photoSession.askFor(label);
        }
        return nothing();
    }

    const FIXED_COLOURS = "With two sides, the colours are fixed.";
    const difference = (one, other) => one.map((row, y) => row.map((cell, x) => cell - other[y][x]));
    const strongest = (maps) => Math.max(...maps.flat(2).map(Math.abs));

    /* What to draw: a map, its full colour, whether it has two sides, and words for all of it. */
    function evidence(data, chosen, evidenceKind, versusLabel) {
        const other = page.known(data).find((entry) => entry.label === versusLabel && entry !== chosen);
        if (other) {
            const map = difference(chosen.map, other.map);
            return {
                map,
                scale: strongest([map]) || 1,
                signed: true,
                text: `Orange speaks for ${chosen.name} rather than ${other.name}, blue the other way round.`,
                legend: [`for ${other.name}`, `for ${chosen.name}`, FIXED_COLOURS],
            };
        }
        if (evidenceKind === "both") {
            const scale = strongest(page.known(data).map((entry) => entry.map)) || 1;
            return {
                map: chosen.map,
                scale,
                signed: true,
                text: `Orange speaks for ${chosen.name}, blue against it.`,
                legend: ["against", "for", `One scale for all cars here. ${FIXED_COLOURS}`],
            };
        }
        const { scale } = data.answer;
        const most = Math.max(...chosen.map.flat()) / scale;
        const faint = most < page.FAINT ? ": only faint evidence." : ".";
        return {
            map: most > 0 ? chosen.map : null,
            scale,
            signed: false,
            text: most > 0 ? `Showing what speaks for ${chosen.name}${faint}` : `Nothing in the photo speaks for ${chosen.name}.`,
            legend: ["little", "much", "One scale for all cars here, so their colours can be compared."],
        };
    }

    function show_evidence(choice, evidenceKind, versusLabel, palette, data) {
        const canvas = document.getElementById("heatmap");
        window.evidenceMap.choosePalette(palette);
        const chosen = page.inRow(data, Number(choice));
        if (!chosen) {
            window.evidenceMap.clear(canvas);
            return ["", "No heatmap yet.", "", "", "", false];
        }
        const shown = evidence(data, chosen, evidenceKind, versusLabel);
        window.evidenceMap.paintLegend(document.getElementById("legend"), shown.signed);
        if (shown.map) window.evidenceMap.paint(canvas, shown.map, data.answer.extent, data.photo, shown);
        else window.evidenceMap.clear(canvas);
        return [shown.text, `Heatmap. ${shown.text}`, ...shown.legend, shown.signed];
    }

    function show_opacity(percentage, shown) {
        return { opacity: shown ? percentage / 100 : 0 };
    }

    return {
        open, show_view, choose_first, keep_choice, list_classes, ask_class, ask_versus, show_evidence, show_opacity,
    };
})();
