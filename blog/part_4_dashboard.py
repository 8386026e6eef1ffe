# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Part 4: a page for many people
#
# We have a model, a server that answers for it, and a heatmap that says why. Now we need a page for people who do not
# write Python. A page for one person is an afternoon's work. This part is about the second person: whose game, whose
# photo and whose score is it, and what do both people read while the model server is away?
#
# The [series of 2020](https://github.com/fabianmax/car-classification) ended with a page made with
# [Dash](https://dash.plotly.com): a game of five photos, you against the model. It kept one game for everybody. We
# rebuild that design in a few lines, let two people play it at once, and then let the same two, and after them ten,
# play on the dashboard of this project.

# %%
import atexit
import base64
import csv
import io
import json
import logging
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import dash
import matplotlib.pyplot as plt
import numpy as np
import requests
from flask import Flask, request
from matplotlib.colors import CenteredNorm, LinearSegmentedColormap
from PIL import Image
from werkzeug.serving import make_server

from blog import series
from blog.series import BLUE, GREEN, GREY, MODEL_NAME, ORANGE, TINY, WORK, table
from dashboard.model_server.client import ModelClient, Timeout
from dashboard.model_server.errors import ModelServerError
from dashboard.names import display_name
from dashboard.photos.normalise import normalise
from dashboard.web import request_id

series.begin()
ROUNDS, GAMES = (5, 1) if TINY else (5, 3)
THINK = (0.05, 0.25)  # seconds that our players take, for a guess and before they go on
manifest, model_folder = series.photos(), series.model().parent

# %% [markdown]
# ## What a Dash app is
#
# A Dash app has a *layout*, a tree of components that the browser draws, and *callbacks*, Python functions that the
# browser calls when something in the tree changes. `Input` names the change that starts a callback, `State` names the
# values sent along, and `Output` names the place of the answer. Here is a complete app; it counts clicks.

# %%
counter = dash.Dash("counter")
counter.layout = dash.html.Div(
    [dash.html.Button("One more", id="more"), dash.html.P(id="shown"), dash.dcc.Store(id="count", data=0)]
)


@counter.callback(
    dash.Output("count", "data"),
    dash.Output("shown", "children"),
    dash.Input("more", "n_clicks"),
    dash.State("count", "data"),
)
def add_one(_, count):
    """Add one to the count, as a click on the button does."""
    return count + 1, f"{count + 1} so far"


# %% [markdown]
# A `dcc.Store` is a drawer in the browser. Nothing on the server remembers the count: it arrives with the request and
# returns with the answer. We act as the browser of two visitors.


# %%
def click(browser, url, count):
    """Send the request of a browser whose button is clicked."""
    outputs = [{"id": "count", "property": "data"}, {"id": "shown", "property": "children"}]
    body = {
        "output": "..count.data...shown.children..",
        "outputs": outputs,
        "inputs": [{"id": "more", "property": "n_clicks", "value": 1}],
        "state": [{"id": "count", "property": "data", "value": count}],
        "changedPropIds": ["more.n_clicks"],
    }
    return browser.post(f"{url}/_dash-update-component", json=body)


browser = counter.server.test_client()
for visitor, count in (("Ada", 4), ("Grace", 41)):
    print(visitor, click(browser, "", count).json["response"])

# %% [markdown]
# That is all that *stateless* means: any worker can answer any request, because the request says everything (Fielding
# 2000, [section 5.1.3](https://roy.gbiv.com/pubs/dissertation/rest_arch_style.htm)). A production web server consists
# of several processes with several threads each, and the next click of the same person may reach another process. The
# server may also have restarted in between.
#
# ## One game for everybody
#
# Now for the design of 2020, in our own code: one dictionary holds the game. On a developer's machine it works
# flawlessly, because there is only one visitor.

# %%
with manifest.open(newline="", encoding="utf-8") as file:
    rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
CARS = {row["file_name"]: row["label"] for row in rows}
LABELS = sorted(set(CARS.values()))


