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
# # Part 1: transfer learning
#
# A folder of photos goes in, a classifier of car models comes out. This part trains one, explains each step, and
# measures how much it helps. The [series of 2020](https://github.com/fabianmax/car-classification) did the same in its
# first part; where we would do something differently today, we put both ways side by side and measure.
#
# Everything runs on drawn cars and from random weights, so nothing has to be downloaded; a small experiment below shows
# transfer. `BLOG_PHOTOS=folder` runs this part on your own photos, from ImageNet weights.

# %%
import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown
from PIL import Image
from scipy.stats import binomtest

from blog import series
from blog.series import SIZES, table
from car_classifier.data.manifest import SPLITS, ManifestRow, read_manifest, write_manifest
from car_classifier.data.splits import SplitItem, split_photos
from car_classifier.demo_cars import CATALOGUE
from car_classifier.demo_cars.part_boxes import read_part_boxes
from car_classifier.demo_cars.photo import draw_photo
from car_classifier.evaluation import figures
from car_classifier.evaluation.intervals import wilson_interval
from car_classifier.evaluation.published_net import read_published_net
from car_classifier.files import sha256_of
from car_classifier.network.backbones import build_backbone, find_backbone
from car_classifier.network.surgery import unfreeze
from car_classifier.training.augmentation import Augmentation
from car_classifier.training.config import TrainingConfig
from car_classifier.training.discriminant import Weighting, fit, left_out_scores, measure

series.begin()


# %% [markdown]
# ## The photos
#
# `car-classifier data index FOLDER` reads a folder of photos and writes `manifest.csv`, one row per photo, with the
# split that the photo belongs to. The net learns from training photos; validation photos choose the best epoch and the
# temperature (below); test photos are used once, at the end. Part 0 is about this table.

# %%
manifest = read_manifest(series.photos())
table(
    [
        {"model": label} | {side: sum(row.label == label for row in manifest.split(side)) for side in SPLITS}
        for label in manifest.labels
    ]
)

# %% [markdown]
# ## What is transferred
#
# A convolutional net is a chain of small steps, from pixels to an answer. The lowest layers find edges and patches of
# colour, the next layers corners and textures, the highest layers objects. Yosinski, Clune, Bengio and Lipson (2014,
# [arXiv:1411.1792](https://arxiv.org/abs/1411.1792)) cut nets apart to see which layers depend on the task. The lower
# layers are nearly the same for every task, the higher layers less and less so; and a net that starts from another
# net's layers and is then trained *through* ends up better than a net that starts from nothing. That is transfer
# learning: take a net that has seen a million photos of anything, replace its last layer, and continue with your own
# photos.
#
# Which net? Kornblith, Shlens and Le (2019, [arXiv:1805.08974](https://arxiv.org/abs/1805.08974)) tried sixteen nets on
# twelve data sets: the better a net is on ImageNet, the better it is as a starting point. One of their findings matters
# to us. On fine-grained sets, photos of *car models* among them, a net that starts from random weights comes close in
# final accuracy: ImageNet does not teach the difference between a 2-Series and a 3-Series. The pretrained net gets
# there sooner, and with fewer photos.
#
# The net is cut in two. The backbone $f$ turns a photo into a block of activations $A$ ($h \times w$ places, $K$
# channels), and the head averages over the places and weights the channels:
#
# $$\text{logit}_c = \sum_{k=1}^{K} W_{kc}\,\frac{1}{hw}\sum_{x,y} A_{xyk} + b_c ,\qquad
# p_c = \frac{e^{\text{logit}_c}}{\sum_j e^{\text{logit}_j}} .$$
#
# (A *logit* is a class's score before it becomes a probability; the head is one *dense* layer.) Only $W$ and $b$ must
# be new; `--unfreeze` says how much of the rest is trained too. Here is the net, with `output_stride=16`, which keeps a
# place for every 16 pixels where ResNet has one for every 32, for finer maps in Part 3:

# %%
net = build_backbone(find_backbone("ResNet50V2"), SIZES.image_size, "none", output_stride=16)
print(net.name, "photo", net.input_shape[1:], "→ activations", net.output_shape[1:])


def share_trained(patterns: list[str] | None) -> str:
    """Share of the backbone that is trained when these layers are unfrozen; None for all."""
    unfreeze(net, patterns)
    return f"{sum(w.shape.num_elements() for w in net.trainable_variables) / net.count_params():.1%}"


