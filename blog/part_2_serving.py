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
# # Part 2: from a trained net to a service
#
# Part 1 ended with a trained net: some numbers in a Python process. This evening turns the net into a service that
# anybody can ask over the network, that can be replaced while people ask it, and that no strange photo can knock over.
#
# The [series of 2020](https://github.com/fabianmax/car-classification) used three separate things: a SavedModel behind
# TensorFlow Serving, a list of class names in a pickle, and a client that cropped and scaled each photo, wrote every
# pixel as a decimal number and sent the numbers. It worked. The lesson since then fits into one sentence: **every step
# that is left to the client will be done differently there.** So here the client sends the bytes of a photo and gets
# names back, and one file does everything in between. We shall see what this file contains, what it saves, and what it
# takes to run it.

# %%
import atexit
import base64
import collections
import gzip
import http.client
import io
import json
import os
import shlex
import shutil
import statistics
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from PIL import Image

from blog import series
from car_classifier.data.manifest import read_manifest
from car_classifier.network.preprocessing import load_photo
from car_classifier.registry.assets import write_checksums
from dashboard.model_server.client import ModelClient
from dashboard.model_server.errors import ModelServerError

series.begin()
version = series.model()
manifest = read_manifest(series.photos())
rows = manifest.split("test")
photo = manifest.photo_path(rows[0]).read_bytes()
print(f"The first test photo shows a {rows[0].label} and has {len(photo):,} bytes.")

# %% [markdown]
# A *model server* is a program that loads the file once, waits at an address (a machine and a port on it, such as 8501)
# and answers requests over HTTP, as a web site does. A GET only asks, a POST also sends data; requests and answers are
# JSON. [TensorFlow Serving](https://arxiv.org/abs/1712.06139) (Olston and others, 2017) is Google's model server,
# written in C++ and mostly run in Docker. The project brings a second one, the *embedded* server, which needs no Docker
# and has the same interface, so you can send everything below to either; the project's tests compare its answers with
# answers recorded from TensorFlow Serving. This command starts it by hand, on port 8501, and Ctrl-C ends it:
#
# <!-- not run: is what the next cell does -->
# ```sh
# car-classifier serve --model-base-path build/blog/model
# ```
#
# The next cell starts the embedded server on Part 1's model, on a free port. We must measure one thing at once, before
# anybody else asks: the time of its first ten answers. We come back to them.

# %%
NAME = series.MODEL_NAME
servers = ExitStack()
atexit.register(servers.close)
url = servers.enter_context(series.model_server())


def ask(address, body=None, headers=None):
    """The HTTP status and the answer's text; a body makes it a POST."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        request = urllib.request.Request(address, data, headers or {})  # noqa: S310
        with urllib.request.urlopen(request) as response:  # noqa: S310
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def about(content, signature="classify", **more):
    """The body that asks about a photo: its bytes in base64, and nothing else."""
    instance = {"image_bytes": {"b64": base64.b64encode(content).decode()}} | more
    return {"signature_name": signature, "instances": [instance]}


def milliseconds(work):
    """The seconds that a call takes."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


predict = f"{url}/v1/models/{NAME}:predict"
first_ten = [milliseconds(lambda: ask(predict, about(photo))) for _ in range(10)]

# %% [markdown]
# ## Three questions
#
# *Are you there?* Send a GET to the model's address. Read the `state`, not the HTTP status: the status is 200 even
# while the model is still loading.

# %%
print(ask(f"{url}/v1/models/{NAME}")[1])

# %% [markdown]
# *What can I ask you?* A SavedModel is a TensorFlow graph with its weights and with named entrances. An entrance is
# called a *signature*: the names, types and shapes of its inputs and outputs. −1 is the batch, any number of photos.

# %%
metadata = json.loads(ask(f"{url}/v1/models/{NAME}/metadata")[1])
signatures = metadata["metadata"]["signature_def"]["signature_def"]


def written(tensors):
    """Tensors of a signature as text."""
    sizes = {name: [int(d["size"]) for d in t["tensor_shape"].get("dim", [])] for name, t in tensors.items()}
    return ", ".join(f"`{name}` {t['dtype'][3:].lower()} {sizes[name]}" for name, t in sorted(tensors.items()))


asked = ["classify", "explain", "all_classes", "serving_default"]
series.table(
    [{"signature": s, "in": written(signatures[s]["inputs"]), "out": written(signatures[s]["outputs"])} for s in asked]
)