def app_of_2020():
    """The app of 2020, which keeps its game in a global."""
    app, game = Flask("app_of_2020"), {}

    @app.post("/begin")
    def begin():
        game.update(photos=random.choices(list(CARS), k=ROUNDS), place=0, points=0)  # noqa: S311
        return {}

    @app.get("/photo")
    def photo():
        return {"photo": game["photos"][game["place"]]}

    @app.post("/guess")
    def guess():
        game["guess"] = request.json["label"]
        game["truth"] = CARS[game["photos"][game["place"]]]
        game["points"] += game["guess"] == game["truth"]
        game["place"] += 1
        return {}

    @app.get("/result")
    def result():
        return {name: game[name] for name in ("guess", "truth", "points")}

    return app


# %% [markdown]
# A player begins, looks at a photo, thinks, guesses, and reads the result. Each player notes the result that should
# have come back: the guess made, the truth of the photo shown, and the points so far. Any other result belongs to
# another player.


# %%
def play_2020(url, seed, notes):
    """Play some games; note for each round which parts of its result were this player's own."""
    mind, browser = random.Random(seed), requests.Session()  # noqa: S311
    for _ in range(GAMES):
        browser.post(f"{url}/begin")
        points = 0
        for _ in range(ROUNDS):
            photo = browser.get(f"{url}/photo")
            time.sleep(mind.uniform(*THINK))
            guess = mind.choice(LABELS)
            browser.post(f"{url}/guess", json={"label": guess})
            time.sleep(mind.uniform(0.02, 0.08))  # a browser goes to the next page
            told = browser.get(f"{url}/result").json()
            truth = CARS[photo.json()["photo"]] if photo.ok else None
            points += guess == truth
            notes.append([photo.ok, told["guess"] == guess, told["truth"] == truth, told["points"] == points])
            time.sleep(mind.uniform(*THINK))


def together(play, url, players):
    """Let players play at the same time. Returns all their notes."""
    notes = []
    with ThreadPoolExecutor(players) as pool:
        for done in [pool.submit(play, url, seed, notes) for seed in range(players)]:
            done.result()
    return notes


KINDS = ["no photo at all", "another's guess", "another's photo", "another's points"]


def summary(name, notes):
    """A row of a table: how many rounds returned something of another player."""
    wrong = [sum(not note[kind] for note in notes) for kind in range(len(KINDS))]
    mixed = sum(not all(note[: len(KINDS)]) for note in notes)
    return {"": name, "rounds": len(notes), **dict(zip(KINDS, wrong, strict=True)), "rounds mixed up": mixed}


# %%
logging.getLogger("werkzeug").setLevel(logging.ERROR)
app = app_of_2020()
app.logger.disabled = True  # hides tracebacks; the table counts them as "no photo at all"
one_for_all = make_server("127.0.0.1", 0, app, threaded=True)
threading.Thread(target=one_for_all.serve_forever, daemon=True).start()
url_2020 = f"http://127.0.0.1:{one_for_all.port}"
results = [summary(f"one global game, {players} at once", together(play_2020, url_2020, players)) for players in (1, 2)]
one_for_all.shutdown()
table(results)

