/** The live view's state as properties of the page. components/live_view.py describes the state. */
import { counted, percent } from "../numbers.mjs";
import { each } from "../props.mjs";

const RUNS = 4;
const DRAWN = 12;
const WATCHED = 12;
const ALIVE = 2000; // milliseconds between two requests while something is going on
const IDLE = 15_000; // and while nothing is: a training may begin in another terminal

/**
 * @typedef {{ stage: string, epoch: number, loss: number, accuracy: number, val_loss: number | null,
 *     val_accuracy: number | null }} Epoch
 * @typedef {{ state: string, reason: string | null, settings: string, command: string, stage: string,
 *     stage_number: number, stage_count: number, work: string | null, done: number | null, total: number | null,
 *     photos_per_second: number | null, seconds_left: number | null, epoch: number | null, epochs: number | null,
 *     loss: number | null, accuracy: number | null, learning_curve: { photos: number, accuracy: number }[] }} Progress
 * @typedef {{ photo: string, label: string, width: number, height: number }} Photo
 * @typedef {Progress & { id: string, title: string, history: Epoch[], version: string | null, photos: Photo[],
 *     snapshots: string[] }} Run
 * @typedef {{ is_ready: boolean, has_version: boolean, preparation: Progress | null, drawn: string[],
 *     runs: { id: string, title: string, state: string }[], shown: Run[] }} Found
 * @typedef {{ label: string, probability: number, truth_probability: number | null, map: number[][] }} WatchedAnswer
 * @typedef {{ stage: string, epoch: number, extent: Extent, answers: WatchedAnswer[] }} Snapshot
 * @typedef {{ found: Found | null, asked: string[], at: number | null, answers: Snapshot | null, problem: string }} View
 */

/** @type {View} */
export const NOTHING = { found: null, asked: [], at: null, answers: null, problem: "" };

/** @type {Record<string, string>} */
const STATES = { running: "Running", ended: "Ended", stopped: "Stopped", failed: "Failed" };

/** Whether anything is going on. @type {(found: Found | null) => boolean} */
export const isAlive = (found) =>
    Boolean(found && (found.preparation?.state === "running" || found.runs.some((run) => run.state === "running")));

/** The run whose photos are watched: the first that has any. @type {(found: Found | null) => Run | undefined} */
export const watchedRun = (found) => found?.shown.find((run) => run.photos.length && run.snapshots.length);

/** The place of the answers that are shown, from 0. @type {(view: View, run: Run) => number} */
export const placeOf = (view, run) => Math.min(view.at ?? Infinity, run.snapshots.length - 1);

/**
 * @param {View} view
 * @returns {Changes}
 */
export function render(view) {
    const { found, problem } = view;
    return {
        "live-tick": { interval: !found || isAlive(found) ? ALIVE : IDLE },
        "live-problem": { children: problem },
        "live-choice": {
            data: (found?.runs || []).map(({ id, title, state }) => ({
                value: id,
                label: `${id.startsWith("demo-") ? "Demo, " : ""}${title}${state === "running" ? ", running" : ""}`,
            })),
        },
        "live-choice-box": { hidden: (found?.runs.length || 0) < 2 },
        ...preparation(found),
        ...each(
            RUNS,
            (place) => ({ run: place, part: "card" }),
            found?.shown || [],
            (run) => ({ hidden: !run }),
        ),
        ...parts(found?.shown || []),
        ...watched(view),
    };
}

/** @type {(found: Found | null) => Changes} */
function preparation(found) {
    const progress = found?.preparation;
    const isShown = Boolean(progress && (progress.state !== "ended" || !found?.has_version));
    const drawn = progress && !watchedRun(found) ? found?.drawn || [] : [];
    return {
        "live-preparation": { hidden: !isShown },
        "live-step": { children: progress ? step(progress) : "" },
        "live-work": { children: progress ? work(progress) : "" },
        "live-bar": { style: { width: progress ? shareOfSteps(progress, found?.shown || []) : "0%" } },
        "live-note": { children: progress ? note(progress, null) : "" },
        "live-command": { children: progress ? command(progress) : "" },
        "live-drawn": { hidden: !drawn.length },
        ...each(
            DRAWN,
            (place) => ({ drawn: place }),
            drawn,
            (name) => ({
                src: name ? `/runs/drawn/${encodeURIComponent(name)}` : "",
                style: { visibility: name ? "visible" : "hidden" },
            }),
        ),
    };
}

