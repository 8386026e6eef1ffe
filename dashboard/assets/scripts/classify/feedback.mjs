/** The card "Was this right?": sends what a person thinks of the shown photo's answer, and takes it back.
    components/feedback.py describes its two stores. */
import { focusWhenReady } from "../dom.mjs";
import { apply, store } from "../props.mjs";
import { classesOf, post, remove } from "../requests.mjs";
import { words } from "../words.mjs";

/** @typedef {{ photo: string | null, unlisted: boolean, mayTrain: boolean, busy: boolean, problem: any }} Form */
/** @typedef {{ photo: string, answer: Answer, said: Record<string, any>, form: Form }} Card */
/** @typedef {{ right: boolean, label: string | null, mayTrain: boolean }} Opinion */

/** @type {Form} */
const CLOSED = { photo: null, unlisted: false, mayTrain: false, busy: false, problem: null };

/** Does what a person does on the card. @type {(inputs: Inputs, triggered: string[]) => Promise<void>} */
export async function act(inputs, [trigger]) {
    const [view, form] = [inputs["view.data"], inputs["feedback-form.data"]];
    if (!view?.photo || !view.answer || form?.busy) return;
    /** @type {Card} */
    const card = {
        photo: view.photo.id,
        answer: view.answer,
        said: inputs["feedback-said.data"] || {},
        form: { ...CLOSED, ...form },
    };
    /** @type {Record<string, () => unknown>} */
    const actions = {
        "feedback-yes.n_clicks": () => send(card, { right: true, label: null, mayTrain: false }),
        "feedback-no.n_clicks": () => open(card),
        "feedback-back.n_clicks": () => close("feedback-no"),
        "feedback-undo.n_clicks": () => takeBack(card),
        "feedback-unlisted.n_clicks": () => switchFields(card.form),
        "feedback-send.n_clicks": () => {
            const mayTrain = inputs["feedback-keep.checked"];
            send(card, { right: false, label: chosenLabel(inputs, card), mayTrain });
        },
        "feedback-keep.checked": () => setMayTrain(card, inputs["feedback-keep.checked"]),
    };
    await actions[trigger]?.();
}

/** @param {Form} form */
function switchFields(form) {
    store("feedback-form", { ...form, unlisted: !form.unlisted, problem: null });
    focusWhenReady(form.unlisted ? "#feedback-label" : "#feedback-make");
}

/**
 * The label that is chosen from the list, or typed; null if there is none.
 *
 * @type {(inputs: Inputs, card: Card) => string | null}
 */
function chosenLabel(inputs, { answer, form }) {
    const [make, model] = [inputs["feedback-make.value"], inputs["feedback-model.value"]];
    if (!form.unlisted) return inputs["feedback-label.value"] || null;
    if (!answer.makes.length) return model.trim().replaceAll("_", " ") || null;
    return make.trim() || model.trim() ? `${make.replaceAll("_", " ")}_${model}` : null;
}

/**
 * The card itself sets the tick, too, when another photo is shown: then there is nothing to do.
 *
 * @type {(card: Card, mayTrain: boolean) => Promise<void>}
 */
async function setMayTrain(card, mayTrain) {
    const before = card.said[card.photo];
    if (before && before.mayTrain !== mayTrain) await send(card, { ...before, mayTrain });
    if (!before && card.form.mayTrain !== mayTrain) store("feedback-form", { ...card.form, mayTrain });
}

/** Asks which class it is instead: the other likely ones first, then all that the model knows. @param {Card} card */
async function open({ photo, answer }) {
    const likely = new Set(answer.classes.map(({ label }) => label));
    // Without the list of all classes the likely ones remain, and typing.
    const others = (await classesOf(answer.version)).filter(({ label }) => !likely.has(label));
    const option = (/** @type {{ label: string, name: string }} */ { label, name }) => ({ value: label, label: name });
    const groups = [
        { group: "Likely", items: answer.classes.slice(1).map(option) },
        { group: "All others", items: others.map(option) },
    ];
    apply({
        "feedback-label": { data: groups.filter(({ items }) => items.length), value: null },
        "feedback-make": { value: "" },
        "feedback-model": { value: "" },
    });
    store("feedback-form", { ...CLOSED, photo });
    focusWhenReady("#feedback-label");
}