# %% [markdown]
# A single player notices nothing. With two players, the second to begin throws the first player's game away, each guess
# moves both players on, and a result belongs to whoever guessed last. This need not crash, and no test with a single
# user would find it. It does crash when two players have used up the photos of one game: these are the rounds without a
# photo.
#
# A lock would not help, because each single request is correct. Nor would more processes: then there are as many global
# games as processes, and your next click finds any one of them. In 2020 a proxy was tried that started a container for
# each visitor; this is correct, but costs a whole program per visitor.
#
# ## Where state may live
#
# | what | where | why there |
# |---|---|---|
# | the content of a tab, colours | the browser (`dcc.Store`, `sessionStorage`) | small; nobody else needs it |
# | the owner of a game | a random id in a cookie that scripts cannot read | the only thing that every request carries |
# | games, scores, feedback | a database, by that id | must outlive a restart; two tabs may write at once |
# | a visitor's photo | a folder on the server, by a random id, for an hour | large; every worker must find it |
# | the model server's state, for two seconds | the memory of a process | only a copy: may be lost, or differ |
# | anything of a visitor | a module global: **never** | all visitors share it, and each process has another one |
#
# ### Why a photo does not travel through a Store
#
# The browser sends a Store with every callback that names it. A photo in a Store is uploaded again at each click, in
# base64, which turns 3 bytes into 4 ($\lceil n/3 \rceil \cdot 4$ characters for $n$ bytes). We click a counter with a
# photo in its drawer, and again with only the photo's id.

# %%
car = Image.open(manifest.parent / rows[0]["file_name"]).convert("RGB").resize((1600, 1067))
buffer = io.BytesIO()
car.save(buffer, "JPEG", quality=92)
photo = buffer.getvalue()

sizes = dash.Dash("sizes")
sizes.layout = dash.html.Div([dash.html.Button(id="more"), dash.html.P(id="shown"), dash.dcc.Store(id="count")])
sizes.callback(
    dash.Output("count", "data"),
    dash.Output("shown", "children"),
    dash.Input("more", "n_clicks"),
    dash.State("count", "data"),
)(lambda _, drawer: (dash.no_update, f"{len(drawer)} characters"))

browser, carried = sizes.server.test_client(), []
for what, drawer in (("the photo", "data:image/jpeg;base64," + base64.b64encode(photo).decode()), ("its id", "a" * 32)):
    sent = click(browser, "", drawer).request.content_length
    upwards = f"{sent * 8 / 1e6:.4f}"
    carried.append({"in the Store": what, "bytes sent for a click": f"{sent:,}", "s for them at 1 Mbit/s": upwards})
table(carried)

# %% [markdown]
# The seconds are the bytes times eight, divided by a million: the time that a phone on a train would wait at each
# click, for nothing.
#
# ## The same players on the real page
#
# We start the same programs as `car-classifier up`, but by hand so that we can stop them later: the model server, and
# the dashboard with two worker processes. Environment variables hold the settings of both.

# %%
logs = WORK / "part_4"
shutil.rmtree(logs, ignore_errors=True)
logs.mkdir(parents=True)


def free_port():
    """A port on which no program listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def start(*words, **environment):
    """Start one of our programs, with its log in a file of that name."""
    log = (logs / f"{words[0]}.log").open("a")
    command = [sys.executable, "-m", *map(str, words)]
    process = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log)
    atexit.register(process.kill)
    return process


def page_state():
    """The page's report on the model server."""
    try:
        return requests.get(f"{page}/status", timeout=20).json()["state"]
    except requests.ConnectionError:
        return "no page yet"


def wait_for(state):
    """Wait until the page reports that state. Returns the seconds it took."""
    began = time.monotonic()
    while page_state() != state:
        if time.monotonic() - began > 300 or dashboard.poll() is not None:
            raise RuntimeError(f"The page does not get {state}; see {logs}.")
        time.sleep(0.2)
    return time.monotonic() - began


# %%
model_port, page_port = free_port(), free_port()
page, model_url = f"http://127.0.0.1:{page_port}", f"http://127.0.0.1:{model_port}"
serve = ["car_classifier", "serve", "--model-base-path", model_folder, "--rest-api-port", model_port, "--port", "-1"]
serve += ["--model-name", MODEL_NAME, "--log-requests"]
model_server = start(*serve)
dashboard = start(
    "dashboard",
    DASHBOARD_MODEL_SERVER_URL=model_url,
    DASHBOARD_MODEL_NAME=MODEL_NAME,
    DASHBOARD_MODEL_FOLDER=str(model_folder),
    DASHBOARD_MANIFEST=str(manifest),
    DASHBOARD_PHOTO_FOLDER=str(logs / "photos"),
    DASHBOARD_PORT=str(page_port),
    DASHBOARD_WORKERS="2",
    DASHBOARD_READ_TIMEOUT="3",
    DATABASE_URL=f"sqlite:///{logs}/dashboard.sqlite3",
)
print(f"The page was ready after {wait_for('ready'):.0f} seconds.")

