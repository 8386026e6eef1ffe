/* The page "Classify": everything it shows is worked out here from the store `view`, with no request.
   What the store holds is described in pages/classify.py. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.classify = (() => {
    const ROWS = [0, 1, 2, 3, 4];
    const FAINT = 0.15; // below this share of the strongest evidence a map is all but invisible
    const WAITING = { empty: "The five best answers appear here.", unanswered: "No answer yet." };
    const PROGRESS = { sending: "Reading the photo…", asking: "Asking the model…" };

    function percent(probability) {
        const value = 100 * probability;
        if (value > 0 && value < 0.1) return "< 0.1%";
        if (value >= 99.95) return value === 100 ? "100%" : "> 99.9%";
        return `${value.toFixed(1)}%`;
    }

    /* Numbers between names and bars, and what lies around them: one list a callback output. */
    function show_view(data) {
        const view = data || { phase: "empty" };
        const photo = view.photo;
        const answer = view.phase === "answered" ? view.answer : null;
        const classes = answer ? answer.classes : [];
        return [
            view.phase,
            view.problem ? "yes" : "no",
            view.problem || "",
            photo ? photo.src : window.dash_clientside.no_update,
            photo ? photo.name : "",
            { "--ratio": photo ? photo.width / photo.height : 1 },
            PROGRESS[view.phase] || "",
            answer ? `Make: ${answer.make.name}, ${percent(answer.make.probability)}` : WAITING[view.phase] || "",
            answer && photo.truth ? `Really: ${photo.truth}` : "",
            answer ? modelLine(answer) : "",
            ROWS.map((rank) => (classes[rank] ? classes[rank].name : "\u00a0")),
            ROWS.map((rank) => (classes[rank] ? percent(classes[rank].probability) : "")),
            ROWS.map((rank) => ({ width: classes[rank] ? `${100 * classes[rank].probability}%` : "0" })),
            ROWS.map((rank) => !classes[rank]),
            ROWS.map((rank) => ({ display: answer && !classes[rank] ? "none" : undefined })),
        ];
    }

    function modelLine(answer) {
        const version = answer.version ? ` version ${answer.version}` : "";
        return `${answer.model}${version}, answered in ${answer.milliseconds} ms`;
    }

    /* A new answer starts with its most likely car; closing a message changes nothing. */
    let lastAnswer = null;
    function choose_first(data) {
        const answer = data ? data.answer : null;
        if (!answer || answer === lastAnswer) return window.dash_clientside.no_update;
        lastAnswer = answer;
        return "0";
    }

    /* Draws the chosen car's map and says in words what it shows. */
    function show_evidence(choice, data) {
        const canvas = document.getElementById("heatmap");
        const chosen = data && data.phase === "answered" && data.answer.classes[Number(choice)];
        if (!chosen) {
            window.evidenceMap.clear(canvas);
            return ["", "", "", ""];
        }
        window.evidenceMap.paintLegend(document.getElementById("legend"));
        const strongest = Math.max(...chosen.map.flat());
        if (strongest <= 0) {
            window.evidenceMap.clear(canvas);
            return ["Nothing in the photo speaks for ", chosen.name, ".", ""];
        }
        window.evidenceMap.paint(canvas, chosen.map, data.answer.extent, data.photo);
        const after = strongest < FAINT ? ": only faint evidence." : ".";
        return ["Showing what speaks for ", chosen.name, after, `Heatmap: what speaks for ${chosen.name}`];
    }

    function show_opacity(percentage, shown) {
        return { opacity: shown ? percentage / 100 : 0 };
    }

    return { show_view, choose_first, show_evidence, show_opacity };
})();