/** @param {string} next - the id of what takes the keyboard */
function close(next) {
    store("feedback-form", CLOSED);
    focusWhenReady(`#${next}`);
}

/** @type {(card: Card, opinion: Opinion) => Promise<void>} */
async function send(card, { right, label, mayTrain }) {
    const top = card.answer.classes[0];
    const content = {
        answer_label: top.label,
        probability: Math.min(1, top.probability),
        version: card.answer.version,
        right,
        label,
        may_train: mayTrain,
    };
    const kept = await request(card, mayTrain, () => post(`/photos/${card.photo}/feedback`, content));
    if (!kept) return;
    const name = kept.label && kept.label.replaceAll("_", " ").replace(/\s+/g, " ").trim();
    store("feedback-said", { ...card.said, [card.photo]: { right, label, mayTrain, ...kept, name } });
    close(card.said[card.photo] ? "feedback-keep" : "feedback-text");
}

/** @param {Card} card */
async function takeBack(card) {
    const { [card.photo]: gone, ...others } = card.said;
    if (!(await request(card, false, () => remove(`/feedback/${gone.id}`)))) return;
    store("feedback-said", others);
    close("feedback-yes");
}

/**
 * Asks the server once. If that fails, the form says so and stays as it was.
 *
 * @type {(card: Card, mayTrain: boolean, ask: () => Promise<any>) => Promise<any>}
 */
async function request({ photo, form }, mayTrain, ask) {
    store("feedback-form", { ...form, mayTrain, busy: true, problem: null });
    try {
        return await ask();
    } catch (/** @type {any} */ error) {
        store("feedback-form", { ...form, problem: { photo, text: error.message } });
        return null;
    }
}

/** @param {Inputs} inputs */
export const show = (inputs) =>
    render(inputs["view.data"], inputs["feedback-said.data"], inputs["feedback-form.data"], words());

/**
 * @type {(view: any, said: Record<string, any> | null, form: Form | null,
 *     words: import("../words.mjs").Words) => Changes}
 */
export function render(view, said, form, { itIs }) {
    // An answer about a photo that the page itself has changed teaches nothing.
    if (view?.phase !== "answered" || view.erased) {
        return {
            feedback: { "data-state": "hidden" },
            "feedback-text": { children: "" },
            "feedback-problem": { children: "" },
        };
    }
    const { photo, answer } = view;
    const { photo: openFor, unlisted, mayTrain, busy, problem } = { ...CLOSED, ...form };
    const before = said?.[photo.id];
    const state = before ? "said" : openFor === photo.id ? "no" : "ask";
    return {
        feedback: { "data-state": state, "aria-busy": String(busy), "data-own": photo.sample ? "no" : "yes" },
        "feedback-text": { children: before ? thanks(before, itIs) : question(answer.classes[0].name, photo.truth) },
        "feedback-problem": { children: problem && problem.photo === photo.id ? problem.text : "" },
        "feedback-keep": { checked: before && !busy ? before.mayTrain : mayTrain },
        "feedback-fields": { "data-unlisted": unlisted ? "yes" : "no" },
        "feedback-make": { style: { display: answer.makes.length ? undefined : "none" } },
        "feedback-model": { label: answer.makes.length ? "Model" : "Name" },
        "feedback-unlisted": { children: unlisted ? "Choose from the list" : "It is not in the list" },
    };
}

/** A label of the data set can be wrong as well. @type {(answer: string, truth: string | null) => string} */
function question(answer, truth) {
    if (!truth || truth === answer) return `The model says ${answer}.`;
    return `The model says ${answer}, the data set ${truth}.`;
}

/** @type {(said: { right: boolean, name: string | null, mayTrain: boolean }, itIs: string) => string} */
function thanks({ right, name, mayTrain }, itIs) {
    const opinion = right ? "the answer is right" : name ? `${itIs} ${name}` : "the answer is wrong";
    return `Thank you. You said: ${opinion}${mayTrain ? ". Your photo is kept for training" : ""}.`;
}