# %% [markdown]
# The game's address contains the game's id, the cookie says who asks, and the database knows whether the two belong
# together. Our players recognise every photo by its bytes, so they can tell whether the returned truth belongs to the
# photo that they saw.

# %%
TRUTHS = {}
for name, label in CARS.items():
    shown = normalise((manifest.parent / name).read_bytes(), max_megapixels=50, longest_side=1600)
    TRUTHS[shown.jpeg] = display_name(label)


def begin_game(browser):
    """Make a first visit, which sets the cookie, and begin a game."""
    browser.get(f"{page}/play", timeout=60).raise_for_status()
    wishes = {"rounds": ROUNDS, "difficulty": "medium", "start_over": True}
    return browser.post(f"{page}/play/games", json=wishes, timeout=60).json()["game"]


def play_page(url, seed, notes):
    """Do the same as `play_2020` on the dashboard; also note the seconds of each round, without the thinking."""
    mind, browser = random.Random(seed), requests.Session()  # noqa: S311
    for _ in range(GAMES):
        game, points = begin_game(browser), 0
        for number in range(1, ROUNDS + 1):
            here = f"{url}/play/games/{game['id']}/rounds/{number}"
            start = time.perf_counter()
            photo = browser.get(f"{here}.jpg", timeout=60)
            seconds = time.perf_counter() - start
            time.sleep(mind.uniform(*THINK))
            choice = mind.choice(game["choices"])
            start = time.perf_counter()
            told = browser.post(f"{here}/guess", json={"label": choice["label"]}, timeout=60).json()["game"]
            seconds += time.perf_counter() - start
            played, truth = told["played"][-1], TRUTHS.get(photo.content)
            points += choice["name"] == truth
            own = [photo.ok, played["guess"] == choice["name"], played["truth"] == truth, told["points"] == points]
            notes.append([*own, seconds, not played["missed"]])
            time.sleep(mind.uniform(*THINK))
            game = browser.post(f"{here}/next", timeout=60).json()["game"]


# %%
requests.post(f"{page}/photos", data=photo, timeout=60)  # so that nobody's first round pays for the warm-up
together(play_page, page, 1)
times, rates = {}, {}
for players in (2, 10):
    began = time.perf_counter()
    notes = together(play_page, page, players)
    rates[players] = len(notes) / (time.perf_counter() - began)
    times[players] = 1000 * np.array([note[4] for note in notes])
    results.append(summary(f"the dashboard, {players} at once", notes))
    print(f"{players} players: the model took its turn in {sum(note[5] for note in notes)} of {len(notes)} rounds")
table(results)

# %% [markdown]
# Two workers share the games through a database, here an SQLite file, and no player sees anything of another. In each
# round the dashboard asked the model for its five most likely cars and their maps. How long did a round take, photo and
# guess together?
#
# A mean would hide the unlucky players, so we give the median (p50) and the 95th percentile (p95). The tail matters
# more than it seems: a player of $n$ rounds meets the slowest twentieth at least once with probability $1 - 0.95^n$
# (Dean and Barroso 2013, [The Tail at Scale](https://doi.org/10.1145/2408776.2408794)).

# %%
fig, ax = plt.subplots()
scatter = np.random.default_rng(0)
for place, ms in enumerate(times.values()):
    ax.scatter(ms, place + scatter.uniform(-0.16, 0.16, len(ms)), s=14, color=(ORANGE, BLUE)[place], alpha=0.5)
    for share, style in ((50, "-"), (95, ":")):
        value = np.percentile(ms, share)
        ax.plot([value, value], [place - 0.3, place + 0.3], style, color="black", linewidth=1.4)
        ax.annotate(f"p{share}", (value, place + 0.32), ha="right" if share == 50 else "left", fontsize=9)