# %% [markdown]
# *What is this?* JSON carries bytes as base64, in an object with the single key `b64`. In a shell the request is
#
# ```sh
# {
#     printf '{"signature_name": "classify", "instances": [{"image_bytes": {"b64": "'
#     base64 < car.jpg | tr -d '\n'
#     printf '"}}]}'
# } | curl -s -d @- localhost:8501/v1/models/car_classifier:predict
# ```
#
# and here is the same with Python's standard library:

# %%
status, text = ask(predict, about(photo))
print(status, text)

# %% [markdown]
# The dashboard asks in the same way through a small client, which needs neither TensorFlow nor anything else of the
# dashboard. These lines are all that a program needs:

# %%
client = ModelClient(url, NAME)
said = client.classify(photo)
print(client.status())
print(said.classes[:3])
print(said.makes[:3])

# %% [markdown]
# The second signature, `explain`, gives the same answer and adds a map for each of the five best classes, and for one
# class that you may name; Part 3 is about it. `all_classes` gives the probabilities of all classes, for measuring a
# model. The last one, `serving_default`, is the entrance of 2020: pixels in, bare probabilities out. We keep it for old
# clients, and for the comparison below.
#
# ## What is in the file
#
# Let us count. A graph consists of operations, and each operation is a piece of C++ that is compiled into the server.
# If one of our operations were missing there, or were Python in disguise, TensorFlow Serving could not run the model.

# %%
loaded = tf.saved_model.load(str(version))


def operations(signature):
    """How often each operation stands in a signature, in all functions that it calls."""
    graph = loaded.signatures[signature].graph.as_graph_def()
    functions = {f.signature.name: f for f in graph.library.function}
    counts, waiting = collections.Counter(), list(graph.node)
    while waiting:
        node = waiting.pop()
        counts[node.op] += node.op not in functions
        called = [node.op, *(a.func.name for a in node.attr.values())]
        called += [f.name for a in node.attr.values() for f in a.list.func]
        waiting += [inner for name in called if name in functions for inner in functions[name].node_def]
    return counts


counts = {s: operations(s) for s in asked}
stages = {
    "decode: `DecodeJpeg`, `DecodePng`": ["DecodeJpeg", "DecodePng"],
    "defend: `Assert`, `EnsureShape`": ["Assert", "EnsureShape"],
    "resize: `ScaleAndTranslate`": ["ScaleAndTranslate"],
    "net: `Conv2D`": ["Conv2D"],
    "logits: `MatMul`": ["MatMul"],
    "calibrated probabilities: `Softmax`": ["Softmax"],
    "five best: `TopKV2`": ["TopKV2"],
}
lines = [{"": stage} | {s: sum(counts[s][op] for op in ops) for s in asked} for stage, ops in stages.items()]
gradients = {s: sum(n for op, n in counts[s].items() if "Backprop" in op or op.endswith("Grad")) for s in asked}
foreign = {s: sum(n for op, n in counts[s].items() if not hasattr(tf.raw_ops, op) or "PyFunc" in op) for s in asked}
lines += [{"": "a backward pass"} | gradients]
lines += [{"": "all operations"} | {s: counts[s].total() for s in asked}]
lines += [{"": "of them not stock TensorFlow, or Python"} | foreign]
series.table(lines)

# %% [markdown]
# Read a column from top to bottom to follow a photo through the graph. `classify` checks the bytes, decodes them,
# stretches the whole photo to the net's input, normalises, runs the net and the dense layer, and calibrates:
#
# $$ p = \mathrm{softmax}(z / T) $$
#
# with one temperature $T$, fitted on validation photos after training so that "80 %" is right in 80 % of cases ([Guo
# and others, 2017](https://arxiv.org/abs/1706.04599)). Then it looks up the names of the best classes, and adds up the
# models of each make (the second `MatMul`). `explain` has no backward pass either; Part 3 tells why it needs none.
# `serving_default` lacks all stages before the net, and the names after it.
#
# ## Why nothing is left to the client
#
# A client of `serving_default` must do the missing stages itself. Here are seven clients that a reasonable person could
# write. All send an array of the right shape and type, so none of them ever sees an error. The net and the photos are
# the same for all.

# %%
height, width = signatures["serving_default"]["inputs"]["images"]["tensor_shape"]["dim"][1:3]
SIZE = int(height["size"]), int(width["size"])


