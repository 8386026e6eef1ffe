/* The card "Was this right?": what is said of the shown photo's answer goes to the server, and can be taken back.
   Its two stores are described in components/feedback.py:

   feedback-said   by the photo's id: what was said (right, label, name, mayTrain) and under which id
   feedback-form   photo (whose form is open), unlisted (make and model are typed), mayTrain, busy, problem */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.feedback = (() => {
    const CLOSED = { photo: null, unlisted: false, mayTrain: false, busy: false, problem: null };

    const put = (id, data) => window.dash_clientside.set_props(id, { data });
    const shownName = (label) => label.replaceAll("_", " ").replace(/\s+/g, " ").trim();

    /* Where the keyboard goes once what it was on is gone. */
    function focus(id) {
        setTimeout(() => document.getElementById(id)?.focus(), 50);
    }

    /* Everything that a person can do on the card. */
    async function act(...args) {
        const [keep, label, make, model, view, said, form] = args.slice(-7);
        const doing = window.dash_clientside.callback_context.triggered_id;
        if (!view || !view.photo || !view.answer || (form && form.busy)) return;
        const card = { photo: view.photo.id, answer: view.answer, said: said || {}, form: { ...CLOSED, ...form } };
        const before = card.said[card.photo];
        if (doing === "feedback-yes") await send(card, { right: true, label: null, mayTrain: false });
        else if (doing === "feedback-no") await open(card);
        else if (doing === "feedback-back") close("feedback-no");
        else if (doing === "feedback-undo") await takeBack(card);
        else if (doing === "feedback-unlisted") {
            put("feedback-form", { ...card.form, unlisted: !card.form.unlisted, problem: null });
            focus(card.form.unlisted ? "feedback-label" : "feedback-make");
        } else if (doing === "feedback-send") {
            const typed = make.trim() || model.trim() ? `${make.replaceAll("_", " ")}_${model}` : null;
            const chosen = card.form.unlisted ? typed : label || null;
            await send(card, { right: false, label: chosen, mayTrain: keep });
        } else if (doing === "feedback-keep") {
            // The card itself sets the tick, too, when another photo is shown: then there is nothing to do.
            if (before && before.mayTrain !== keep) await send(card, { ...before, mayTrain: keep });
            if (!before && card.form.mayTrain !== keep) put("feedback-form", { ...card.form, mayTrain: keep });
        }
    }

    /* Asks which car it is instead: the other likely ones first, then all that the model knows. */
    async function open({ photo, answer }) {
        const likely = answer.classes.slice(1).map((entry) => ({ value: entry.label, label: entry.name }));
        const known = new Set(answer.classes.map((entry) => entry.label));
        // Without the list the likely ones remain, and typing.
        const all = answer.version
            ? await window.askDashboard.get(`/versions/${answer.version}/classes`).catch(() => [])
            : [];
        const others = all
            .filter((entry) => !known.has(entry.label))
            .map((entry) => ({ value: entry.label, label: entry.name }));
        const groups = [
            { group: "Likely", items: likely },
            { group: "All others", items: others },
        ];
        window.dash_clientside.set_props("feedback-label", {
            data: groups.filter((group) => group.items.length),
            value: null,
        });
        window.dash_clientside.set_props("feedback-make", { value: "" });
        window.dash_clientside.set_props("feedback-model", { value: "" });
        put("feedback-form", { ...CLOSED, photo });
        focus("feedback-label");
    }

    function close(next) {
        put("feedback-form", CLOSED);
        focus(next);
    }

    async function send(card, opinion) {
        const top = card.answer.classes[0];
        const said = {
            answer_label: top.label,
            probability: Math.min(1, top.probability),
            version: card.answer.version,
            right: opinion.right,
            label: opinion.label,
            may_train: opinion.mayTrain,
        };
        const address = `/photos/${card.photo}/feedback`;
        const kept = await ask(card, opinion.mayTrain, () => window.askDashboard.post(address, said));
        if (!kept) return;
        const name = kept.label && shownName(kept.label);
        put("feedback-said", { ...card.said, [card.photo]: { ...opinion, ...kept, name } });
        close(card.said[card.photo] ? "feedback-keep" : "feedback-text");
    }

    async function takeBack(card) {
        const { [card.photo]: gone, ...others } = card.said;
        if (!(await ask(card, false, () => window.askDashboard.remove(`/feedback/${gone.id}`)))) return;
        put("feedback-said", others);
        close("feedback-yes");
    }

    /* Asks the server once. What goes wrong is told, and the form is as it was. */
    async function ask({ photo, form }, mayTrain, request) {
        put("feedback-form", { ...form, mayTrain, busy: true, problem: null });
        try {
            return await request();
        } catch (error) {
            put("feedback-form", { ...form, problem: { photo, text: error.message } });
            return null;
        }
    }

    function show(view, said, form) {
        const { photo, answer, phase } = view || {};
        if (phase !== "answered") return ["hidden", "", "", false, "no", "", "false", "yes"];
        const { photo: openFor, unlisted, mayTrain, busy, problem } = { ...CLOSED, ...form };
        const before = (said || {})[photo.id];
        const isOpen = openFor === photo.id;
        const state = before ? "said" : isOpen ? "no" : "ask";
        return [
            state,
            before ? thanks(before) : question(answer.classes[0].name, photo.truth),
            problem && problem.photo === photo.id ? problem.text : "",
            before && !busy ? before.mayTrain : mayTrain,
            unlisted ? "yes" : "no",
            unlisted ? "Choose from the list" : "It is not in the list",
            String(busy),
            photo.sample ? "no" : "yes",
        ];
    }

    /* A label of the data set can be wrong as well. */
    function question(answer, truth) {
        if (!truth || truth === answer) return `The model says ${answer}.`;
        return `The model says ${answer}, the data set ${truth}.`;
    }

    function thanks({ right, name, mayTrain }) {
        const what = right ? "the answer is right" : name ? `it is the ${name}` : "the answer is wrong";
        return `Thank you. You said: ${what}${mayTrain ? ". Your photo is kept for training" : ""}.`;
    }

    return { act, show };
})();