ax.set_yticks(range(len(times)), [f"{players} players" for players in times])
ax.set(xlabel="milliseconds of a round (photo and guess, with the model's answer and maps)", xlim=(0, None))
ax.set_ylim(-0.5, len(times) - 0.3)
plt.show()

# %% [markdown]
# *Figure 1.* Each dot is a round. The bar is the median, the dotted line the 95th percentile. Where the dots of ten
# players lie further to the right, the players waited for each other: all share one machine.

# %%
table(
    [
        {
            "players": players,
            "p50, ms": f"{np.percentile(ms, 50):.0f}",
            "p95, ms": f"{np.percentile(ms, 95):.0f}",
            "rounds a second": f"{rates[players]:.1f}",
            "waiting at a time": f"{rates[players] * ms.mean() / 1000:.2f}",
            f"meets the slowest 5 % in {GAMES * ROUNDS} rounds": f"{1 - 0.95 ** (GAMES * ROUNDS):.0%}",
        }
        for players, ms in times.items()
    ]
)

# %% [markdown]
# "Waiting at a time" follows from Little's law, $L = \lambda W$: the average number of waiting people is the arrivals
# per second times the seconds that each person waits (Little 1961,
# [10.1287/opre.9.3.383](https://doi.org/10.1287/opre.9.3.383)). It gives the number of busy threads, and so the
# smallest number that is needed. Our players hardly think; people think for seconds, so the same numbers hold for many
# more people.
#
# ## A typed client for the model server
#
# The page itself does not speak JSON to the model server. It uses a small client, `dashboard.model_server.client`,
# which knows the names and types of the answers and needs no TensorFlow. A notebook can use the client as well.

# %%
client = ModelClient(model_url, MODEL_NAME, Timeout(connect=1, read=3))
print(client.status())
original = (manifest.parent / rows[0]["file_name"]).read_bytes()
said = client.classify(original)
print("really", display_name(rows[0]["label"]), "· the model:", said.classes, said.makes[0])

# %%
why = client.explain(original)
evidence = LinearSegmentedColormap.from_list("evidence", [BLUE, "white", ORANGE])
picture = Image.open(io.BytesIO(original)).convert("RGB")
top, left, bottom, right = why.map_extent
place = (left * picture.width, right * picture.width, bottom * picture.height, top * picture.height)
norm = CenteredNorm(halfrange=max(np.abs(one.contributions).max() for one in why.classes[:2]))
fig, axes = plt.subplots(1, 3, figsize=(9, 2.6))
axes[0].imshow(picture)
axes[0].set_title(f"Really {display_name(rows[0]['label'])}")
for ax, one in zip(axes[1:], why.classes[:2], strict=False):
    ax.imshow(picture.convert("L"), cmap="gray")
    strength = 0.85 * np.abs(one.contributions) / norm.halfrange  # no colour where there is no evidence
    ax.imshow(one.contributions, extent=place, cmap=evidence, norm=norm, alpha=strength, interpolation="bilinear")
    ax.set(xlim=(0, picture.width), ylim=(picture.height, 0))
    ax.set_title(f"{display_name(one.label)} {one.probability:.1%}")
for ax in axes:
    ax.axis("off")
plt.show()