def pillow(content, how=Image.Resampling.BILINEAR, share=1.0):
    """The middle share of a photo's width, stretched by Pillow to the net's input: RGB from 0 to 255."""
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    edge = picture.width * (1 - share) / 2
    box = (edge, 0, picture.width - edge, picture.height)
    return np.asarray(picture.resize(SIZE[::-1], how, box), np.float32)


WAYS = {
    "as inside the graph": lambda content: load_photo(tf.constant(content), SIZE).numpy() / 127.5 - 1,
    "Pillow's resize": lambda content: pillow(content) / 127.5 - 1,
    "nearest pixel": lambda content: pillow(content, Image.Resampling.NEAREST) / 127.5 - 1,
    "middle 70 % only": lambda content: pillow(content, share=0.7) / 127.5 - 1,
    "blue first": lambda content: pillow(content)[..., ::-1] / 127.5 - 1,
    "scaled to 0 … 1": lambda content: pillow(content) / 255,
    "not scaled": pillow,
}
LABELS = json.loads((version / "assets.extra" / "labels.json").read_text(encoding="utf-8"))["labels"]
some = rows[:: max(1, len(rows) // 48)]
contents = [manifest.photo_path(row).read_bytes() for row in some]
truth = np.array([LABELS.index(row.label) if row.label in LABELS else -1 for row in some])


def in_batches(signature, name, values, size=16):
    """Probabilities [n, classes] of many, asked in this process: the same file, so the same answers."""
    parts = [values[i : i + size] for i in range(0, len(values), size)]
    return np.concatenate([loaded.signatures[signature](**{name: tf.constant(p)})["probabilities"] for p in parts])


by_graph = in_batches("all_classes", "image_bytes", contents)
by_client = {}
for way, prepare in WAYS.items():
    by_client[way] = in_batches("serving_default", "images", [prepare(content) for content in contents])

result = [
    {"who prepares, and how": "**the graph itself** (bytes in)"}
    | {"right": f"{np.mean(by_graph.argmax(1) == truth):.0%}"}
]
result[0] |= {"same answer as the graph": "–", "largest change of a probability": "–"}
for way, answer in by_client.items():
    result.append(
        {
            "who prepares, and how": f"a client, {way}",
            "right": f"{np.mean(answer.argmax(1) == truth):.0%}",
            "same answer as the graph": f"{np.mean(answer.argmax(1) == by_graph.argmax(1)):.0%}",
            "largest change of a probability": f"{np.abs(answer - by_graph).max():.6f}",
        }
    )
print(f"{len(some)} test photos")
series.table(result)

# %%
figure, axes = plt.subplots(1, len(WAYS), figsize=(11, 1.9))
for axis, (way, prepare) in zip(axes, WAYS.items(), strict=True):
    seen = prepare(photo)
    axis.imshow(np.clip((seen + 1) / 2, 0, 1))
    axis.set_title(f"{way}\n{np.mean(by_client[way].argmax(1) == truth):.0%} right", fontsize=8)
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(True)
plt.show()

# %% [markdown]
# *Figure 1.* One photo as seven clients send it, drawn as the net sees it: −1 is black, 1 is white. The first two look
# identical; the others range from harmless to absurd, and the share of right answers above each shows its cost. No
# client got an error.
#
# This has a name, *training/serving skew*. [Zinkevich's
# rules](https://developers.google.com/machine-learning/guides/rules-of-ml) of machine learning give it a chapter. The
# first row shows how to avoid it: training reads photos with a function in `car_classifier/network/preprocessing.py`,
# and the graph contains that same function.
#
# Names have the same problem. A list of classes made from a Python `set`, as in 2020, has a different order for every
# hash seed, and Python draws a new seed at every start. The names are right only as long as the pickle of exactly that
# run lies beside the model. Here is the order for two seeds:

# %%
code = f"print(list(set({LABELS[:4]})))"
for seed in ("1", "2"):
    environment = os.environ | {"PYTHONHASHSEED": seed}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    print(done.stdout.strip())

# %% [markdown]
# ## Floats against bytes
#
# Now for the network. As a decimal fraction, a pixel takes some twenty characters of JSON for each of its three
# colours. Base64 takes $4\lceil n/3\rceil$ characters for the $n$ bytes of a JPEG, a format made to be small. To be
# fair to the floats, they get a second chance, compressed with gzip; and to be fair to both, the bytes get a bad day:
# the same photo at twelve megapixels, like a phone's. (Drawings flatter both. An enlarged drawing compresses well,
# while a phone's own file would be several times as large; and smooth pixels that Pillow has resized take only 256
# different values, which suits gzip.) First we count what 2020's net of 224×224 pixels would need:

# %%
square = np.asarray(Image.open(io.BytesIO(photo)).convert("RGB").resize((224, 224)), np.float32) / 127.5 - 1
size_2020 = len(json.dumps({"signature_name": "serving_default", "instances": [square.tolist()]}))
print(
    f"224×224 pixels as JSON floats: {size_2020:,} bytes; this photo in base64: {len(json.dumps(about(photo))):,} bytes"
)

phone = io.BytesIO()
Image.open(io.BytesIO(photo)).convert("RGB").resize((4000, 3000)).save(phone, "jpeg", quality=85)
phone = phone.getvalue()


def floats(content):
    """2020's request, for this net: prepared pixels, number by number."""
    return json.dumps(
        {"signature_name": "serving_default", "instances": [WAYS["Pillow's resize"](content).tolist()]}
    ).encode()


def in_bytes(content):
    """This project's request."""
    return json.dumps(about(content)).encode()


REQUESTS = {
    "floats": (lambda: floats(photo), {}),
    "floats, gzip": (lambda: gzip.compress(floats(photo), 6), {"Content-Encoding": "gzip"}),
    "bytes": (lambda: in_bytes(photo), {}),
    "bytes, 12 megapixels": (lambda: in_bytes(phone), {}),
}
REPETITIONS = 3 if series.TINY else 40
spent = {name: ([], []) for name in REQUESTS}
wire, answers = {}, {}
for _ in range(REPETITIONS):  # in turn, so that a slow machine slows all alike
    for name, (make, headers) in REQUESTS.items():
        start = time.perf_counter()
        body = make()
        made = time.perf_counter()
        answers[name] = ask(predict, body, headers)
        spent[name][0].append(1000 * (made - start))
        spent[name][1].append(1000 * (time.perf_counter() - made))
        wire[name] = len(body)
print({name: status for name, (status, _) in answers.items()})


def spread(values):
    """Median, and where the middle eight tenths lie."""
    low, middle, high = np.percentile(values, [10, 50, 90])
    return f"{middle:.1f} ({low:.1f} to {high:.1f})"


series.table(
    [
        {
            "request": name,
            "bytes on the wire": f"{wire[name]:,}",
            "× ours": f"{wire[name] / wire['bytes']:.1f}",
            "bytes of the answer": f"{len(answers[name][1]):,}",
            "ms to prepare": spread(spent[name][0]),
            "ms to be answered": spread(spent[name][1]),
            "both, × ours": f"{np.median(np.add(*spent[name])) / np.median(np.add(*spent['bytes'])):.2f}",
        }
        for name in REQUESTS
    ]
)

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.2), sharey=True)
names, places = list(REQUESTS), np.arange(len(REQUESTS))
left.plot([wire[name] for name in names], places, "o", color=series.BLUE)
left.set(xscale="log", xlabel="bytes on the wire, log scale", yticks=places, yticklabels=names, title="Size")
for k, (what, colour) in enumerate(
    (("preparing in the client", series.GREEN), ("until the answer is there", series.ORANGE))
):
    low, middle, high = (np.array([np.percentile(spent[n][k], q) for n in names]) for q in (10, 50, 90))
    right.errorbar(middle, places, xerr=[middle - low, high - middle], fmt="o", color=colour, label=what)
