/* The game: what the page shows, worked out from the stores of pages/play.py with no request. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.play_view = (() => {
    const DOTS = [...Array(10).keys()];
    const CHOICES = [0, 1, 2, 3];
    const ANSWERS = [0, 1, 2, 3, 4];
    const MARKS = { 0: "\u2717", 0.5: "\u00bd", 1: "\u2713" };
    const SQUARES = { 0: "\u25a1", 0.5: "\u25e9", 1: "\u25a0" };
    const SPOKEN = { 0: "was wrong", 0.5: "got the make", 1: "was right" };
    const keep = () => window.dash_clientside.no_update;

    let round = null; // whose photo and choices are shown, as "game/number"
    let model = null; // what is chosen in a hard game

    function points(number) {
        const whole = Math.floor(number);
        if (whole === number) return String(number);
        return `${whole || ""}\u00bd`;
    }

    function minutes(seconds) {
        return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
    }

    const given = (view) => view || { phase: "loading" };
    const lastPlayed = (game) => game.played[game.played.length - 1];
    const photoAddress = (game, number) => `/play/games/${game.id}/rounds/${number}.jpg`;

    const VERDICTS = {
        "1 1": "You both got it",
        "1 0.5": "You got it, the AI only the make",
        "1 0": "Your point",
        "0.5 1": "The AI got it, you only the make",
        "0.5 0.5": "You both got the make",
        "0.5 0": "Half a point for you",
        "0 1": "The AI\u2019s point",
        "0 0.5": "Half a point for the AI",
        "0 0": "Neither of you",
    };
    const ALONE = { 0: "Not this time", 0.5: "You got the make", 1: "You got it" };
    const verdict = (played) =>
        played.missed ? ALONE[played.points] : VERDICTS[`${played.points} ${played.ai_points}`];

    function page(data) {
        const view = given(data);
        const { game } = view;
        const waiting = game && game.phase !== "over" && view.phase === "start";
        return [
            view.phase,
            game && game.difficulty === "hard" ? "yes" : "no",
            view.problem ? "yes" : "no",
            view.problem || "",
            !view.start_over,
            announcement(view),
            view.challenge ? "A challenge" : "New game",
            !view.challenge,
            !view.challenge,
            Boolean(view.challenge),
            waiting ? `Go on with round ${game.number} of ${game.rounds}` : "",
            { display: waiting ? undefined : "none" },
        ];
    }

    function announcement({ phase, game }) {
        if (phase !== "revealed") return "";
        const last = lastPlayed(game);
        const ai = last.ai.length ? `The AI said ${last.ai[0].name} and ${SPOKEN[last.ai_points]}.` : last.missed;
        const state = `You ${points(game.points)}, AI ${points(game.ai_points)}.`;
        return `${verdict(last)}. It is the ${last.truth}. ${ai} ${state}`;
    }

    function showRound(data) {
        const { phase, game, photo, guess } = given(data);
        if (!game) return ["", "0", "0", DOTS.map(keep), DOTS.map(keep), keep(), keep(), ...Array(4).fill(CHOICES.map(keep))];
        const src = photoAddress(game, game.number);
        const loaded = photo && photo.src === src;
        const dot = (key) => (place) => {
            if (place >= game.rounds) return "play-dot play-dot-none";
            const played = game.played[place];
            if (!played) return place === game.number - 1 ? "play-dot play-dot-now" : "play-dot";
            if (key === "ai_points" && played.missed) return "play-dot play-dot-missed";
            return `play-dot play-dot-${played[key] === 1 ? "right" : played[key] ? "half" : "wrong"}`;
        };
        return [
            `Round ${game.number} of ${game.rounds}`,
            points(game.points),
            points(game.ai_points),
            DOTS.map(dot("points")),
            DOTS.map(dot("ai_points")),
            src,
            loaded ? { "--ratio": photo.width / photo.height } : { visibility: "hidden" },
            CHOICES.map((place) => (game.choices[place] ? game.choices[place].name : "")),
            CHOICES.map((place) =>
                guess && game.choices[place] && game.choices[place].label === guess
                    ? "play-choice option play-choice-made"
                    : "play-choice option",
            ),
            CHOICES.map(() => phase === "asking"),
            CHOICES.map((place) => !game.choices[place]),
        ];
    }

    function reveal(data) {
        const { phase, game } = given(data);
        if (phase !== "revealed") return [keep(), ...Array(4).fill(keep()), ...Array(5).fill(ANSWERS.map(keep)), keep()];
        const last = lastPlayed(game);
        return [
            String(last.points),
            verdict(last),
            last.truth,
            last.points === 1 ? `${MARKS[1]} You said so.` : `${MARKS[last.points]} You said ${last.guess}.`,
            last.missed,
            ANSWERS.map((rank) => !last.ai[rank]),
            ANSWERS.map((rank) => (last.ai[rank] && last.ai[rank].name === last.truth ? "play-ai-truth" : "")),
            ANSWERS.map((rank) => (last.ai[rank] ? last.ai[rank].name : "")),
            ANSWERS.map((rank) => (last.ai[rank] ? window.numbers.percent(last.ai[rank].probability) : "")),
            ANSWERS.map((rank) => ({ width: last.ai[rank] ? `${100 * last.ai[rank].probability}%` : "0" })),
            game.number === game.rounds ? "See the result" : "Next photo",
        ];
    }

    /* The map of the AI's first answer over the photo. */
    function heatmap(data, on) {
        const { phase, game, answer, photo } = given(data);
        if (phase !== "revealed") return [true, "", "", true];
        const last = lastPlayed(game);
        const loaded = photo && photo.src === photoAddress(game, game.number);
        // Asked again after a reload, another version of the model may answer.
        const first = answer && last.ai.length && answer.classes.find((entry) => entry.label === last.ai[0].label);
        if (!first || !loaded) return [true, "", last.missed ? "" : "\u00a0", true];
        window.evidenceMap.paint(document.getElementById("play-heatmap"), first.map, answer.extent, photo, answer);
        const words = `what speaks for ${first.name}`;
        return [!on, `Heatmap: ${words}`, on ? `Bright: ${words}.` : "\u00a0", false];
    }

    const sorted = (names) => [...new Set(names)].sort((one, other) => one.localeCompare(other));
    const makes = (cars) => sorted((cars || []).map((car) => car.make));

    /* A new round begins with nothing chosen. */
    function first_make(data) {
        const { phase, game } = given(data);
        const key = game && phase === "guessing" ? `${game.id}/${game.number}` : round;
        if (key === round) return keep();
        round = key;
        return null;
    }

    function models(make, cars) {
        model = null;
        if (!make) return [[], null, true];
        const choices = (cars || []).filter((car) => car.make === make);
        window.dash_clientside.play.focusOn("play-model");
        return [choices.map((car) => ({ value: car.label, label: car.model })), null, false];
    }

    function may_guess(label, data) {
        if (label && label !== model) window.dash_clientside.play.focusOn("play-guess");
        model = label;
        return !label || given(data).phase !== "guessing";
    }

    const named = () => model;

    function over(data) {
        const { phase, game } = given(data);
        if (phase !== "over") return [...Array(3).fill(keep()), ...Array(5).fill(DOTS.map(keep))];
        const scores = `${points(game.points)} : ${points(game.ai_points)}`;
        const won = game.points > game.ai_points;
        const drawn = game.points === game.ai_points;
        const result = drawn ? `A draw, ${scores}` : won ? `You won, ${scores}` : `The AI won, ${scores}`;
        const link = `${location.origin}/play?${new URLSearchParams({
            seed: game.seed, rounds: game.rounds, difficulty: game.difficulty,
        })}`;
        const squares = (key) => game.played.map((played) => SQUARES[played[key]]).join("");
        const mine = drawn ? "a draw" : won ? "I won" : "I lost";
        const mark = (key, place) => MARKS[game.played[place][key]];
        const there = (value) => (place) => (game.played[place] ? value(game.played[place], place) : "");
        return [
            result,
            `${game.rounds} rounds, ${game.difficulty}. You thought for ${minutes(game.seconds)}.`,
            [
                `Beat the AI: ${mine} ${scores}`,
                `Me ${squares("points")}`,
                `AI ${squares("ai_points")}`,
                `The same ${game.rounds} photos, ${game.difficulty}:`,
                link,
            ].join("\n"),
            DOTS.map((place) => !game.played[place]),
            DOTS.map((place) => (game.played[place] ? `${photoAddress(game, place + 1)}?side=400` : keep())),
            DOTS.map(there((played) => played.truth)),
            DOTS.map(there((played, place) => `${mark("points", place)} You: ${played.guess}`)),
            DOTS.map(
                there((played, place) =>
                    played.ai.length ? `${mark("ai_points", place)} AI: ${played.ai[0].name}` : "\u2013 AI: missed its turn",
                ),
            ),
        ];
    }

    function board(data, viewData) {
        const { phase, game } = given(viewData);
        const { scores, rounds, difficulty } = data || { scores: [] };
        const signing = phase === "over" && game.ranked && !game.name;
        const lines = scores || [];
        const cell = (value) => DOTS.map((place) => (lines[place] ? value(lines[place], place) : ""));
        return [
            data ? `${rounds} rounds, ${difficulty}` : "",
            !signing,
            boardNote(phase, game, scores),
            !lines.length,
            DOTS.map((place) => !lines[place]),
            DOTS.map((place) => (lines[place] && lines[place].mine ? "play-board-mine" : "")),
            cell((_, place) => String(place + 1)),
            cell((line) => line.name),
            cell((line) => points(line.points)),
            cell((line) => points(line.ai_points)),
            cell((line) => minutes(line.seconds)),
        ];
    }

    function boardNote(phase, game, scores) {
        if (scores === null) return "The leaderboard cannot be read now. Reload the page to try again.";
        if (phase === "over" && !game.ranked) {
            return "You had seen some of these photos before, so this game does not count here.";
        }
        if (scores.length) return "";
        return phase === "over" ? "Nobody yet: be the first." : "Nobody has played this yet: be the first.";
    }

    return { page, round: showRound, reveal, heatmap, makes, first_make, models, may_guess, named, over, board };
})();