/** @type {(runs: Run[]) => Changes} */
function parts(runs) {
    /** @type {[string, (run: Run) => Record<string, unknown>][]} */
    const leaves = [
        ["title", (run) => ({ children: run.title })],
        ["state", (run) => ({ children: STATES[run.state], "data-state": run.state })],
        ["settings", (run) => ({ children: run.settings })],
        ["step", (run) => ({ children: run.state === "ended" ? "" : step(run) })],
        ["work", (run) => ({ children: work(run) })],
        ["bar", (run) => ({ style: { width: share(run) } })],
        ["figures", (run) => ({ children: figures(run) })],
        ["note", (run) => ({ children: note(run, run.version) })],
        ["command", (run) => ({ children: command(run) })],
    ];
    return Object.assign(
        {},
        ...leaves.map(([part, props]) =>
            each(
                RUNS,
                (place) => ({ run: place, part }),
                runs,
                (run) => (run ? props(run) : {}),
            ),
        ),
    );
}

/** @param {Progress} progress */
export function step({ stage, stage_number: number, stage_count: count, epoch, epochs }) {
    if (!stage) return "";
    const place = count ? `Step ${number} of ${count}: ` : "";
    return `${place}${stage}${epoch && epochs ? `, epoch ${epoch} of ${epochs}` : ""}`;
}

/** @param {Progress} progress */
export function work(progress) {
    if (progress.state !== "running" || !progress.work) return "";
    const { work: title, done, total, epoch, seconds_left: left, photos_per_second: rate } = progress;
    const isTraining = epoch !== null;
    const amount = done !== null && total ? `${done} of ${total}` : "";
    const named = title === progress.stage ? amount : [title, amount].filter(Boolean).join(": ");
    const parts = [
        isTraining ? "" : named,
        left === null ? "" : timeLeft(left),
        rate ? `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} photos a second` : "",
    ];
    return sentence(parts);
}

/** @param {string[]} parts */
function sentence(parts) {
    const text = parts.filter(Boolean).join(" · ");
    return text && text[0].toUpperCase() + text.slice(1);
}

/** @param {number} seconds */
export function timeLeft(seconds) {
    if (seconds < 45) return "less than a minute left";
    const minutes = Math.max(1, Math.round(seconds / 60));
    return `about ${minutes < 100 ? counted(minutes, "minute") : counted(Math.round(minutes / 60), "hour")} left`;
}

/** @param {Progress} progress */
const share = ({ done, total, state }) =>
    state === "ended" ? "100%" : done !== null && total ? `${Math.round((100 * done) / total)}%` : "0%";

/** How much of all steps is done; while a net is trained, its run knows more. @type {(progress: Progress, runs: Run[]) => string} */
function shareOfSteps(progress, runs) {
    const run = runs.find(({ id, state }) => id.startsWith("demo-") && state === "running");
    const { done, total } = progress.total || !run ? progress : run;
    const within = done !== null && total ? done / total : 0;
    const { stage_number: number, stage_count: count } = progress;
    return `${Math.round((100 * (Math.max(number, 1) - 1 + within)) / Math.max(count, 1))}%`;
}

/** The newest figures: of the epoch that is going on, and of the validation photos after the last whole one. @param {Run} run */
export function figures(run) {
    const last = run.history.at(-1);
    const parts = [];
    if (run.state === "running" && run.epoch && run.loss !== null && run.accuracy !== null) {
        parts.push(`this epoch: loss ${run.loss.toFixed(2)}, ${percent(run.accuracy)} right`);
    }
    if (last && last.val_accuracy !== null) parts.push(`${percent(last.val_accuracy)} of validation photos right`);
    else if (!last && run.learning_curve.length) {
        const { photos, accuracy } = run.learning_curve[run.learning_curve.length - 1];
        parts.push(`${percent(accuracy)} right after ${counted(photos, "photo")}`);
    }
    return sentence(parts);
}

/** @type {(progress: Progress, version: string | null) => string} */
function note({ state, reason, command: toGoOn }, version) {
    if (state === "failed")
        return `It failed: ${reason || "see its terminal."}${toGoOn ? " This command tries again:" : ""}`;
    if (state === "stopped") {
        return toGoOn
            ? "It was stopped. This command goes on where it stopped (if it still runs, end it with Ctrl-C first):"
            : "It was stopped. The same command goes on.";
    }
    return state === "ended" && version ? `Published as ${version}.` : "";
}