right.set(xscale="log", xlabel=f"ms, log scale; median of {REPETITIONS}, whiskers 10 to 90 %", title="Time")
for axis in (left, right):
    axis.grid(axis="x", alpha=0.4)
right.invert_yaxis()
figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()

# %% [markdown]
# *Figure 2.* The same photo sent in four ways, with logarithmic axes. Left: bytes on the network. Right: the client's
# work before it can send, and its wait for the answer. Floats make both sides work: one writes the numbers, the other
# reads them. Gzip removes most of the size and pays for it in the client. The last row is the bytes' bad day: the
# server must decode millions of pixels only to throw nearly all of them away.
#
# So a client with a phone's photos should shrink them first, and the dashboard does. This is no step back to 2020: a
# smaller JPEG is still a photo, and one place still decides what the net sees. Note that all this was measured within
# one machine. Over a real network the left panel matters more:

# %%
megabits = 10
print(f"At {megabits} Mbit/s the wire alone adds, in ms:")
print({name: round(8 * size / megabits / 1000) for name, size in wire.items()})

# %% [markdown]
# ## The first answer
#
# A freshly loaded graph may be slow at first, because TensorFlow allocates memory and makes plans, once for each
# signature. So a version carries a file of warm-up requests, which a server sends itself before it says AVAILABLE. Here
# is a second server, on a copy of the version without that file. Compare within a row: the two servers were asked
# minutes apart.

