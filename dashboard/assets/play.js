/* The game: its moves, by keys and clicks. What the store `play-view` holds is described in pages/play.py. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.play = (() => {
    const AT_FIRST = {
        phase: "loading", challenge: null, game: null, answer: null, guess: null, photo: null, problem: null,
        start_over: false,
    };
    const MOVED_ON = [404, 409]; // the game is not where this tab thinks it is
    const FRAMES = 60; // to wait for something to be painted
    let view = AT_FIRST;
    let kind = { rounds: 5, difficulty: "medium" };
    let busy = false; // one move at a time
    const retrying = window.modelRetry.retry(() => {
        if (isOpen() && view.phase === "revealed" && !view.answer) askAgain(view.game);
    });

    const isOpen = () => document.getElementById("play") !== null;
    const roundAddress = (game) => `/play/games/${game.id}/rounds/${game.number}`;

    function show(changes) {
        view = { ...view, ...changes };
        if (isOpen()) window.dash_clientside.set_props("play-view", { data: view });
    }

    const get = (address) => window.askDashboard.get(address);
    const post = (address, body) => window.askDashboard.post(address, body);

    /* One move; what fails leaves the game where the server has it. */
    async function move(steps) {
        if (busy) return;
        busy = true;
        const before = view.phase;
        try {
            await steps();
        } catch (error) {
            const problem = { problem: error.message, start_over: Boolean(error.answer && error.answer.start_over) };
            if (MOVED_ON.includes(error.status) && view.game && before !== "start") {
                const { game } = await get("/play/game").catch(() => view);
                show({ ...asGiven(game), ...problem });
            } else show({ phase: before, guess: null, ...problem });
        } finally {
            busy = false;
        }
    }

    /* The view of a game as the server gave it. */
    function asGiven(game) {
        if (game && game.difficulty === "hard") loadCars();
        return { phase: game ? game.phase : "start", game, answer: null, guess: null, problem: null, start_over: false };
    }

    /* Puts the keyboard where the next key is expected, once that is there. */
    function focusOn(id, frames = FRAMES) {
        const element = document.getElementById(id);
        if (element && element.offsetParent && !element.disabled) element.focus({ preventScroll: true });
        else if (frames) requestAnimationFrame(() => focusOn(id, frames - 1));
    }

    /* On a phone, what is new begins above. */
    function turnTo(id) {
        scrollTo(0, 0);
        focusOn(id);
    }

    async function load(asked) {
        view = { ...AT_FIRST, challenge: asked || null };
        busy = false;
        try {
            const { game } = await get("/play/game");
            view = { ...view, ...asGiven(game) };
            if (view.challenge) view.phase = "start";
            else enter(game);
        } catch (error) {
            view = { ...view, phase: "start", problem: error.message };
        }
        return view;
    }

    /* What a phase needs besides the game. */
    function enter(game) {
        if (!game) return;
        if (game.phase === "revealed") askAgain(game);
        if (game.phase === "over") loadBoard(game);
    }

    function begin(settings) {
        return move(async () => {
            const { game } = await post("/play/games", settings);
            leaveChallenge(); // reloading goes on with this game
            show(asGiven(game));
            turnTo("play-round-title");
        });
    }

    function leaveChallenge() {
        history.replaceState(history.state, "", location.pathname);
        show({ challenge: null });
    }

    function guess(label) {
        if (view.phase !== "guessing" || busy || !label) return undefined;
        return move(async () => {
            show({ phase: "asking", guess: label, problem: null });
            const { game, answer } = await post(`${roundAddress(view.game)}/guess`, { label });
            show({ ...asGiven(game), answer });
            if (!answer) askAgain(game);
            turnTo("play-next");
        });
    }

    function next() {
        if (view.phase !== "revealed") return undefined;
        return move(async () => {
            const { game } = await post(`${roundAddress(view.game)}/next`);
            show(asGiven(game));
            enter(game);
            turnTo(game.phase === "over" ? "play-result" : "play-round-title");
        });
    }

    /* After a reload: the maps are not kept with the game. Without them the rest is still to be seen. */
    async function askAgain(game) {
        if (!game.played[game.number - 1].ai.length) return;
        const answer = await post(`${roundAddress(game)}/answer`).catch((error) => retrying.failed(error) && null);
        if (answer) retrying.succeeded();
        const still = view.phase === "revealed" && view.game.id === game.id && view.game.number === game.number;
        if (answer && still) show({ answer });
    }

    function sign(name) {
        return move(async () => {
            const { game } = await post(`/play/games/${view.game.id}/score`, { name });
            show({ game, problem: null });
            await loadBoard(game);
        });
    }

    function toStart() {
        show({ phase: "start", problem: null, start_over: false });
        loadBoard(kind);
        turnTo("play-start-title");
    }

    function resume() {
        leaveChallenge();
        show({ phase: view.game.phase });
        enter(view.game);
        turnTo("play-round-title");
    }

    async function loadCars() {
        const cars = await get("/play/cars").catch((error) => show({ problem: error.message }));
        if (cars && isOpen()) window.dash_clientside.set_props("play-cars", { data: cars.cars });
    }

    async function scoresOf({ rounds, difficulty }) {
        const kindAsked = { rounds, difficulty };
        const query = new URLSearchParams(kindAsked);
        const { scores } = await get(`/play/scores?${query}`).catch(() => ({ scores: null }));
        return { ...kindAsked, scores };
    }

    async function loadBoard(game) {
        const data = await scoresOf(game);
        if (isOpen()) window.dash_clientside.set_props("play-board", { data });
    }

    async function choose_kind(rounds, difficulty) {
        kind = { rounds: Number(rounds), difficulty };
        const data = await scoresOf(kind);
        return view.phase === "over" ? window.dash_clientside.no_update : data;
    }

    async function copy() {
        const text = document.getElementById("play-share-text");
        let said = "Copied.";
        try {
            await navigator.clipboard.writeText(text.textContent);
        } catch {
            // Browsers offer the clipboard only over https and on this machine.
            getSelection().selectAllChildren(text);
            said = "Selected: copy it with Ctrl+C.";
        }
        window.dash_clientside.set_props("play-copied", { children: said });
    }

    const chosen = (place) => view.game && view.game.choices[place] && view.game.choices[place].label;
    const again = () => ({ rounds: view.game.rounds, difficulty: view.game.difficulty });
    const BUTTONS = {
        "play-start": () => begin(view.challenge || kind),
        "play-start-over": () => begin({ ...(view.phase === "over" ? again() : kind), start_over: true }),
        "play-resume": resume,
        "play-decline": () => {
            leaveChallenge();
            toStart();
        },
        "play-leave": toStart,
        "play-settings": toStart,
        "play-again": () => begin(again()),
        "play-next": next,
        "play-copy": copy,
        "play-close-problem": () => show({ problem: null, start_over: false }),
        "play-guess": () => guess(window.dash_clientside.play_view.named()),
    };

    document.addEventListener("click", (event) => {
        const button = isOpen() && event.target.closest("#play button");
        if (!button || button.disabled) return;
        if (button.dataset.choice) guess(chosen(Number(button.dataset.choice)));
        else if (BUTTONS[button.id]) BUTTONS[button.id]();
    });

    document.addEventListener("submit", (event) => {
        if (event.target.id !== "play-sign") return;
        event.preventDefault();
        sign(document.getElementById("play-name").value);
    });

    document.addEventListener("keydown", (event) => {
        if (!isOpen() || event.ctrlKey || event.altKey || event.metaKey) return;
        if (event.repeat) {
            // Enter held down must not run through the next rounds.
            if (event.key === "Enter" && event.target.closest("#play button")) event.preventDefault();
        } else if (event.target.closest("input, textarea")) {
            // Typed text is no move.
        } else if (/^[1-4]$/.test(event.key)) guess(chosen(Number(event.key) - 1));
        else if (event.key === "Enter" && !event.target.closest("a, button")) next();
    });

    /* The photo's size is known once it is there; until then its place is empty. */
    document.addEventListener("load", ({ target }) => {
        if (target.id !== "play-photo") return;
        const [width, height] = [target.naturalWidth, target.naturalHeight];
        show({ photo: { src: target.getAttribute("src"), width, height } });
    }, true);
    document.addEventListener("error", ({ target }) => {
        if (target.id !== "play-photo" || view.phase === "start") return;
        show({ problem: "This photo cannot be shown. Make a guess and go on to the next one." });
    }, true);

    return { load, choose_kind, focusOn };
})();