# %% [markdown]
# *Figure 2.* The photo, and the evidence in it for (orange) and against (blue) the two most likely cars, on one scale.
# `map_extent` says where the cells of a map lie on the photo; the cells end short of two edges, and so does the colour.
# The page gets the same numbers and draws in the browser, so a change of class, colours or opacity sends no request.
#
# ## When the model server is away
#
# This will happen: a new version starts, a machine swaps, somebody pulls a cable. A page that then shows an empty chart
# or an endless spinner is worse than a page that says so. Three rules help:
#
# - **Everything has a time limit**, one for opening the connection and one for the beginning of the answer. A dead
#   server is detected within a second; a slow one gets longer.
# - **Only safe requests are repeated.** If no server listened or the server said "busy", the client tries twice more,
#   after pauses of $0.1 \cdot 3^{k-1} \cdot u$ seconds with a random $u$ between 0.5 and 1, so that many clients do not
#   return in step (the idea is as old as Ethernet: Metcalfe and Boggs 1976,
#   [10.1145/360248.360253](https://doi.org/10.1145/360248.360253)). If the server was *slow*, the client does not ask
#   again: the server may still be working on the request, and needs nothing less than more of the same work.
# - **Each error is a sentence** that names the problem and the remedy.
#
# We try it for real. We freeze the model server's process while it works, then stop it, then start it again. Each time
# we look from three places: the client, the page's own `/status`, and a player in the middle of a game.

# %%
player = requests.Session()
game = begin_game(player)
sent_photo = player.post(f"{page}/photos", data=original, timeout=60).json()


def look(what):
    """What the client, the page and a player see now."""
    time.sleep(2.5)  # the page caches the state for two seconds
    state = requests.get(f"{page}/status", timeout=20).json()
    ready = requests.get(f"{page}/readyz", timeout=20).status_code
    start = time.perf_counter()
    try:
        client_says = client.classify(original).classes[0].label
    except ModelServerError as error:
        client_says = f"`{type(error).__name__}`: {error}"
    seconds = time.perf_counter() - start
    answer = player.post(f"{page}/photos/{sent_photo['id']}/answer", timeout=60)
    number = game["number"]
    label = game["choices"][0]["label"]
    here = f"{page}/play/games/{game['id']}/rounds/{number}"
    told = player.post(f"{here}/guess", json={"label": label}, timeout=60).json()["game"]["played"][-1]
    game.update(player.post(f"{here}/next", timeout=60).json()["game"])
    return {
        "the model server": what,
        "the client": client_says.replace(model_url, "…"),
        "after, s": f"{seconds:.2f}",
        "`/status`": state["text"],
        "`/readyz`": ready,
        "`/photos/…/answer`": answer.status_code,
        "a player": told["missed"] or "The AI answered.",
    }


seen = [look("runs")]
model_server.send_signal(signal.SIGSTOP)
seen.append(look("is frozen"))
model_server.send_signal(signal.SIGCONT)
wait_for("ready")
seen.append(look("has thawed"))

# %%
retries = logging.StreamHandler(sys.stdout)
logging.getLogger("dashboard.model_server.transport").addHandler(retries)
logging.getLogger("dashboard.model_server.transport").setLevel(logging.INFO)
model_server.terminate()
model_server.wait()
seen.append(look("is stopped"))
logging.getLogger("dashboard.model_server.transport").removeHandler(retries)

# %%
model_server = start(*serve)
print(f"The page was ready again after {wait_for('ready'):.0f} seconds; nobody touched the page.")
seen.append(look("is back"))
table(seen)

# %% [markdown]
# The frozen server costs each client its time limit and no more; the stopped server is detected at once, after the two
# further attempts that are printed above. The page stays up all the time: `/readyz` answers 200, because a page that
# can say "not reachable" is doing its job, and a load balancer that removed the page would leave visitors with nothing.
# The player's guess counts, the AI misses its turn, and the game goes on.
#
# ## One id through both logs
#
# When somebody says "it failed at ten past three", whose request was it? The dashboard gives each visitor's request a
# random id and sends it along as `X-Request-ID`; the model server, started with `--log-requests`, writes one line of
# JSON for each request, with that id. From a notebook:

# %%
request_id.begin()
print("sent:", request_id.current())
client.classify(original)
request_id.end()


def logged():
    """The log lines of the model server."""
    lines = (logs / "car_classifier.log").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