# %%
PLACE = series.WORK.resolve() / "part_2"
shutil.rmtree(PLACE, ignore_errors=True)
shutil.copytree(version, PLACE / "cold" / "1")
warmup = PLACE / "cold" / "1" / "assets.extra" / "tf_serving_warmup_requests"
records = sum(1 for _ in tf.data.TFRecordDataset(str(warmup)))
print(f"{records} requests in {warmup.name}, {warmup.stat().st_size:,} bytes")
warmup.unlink()
with series.model_server("--model-base-path", str(PLACE / "cold")) as cold:
    cold_ten = [milliseconds(lambda: ask(f"{cold}/v1/models/{NAME}:predict", about(photo))) for _ in range(10)]
series.table(
    [
        {
            "server": name,
            "first answer, ms": f"{ten[0]:.0f}",
            "second": f"{ten[1]:.0f}",
            "median of the rest": f"{np.median(ten[2:]):.0f}",
            "first / rest": f"{ten[0] / np.median(ten[2:]):.2f}",
        }
        for name, ten in {"warmed up": first_ten, "cold": cold_ten}.items()
    ]
)

# %% [markdown]
# The cost depends on the net and the machine; the table shows it for this machine and for one start of each server, so
# run it again before you believe the last column. A single visitor pays it, and no average shows that visitor. [Dean
# and Barroso (2013)](https://doi.org/10.1145/2408776.2408794) explain why such visitors count.
#
# ## Odd requests
#
# Every server on a network receives nonsense, by mistake or on purpose. A PNG of a few dozen bytes may declare any
# size:

# %%