table(
    [
        {"`--unfreeze`": name, "of the backbone's weights are trained": share_trained(patterns)}
        for name, patterns in {"head": [], "conv5": ["conv5"], "conv4,conv5": ["conv4", "conv5"], "all": None}.items()
    ]
)

# %% [markdown]
# Fifty layers, and the top fifth of them holds most of the weights. `all` is slightly less than the whole net; the
# missing weights are those of the batch norms, which we discuss below. (From random weights, as in this run, they are
# trained as well.)

# %% [markdown]
# ## Why such a deep net learns at all
#
# Stack fifty plain layers, and the net learns even the *training* photos worse than with twenty. The deep net could do
# as well: it would only have to copy the shallow net and pass everything through the remaining layers. But a stack of
# convolutions finds it hard to learn to pass its input through unchanged. So He, Zhang, Ren and Sun (2015,
# [arXiv:1512.03385](https://arxiv.org/abs/1512.03385)) let every few layers compute a *correction* of their input
# instead of a new output:
#
# $$x_{l+1} = x_l + F(x_l).$$
#
# A block that has nothing to add learns $F = 0$, which is easy. In the first version a ReLU followed the addition, so
# the sum still could not pass untouched. The second version (2016,
# [arXiv:1603.05027](https://arxiv.org/abs/1603.05027)) moves batch norm and ReLU to the front, into $F$
# ("pre-activation"), and the path of the sums is free from bottom to top:
#
# $$x_L = x_l + \sum_{i=l}^{L-1} F(x_i), \qquad
# \frac{\partial\,\text{loss}}{\partial x_l} = \frac{\partial\,\text{loss}}{\partial x_L}
# \Big(1 + \frac{\partial}{\partial x_l}\sum_{i=l}^{L-1} F(x_i)\Big).$$
#
# The 1 is the point: no matter what the layers do, the gradient arrives. (Where the number of channels changes, four
# times in the net, the path contains a convolution, and where the map shrinks, a pooling layer.) This is the "V2" in
# ResNet50V2. We use it to start from random weights: with the last convolution of each $F$ set to zero, each block
# begins as the identity, and the whole net begins as a shallow one. (Goyal et al. 2017,
# [arXiv:1706.02677](https://arxiv.org/abs/1706.02677), did this with the scale of each block's last batch norm.)

# %%
corrections = [layer for layer in net.layers if layer.name.endswith("_3_conv")]
ends = [net.get_layer(f"conv4_block{i}_out").output for i in (2, 4)]
before_and_after = keras.Model(net.input, ends)
photo = np.random.default_rng(0).uniform(-1, 1, (1, *SIZES.image_size, 3)).astype(np.float32)
rows = []
for start in ("as drawn at random", "last convolution of each block at zero"):
    below, above = (np.array(values) for values in before_and_after(photo))
    change = np.abs(above - below).mean() / np.abs(below).mean()
    rows.append({"start": start, "blocks": len(corrections), "change by two blocks": f"{change:.0%}"})
    for layer in corrections:
        layer.set_weights([np.zeros_like(weights) for weights in layer.get_weights()])
table(rows)

# %% [markdown]
# ## Training
#
# The net never sees a training photo twice in the same form: each time it gets a random crop, mirrored or not, with
# changed brightness, contrast and saturation. Augmentation changes the properties that the net should ignore; those
# that it should look at must survive. (So crops keep at least 80 % of a drawn photo, and at least half of a real one.)

# %%
paths = [manifest.photo_path(row) for row in manifest.split("train")[::37][:3]]
strength = Augmentation() if series.WEIGHTS != "none" else Augmentation(crop_area=0.8)
series.show(figures.augmented_photos(paths, SIZES.image_size, strength))

# %% [markdown]
# *Figure 1.* Three training photos as the net's input, and five versions of each. Look for the mirrored versions, and
# for the edges that a crop removes. The car is always there, nearly whole.

# %% [markdown]
# The loss is cross-entropy, $-\sum_c q_c \log p_c$, where $q$ is 1 for the true model. That 1 asks for an infinite
# logit, and a net that chases it becomes sure of everything. So a tenth of the target is spread over all $C$ classes
# (*label smoothing*, Szegedy et al. 2015, [arXiv:1512.00567](https://arxiv.org/abs/1512.00567)):
#
# $$q_c = (1-\varepsilon)\,[c = \text{true}] + \varepsilon / C .$$
#
# Now there is a best logit, and the best loss is above zero: it is the target's entropy:

# %%
classes, smoothing = len(manifest.labels), TrainingConfig(manifest="").label_smoothing
target = np.full(classes, smoothing / classes)
target[0] += 1 - smoothing
floor = float(-(target * np.log(target)).sum())
print(
    f"target: {target.round(3)}; the logits are best {np.log(target[0] / target[1]):.1f} apart; lowest loss {floor:.3f}"
)

# %% [markdown]
# On real photos the recipe also pastes rectangles of one photo onto another and mixes the targets in the same
# proportions (CutMix, Yun et al. 2019, [arXiv:1905.04899](https://arxiv.org/abs/1905.04899)). Each drawn car differs in
# a single part, which a rectangle would often cover, so CutMix is off here, as the settings show.
#
# The next cell trains with this command; without a GPU it takes some minutes.

# %%
print("car-classifier", *series.training(manifest.path, SIZES.image_size, series.WORK / "runs"))
version = series.model()

# %%
shown = "weights unfreeze image_size output_stride epochs batch_size learning_rate weight_decay label_smoothing cutmix"
assets = version / "assets.extra"
settings = json.loads((assets / "config.json").read_text())
values = settings["training"] | settings["training"]["augmentation"]
table([{"setting": f"`{name}`", "value": values[name]} for name in shown.split()])

# %%
history = figures.read_history(assets / "history.csv")
curves = figures.training_curves(history)
curves.axes[0].axhline(floor, color=series.GREY, linestyle=":")
curves.axes[0].text(0.6, floor, " lowest possible", color=series.GREY, va="bottom")
series.show(curves)

# %% [markdown]
# *Figure 2.* Loss and accuracy, epoch by epoch; the dotted line is the lowest loss that smoothed targets allow. In the
# first epochs look at validation: it may be no better than guessing while the stored averages of the batch norms
# (below) lag behind fast-changing weights. If training runs ahead at the end, the net has memorised its photos; but
# since training is measured on augmented photos, its accuracy may also lie below that of validation. The star marks the
# weights that are kept.

# %% [markdown]
# ### With ImageNet weights
#
# `--weights imagenet` is the default of `car-classifier train` (Keras downloads the file once). Training then differs
# from the run above in three ways. Two are quickly explained:
#
# - **The head first.** A random head sends random gradients down, which would ruin good kernels. So the frozen backbone
#   runs over all photos once, and the head is computed from the resulting features, without any training
#   ([below](#a-head-without-training)).
# - **Then the layers of `--unfreeze`**, at a lower learning rate, with a warm-up and a cosine decay.
#
# The third: **batch norms stay frozen.** A batch norm (Ioffe and Szegedy 2015,
# [arXiv:1502.03167](https://arxiv.org/abs/1502.03167)) removes each channel's mean $\mu$ and standard deviation
# $\sigma$,
#
# $$y = \gamma\,\frac{x-\mu}{\sqrt{\sigma^2+\epsilon}} + \beta ,$$
#
# those of the batch in training, and in use the averages collected during training. So in training the net's view of a
# photo depends on the 31 other photos. For a net built from nothing this is useful noise. But for a net that comes with
# good averages over a million photos, a batch of a few cars puts bad averages in their place, and every layer above
# gets a different input from the one that it was trained for. The model above shows how much a photo depends on its
# company. Here it answers one test photo in batches of eight, once with $\mu$ and $\sigma$ of the batch, once with the
# stored averages:

# %%
published = read_published_net(version)
test = manifest.split("test")
images = published.load([manifest.photo_path(row).read_bytes() for row in test])
inputs = np.array(published.normalised(images))
rng = np.random.default_rng(0)
company = [rng.permutation(np.arange(1, len(test)))[:7] for _ in range(8)]
of_stored = published.model.get_weights()
spread = {}
for name, training in {"of the batch": True, "stored": False}.items():
    logits = []
    for others in company:
        logits.append(np.array(published.model(inputs[[0, *others]], training=training))[0])
        published.model.set_weights(of_stored)
    spread[name] = np.array(logits)
table(
    [
        {
            "mean and deviation": name,
            "distinct answers in 8 batches": len(set(values.argmax(axis=1))),
            "logits vary by (standard deviation)": f"{values.std(axis=0).mean():.3f}",
        }
        for name, values in spread.items()
    ]
)