last = logged()[-1]
print("log: ", last["request_id"], last["path"], last["signature"], last["status"], last["milliseconds"], "ms")

# %% [markdown]
# Here is the failure from above, as both sides report it. While the server was frozen, the dashboard logged that the
# server took too long. The server, once thawed, found the requests still waiting. The id shows that these are the same
# requests. (499 means that the client had hung up; the few milliseconds count from the moment when the thawed server
# picked up the request.)

# %%
warnings = (logs / "dashboard.log").read_text(encoding="utf-8").splitlines()
lines = {line["request_id"]: line for line in logged()}
told_twice = [(lines[word], text) for text in warnings for word in [text[-33:-1]] if word in lines]
for line, text in told_twice:
    print("dashboard:   ", text.replace(model_url, "…"))
    print("model server:", {name: line[name] for name in ("request_id", "path", "status", "milliseconds")}, "\n")
print(f"{len(told_twice)} failures are told in both logs.")

# %% [markdown]
# ## What a page forbids the browser
#
# Visitors send files and names, and the page shows them to others. A few headers keep a mistake of ours from harming a
# visitor.

# %%
first = requests.get(page, timeout=20)
MEANING = {
    "Content-Security-Policy": "scripts run from this address or if their hash is listed; nothing else does",
    "X-Content-Type-Options": "what was sent as a photo is never taken for a page",
    "X-Frame-Options": "no other site can put the page in a frame and have it clicked",
    "Referrer-Policy": "other sites do not learn what was looked at",
    "Set-Cookie": "the visitor's id: no script reads it (HttpOnly), no form of another site sends it (SameSite)",
}
values = dict(first.headers)
values["Content-Security-Policy"] = values["Content-Security-Policy"].partition("script-src")[2][:40] + "…"
values["Set-Cookie"] = values["Set-Cookie"].partition("; ")[2]
table([{"header": name, "value": f"`{values[name].strip()}`", "means": text} for name, text in MEANING.items()])

# %% [markdown]
# The page passes nothing from a visitor on unchanged. It decodes every photo and removes the camera's metadata. The
# model gets the photo's own pixels, and browsers a copy with at most 1,600 pixels on the longer side. A file that is
# not a photo is answered with a sentence. And nobody can reach another player's game, even with its id.

# %%
tagged = io.BytesIO()
exif = Image.Exif()
exif[0x010F] = "A camera that knows where you live"
Image.open(io.BytesIO(original)).save(tagged, "JPEG", exif=exif)
kept = requests.post(f"{page}/photos", data=tagged.getvalue(), timeout=20).json()
shown = Image.open(io.BytesIO(requests.get(page + kept["src"], timeout=20).content))
print("sent:", dict(Image.open(tagged).getexif()), "· shown:", dict(shown.getexif()))
refused = requests.post(f"{page}/photos", data=b"<script>alert(1)</script>", timeout=20)
print(refused.status_code, refused.json())
stranger = requests.Session()
stranger.get(f"{page}/play", timeout=20)
theft = stranger.post(f"{page}/play/games/{game['id']}/rounds/1/next", timeout=20)
print(theft.status_code, theft.json())

# %% [markdown]
# There is no sign-in. A page that is not for everyone belongs [behind a proxy with a
# sign-in](../docs/how-to/behind-a-proxy.md).
#
# ## A page that shuts nobody out
#
# Not everyone sees colours, uses a mouse, or can read a screen. Many remedies cost one line: the page's language in
# `<html lang>`, a link past the header, a label for every field, one `main` on each page, a game that is playable by
# keys, no animation for visitors who asked for none. Text must stand out from its background: WCAG 2
# ([1.4.3](https://www.w3.org/TR/WCAG22/#contrast-minimum)) wants a ratio of 4.5 of the luminances,
# $(L_1 + 0.05)/(L_2 + 0.05)$. Here are the buttons of the page, white on petrol, beside the colours of this series'
# figures, which are for marks and not for text (for marks, 3 is enough):