def chunk(kind, content):
    """A part of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


header = struct.pack(">IIBBBBB", 30_000, 15_000, 8, 2, 0, 0, 0)
huge = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")
print(f"{len(huge)} bytes, which say that they become {30_000 * 15_000 * 3:,} bytes once they are decoded")

# %% [markdown]
# TensorFlow's own limit for a PNG is 2²⁹ pixels, ten times what any photo here needs; below that limit, the decoder
# allocates the memory of all pixels before it has read the first. So the graph first reads the declared size from the
# header, and refuses more than 50 megapixels. Each signature also begins with a check of the tensor's shape, because
# the convolutions behind it trust the shape. Here are the server's answers to this request and to other oddities:

# %%
ODD = {
    "a tensor of another size": {"instances": np.zeros((1, 8, 8, 3)).tolist()},
    "numbers for a photo": {"signature_name": "classify", "instances": [{"image_bytes": 3.5}]},
    "no byte at all": about(b""),
    "a GIF": about(b"GIF89a" + bytes(60)),
    "half of a photo": about(photo[: len(photo) // 2]),
    "that PNG": about(huge),
    "a class that there is not": about(photo, "explain", class_index=10_000),
    "a signature that there is not": about(photo, "clasify"),
    "JSON cut short": b'{"instances": [',
    "another model": f"{url}/v1/models/trucks:predict",
    "two photos, one of them cut": {
        "signature_name": "classify",
        "instances": about(photo)["instances"] + about(photo[:900])["instances"],
    },
}
table = []
for what, body in ODD.items():
    status, text = ask(body, about(photo)) if isinstance(body, str) else ask(predict, body)
    error = " ".join(json.loads(text)["error"].split()).split(" [[")[0]  # then come places in the graph
    table.append({"sent": what, "HTTP": status, "answer": error[:130].replace("|", "\\|")})
series.table(table)

# %% [markdown]
# Every line is a sentence about the request, with a status that says whose fault it is (4xx: yours). Remember the last
# one: the server answers a request as a whole, so one bad photo spoils its neighbours in the same request. And the
# server is still running, which is the point. The client turns such an answer into an exception whose type a program
# can act on, with the sentence:

# %%
print(client.status(), client.classify(photo).classes[0])
try:
    client.classify(huge)
except ModelServerError as error:
    print(f"{type(error).__name__}: {error}")

# %% [markdown]
# ## Batching: latency against throughput
#
# A net likes company: reading the weights once for many photos costs less than reading them for each photo. If a call
# with $b$ photos takes
#
# $$ t(b) = a + c\,b, $$
#
# then single photos are processed at $1/t(1)$ per second and large batches at nearly $1/c$, so batching gains at most a
# factor of $t(1)/c$. Let us measure $a$ and $c$ here, by sending $b$ photos in one request.

# %%
batch_sizes = [1, 2, 4] if series.TINY else [1, 2, 4, 8, 16]
instances = about(photo)["instances"]
bodies = {b: json.dumps({"signature_name": "classify", "instances": instances * b}).encode() for b in batch_sizes}
taken = {b: [] for b in batch_sizes}
for _ in range(2 if series.TINY else 9):
    for b in batch_sizes:
        taken[b].append(milliseconds(lambda b=b: ask(predict, bodies[b])))
medians = [float(np.median(taken[b])) for b in batch_sizes]
slope, fixed = np.polyfit(batch_sizes, medians, 1)
print(f"a = {fixed:.1f} ms, c = {slope:.1f} ms; t(1) = {medians[0]:.1f} ms, measured")
print(f"photos in large batches come {medians[0] / slope:.2f} times as fast as one after the other, at most")

# %% [markdown]
# Visitors send one photo each, and do not know of each other. `--enable-batching` lets the server run such requests as
# one. With [the file that we ship](../deploy/serving/batching.config) the server never delays a request for this: while
# a thread is free, a request starts at once; while all threads are busy, the waiting requests are collected and run as
# one batch. (With a longer `batch_timeout_micros`, a request waits for company.)
# [Clipper](https://arxiv.org/abs/1612.03079) (Crankshaw and others, 2017) has the classic measurements. A GPU, with its
# thousands of idle units, gains most; a processor has few cores, and one photo keeps them fairly busy. Here 1, 4 and 16
# clients ask without a pause, both servers in turn, round by round.

# %%
config = Path("deploy/serving/batching.config").resolve()
merging = servers.enter_context(series.model_server("--enable-batching", "--batching-parameters-file", str(config)))
SECONDS, ROUNDS = (0.3, 1) if series.TINY else (2.0, 3)
CLIENTS = (1, 4, 16)


def busy(address, clients):
    """Photos per second, and the seconds for each photo, with clients that send one photo at a time."""
    host, body = address.removeprefix("http://"), in_bytes(photo)
    begin = time.perf_counter() + SECONDS / 4  # the start is not counted
    end = begin + SECONDS

    def one_client(_):
        connection, times = http.client.HTTPConnection(host), []
        while (start := time.perf_counter()) < end:
            connection.request("POST", f"/v1/models/{NAME}:predict", body)
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                raise RuntimeError(response.status)
            if begin <= time.perf_counter() <= end:
                times.append(time.perf_counter() - start)
        connection.close()
        return times

    with ThreadPoolExecutor(clients) as pool:
        times = [seconds for part in pool.map(one_client, range(clients)) for seconds in part]
    return len(times) / SECONDS, times


kinds = {"one by one": url, "merged": merging}
measured = {(kind, n): [] for kind in kinds for n in CLIENTS}
for _ in range(ROUNDS):
    for n in CLIENTS:
        for kind, address in kinds.items():
            measured[kind, n].append(busy(address, n))

rates = {key: [rate for rate, _ in rounds] for key, rounds in measured.items()}
waits = {key: [1000 * t for _, times in rounds for t in times] or [0.0] for key, rounds in measured.items()}
ratios = {
    n: [m / s for m, s in zip(rates["merged", n], rates["one by one", n], strict=True) if s] or [0.0] for n in CLIENTS
}
series.table(
    [
        {
            "clients": n,
            "one by one, photos/s": f"{np.median(rates['one by one', n]):.1f}",
            "merged, photos/s": f"{np.median(rates['merged', n]):.1f}",
            "ratio (each round)": f"{np.median(ratios[n]):.2f} ({', '.join(f'{r:.2f}' for r in ratios[n])})",
            "one by one, ms": spread(waits["one by one", n]),
            "merged, ms": spread(waits["merged", n]),
        }
        for n in CLIENTS
    ]
)

# %%
figure, (first, second, third) = plt.subplots(1, 3, figsize=(11, 3.3))
first.plot(batch_sizes, medians, "o", color=series.ORANGE)
first.plot([0, *batch_sizes], [fixed + slope * b for b in (0, *batch_sizes)], color=series.GREY, zorder=0)
first.set(xlabel="photos in one request", ylabel="ms", title="$t(b)$ and the line $a + c\\,b$", ylim=(0, None))
places = np.arange(len(CLIENTS))
for k, (kind, colour) in enumerate((("one by one", series.BLUE), ("merged", series.ORANGE))):
    for axis, values in ((second, rates), (third, waits)):
        edges = (0, 100) if axis is second else (10, 90)
        low, middle, high = (
            np.array([np.percentile(values[kind, n], q) for n in CLIENTS]) for q in (edges[0], 50, edges[1])
        )
        axis.bar(places + 0.4 * k - 0.2, middle, 0.38, yerr=[middle - low, high - middle], color=colour, label=kind)
for axis, what in ((second, "Photos a second"), (third, "Milliseconds to an answer")):
    axis.set(xticks=places, xticklabels=CLIENTS, xlabel="clients", title=what)
second.legend()
plt.show()

# %% [markdown]
# *Figure 3.* Left: the time of one request against its number of photos. The line's slope is $c$, the cost of each
# further photo; the line meets the left edge at $a$. Check how far the single photo lies from the line before you
# believe $a$. Middle: photos per second (whiskers: the lowest and highest round); compare the two bars of a pair.
# Right: how long a client waits (10 to 90 %). Look at the effect of more clients. One by one, where the cores are busy
# already, they raise the wait and hardly the rate; merged, they raise the rate too, as long as batches grow.
#
# A law that requires nothing but a steady state connects the middle and the right panel, [Little's
# (1961)](https://doi.org/10.1287/opre.9.3.383): $L = \lambda W$, the number of requests in progress is rate times wait.
# Each of our clients always has one request in progress, so the product must be the number of clients, apart from the
# edges of short rounds:

# %%
for kind, n in measured:
    rate, wait = statistics.mean(rates[kind, n]), statistics.mean(waits[kind, n]) / 1000
    print(f"{kind:>10}, {n:2} clients: {rate:6.1f} photos/s × {wait:.3f} s = {rate * wait:4.1f}")

# %% [markdown]
# Judge by the ratios, and by those of your own machine: batching is one flag. We ship it switched off, also because it
# has a price: requests of strangers now share a fate. A graph cannot catch a failing decoder, so in TensorFlow Serving
# one truncated photo fails all requests that it was merged with. The embedded server reruns those one by one; here are
# seven good photos and a bad one, sent at once:

# %%
mixed = [photo] * 7 + [photo[: len(photo) // 2]]
with ThreadPoolExecutor(8) as pool:
    together = list(pool.map(lambda content: ask(f"{merging}/v1/models/{NAME}:predict", about(content))[0], mixed))
print(together)

# %% [markdown]
# ## The next version
#
# Tomorrow's net has to take over from today's while people are asking. A model folder holds versions, `1/`, `2/`, …; a
# file beside them, `models.config`, gives them labels. `stable` serves default traffic, `canary` is tried beside it,
# and `previous` is the version to roll back to. Servers reread the file again and again. We type all following commands
# in a copy of the model folder, and ask a server that watches this copy.

# %%
shutil.copytree(version, PLACE / "model" / "1", copy_function=shutil.copy2)
if (version.parent / "models.config").is_file():
    shutil.copy2(version.parent / "models.config", PLACE / "model")
live = servers.enter_context(series.model_server("--model-base-path", str(PLACE / "model")))
environment = {name: value for name, value in os.environ.items() if "COLOR" not in name}
environment |= {"COLUMNS": "100", "PYTHONUNBUFFERED": "1"}
environment["PYTHONPATH"] = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])


def shell(command):
    """Run a command beside the folder `model`, and show its output."""
    print("$", command.replace(live, "http://localhost:8501"))
    words = [sys.executable, "-m", "car_classifier", *shlex.split(command)[1:]]
    done = subprocess.run(
        words, cwd=PLACE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in done.stdout.replace(live, "http://localhost:8501").splitlines():
        if not line.startswith(("WARNING: All log", "I0000")):  # TensorFlow's own
            print(line)
    print(f"[exit code {done.returncode}]")


shell(f"car-classifier models --server-url {live}")

# %% [markdown]
# A version must pass a gate first. Its files must be those that were exported. It must not be worse than the live
# version on the test photos that both share. And a server started on it must give the recorded answers for a few
# *golden* photos. Here is a version in which a bad disk changed one byte, and a version whose record says that it
# mistakes every photo for the next class. (We spoil this record by hand and sign it again: training a bad net would
# take longer, and the gate reads the same file.)

# %%
for name in ("damaged", "worse"):
    shutil.copytree(version, PLACE / name)
data = next((PLACE / "damaged" / "variables").glob("variables.data*"))
with data.open("r+b") as file:
    file.seek(1000)
    byte = file.read(1)
    file.seek(1000)
    file.write(bytes([byte[0] ^ 1]))
shell("car-classifier publish damaged")

# %%
record = PLACE / "worse" / "assets.extra" / "predictions.csv"
lines = [line.split(",") for line in record.read_text(encoding="utf-8").splitlines()]
for line in lines[1:]:
    line[3] = LABELS[(LABELS.index(line[1]) + 1) % len(LABELS)]  # label_1, from label
record.write_text("\n".join(map(",".join, lines)) + "\n", encoding="utf-8")
(PLACE / "worse" / "assets.extra" / "SHA256SUMS").unlink()
write_checksums(PLACE / "worse")
shell("car-classifier publish worse --label candidate")

# %% [markdown]
# The gate refuses both, each with a sentence. Now for a version that passes: version 1 again, for lack of a second net.
# It becomes the canary, which the server loads beside the stable version.

# %%
shell("car-classifier publish model/1 --label canary")


def answering(label):
    """The version that answers for a label, or what the server says."""
    _, text = ask(f"{live}/v1/models/{NAME}/labels/{label}/metadata")
    answer = json.loads(text)
    return answer["model_spec"]["version"] if "model_spec" in answer else answer["error"]


def show_labels(until=lambda: True):
    """The version behind each label, once the server has followed."""
    deadline = time.monotonic() + 60
    while not until() and time.monotonic() < deadline:
        time.sleep(0.2)
    for label in ("stable", "canary", "previous"):
        print(f"labels/{label}: {answering(label)}")


show_labels(lambda: answering("canary").isdecimal())

# %%
shell(f"car-classifier models --server-url {live}")

# %% [markdown]
# Whoever wants to try the canary asks for it by its label; nobody else notices. Then we promote it and roll back, while
# a visitor keeps asking `labels/stable` as fast as possible.

# %%
with ModelClient(live, NAME, version_label="canary") as brave:
    print(brave.status(), brave.classify(photo).classes[0])


@contextmanager
def visitor():
    """A visitor who asks the stable version again and again; counts the HTTP statuses."""
    seen, over = collections.Counter(), threading.Event()

    def keep_asking():
        while not over.is_set():
            seen[ask(f"{live}/v1/models/{NAME}/labels/stable:predict", about(photo))[0]] += 1

    thread = threading.Thread(target=keep_asking)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


before = answering("stable")
with visitor() as seen:
    shell("car-classifier promote")
    show_labels(lambda: answering("stable") != before)
    shell("car-classifier rollback")
    show_labels(lambda: answering("stable") == before)
print("The visitor's answers, by HTTP status:", dict(seen))

# %%
shell(f"car-classifier models --server-url {live}")

# %% [markdown]
# No request was lost in either direction, because a server lets a label move only when the version behind it is loaded,
# and the formerly stable version stays loaded as `previous`. So a rollback takes effect when the server next reads the
# file (the embedded server reads it every second, TensorFlow Serving in our compose file every five), and needs neither
# a restart nor a copy of anything: a label is one line in a file.

# %%
client.close()
servers.close()
shutil.rmtree(PLACE)

# %% [markdown]
# ## What to remember
#
# | | 2020 | here |
# |---|---|---|
# | a request | prepared pixels as nested lists of floats | the photo's bytes |
# | an answer | a bare row of probabilities | names, calibrated probabilities, maps if asked |
# | preprocessing | in each client | in the graph, by the function that training uses |
# | class names | a pickle beside the model | in the graph |
# | explanations | a second service, which builds a model at every request | a signature |
#
# And in addition to 2020: warm-up, sentences for odd requests, a gate, a canary, and a rollback.
#
# Everything here was done with the embedded server. `docker compose up` puts TensorFlow Serving in its place: same
# file, same addresses, same labels. [docs/serving.md](../docs/serving.md) has every request to try with curl, and gRPC
# too; [docs/monitoring.md](../docs/monitoring.md) says what to watch. Part 3 opens the signature that we walked past:
# *why* does the model say so?
