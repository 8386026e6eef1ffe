/* The page "Model": what a click anywhere on it chooses. See pages/model.py. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.model_page = (() => {
    const LEGENDS = {
        contrast: ["speaks for the truth", "for the answer"],
        answer: ["little", "much for the answer"],
        truth: ["little", "much for the truth"],
        none: ["", ""],
    };

    /* A plot is drawn when its frame is about to come into view. */
    function watch_frame(id) {
        const { no_update, set_props } = window.dash_clientside;
        const observer = new IntersectionObserver(
            (entries) => {
                if (!entries.some((entry) => entry.isIntersecting)) return;
                observer.disconnect();
                set_props(id, { "data-near": "yes" });
            },
            { rootMargin: "150px 0px" },
        );
        observer.observe(document.getElementById(JSON.stringify(id)));
        return no_update;
    }

    /* What was clicked is forgotten by the plot, or the same click would change nothing the next time. */
    function keep_cell(click) {
        const { no_update } = window.dash_clientside;
        if (!click) return [no_update, no_update];
        const [point] = click.points;
        return [`${point.y}\n${point.x}`, null];
    }

    /* A pair, a cell of the confusion matrix or a row of the table becomes what really is and what was answered. */
    function choose_classes(first, cell, rows) {
        const { no_update, callback_context } = window.dash_clientside;
        const trigger = callback_context.triggered_id;
        const none = []; // the row is forgotten, or the same click would change nothing the next time
        if (trigger === "model-first-choice") return [...first, true, none];
        let chosen = null;
        if (trigger && trigger.frame && cell) {
            chosen = [...cell.split("\n"), false];
        } else if (trigger === "model-class-table" && rows && rows.length) {
            chosen = [rows[0].label, null, false];
        } else if (trigger && trigger.pair !== undefined) {
            const button = document.querySelectorAll(".pair")[trigger.pair];
            if (button.dataset.labels) chosen = [...button.dataset.labels.split("\n"), true];
        }
        if (!chosen) return Array(4).fill(no_update);
        document.getElementById("model-section-photos").scrollIntoView({ block: "start" });
        return [...chosen, none];
    }

    function show_legend(evidence, id) {
        const canvas = document.getElementById(id);
        canvas.hidden = evidence === "none";
        window.evidenceMap.paintLegend(canvas, evidence === "contrast");
        return LEGENDS[evidence];
    }

    /* The address says what is shown, so that it can be shared. */
    function keep_address(version, other) {
        const address = new URL(window.location);
        for (const [name, value] of [["version", version], ["compare", other]]) {
            if (value) address.searchParams.set(name, value);
            else address.searchParams.delete(name);
        }
        window.history.replaceState(window.history.state, "", address);
    }

    return { watch_frame, keep_cell, choose_classes, show_legend, keep_address };
})();