# %%
def luminance(colour):
    """Relative luminance of #rrggbb, 0 to 1, as WCAG 2 defines it."""
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


colours = {"the page's buttons": "#1c7389", "orange": ORANGE, "blue": BLUE, "green": GREEN, "grey": GREY}
table([{"": name, "contrast with white": f"{1.05 / (luminance(c) + 0.05):.1f}"} for name, c in colours.items()])

# %% [markdown]
# The rest needs a real browser. If this machine has Chromium, and Playwright to control it, we use the page as a
# visitor would, look at it on a desktop and on a phone in dark mode, and let
# [axe](https://github.com/dequelabs/axe-core) search it for barriers. The tests of the project do so on every page, in
# both themes.


# %%
def pictures(program):
    """Pictures of the page in use, and the number of things that axe finds."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import expect, sync_playwright

    desk = {"viewport": {"width": 1180, "height": 860}, "color_scheme": "light"}
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "is_mobile": True, "has_touch": True}
    found = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for path, options in (("/", desk), ("/play", phone)):
            tab = chromium.new_context(**options, reduced_motion="reduce").new_page()
            tab.set_default_timeout(60_000)
            tab.goto(page + path)
            if path == "/":
                tab.locator("[data-sample]").nth(1).click()
                expect(tab.locator("#classify")).to_have_attribute("data-phase", "answered", timeout=60_000)
            else:
                tab.get_by_role("button", name="Start").click()
                tab.locator(".play-choice").first.click()
                expect(tab.locator("#play-reveal")).to_be_visible(timeout=60_000)
            tab.wait_for_load_state("networkidle")
            tab.evaluate("scrollTo(0, 0)")
            picture = Image.open(io.BytesIO(tab.screenshot()))
            found.append((path, picture, len(Axe().run(tab).response["violations"])))
        chromium.close()
    return found


program = next(
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"))), None
)
try:
    with ThreadPoolExecutor(1) as pool:  # Playwright wants a thread without a notebook's event loop
        taken = pool.submit(pictures, program).result() if program else []
except ImportError as error:
    program, taken = None, []
    print(f"{error.name} is not installed.")
if taken:
    wide = [picture.width / picture.height for _, picture, _ in taken]
    fig, axes = plt.subplots(1, 2, figsize=(9.5, 5), width_ratios=wide)
    for ax, (path, picture, violations) in zip(axes, taken, strict=True):
        ax.imshow(picture, interpolation="antialiased")
        ax.set_title(f"{path}: axe finds {violations}")
        ax.axis("off")
    plt.show()
else:
    print("There is no browser here, so there are no pictures: install chromium and playwright, then run this again.")

# %% [markdown]
# *Figure 3.* The page on a desktop with a sample photo under its heatmap, and a round of the game on a phone in dark
# mode, after the guess. The titles say how many rules of axe each page breaks. (Without a browser there is no picture.)

# %%
for process in (dashboard, model_server):
    process.terminate()
print("The dashboard ended with", dashboard.wait(), "and the model server with", model_server.wait())

# %% [markdown]
# ## What changed since 2020
#
# | | the 2020 series | here |
# |---|---|---|
# | a game | one for all visitors | one for each browser, by a cookie, in a database |
# | processes | one, because the game is in its memory | any number: no process keeps anything |
# | asking the model | two services, JSON floats, before play starts | one request with the photo's bytes, when needed |
# | heatmap | a picture made by the server | numbers, drawn in the browser |
#
# None of this is clever. To build a web page for many people, ask for each thing that is remembered: whose is it, who
# else must find it, and when may it be forgotten?
#
# To continue: `car-classifier up` opens everything on your machine, [docs/dashboard.md](../docs/dashboard.md) has the
# settings and the cost of fifty players at once, [docs/client.md](../docs/client.md) describes the client and its
# errors, and [docs/monitoring.md](../docs/monitoring.md) the logs and metrics of the server.