/** @param {Progress} progress */
const command = ({ state, command: toGoOn }) => (state === "stopped" || state === "failed" ? toGoOn : "");

/** @type {(view: View) => Changes} */
function watched(view) {
    const run = watchedRun(view.found);
    const count = run?.snapshots.length || 0;
    const { answers } = view;
    const shown = run && answers ? run.photos : [];
    return {
        "live-watched": { hidden: !shown.length },
        "live-watched-text": {
            children: answers
                ? `What the net says of photos that it is not trained on, after ${stageName(answers.stage)}epoch ` +
                  `${answers.epoch}, and the parts of the photo that speak for its answer.`
                : "",
        },
        "live-at-box": { hidden: count < 2 },
        "live-at": { max: Math.max(1, count - 1), value: run ? placeOf(view, run) : 0 },
        ...cells("cell", shown, (photo) => ({ hidden: !photo })),
        ...cells("photo", shown, (photo) =>
            photo && run ? { src: addressOf(run, photo.photo), alt: name(photo.label) } : {},
        ),
        ...cells("answer", shown, (photo, place) => {
            const answer = answers?.answers[place];
            if (!photo || !answer) return {};
            const isRight = answer.label === photo.label;
            return {
                children: `${isRight ? "✓" : "✗"} ${name(answer.label)} ${percent(answer.probability)}`,
                "data-right": isRight ? "yes" : "no",
            };
        }),
        ...cells("truth", shown, (photo, place) => {
            const answer = answers?.answers[place];
            if (!photo || !answer || answer.label === photo.label) return { children: "" };
            const share = answer.truth_probability === null ? "" : ` ${percent(answer.truth_probability)}`;
            return { children: `It is ${name(photo.label)}${share}` };
        }),
    };
}

/** @type {(part: string, photos: Photo[], props: (photo: Photo | undefined, place: number) => Record<string, unknown>) => Changes} */
const cells = (part, photos, props) => each(WATCHED, (place) => ({ watched: place, part }), photos, props);

/** @type {(run: Run, file: string) => string} */
export const addressOf = (run, file) => `/runs/${encodeURIComponent(run.id)}/watch/${encodeURIComponent(file)}`;

const name = (/** @type {string} */ label) => label.replaceAll("_", " ");

const stageName = (/** @type {string} */ stage) => (stage === "all" ? "" : `stage ${stage}, `);

/**
 * The curves of one kind: for each run the training photos, dotted, up to this moment, and the validation photos.
 *
 * @type {(runs: Run[], kind: "loss" | "accuracy") => import("./chart.mjs").Line[]}
 */
export const curves = (runs, kind) =>
    runs.flatMap((run, place) => {
        const training = run.history.map((epoch, i) => ({ x: i + 1, y: epoch[kind] }));
        const now = run[kind];
        const isWithinEpoch = run.state === "running" && run.epoch && run.epochs && run.done !== null && run.total;
        if (isWithinEpoch && now !== null) {
            const within = (Number(run.done) / Number(run.total)) * Number(run.epochs) - (Number(run.epoch) - 1);
            const x = run.history.length + Math.min(Math.max(within, 0), 1);
            if (x > run.history.length) training.push({ x, y: now });
        }
        const validation = run.history
            .map((epoch, i) => ({ x: i + 1, y: epoch[`val_${kind}`] }))
            .filter((point) => point.y !== null);
        return [
            { name: `${run.title}, training`, points: training, style: `live-colour-${place} live-dotted` },
            {
                name: `${run.title}, validation`,
                points: /** @type {import("./chart.mjs").Place[]} */ (validation),
                style: `live-colour-${place}`,
                label: true,
            },
        ];
    });

/** @type {(runs: Run[]) => import("./chart.mjs").Line[]} */
export const learningCurves = (runs) =>
    runs.map((run, place) => ({
        name: run.title,
        points: run.learning_curve.map(({ photos, accuracy }) => ({ x: photos, y: accuracy })),
        style: `live-colour-${place}`,
        label: true,
    }));

/** A chart in words. @type {(title: string, lines: import("./chart.mjs").Line[], format: (value: number) => string) => string} */
export const inWords = (title, lines, format) =>
    [
        `${title}.`,
        ...lines
            .filter((line) => line.points.length)
            .map((line) => `${line.name}: ${format(line.points[line.points.length - 1].y)}.`),
    ].join(" ");