# %% [markdown]
# (And this is a mild case: publishing folds every norm that follows a convolution into its kernel, so only the norms
# after an addition could vary.)

# %% [markdown]
# ### A small experiment on transfer
#
# Does our net contain anything that helps with cars that it was not trained for? We draw four more models that the net
# has never seen. Its backbone is frozen, and a head is fitted to half of their photos by least squares, which takes one
# line for a frozen backbone. Beside it stands the same experiment with a backbone of random weights.

# %%
strangers = [model for model in CATALOGUE if model.label not in manifest.labels][:4]
drawn, truth = [], []
for place, model in enumerate(strangers):
    for i in range(2 * (SIZES.per_class // 3)):
        pixels = draw_photo(model, np.random.default_rng([1, CATALOGUE.index(model), i])).pixels
        drawn.append(np.array(Image.fromarray(pixels).resize(SIZES.image_size[::-1]), np.float32))
        truth.append(place)
strange, truth = np.array(published.normalised(np.array(drawn))), np.array(truth)
learn, check = np.arange(len(truth)) % 2 == 0, np.arange(len(truth)) % 2 == 1


def pooled(backbone: keras.Model) -> np.ndarray:
    """A frozen backbone's features of the strangers, averaged over places, on one scale; [photos, channels]."""
    features = np.array(backbone.predict(strange, verbose=0)).mean(axis=(1, 2))
    return (features - features[learn].mean(axis=0)) / (features[learn].std(axis=0) + 1e-6)


ours = keras.Model(published.model.input, published.model.get_layer("post_relu").output)
fresh = build_backbone(published.backbone, SIZES.image_size, "none", output_stride=16)
rows = []
for name, backbone in {"random": fresh, "trained on other models": ours}.items():
    x = pooled(backbone)
    gram = x[learn] @ x[learn].T + len(x) * np.eye(learn.sum())
    weights = x[learn].T @ np.linalg.solve(gram, np.eye(len(strangers))[truth[learn]])
    right = int(((x[check] @ weights).argmax(axis=1) == truth[check]).sum())
    low, high = wilson_interval(right, int(check.sum()))
    rows.append(
        {
            "backbone": name,
            "right": f"{right} of {check.sum()}",
            "accuracy": f"{right / check.sum():.0%}",
            "95 % interval": f"{low:.0%} to {high:.0%}",
        }
    )
table(rows)

# %% [markdown]
# Guessing would give a quarter. The first row's excess over a quarter is worth knowing as well: random kernels are
# features too, only poor ones. The difference between the rows is transfer.

# %% [markdown]
# ### A head without training
#
# Least squares is one closed form. A better one comes from asking how the features of a class are spread. Say that they
# are normally distributed around the mean $\mu_c$ of the class, with one covariance $S$ for all classes. Then the
# logarithm of a class's likelihood is, up to a term that all classes share,
#
# $$\text{logit}_c = x^\top S^{-1}\mu_c - \tfrac12\,\mu_c^\top S^{-1}\mu_c :$$
#
# linear in $x$, so it is a head like the one above, and no gradient step is needed to find it. This is linear
# discriminant analysis, of 1936 (Fisher, [doi:10.1111/j.1469-1809.1936.tb02137.x](
# https://doi.org/10.1111/j.1469-1809.1936.tb02137.x)). What makes it work with thousands of features is shrinkage: with
# fewer photos than features $S$ cannot even be inverted, so it is mixed with a multiple of the identity,
#
# $$S \leftarrow (1-s)\,S + s\,\frac{\operatorname{trace} S}{d}\,I .$$
#
# And it need not read the last layer only. The layer before it with finer cells knows less about what ImageNet asks for
# and more about shapes. Averages of both, side by side, are still averages over places, so the logits stay sums over
# places, and the maps of Part 3 stay exact, on cells a quarter as large. Scaled to equal lengths, the two layers are
# weighed against each other.
#
# A closed form has one more gift: to leave a photo out is a closed form as well. `left_out_scores` answers each
# training photo with the head that was fitted to all *others*, as if it were fitted again each time, so layers and
# shrinkage can be chosen without touching the validation photos. Here are the strangers again, with our net's features:

# %%
layers = [published.model.get_layer(name).output for name in ("conv4_block6_preact_relu", "post_relu")]
maps = keras.Model(published.model.input, layers).predict(strange, verbose=0)
blocks = [np.array(block).mean(axis=(1, 2)) for block in maps]
x, lengths = np.hstack(blocks), [np.linalg.norm(block, axis=1).mean() for block in blocks]
moments, alone = measure(x[learn], truth[learn], len(strangers)), np.arange(learn.sum())
rows = []
for name, layer_weights in {"finer": (1, 0), "last": (0, 1), "both, 2 : 1": (2, 1)}.items():
    for shrinkage in (0.1, 0.5):
        scales = np.repeat(np.divide(layer_weights, lengths), [block.shape[1] for block in blocks])
        weighting = Weighting(scales, shrinkage)
        kernel, bias = fit(moments, weighting)
        (left_out,) = left_out_scores(x[learn], truth[learn], alone, moments, weighting)
        right = int(((x[check] @ kernel + bias).argmax(axis=1) == truth[check]).sum())
        low, high = wilson_interval(right, int(check.sum()))
        rows.append(
            {
                "layer": name,
                "shrinkage": shrinkage,
                "right, each left out in turn": f"{(left_out.argmax(axis=1) == truth[learn]).mean():.0%}",
                "right of the other half": f"{right / check.sum():.0%} ({low:.0%} to {high:.0%})",
            }
        )
table(rows)

# %% [markdown]
# The two columns agree within the interval, though the first needed no other half. Which row wins says little here: our
# net was trained to the end on few and simple parts. On photos of real cars and an ImageNet net, two layers gain four
# to six points over one, and this head reaches in one pass over the photos more than fine-tuning did in an hour ([see
# below](#on-real-photos)). Fine-tuning then starts from this head.

# %% [markdown]
# ## How good is it?
#
# A share of a few dozen test photos is a rough figure, so it comes with an interval that contains the true share in 95
# of 100 such cases (Wilson 1927, [doi:10.1080/01621459.1927.10502953](https://doi.org/10.1080/01621459.1927.10502953)).
# *Macro-F1* is the mean over the models of the harmonic mean of precision (how many of the answers "A" are A) and
# recall (how many A are answered "A"). It is not a simple share, so its interval comes from resampling the photos
# (bootstrap), which is too narrow where there are hardly any mistakes.

# %%
metrics = json.loads((assets / "metrics.json").read_text())


def interval(name: str) -> str:
    """A share among the metrics, with its 95 % interval."""
    low, high = metrics[f"{name}_interval"]
    return f"{metrics[name]:.1%} ({low:.1%} to {high:.1%})"


names = {"top1": "right", "make_top1": "right make", "macro_f1": "macro-F1"}
table([{"of": f"{metrics['count']} test photos", "what": what, "share": interval(n)} for n, what in names.items()])

# %%
confusion = metrics["confusion"]
series.show(figures.confusion_matrix(confusion["labels"], np.array(confusion["matrix"])))

# %% [markdown]
# *Figure 3.* Rows are the true models, columns the answers. Models are in alphabetical order, so models of one make are
# neighbours. Look for a column in orange: a class that attracts photos of all others, as one did in 2020.

# %% [markdown]
# ### Is it as sure as it should be?
#
# Of the answers with a probability of 80 %, 80 in 100 should be right. Guo, Pleiss, Sun and Weinberger (2017,
# [arXiv:1706.04599](https://arxiv.org/abs/1706.04599)) found that deep nets are far too sure, and that one number
# corrects most of this: divide all logits by a temperature $T$,
#
# $$p_c = \frac{e^{\text{logit}_c / T}}{\sum_j e^{\text{logit}_j / T}} ,$$
#
# fitted on validation photos. $T > 1$ makes a net less sure, $T < 1$ surer (a net trained with smoothed targets may
# well be too modest). The order of the classes stays the same, and with it the accuracy. Usually $T$ is fitted to make
# the true classes most likely; we fit it to whether the *first* answer is right, because that is the answer people see
# (Le Coz et al. 2024, [arXiv:2411.02988](https://arxiv.org/abs/2411.02988)). If all of these answers are right, the fit
# would demand $T = 0$, which is certainty. So the targets, as in Platt (1999), are $(n_+ + 1)/(n_+ + 2)$ for the $n_+$
# right answers and $1/(n_- + 2)$ for the $n_-$ wrong ones, instead of 1 and 0. The measure is the expected calibration
# error, the gap between confidence and accuracy, averaged over bins $B$ of the $n$ answers:
#
# $$\text{ECE} = \sum_B \frac{|B|}{n}\,\big|\,\text{accuracy}(B) - \text{confidence}(B)\,\big| .$$

# %%
calibration = metrics["calibration"]
print(f"temperature {settings['temperature']:.2f}")
figure, panels = plt.subplots(1, 2, figsize=(8, 3.8), sharey=True)
for axes, suffix, name in zip(panels, ("_before", ""), ("before", "after"), strict=True):
    bins = [b for b in calibration[f"bins{suffix}"] if b["count"]]
    axes.plot([0, 1], [0, 1], color=series.GREY, linewidth=1)
    at, right = [b["confidence"] for b in bins], [b["accuracy"] for b in bins]
    axes.vlines(at, at, right, color=series.ORANGE, linewidth=2, alpha=0.5)
    sizes = [15 + 500 * b["count"] / metrics["count"] for b in bins]
    axes.scatter(at, right, sizes, color=series.BLUE, alpha=0.8, clip_on=False, zorder=3)
    low, high = calibration[f"ece_interval{suffix}"]
    axes.set(title=f"{name}: ECE {calibration[f'ece{suffix}']:.3f} ({low:.3f} to {high:.3f})")
    axes.set(xlabel="how sure", xlim=(0, 1.03), ylim=(-0.03, 1.03))
panels[0].set_ylabel("how often right")
plt.show()

# %% [markdown]
# *Figure 4.* How often answers of each confidence are right, before and after division by the temperature; large dots
# stand for many photos. On the line, a probability is honest. Above it, the net is too modest; below it, too sure.
# Single photos far from the line mean little: a bin with one photo is either 0 or 1.

# %% [markdown]
# ## Side by side with 2020
#
# The series of 2020 trained ResNet50V2 from ImageNet weights on photos of 300 models. Its logged run ended after 17
# epochs with an accuracy of 0.98 on training photos, 0.70 on validation photos and **0.688** on test photos. That
# number comes from other photos and another split, so it cannot be compared with ours. Its choices can.
#
# ### What the net sees
#
# The photos of 2020 were about 320 by 213 pixels and the net wanted 224 by 224. Crop-or-pad turned one into the other
# without resizing: it kept the middle 224 columns and added a black bar above and below. Cars are wide, so they lose
# their ends. We shrink the whole photo to an input of its own shape.
#
# To isolate this effect, we cut the photos beforehand and train on them with the same command: the same split, seed,
# epochs and settings as for the model above, which is the other side of the comparison, and an input with as nearly the
# same number of pixels as whole numbers allow.


# %%
def crop_or_pad(photo: Image.Image, side: int = 224, width: int = 320) -> Image.Image:
    """The middle of a photo after resizing to 2020's width; black where the photo is too low."""
    photo = photo.convert("RGB").resize((width, round(photo.height * width / photo.width)), Image.Resampling.LANCZOS)
    left, top = (photo.width - side) // 2, (photo.height - side) // 2
    return photo.crop((left, top, left + side, top + side))


folder = series.WORK / "part_1"
(folder / "cropped").mkdir(parents=True, exist_ok=True)
rows = []
for row in manifest.kept:
    target = folder / "cropped" / f"{row.sha256}.png"
    if not target.is_file():
        with Image.open(manifest.photo_path(row)) as opened:
            crop_or_pad(opened).save(target)
    name = f"cropped/{target.name}"
    rows.append(replace(row, file_name=name, sha256=sha256_of(target), width=224, height=224))
cropped = write_manifest(folder / "cropped.csv", rows)
side = round((SIZES.image_size[0] * SIZES.image_size[1]) ** 0.5)
print(f"{len(cropped.kept)} photos; inputs of {side}×{side} against {SIZES.image_size[0]}×{SIZES.image_size[1]} pixels")

# %% [markdown]
# The drawing code records the place of the part that distinguishes a model from the others. So we can count how much of
# that part the cut leaves, before we train anything.

# %%
boxes = read_part_boxes(manifest.path.parent / "parts.csv")


def share_kept(row: ManifestRow) -> float:
    """Share of the distinguishing part's area that crop-or-pad leaves; nan where the part's place is unknown."""
    margin = (1 - 224 / 320) / 2 * row.width
    whole = inside = 0.0
    for left, top, right, bottom in boxes.get(row.file_name, []):
        whole += (right - left) * (bottom - top)
        inside += max(min(right, row.width - margin) - max(left, margin), 0) * (bottom - top)
    return inside / whole if whole else float("nan")


kept = {row.file_name: share_kept(row) for row in manifest.kept}
examples = sorted(test, key=lambda row: np.nan_to_num(kept[row.file_name], nan=1.0))[:3]
figure, grid = plt.subplots(3, 3, figsize=(8, 5.8), width_ratios=[1.5, 1, 1.5])
for line, row in zip(grid, examples, strict=True):
    with Image.open(manifest.photo_path(row)) as opened:
        views = [opened.convert("RGB"), crop_or_pad(opened).resize((side, side))]
        views.append(opened.convert("RGB").resize(SIZES.image_size[::-1]))
    for axes, view, title in zip(line, views, ("photo", "crop-or-pad", "whole car"), strict=True):
        axes.imshow(view)
        axes.set_title(f"{title}, {view.width}×{view.height}" if row is examples[0] else "")
        axes.set_axis_off()
    for left, top, right, bottom in boxes.get(row.file_name, []):
        line[0].add_patch(plt.Rectangle((left, top), right - left, bottom - top, fill=False, color=series.ORANGE, lw=2))
plt.show()

# %% [markdown]
# *Figure 5.* Test photos that lose most of the distinguishing part (framed, on drawn cars): the photo, the remains of
# it after the recipe of 2020, and the whole car at the same number of pixels. The remains are a little larger in the
# middle, which is a real advantage; but no net can find a part that is not there.

# %%
if boxes:
    rows = []
    for label in manifest.labels:
        shares = [kept[row.file_name] for row in manifest.kept if row.label == label]
        lost = np.mean(np.array(shares) < 0.5)
        rows.append(
            {"model": label, "of its part, kept": f"{np.mean(shares):.0%}", "more than half lost": f"{lost:.0%}"}
        )
    shown = table(rows)
else:
    shown = Markdown("Where the telling parts of your own photos are, nobody has noted.")
shown


# %% [markdown]
# Now we train on the cut photos. (`--no-publish` leaves the export in the run's folder, so that the model that all
# parts use stays the published one.)

# %%
runs = folder / "runs"
if not list(runs.glob("*/export")):
    series.car_classifier(*series.training(cropped.path, (side, side), runs), "--no-publish")
figures_of = {"crop-or-pad, as in 2020": next(runs.glob("*/export")) / "assets.extra", "whole car": assets}

# %%
photo_of = {row.file_name: row.sha256 for row in manifest.kept}
results, hits = [], {}
for name, written in figures_of.items():
    found = json.loads((written / "metrics.json").read_text())
    low, high = found["top1_interval"]
    with (written / "predictions.csv").open(newline="", encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    hits[name] = {photo_of.get(a["file_name"], Path(a["file_name"]).stem): a["label"] == a["label_1"] for a in answers}
    seconds = sum(float(epoch["seconds"]) for epoch in figures.read_history(written / "history.csv"))
    results.append(
        {
            "input": name,
            "test photos": found["count"],
            "top-1": f"{found['top1']:.1%}",
            "95 % interval": f"{low:.1%} to {high:.1%}",
            "seconds an epoch": f"{seconds / SIZES.epochs:.0f}",
        }
    )
table(results)

# %% [markdown]
# The intervals are wide. But both nets answered the *same* photos, so the photos that only one of them got right say
# more. If the inputs were equally good, each such photo would be a coin toss (McNemar 1947,
# [doi:10.1007/BF02295996](https://doi.org/10.1007/BF02295996)):

# %%
cut, whole = hits.values()
only_cut = sum(cut[photo] and not whole[photo] for photo in cut)
only_whole = sum(whole[photo] and not cut[photo] for photo in cut)
chance = binomtest(only_whole, only_cut + only_whole).pvalue if only_cut + only_whole else 1.0
print(f"only the cut one right: {only_cut}; only the whole one: {only_whole}; so uneven by chance: p = {chance:.2g}")

# %%
rows = []
for label in manifest.labels:
    of_label = [row for row in test if row.label == label]
    shares = [kept[row.file_name] for row in of_label]
    rows.append(
        {"model": label, "of its part, kept by the cut": f"{np.mean(shares):.0%}" if boxes else "unknown"}
        | {name: f"{sum(hit[row.sha256] for row in of_label)} of {len(of_label)}" for name, hit in hits.items()}
    )
table(rows)

# %% [markdown]
# If $p$ is not small, this number of photos does not settle which input is better, no matter how the percentages look.
# Per model there are even fewer photos; ask only whether the cut loses where it removes most of the part. Two more
# caveats. Each net was trained once, and another seed gives other weights: the intervals cover the choice of test
# photos, not the choice of the seed. And drawn cars are unfair to the cut where only the lamps distinguish a model, and
# kind to it where the roof does; real cars differ in many parts.

# %% [markdown]
# ### The other choices

# %%
choices = [
    (
        "crop-or-pad to a square",
        "the whole photo, resized, wider than high",
        "above; with the interval and p that stand there",
    ),
    (
        "one coin toss switches augmentation on or off for the whole run",
        "every photo is changed anew each time",
        "three runs in ten had none, and their settings did not say so",
    ),
    ("random split, no seed", "seeded, near-duplicates on one side", "shown below; part 0 measures the leak"),
    (
        "class list from an unordered set, in a file beside the model",
        "sorted, inside the model's graph",
        "in another order all names are wrong, without an error; shown below",
    ),
    (
        "shuffle buffer of 32 photos",
        "all photos in a new order each epoch",
        "a photo moves hardly further than 32 places, so that all epochs come in nearly the same order",
    ),
    ("Adam at 1e-4 all along", "AdamW, warm-up, cosine, averaged weights", "the last steps are small ones"),
    (
        "batch norms trained along",
        "frozen where weights are pretrained",
        "an answer should not depend on its company: above",
    ),
    ("softmax as it comes", "divided by a temperature", "Figure 4"),
    ("a test accuracy", "with its interval, and what is confused", "a share of few photos is rough"),
]
table([dict(zip(("2020", "here", "why"), choice, strict=True)) for choice in choices])

# %% [markdown]
# Here are two of these rows in practice. First the same set of names, printed by two Python processes:

# %%
for seed in ("1", "2"):
    code = f"print(list(set({manifest.labels[:4]!r})))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    )
    print(done.stdout.strip())

# %% [markdown]
# A net that was trained in one process and gets its names in the other is wrong with full confidence. And here is the
# split, drawn three times:

# %%
items = [
    SplitItem(row.sha256, row.label, int(row.near_duplicate_group) if row.near_duplicate_group else None, None)
    for row in manifest.kept
]
first, again, other = (split_photos(items, 0.2, 0.2, seed) for seed in (0, 0, 1))
rows = [
    {"drawn": name, "photos on another side than before": sum(a != b for a, b in zip(first, sides, strict=True))}
    for name, sides in {"again, with the same seed": again, "with another seed": other}.items()
]
leaked = sum(a != "test" and b == "test" for a, b in zip(first, other, strict=True))
print(f"of {other.count('test')} test photos of the other seed, {leaked} were used for training or validation before")
table(rows)

# %% [markdown]
# So whoever loads an old model and splits again without a seed tests the model on photos that it has trained on.
#
# ### On real photos
#
# Drawn cars show that something works, not how well. The following figures were measured on some thousand photos of
# real cars, with ImageNet weights; [docs/training.md](../docs/training.md#what-was-measured) describes the photos, the
# training time and the caveats.

# %%
lines = Path("docs/training.md").read_text(encoding="utf-8").splitlines()
start = next(i for i, line in enumerate(lines) if line.startswith("| | top-1 | top-5 |"))
Markdown("\n".join(lines[start : start + 6]))

# %% [markdown]
# All rows use ResNet50, not V2. Top-5 counts an answer as right if the truth is among the first five. "Minutes" is
# wall-clock time while other work shared the machine; "of one core" is processor time, the fairer figure. The last row
# is the recipe of 2020 (its crop, its augmentation, its optimizer) with the same number of minutes on the same
# processor, which were enough for two epochs, because it trains all layers. Nothing about the first row was chosen on
# the photos that it is measured on. On the other rows they also chose the epoch, so those are slightly flattering.
#
# ## Your own photos
#
# ```sh
# car-classifier data index data/images
# car-classifier train --unfreeze head    # two cores; with a GPU leave it out
# car-classifier figures
# ```
#
# The last command draws Figures 1 to 3 for your cars. Part 2 puts the model behind an address that any program can ask.
