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
# # Part 3: why did the model say so?
#
# The net of part 1 gives a name and a probability. This part asks for the reason: which places of the photo are
# evidence for the answer, and which are evidence against it? For a net like ours the answer is a sum that can be
# checked, and we check it. Then we draw the maps of the [series of
# 2020](https://github.com/fabianmax/car-classification) beside ours, look for their flaws, and judge both by tests that
# do not care how a map looks.
#
# Everything runs on drawn cars, because we know which part of each distinguishes one model from another.
# `BLOG_PHOTOS=folder` runs it on your own photos, for which nobody knows these parts; the pointing game below then has
# nothing to count.

# %%
import time

import cv2
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from blog import series
from car_classifier.data.manifest import read_manifest
from car_classifier.data.photo_files import open_photo
from car_classifier.demo_cars.part_boxes import read_part_boxes
from car_classifier.evaluation.intervals import mean_interval, wilson_interval
from car_classifier.evaluation.predictions import ask_about
from car_classifier.evaluation.published_net import read_published_net
from car_classifier.explanations import localisation, sanity
from car_classifier.explanations.class_activation_maps import exact_map, grad_cam
from car_classifier.explanations.methods import METHODS, Method, explain
from car_classifier.explanations.photo_explanation import Explainer
from car_classifier.explanations.pictures import grid, overlay
from car_classifier.explanations.scoring import score_methods, summary
from car_classifier.explanations.targets import ClassLogit, Contrast, values
from car_classifier.network.closed_form import pooled_linear
from car_classifier.network.layers import last_map_layer
from car_classifier.network.map_extent import WHOLE, upsample_map
from car_classifier.registry.score_kinds import SCORES, arrow

series.begin()

# %% [markdown]
# A published version holds its net's architecture and weights, so it can be taken apart again. For each test photo we
# keep the net's answer (`top`) and its second choice (`second`).

# %%
net = read_published_net(series.model())
manifest = read_manifest(series.photos())
test = manifest.split("test")
rows = [test[i] for i in sorted(np.random.default_rng(0).permutation(len(test))[:150])]
photos = np.concatenate([ask_about(net.load, manifest, rows[i : i + 32]) for i in range(0, len(rows), 32)])
images = net.normalised(photos).numpy()

layer = net.model.get_layer(last_map_layer(net.model))
both = keras.Model(net.model.input, [layer.output, net.model.output])
answers = [both(images[i : i + 16], training=False) for i in range(0, len(images), 16)]
activations, logits = (np.concatenate(parts) for parts in zip(*answers, strict=True))

names = [label.replace("_", " ") for label in net.names.labels]
truth = np.array([net.names.labels.index(row.label) for row in rows])
second, top = logits.argsort(axis=1)[:, -2:].T
probabilities = tf.nn.softmax(logits).numpy()
print(f"{len(rows)} test photos of {len(names)} models, {(top == truth).sum()} answered rightly.")
print(f"{layer.name} gives {activations.shape[1:3]} cells of {activations.shape[3]} channels.")

# %% [markdown]
# ## An answer is a sum over places
#
# In a ResNet50V2, only two steps follow the last activations: the mean over all places, then one dense layer. With
# activations $A$ of $h \times w$ cells and some thousand channels $k$, the dense layer's kernel $W$ and its bias $b$,
# the logit of class $c$ is
#
# $$z_c = b_c + \sum_k W_{kc} \cdot \frac{1}{hw} \sum_{i,j} A_{ijk}$$
#
# Both are sums, so their order may be swapped:
#
# $$z_c = b_c + \sum_{i,j} M^c_{ij}, \qquad M^c_{ij} = \frac{1}{hw} \sum_k A_{ijk} W_{kc}$$
#
# $M^c_{ij}$ is the contribution of cell $(i, j)$ to the logit. It has a sign: a cell may be evidence against a class.
# This is the class activation map, CAM, of Zhou et al. 2016 ([arXiv:1512.04150](https://arxiv.org/abs/1512.04150)).
# They showed it for nets that end this way, and changed and retrained other nets so that they did. One line computes
# all maps of all classes:

# %%
dense = pooled_linear(net.model.layers[net.model.layers.index(layer) + 1 :])
kernel, bias = dense.get_weights()
maps = np.einsum("nhwk,kc->nchw", activations, kernel) / np.prod(activations.shape[1:3])

sums = maps.sum(axis=(2, 3), dtype=np.float64)
series.table(
    [
        {
            "why": f"{names[c]}?",
            "for it": f"{np.maximum(maps[n, c], 0).sum():+.4f}",
            "against it": f"{np.minimum(maps[n, c], 0).sum():+.4f}",
            "bias": f"{bias[c]:+.4f}",
            "all together": f"{sums[n, c] + bias[c]:+.4f}",
            "logit": f"{logits[n, c]:+.4f}",
        }
        for n, c in [(0, top[0]), (0, second[0]), (len(rows) // 2, top[len(rows) // 2])]
    ]
)

# %% [markdown]
# Nothing is left over. That holds for every photo and class, up to the rounding of 32-bit floats:

# %%
off = np.abs(sums + bias - logits)
print(f"{off.size} logits from {logits.min():.1f} to {logits.max():.1f}; the sums are off by {off.max():.1e} at most")

# %% [markdown]
# No client has to do this. The SavedModel contains it: the signature `explain` answers with names and maps, and
# `car-classifier explain photo.jpg` prints the proof.

# %%
explainer = Explainer(series.model())
content = manifest.photo_path(rows[0]).read_bytes()
found = explainer.explain(content)
print(f"{found.title} contributions {found.sum_of_contributions:.5f} + bias {found.bias:.5f} = logit {found.logit:.5f}")
difference = np.abs(found.contributions - maps[0, top[0]]).max()
print(f"off by {found.off_by:.0e}; its map and ours differ by {difference:.0e} at most")

# %% [markdown]
# ## Grad-CAM, with the gradient known beforehand
#
# Grad-CAM (Selvaraju et al. 2017, [arXiv:1610.02391](https://arxiv.org/abs/1610.02391)) does not need this special
# ending. It asks how much the score $y$ of a class would rise with each activation, averages this per channel to get
# the channel's weight, and keeps the positive part:
#
# $$\alpha_k = \frac{1}{hw} \sum_{i,j} \frac{\partial y}{\partial A_{ijk}}, \qquad
# L_{ij} = \mathrm{ReLU}\Big(\sum_k \alpha_k A_{ijk}\Big)$$
#
# With our ending, and the logit as score, $\partial z_c / \partial A_{ijk} = W_{kc} / hw$ in every cell of every photo.
# So the weights are known without a backward pass, and Grad-CAM is the positive part of $M^c$: the same map with its
# negative half thrown away. HiResCAM (Draelos and Carin 2020, [arXiv:2011.08891](https://arxiv.org/abs/2011.08891))
# multiplies gradient and activation cell by cell, without the mean and without the ReLU. Here that is $M^c$ itself; for
# heads of other shapes we use HiResCAM.
#
# Two claims to check: that the maps are equal, and that ours is free.

# %%
batch, targets = images[:8], [ClassLogit(int(c)) for c in top[:8]]
by_gradient = grad_cam(net.model, batch, targets).numpy()
by_hand = np.maximum(maps[np.arange(len(batch)), top[:8]], 0)
print(
    f"Grad-CAM by gradient tape and the exact map's positive part differ by {np.abs(by_gradient - by_hand).max():.0e}"
)


def milliseconds(function, *given):
    """Time per photo of the batch, in the fastest of five runs."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        function(*given)
        times.append(time.perf_counter() - start)
    return 1000 * min(times) / len(batch)


costs = {
    "answer alone": milliseconds(net.model, batch),
    "with the exact map": milliseconds(exact_map, net.model, batch, targets),
    "with Grad-CAM by gradient tape": milliseconds(grad_cam, net.model, batch, targets),
}
series.table([{"": name, "ms a photo": f"{cost:.0f}"} for name, cost in costs.items()])

# %% [markdown]
# ## Where on the photo is a cell?
#
# The map has few cells, the photo has many pixels. The obvious way is to stretch the map from edge to edge, as the 2020
# series did, but this is wrong by up to half a cell. A ResNet halves the photo several times with kernels that look at
# every second pixel *starting with the first*, so each halving leaves the cells a little too far up and left.
# `map_extent` follows the paddings and strides through the net and computes the place of the cells. We can ask the net
# itself: the gradient of one cell's activations with respect to the pixels is large where that cell looks. The net's
# architecture decides where the cell *can* look, so we first ask the same net with random weights about noise, which
# has no car to look at, and then the trained net about photos.

# %%
height, width = net.image_size
h, w = activations.shape[1:3]
cell = (h // 2, w // 2)


def looks(model, images):
    """Each pixel's share of the squared gradient of the cell's activations, over all images: [height, width]."""
    cells_of = keras.Model(model.input, model.get_layer(layer.name).output)
    images = tf.convert_to_tensor(images, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(images)
        looked_at = tf.reduce_sum(cells_of(images, training=False)[:, cell[0], cell[1]])
    squares = (tape.gradient(looked_at, images).numpy() ** 2).sum(axis=(0, 3))
    return squares / squares.sum()


def middle(shares):
    """Row and column of the shares' centre of mass."""
    return shares.sum(axis=1) @ (np.arange(height) + 0.5), shares.sum(axis=0) @ (np.arange(width) + 0.5)


random_net = sanity.randomised(net.model, seed=0)
as_built = looks(random_net, np.random.default_rng(0).normal(size=(8, height, width, 3)))
as_trained = looks(net.model, images[:16])
extent = METHODS["exact"].extent(net.model)


def centre(extent):
    """Row and column of the cell's centre, in pixels of the net's input."""
    upper, left, lower, right = extent
    return ((upper + (lower - upper) * (cell[0] + 0.5) / h) * height,
            (left + (right - left) * (cell[1] + 0.5) / w) * width)  # fmt: skip


places = {
    "stretched from edge to edge": centre(WHOLE),
    "by map_extent": centre(extent),
    "where the net looks as built": middle(as_built),
    "where it looks as trained": middle(as_trained),
}
series.table([{f"centre of cell {cell}": n, "row": f"{y:.1f}", "column": f"{x:.1f}"} for n, (y, x) in places.items()])

# %%
fig, (left, right) = plt.subplots(1, 2)
for axes, shares, title in (
    (left, as_built, "As built: random weights, noise"),
    (right, as_trained, "As trained: photos"),
):
    axes.imshow(np.sqrt(shares), cmap="Greys")
    axes.set(title=title, xticks=[], yticks=[])
    for (name, (y, x)), colour in zip(list(places.items())[:2], (series.BLUE, series.ORANGE), strict=True):
        axes.plot(x - 0.5, y - 0.5, "o", color=colour, label=name, mfc="none", mew=2)
fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()

# %% [markdown]
# *Figure 1.* How strongly each pixel moves one cell of the last layer (root of the mean squared gradient). Left: the
# middle of the patch is where `map_extent` puts the cell; a stretched map puts it lower and further right. Right: the
# trained net looks there too, and at much of the surroundings; we come back to that at the end.
#
# ## The way of 2020
#
# The 2020 series had a second service for its heatmaps, which held the model in memory a second time and built a new
# two-output net for every request. It took the gradient of the *softmax* score, at the last convolution before the
# residual sum, set it to zero wherever gradient or activation were negative ("guided", after the guided backpropagation
# of Springenberg et al. 2014, [arXiv:1412.6806](https://arxiv.org/abs/1412.6806)), and continued like Grad-CAM. (That
# convolution is one of two summands: the map lacks everything that arrives through the shortcut beside it.) Then it
# stretched the map, scaled it from its own smallest to its own largest value, and coloured it as a rainbow. Here is our
# version, with a switch for each of the two steps that we want to examine:


# %%
def map_2020(model, images, targets, on_softmax=True, gated=True):
    """Grad-CAM of the 2020 series, before its colours: float32 [n, h, w]."""
    convolution = model.get_layer("conv5_block3_3_conv")
    with_convolution = keras.Model(model.input, [convolution.output, model.output])
    images = tf.convert_to_tensor(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        activations, scores = with_convolution(images, training=False)
        score = values(targets, tf.nn.softmax(scores) if on_softmax else scores)
    gradients = tape.gradient(score, activations)
    if gated:
        gradients *= tf.cast(activations > 0, tf.float32) * tf.cast(gradients > 0, tf.float32)
    weights = tf.reduce_mean(gradients, axis=[1, 2], keepdims=True)
    return tf.nn.relu(tf.reduce_sum(weights * activations, axis=-1))


def rainbow(photo, cells):
    """The photo under its map, as the 2020 series coloured it."""
    large = cv2.resize(cells, (photo.width, photo.height))
    large = (large - large.min()) / (np.ptp(large) or 1)
    colours = cv2.applyColorMap((255 * large).astype(np.uint8), cv2.COLORMAP_RAINBOW)[..., ::-1]
    return cv2.addWeighted(colours, 0.5, np.asarray(photo), 0.8, 0)


# %% [markdown]
# We ask two questions about each photo: why the net's answer, and why its second choice? A map that explains the
# *answer* must answer them differently.

# %%
asked = {"why this": top, "why the next": second}
old = {
    question: explain(net.model, images, [ClassLogit(int(c)) for c in classes], map_2020)
    for question, classes in asked.items()
}
ours = {question: maps[np.arange(len(rows)), classes] for question, classes in asked.items()}

right_ones = np.flatnonzero(top == truth) if (top == truth).any() else np.arange(len(rows))
shown = list({top[n]: n for n in right_ones}.values())[:4]  # one photo of each model, of four at most
pictures = {n: open_photo(manifest.photo_path(rows[n])).convert("RGB") for n in shown}
grid(
    [
        (
            f"{names[top[n]]}\n(next: {names[second[n]]})",
            [
                pictures[n],
                *(rainbow(pictures[n], old[question][n]) for question in asked),
                *(overlay(pictures[n], ours[question][n], extent) for question in asked),
            ],
        )
        for n in shown
    ],
    ["Photo", "2020:\nwhy this?", "2020:\nwhy the next?", "exact:\nwhy this?", "exact:\nwhy the next?"],
)

# %% [markdown]
# *Figure 2.* One photo per row; the left pair of maps follows the method of 2020 (violet: most, red: least), the right
# pair is exact (orange: for the class, blue: against it, grey: neither). Compare within each pair, and ask of each map
# whether it is about the car. A rainbow also colours places without evidence, and shows edges where the map has none
# (Borland and Taylor 2007, [doi:10.1109/MCG.2007.323435](https://doi.org/10.1109/MCG.2007.323435)).
#
# A few photos may be cherry-picked. So here is the correlation of the two maps, over their cells, for every test photo:
# 1 means that the map is the same for both questions. To see which step is to blame, we switch off the steps of 2020
# one by one. We also show the positive part of the exact map alone, because the other maps have no negative part.


# %%
def correlations(one, other):
    """The correlation of each photo's two maps; none where a map is flat."""
    flat = [(a.ravel(), b.ravel()) for a, b in zip(one, other, strict=True) if np.ptp(a) > 0 and np.ptp(b) > 0]
    return np.array([np.corrcoef(a, b)[0, 1] for a, b in flat])


def without(**switches):
    """The correlations of the method of 2020 with some of its steps switched off."""
    return correlations(
        *(
            explain(net.model, images, [ClassLogit(int(c)) for c in classes], lambda *to: map_2020(*to, **switches))
            for classes in asked.values()
        )
    )


alike = {
    "2020": correlations(*old.values()),
    "2020 on logits": without(on_softmax=False),
    "2020 without the gate": without(gated=False),
    "exact, positive part": correlations(*(np.maximum(cells, 0) for cells in ours.values())),
    "exact": correlations(*ours.values()),
}


def with_interval(mean, interval, digits=2):
    """A number as the tables below format it."""
    return f"{mean:.{digits}f}" + (f" ({interval[0]:.{digits}f} to {interval[1]:.{digits}f})" if interval else "")


series.table(
    [
        {
            "method": name,
            "mean correlation (95 % interval)": with_interval(found.mean(), mean_interval(found)) if len(found) else "",
            "photos above 0.9": f"{(found > 0.9).mean():.0%}" if len(found) else "",
            "photos with a flat map": len(rows) - len(found),
        }
        for name, found in alike.items()
    ]
)

# %%
fig, axes = plt.subplots()
axes.boxplot(list(alike.values()), orientation="horizontal", medianprops={"color": series.ORANGE})
axes.set_yticks(range(1, len(alike) + 1), list(alike))
axes.invert_yaxis()
axes.set(xlim=(-1.05, 1.05), xlabel="correlation of the maps of two classes on the same photo")
axes.axvline(0, color=series.GREY, linewidth=0.8)
plt.show()

# %% [markdown]
# *Figure 3.* Each box covers all test photos for which neither map is flat (zero everywhere, after the ReLU; the table
# counts the others); the nearer to 1, the less a map depends on the class in question. The difference between the first
# box and the third is the effect of the gate, the difference between the first and the second is the effect of the
# softmax. In the run printed here the two pull against each other: the gate alone makes maps alike, and the softmax,
# whose gradient is that of a difference of classes, undoes much of this. So this count alone settles nothing; judge by
# the tests below, each with its interval.
#
# ## What the gate does
#
# Without the gate, a channel with evidence against the class has a negative weight, and its places are subtracted from
# the map. The gate sets those gradients to zero. The rest is a sum of activations without negative weights, and such a
# sum is large wherever the net sees *anything*, for any class. How similar this makes the maps of two classes depends
# on the net and the score, so it has to be measured, as in Figure 3. That such gating can show the photo rather than
# the decision has been known since 2018: Adebayo et al. ([arXiv:1810.03292](https://arxiv.org/abs/1810.03292)) replaced
# a net's weights by random ones, and maps of guided backpropagation hardly changed; Nie et al.
# ([arXiv:1805.07039](https://arxiv.org/abs/1805.07039)) showed why. We repeat the test with random weights below.
#
# ## Why logits and not probabilities
#
# The softmax's own gradient, for the class $c$ with probability $p_c$, is
#
# $$\frac{\partial p_c}{\partial A} =
# p_c \Big(\frac{\partial z_c}{\partial A} - \sum_j p_j \frac{\partial z_j}{\partial A}\Big),
# \qquad \frac{\partial p_c}{\partial z_c} = p_c (1 - p_c)$$
#
# which goes to zero as $p_c$ goes to 1: the surer the net, the smaller the gradient that is to explain it. With 32-bit
# floats the gradient becomes exactly zero for an answer that is sure enough. Scaling the map to its own largest value
# hides this until only rounding errors are left to scale. And the bracket is a difference of classes, "why $c$ rather
# than the alternatives", with other weights for each photo: a good question, but not the one in the picture's title.


# %%
def gradient_size(on_softmax):
    """Length of the gradient of each photo's first answer with respect to the last activations."""
    scores = tf.Variable(logits)
    with tf.GradientTape() as tape:
        score = values([ClassLogit(int(c)) for c in top], tf.nn.softmax(scores) if on_softmax else scores)
    columns = tape.gradient(score, scores).numpy() @ kernel.T  # from logits to activations: the dense layer's columns
    return np.linalg.norm(columns, axis=1) / np.sqrt(np.prod(activations.shape[1:3]))


far, near = (tf.nn.softmax([distance, 0.0])[0].numpy() for distance in (20.0, 5.0))
print(f"1 − p of two logits 5 apart: {1 - near:.1g}, 20 apart: {1 - far:.1g}, with 32-bit floats.")
share = gradient_size(True) / gradient_size(False)
print(f"Softmax's gradient as a share of the logit's: from {share.min():.1g} to {share.max():.2g}.")

sure = probabilities.max(axis=1)
fig, axes = plt.subplots()
for on_softmax, colour, label in ((False, series.ORANGE, "of the logit"), (True, series.BLUE, "of the softmax")):
    axes.plot(1 - sure, gradient_size(on_softmax), "o", color=colour, label=label, alpha=0.6, markersize=5)
axes.set(
    xscale="log", yscale="log", xlabel="1 − probability of the answer (surer to the left)", ylabel="gradient's length"
)
axes.legend()
plt.show()

# %% [markdown]
# *Figure 4.* One point for each test photo and score. The logit's gradient is as long for sure answers as for doubtful
# ones. The softmax's gradient shrinks as the probability approaches certainty, so a map made from it has least to show
# exactly where the net is surest.
#
# ## Why this one and not that one
#
# If we want to know a difference of classes, we can ask for it by name. Maps are sums, so their difference is a sum
# too:
#
# $$z_a - z_b = (b_a - b_b) + \sum_{i,j} \big(M^a_{ij} - M^b_{ij}\big)$$
#
# Evidence for both classes (it has wheels, it is a car) cancels out, and the evidence that separates them remains.
# Zhang et al. 2025 (Finer-CAM, [arXiv:2501.11309](https://arxiv.org/abs/2501.11309)) use this for classes that are
# nearly alike. We ask about the photos on which the net hesitates most:

# %%
margin = probabilities[np.arange(len(rows)), top] - probabilities[np.arange(len(rows)), second]
doubtful = [n for n in np.argsort(margin) if top[n] == truth[n]][:3] or [0]
contrasts = {n: explain(net.model, images[n : n + 1], Contrast(int(top[n]), int(second[n])))[0] for n in doubtful}
bands = []
for n in doubtful:
    photo = open_photo(manifest.photo_path(rows[n])).convert("RGB")
    one, other = maps[n, top[n]], maps[n, second[n]]
    scale = float(max(np.abs(one).max(), np.abs(other).max()))
    drawn = [
        overlay(photo, one, extent, scale),
        overlay(photo, other, extent, scale),
        overlay(photo, contrasts[n], extent),
    ]
    bands.append((f"{names[top[n]]} (orange)\nnot {names[second[n]]} (blue)", [photo, *drawn]))
grid(bands, ["Photo", "for and against\nthe one", "for and against\nthe other", "contrast"])

# %% [markdown]
# *Figure 5.* The closest calls among the right answers, at most three. Columns two and three share one scale, the
# contrast has its own. The last column is the second minus the third: orange is evidence for the net's answer, blue for
# its second choice. The table below has the proof. With a gate or a softmax no such sum exists.

# %%
series.table(
    [
        {
            "why not the other?": f"{names[top[n]]} rather than {names[second[n]]}",
            "sum of the contrast": f"{contrasts[n].sum():+.4f}",
            "difference of biases": f"{bias[top[n]] - bias[second[n]]:+.4f}",
            "difference of logits": f"{logits[n, top[n]] - logits[n, second[n]]:+.4f}",
        }
        for n in doubtful
    ]
)

# %% [markdown]
# On the command line this is `car-classifier explain photo.jpg --class A --versus B`, on the dashboard it is "rather
# than".
#
# ## Does the map point at the part?
#
# A map that adds up is not necessarily a good map. The *pointing game* (Zhang et al. 2018,
# [arXiv:1608.00507](https://arxiv.org/abs/1608.00507)) asks a simple question: does the map's strongest point lie on
# the part that distinguishes the model, or within 15 pixels of it? Each drawn car has one such part, and `parts.csv`
# has its box. Wrongly answered photos do not count. A map of random numbers, and a bell in the middle of every photo,
# show which score comes for free.

# %%
boxes = read_part_boxes(manifest.path.parent / "parts.csv")
known = [n for n in range(len(rows)) if top[n] == truth[n] and rows[n].file_name in boxes]
guesses = {name: explain(net.model, images, ClassLogit(0), METHODS[name].function) for name in ("random", "gaussian")}
pointing = {
    "exact": (ours["why this"], extent),
    "exact, stretched from edge to edge": (ours["why this"], WHOLE),
    "exact, the answer rather than the next": (ours["why this"] - ours["why the next"], extent),
    "2020": (old["why this"], extent),
    "2020, stretched, as it was drawn": (old["why this"], WHOLE),
    "random map": (guesses["random"], extent),
    "bell in the middle": (guesses["gaussian"], WHOLE),
}


def hits(cells, where):
    """The number of photos on which the map points at the part."""
    drawn = {n: upsample_map(cells[n], where, (rows[n].height, rows[n].width)) for n in known}
    return sum(localisation.hits(drawn[n], boxes[rows[n].file_name]) for n in known)


counted = {name: hits(*of) for name, of in pointing.items()}
series.table(
    [
        {
            "map": name,
            f"hits on {len(known)} photos": count,
            "share (95 % interval)": with_interval(count / max(len(known), 1), wilson_interval(count, len(known))),
        }
        for name, count in counted.items()
    ]
)

# %%
fig, axes = plt.subplots()
for i, count in enumerate(counted.values()):
    low, high = wilson_interval(count, len(known)) or (0, 1)
    axes.plot([low, high], [i, i], color=series.GREY)
    axes.plot(
        count / max(len(known), 1), i, "o", color=series.ORANGE if i < 3 else series.BLUE if i < 5 else series.GREY
    )
axes.set_yticks(range(len(counted)), list(counted))
axes.invert_yaxis()
axes.set(xlim=(0, 1), xlabel="share of photos on which the map points at the part")
plt.show()

# %% [markdown]
# *Figure 6.* Points are shares, lines their 95 % intervals (Wilson's). Where two lines overlap a lot, this number of
# photos cannot tell the two apart. Compare the method of 2020 with the last two rows as well: the bell has not looked
# at the photo.
#
# ## Does the net agree?
#
# Boxes say where a *person* would look. Faithfulness scores ask the net instead. Cover the pixels that the map calls
# most important, a tenth of the photo at a time, and watch the probability: the faster it falls, the better
# (*deletion*). Start with a blurred photo and bring those pixels back: the sooner the probability rises, the better
# (*insertion*; both from Petsiuk et al. 2018, [arXiv:1806.07421](https://arxiv.org/abs/1806.07421)). With $p(s)$ the
# probability after a share $s$ of the pixels has been removed or restored, both scores are the area under that curve,
# from 0 to 1: $\int_0^1 p(s)\,ds$. The last test is that of Adebayo et al.: how similar is the map to the map of the
# same net with random weights? A map that shows something *learnt* should differ from it; the score is Spearman's rank
# correlation between the magnitudes of the two maps, 1 for the same order of places.
#
# `car-classifier explain-eval` scores a dozen methods in this way. Adding the method of 2020 takes one line: a method
# is a function from net, images and targets to maps.

# %%
way_of_2020 = Method("2020", "2020", map_2020, "layer")
methods = [METHODS["exact"], METHODS["gradcam"], way_of_2020, METHODS["random"], METHODS["gaussian"]]
few = [rows[i] for i in np.random.default_rng(1).permutation(len(rows))[: 2 * series.SIZES.classes]]
scored = [one for batch in score_methods(net, manifest, few, methods, boxes, sanity_photos=len(few)) for one in batch]
judged = summary(scored, methods)

compared = ("deletion", "insertion", "sanity")
series.table(
    [
        {"map": judged[method.name]["title"]}
        | {
            f"{SCORES[name].title} {arrow(SCORES[name])}": with_interval(
                judged[method.name]["scores"][name]["mean"], judged[method.name]["scores"][name]["interval"]
            )
            for name in compared
        }
        for method in methods
    ]
)

# %% [markdown]
# These are means over a few photos, with 95 % intervals. By definition the two baselines are like a random net's map:
# they do not look at the net at all. Photos differ more from each other than methods do, so the fair comparison is
# photo by photo:

# %%
by_photo = {(one.method, one.file_name): one.scores for one in scored}
gaps = {
    name: np.array([by_photo["2020", row.file_name][name] - by_photo["exact", row.file_name][name] for row in few])
    for name in compared
}
series.table(
    [
        {
            "score": f"{SCORES[name].title} {arrow(SCORES[name])}",
            "2020 less exact (95 % interval)": with_interval(gap.mean(), mean_interval(gap), 3),
            f"exact is better (of {len(few)} photos)": ((gap < 0) if SCORES[name].is_better_high else (gap > 0)).sum(),
        }
        for name, gap in gaps.items()
    ]
)

# %% [markdown]
# An interval that contains zero leaves the question open. [docs/explanations.md](../docs/explanations.md) compares a
# dozen methods on more photos, and on real ones. There no method wins every score, not even ours: several scores reward
# a broad map for being broad.
#
# ## What is exact, and what is not
#
# The sum is exact, and it is tempting to read more into that than it says. Here are three checks. First: the sum holds
# for *any* net with this ending, even for one with random weights that knows no car at all.

# %%
its_map = explain(random_net, images[:1], ClassLogit(0))[0]
its_head = random_net.layers[net.model.layers.index(layer) + 1 :]
its_logit, its_bias = float(random_net(images[:1])[0, 0]), float(pooled_linear(its_head).bias[0])
print(f"random weights: contributions {its_map.sum():.5f} + bias {its_bias:.5f}; logit {its_logit:.5f}")

# %% [markdown]
# Second: a cell's activations do not come only from the pixels under that cell. The right side of Figure 1 shows where
# one cell of the trained net looks. How much of that lies in the square over which we draw the cell?

# %%
row, column = centre(extent)
rows_in = np.abs(np.arange(height) + 0.5 - row) < height / h / 2
columns_in = np.abs(np.arange(width) + 0.5 - column) < width / w / 2
inside = as_trained[np.ix_(rows_in, columns_in)].sum()
area = rows_in.sum() * columns_in.sum() / height / width
print(f"{inside:.0%} of the squared gradient is inside the cell's own square, which is {area:.1%} of the photo.")

# %% [markdown]
# The rest comes from the surroundings, through dozens of layers that look at their neighbours. Luo et al. 2016
# ([arXiv:1701.04128](https://arxiv.org/abs/1701.04128)) call this the effective receptive field. The map says where
# evidence *arrived*. Whether that is near the part that the evidence is *about* depends on what the net has learnt, and
# the pointing game measures it.
#
# Third: contributions are measured relative to activations of zero, and no photo has those. Even a photo without any
# car, plain and of the mean colour, has a map:

# %%
plain = np.broadcast_to(photos.mean(axis=(0, 1, 2)), photos[:1].shape)
of_nothing = explain(net.model, net.normalised(plain.astype(np.float32)), ClassLogit(int(top[0])))[0]
usual = ours["why this"]
series.table(
    [
        {
            "": name,
            "for it": f"{np.maximum(cells, 0).sum(axis=(-2, -1)).mean():+.2f}",
            "against it": f"{np.minimum(cells, 0).sum(axis=(-2, -1)).mean():+.2f}",
        }
        for name, cells in {f"plain picture: {names[top[0]]}?": of_nothing, "test photos: their answer?": usual}.items()
    ]
)

# %% [markdown]
# So a part of every map is the net's response to nothing in particular. A contrast removes the share of it that two
# classes have in common.
#
# ## What to remember
#
# - End a net in global average pooling and one dense layer, and its answers are sums over places. The map costs a
#   multiplication, so it belongs into the served model and not into a second service.
# - Explain logits. Keep the sign. Ask for a contrast if a contrast is what you want to know.
# - No gates: a map without the evidence against a class cannot add up. Ask every method about two classes.
# - Draw the map at its true place, in colours that have a zero.
# - Judge by tests that a pretty map can fail, beside baselines that know nothing, with intervals.
#
# Part 4 puts these maps on a page.
