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
# # Part 0: What is in the photos
#
# Before a net learns anything, someone has chosen the photos, thrown some away, and divided the rest into training and
# test photos. Each of these three choices changes the accuracy that is printed at the end, yet the number reveals none
# of them. This evening is about those choices:
#
# 1. what the photos are, and what their names say;
# 2. leaving out photos that show no car (*prefiltering*), and what else that throws away;
# 3. *near-duplicates*: the same picture twice, once on each side of the split, and the accuracy that this invents.
#
# The [series of 2020](https://github.com/fabianmax/car-classification) that this one follows trained on photos scraped
# from a car site. We do not have those photos, so everything here runs on cars that the project draws itself, unless
# you set `BLOG_PHOTOS` to a folder of your own. No weights are downloaded; the one step that would need them says so.

# %%
import hashlib
import io
import os
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageEnhance

from blog import series
from car_classifier.data.file_names import parse_file_name
from car_classifier.data.manifest import SPLITS, read_manifest, write_manifest
from car_classifier.data.near_duplicates import MAX_DISTANCE, near_duplicate_groups, perceptual_hash
from car_classifier.data.photo_files import open_photo
from car_classifier.data.splits import SplitItem, split_photos
from car_classifier.data.statistics import describe
from car_classifier.demo_cars import CATALOGUE
from car_classifier.evaluation.intervals import mean_interval, wilson_interval

series.begin()
manifest = read_manifest(series.photos())
series.table([{"": name, "photos of this run": value} for name, value in describe(manifest)])

# %% [markdown]
# `car-classifier data stats` prints the same table. All of it comes from one file, `manifest.csv`, with one row per
# photo; `car-classifier data index FOLDER` writes it. Every later step reads the manifest and nothing else, so the
# question "which photos was this trained on" still has an answer a year later: each row holds the SHA-256 of its file.
#
# ## Names are labels
#
# Nobody labelled these photos by hand. A photo's name says what the photo shows, as in the data set of 2020: make,
# model and then, as far as known, year, price, wheels, power and other details. Here the project reads a name of that
# data set.

# %%
example = parse_file_name("BMW_2-Series_2014_32_17_240_20_4_69_55_174_23_RWD_4_2_2dr_OGt.jpg")
shown = ("make", "model", "year", "msrp", "horsepower", "cylinders", "drivetrain", "doors", "body_style")
series.table([{field: getattr(example, field) for field in shown}])

# %% [markdown]
# The class is make and model together. The year is not part of the class: a model keeps its name while its shape
# changes, and the net has to cope with that. (The names of the drawn cars have all these fields too, but only make and
# model mean anything. The other fields are random; they exist to give programs something to read.)

# %%
part_of = {car.label: f"{car.part}: {car.variant}" for car in CATALOGUE}
series.table(
    [
        {"class": label, "told by": part_of.get(label, "?"), "photos": manifest.label_counts()[label]}
        | {side: sum(row.label == label for row in manifest.split(side)) for side in SPLITS}
        for label in manifest.labels[:12]
    ]
)

# %% [markdown]
# Every class has the same shares in every split: the split is *stratified*. The column "told by" is a luxury of drawn
# cars: one part distinguishes each model from all others, and colour, scene, light, pose and size are random. Each make
# has its own kind of part and its models are variants of it, so models of one make are the easiest to confuse, as in
# real life.

# %%
rng = np.random.default_rng(0)
shown_labels = manifest.labels[:6]
figure, axes = plt.subplots(len(shown_labels), 5, figsize=(8, 1.15 * len(shown_labels)))
for label, line in zip(shown_labels, axes, strict=True):
    of_label = [row for row in manifest.kept if row.label == label]
    for axis, place in zip(line, rng.permutation(len(of_label))[:5], strict=False):
        axis.imshow(open_photo(manifest.photo_path(of_label[place])).resize((240, 160)))
    line[0].set_title(label, fontsize=8)
for axis in axes.flat:
    axis.axis("off")

# %% [markdown]
# *Figure 1.* One row per class, with five random photos. Look down a column first: colour, sky and pose are no help.
# Then look along a row for the part that stays the same.
#
# ## Leaving out photos that show no car
#
# A scraper takes everything it finds: cars, but also seats, badges, engines and the dealer's logo. The series of 2020
# let a net clean up. Its ResNet50V2, trained on ImageNet (Russakovsky et al. 2015,
# [arXiv:1409.0575](https://arxiv.org/abs/1409.0575)), gives each photo $x$ a probability $p_c(x)$ for each of 1000
# classes. Some of these are cars, and their sum is a score:
#
# $$s(x) = \sum_{c \in \text{cars}} p_c(x), \qquad \text{keep } x \text{ if } s(x) \ge 0.1.$$
#
# The idea is good: nobody has to label anything, and the sum does not care whether the net thinks *minivan* or *beach
# wagon*. The 2020 series reports these counts, and they describe the filter:

# %%
SCRAPED, KEPT, OF_300_MODELS = 64_467, 53_738, 53_536
series.table(
    [
        {"2020": "scraped", "photos": f"{SCRAPED:,}", "of all": "100.0%"},
        {"2020": "with a score above 0.1", "photos": f"{KEPT:,}", "of all": f"{KEPT / SCRAPED:.1%}"},
        {
            "2020": "of the 300 most frequent models",
            "photos": f"{OF_300_MODELS:,}",
            "of all": f"{OF_300_MODELS / SCRAPED:.1%}",
        },
    ]
)

# %% [markdown]
# About a sixth of the photos were dropped. Which ones? One flaw is known: close-ups of a car's front, which show make
# and model better than most photos, were dropped, because ImageNet has a separate class for them, *grille*, and it is
# not among the fifteen. A lookup reveals a second slip in the list:

# %%
from car_classifier.prefilter.imagenet_classes import imagenet_classes, indices_of
from car_classifier.prefilter.scoring import CAR_CLASSES

cars_2020 = tuple(name for name in CAR_CLASSES if name != "grille") + ("passenger car",)
print("classes in 2020:", len(cars_2020), "| classes here:", len(CAR_CLASSES))
print("only in 2020:", set(cars_2020) - set(CAR_CLASSES), "| only here:", set(CAR_CLASSES) - set(cars_2020))
series.table(
    [
        {"index": index, "WordNet id": imagenet_classes()[index].wnid, "name": imagenet_classes()[index].name}
        for index in indices_of(["passenger car", "grille", "car wheel", "car mirror"])
    ]
)

# %% [markdown]
# A *passenger car* in ImageNet is a railway carriage: WordNet, the source of ImageNet's classes, defines it as a
# "railcar where passengers ride". We remove it and add the grille. Wheels and mirrors have classes too, but they say
# little about the model, so they stay out; a whole car with a large wheel has enough probability on the other classes
# to pass.
#
# ### What the rule does, on made-up probabilities
#
# Now for an honest difficulty. Scoring a photo takes ImageNet weights, which have to be downloaded, and this series
# promises to run without downloads. So the next cell **makes probabilities up**, drawn from a Dirichlet distribution:
# five kinds of photo, each with the classes on which we think such a net would bet. These probabilities show what the
# *rule* does with them. They do not show how often a real net produces them.

# %%
BELIEFS = {
    "whole car": {"sports car": 3, "convertible": 2, "beach wagon": 2, "car wheel": 2, "grille": 1},
    "front, close up": {"grille": 9, "car mirror": 0.5, "sports car": 0.2, "jeep": 0.2},
    "wheel, close up": {"car wheel": 9, "disk brake": 1, "sports car": 0.2},
    "inside": {"seat belt": 4, "car mirror": 2, "odometer": 2, "minivan": 0.2},
    "advertisement": {"web site": 6, "menu": 2, "moving van": 0.1},
}


def made_up_probabilities(belief, count, rng):
    """Float [count, 1000]: Dirichlet, with a little on every class and more on those named."""
    weights = np.full(1000, 0.002)
    for name, weight in belief.items():
        weights[indices_of([name])] += weight
    return rng.dirichlet(weights, count)


rng = np.random.default_rng(0)
made_up = {kind: made_up_probabilities(belief, 400, rng) for kind, belief in BELIEFS.items()}
scores = {
    name: {kind: p[:, indices_of(classes)].sum(axis=1) for kind, p in made_up.items()}
    for name, classes in (("2020", cars_2020), ("here", CAR_CLASSES))
}
series.table(
    [
        {"made-up photos": kind}
        | {f"kept, {name}": f"{(of_kind[kind] >= 0.1).mean():.0%}" for name, of_kind in scores.items()}
        for kind in BELIEFS
    ]
)

# %%
figure, axes = plt.subplots(1, 2, sharex=True, sharey=True)
for axis, (name, of_kind), colour in zip(axes, scores.items(), (series.GREY, series.ORANGE), strict=True):
    for place, kind in enumerate(reversed(BELIEFS)):
        axis.plot(of_kind[kind], place + rng.uniform(-0.3, 0.3, 400), ".", color=colour, markersize=2, alpha=0.5)
    axis.axvline(0.1, color="black", linewidth=1)
    axis.set(title=f"car classes of {name}" if name == "2020" else "car classes here", xlabel="score")
_ = axes[0].set_yticks(range(len(BELIEFS)), list(reversed(BELIEFS)))
# %% [markdown]
# *Figure 2.* Scores of **made-up** probabilities, one dot per photo, and the threshold at 0.1. Only one row moves
# between the two lists: the fronts. Does the threshold matter as much?

# %%
series.table(
    [
        {"fronts and whole cars kept, made up": f"threshold {threshold}"}
        | {
            f"{kind}, {name}": f"{(of_kind[kind] >= threshold).mean():.0%}"
            for kind in ("front, close up", "whole car")
            for name, of_kind in scores.items()
        }
        for threshold in (0.05, 0.1, 0.2, 0.4)
    ]
)

# %% [markdown]
# It matters less: on these made-up probabilities, within wide bounds, the list of classes decides more than the
# threshold.
#
# From here on the code is real again. A photo below the threshold is not deleted: its row keeps the score and the
# reason, and you can overrule the filter with a text editor:

# %%
from car_classifier.data.exclusions import exclude_low_scores

rows = [replace(row, prefilter_score=0.8) for row in manifest.kept]
unlucky = next(i for i, row in enumerate(rows) if row.split == "train")
rows[unlucky] = replace(rows[unlucky], prefilter_score=round(float(scores["2020"]["front, close up"].min()), 4))
judged = exclude_low_scores(rows, threshold=0.1)
print("left aside:", sum(bool(row.excluded) for row in judged), "of", len(judged))
series.table([{"file": Path(judged[unlucky].file_name).name[:40] + "…", "excluded": judged[unlucky].excluded}])

# %% [markdown]
# ### What runs without downloaded weights
#
# The code does not care where a net's weights come from. Here it scores a few photos with a MobileNetV2 that has
# **random weights**. Such a net knows nothing, and gives each of the 1000 classes a probability of about a thousandth:

# %%
import keras
import tensorflow as tf

from car_classifier.errors import UserError
from car_classifier.network.backbones import find_backbone, normalise
from car_classifier.prefilter.scoring import ImageNetNet, prefilter_photos


def random_net():
    """An untrained net, as a function from photos to probabilities."""
    keras.utils.set_random_seed(0)
    net = keras.applications.MobileNetV2(weights=None)
    graph = tf.function(lambda images: net(normalise(find_backbone("MobileNetV2"), images), training=False))
    return lambda images: graph(images).numpy()


few = [row for label in manifest.labels[:3] for row in manifest.kept if row.label == label and row.split == "train"]
few = few[:: max(1, len(few) // 24)]
folder = series.WORK / "prefilter"
folder.mkdir(parents=True, exist_ok=True)
few = [replace(row, file_name=os.path.relpath(manifest.photo_path(row), folder)) for row in few]
net = ImageNetNet("MobileNetV2 random weights", (224, 224), random_net)

write_manifest(folder / "manifest.csv", few)
result = prefilter_photos(folder / "manifest.csv", net, threshold=0.0)
found = [row.prefilter_score for row in result.manifest.rows]
print(
    f"scores of {len(found)} photos: {min(found)} to {max(found)};",
    f"{len(CAR_CLASSES)} of 1000 classes: {len(CAR_CLASSES) / 1000}",
)
try:
    prefilter_photos(folder / "manifest.csv", net, threshold=0.1)
except UserError as error:
    print(error)

# %% [markdown]
# So we have learnt what the threshold 0.1 means: several times the score that a clueless net would give, and still a
# low bar. We have also seen that the command refuses to exclude every photo, and says so in one sentence. With real
# weights this is the command; it needs a network connection once (or `--weights FILE`):
#
# <!-- not run: downloads ImageNet weights -->
# ```sh
# car-classifier data prefilter
# ```
#
# The command also draws the photos nearest to the threshold on both sides. Look at them: this is the way to judge a
# threshold. [data/README.md](../data/README.md) reports a run with real weights on photos that had already been chosen
# by hand: there the filter did a little harm and no good.
#
# One warning remains. A filter that asks a net drops the photos that *that net* finds hard, not only those without a
# car. The test photos pass through the filter as well, so accuracy after filtering is accuracy on photos that a net
# finds easy. Report it together with the share that was dropped, or filter only the training photos.
#
# ## The same picture twice
#
# Sellers list the same car again next week. Two sites share a press photo. A site keeps a thumbnail beside the
# original. So a scraped set contains pictures that are almost the same: slightly cropped, brightened, compressed once
# more. A random split puts many of them on both sides, and the test then asks questions whose answers the net has been
# told. This happened to CIFAR, two of the most used test sets of the field (Barz and Denzler 2020,
# [arXiv:1902.00423](https://arxiv.org/abs/1902.00423)), and under the name *leakage* it has been found in many sciences
# that use machine learning (Kapoor and Narayanan 2023, [arXiv:2207.07048](https://arxiv.org/abs/2207.07048)).
#
# The 2020 series split its photos at random, 56 : 19 : 25, without looking for duplicates. We do not have its photos,
# so we cannot say what that did to *its* number, a test accuracy of 0.688. But we can make a set of which we know
# everything, and repeat pictures on purpose.

# %%
LIMIT = 720
order = np.random.default_rng(0).permutation(len(manifest.kept))[:LIMIT]
originals = [manifest.kept[place] for place in sorted(order)]
pictures = [open_photo(manifest.photo_path(row)) for row in originals]


def listed_again(picture, rng, crop=0.02):
    """JPEG of the picture as another listing might show it: up to `crop` off each edge, other light, fewer pixels."""
    left, top, right, bottom = rng.uniform(0, crop, 4) * np.array(picture.size * 2)
    picture = picture.crop(tuple(round(v) for v in (left, top, picture.width - right, picture.height - bottom)))
    picture = ImageEnhance.Brightness(picture).enhance(rng.uniform(0.9, 1.2))
    picture = picture.resize((round(picture.width * 0.7), round(picture.height * 0.7)))
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=int(rng.integers(50, 85)))
    return content.getvalue()


def opened(content):
    """The picture of a JPEG."""
    return Image.open(io.BytesIO(content)).convert("RGB")


rng = np.random.default_rng(1)
again = [listed_again(picture, rng) for picture in pictures]

# %%
figure, axes = plt.subplots(2, 4, figsize=(8, 3))
for column, place in enumerate(np.linspace(0, len(pictures) - 1, 4).astype(int)):
    axes[0, column].imshow(pictures[place])
    axes[1, column].imshow(opened(again[place]))
axes[0, 0].set_title("listed once", fontsize=9)
axes[1, 0].set_title("listed again", fontsize=9)
for axis in axes.flat:
    axis.axis("off")

# %% [markdown]
# *Figure 3.* Top: photos of the set; bottom: our copies, with a sliver cropped, the light changed, a third of the pixel
# rows and columns removed, and the file compressed again. The files differ, so a checksum finds nothing.
#
# ### Finding them
#
# A *perceptual hash* is a checksum of a picture's appearance. Ours has 128 bits. Half of them are the *pHash*: shrink
# the picture to 32×32 grey pixels, take the cosine transform, keep the 64 lowest frequencies, and note for each whether
# it is above their median. The other half are the *dHash*: shrink the picture to 9×8 and note for each pair of
# neighbouring pixels whether it gets brighter. The pHash sees large shapes, the dHash sees edges. Two pictures are
# compared by the number of bits in which their hashes $a$ and $b$ differ:
#
# $$d(a, b) = \sum_{i=1}^{128} |a_i - b_i|.$$
#
# Two unrelated random codes would differ in about 64 bits. The project calls two photos near-duplicates if they differ
# in at most `MAX_DISTANCE` bits; [near_duplicates.py](../car_classifier/data/near_duplicates.py) says how that number
# was chosen by looking at pairs of real photos. How far apart are our copies, and how far apart are different photos?

# %%
hashes = np.array([perceptual_hash(picture) for picture in pictures])
hashes_again = np.array([perceptual_hash(opened(content)) for content in again])


def distances(one, other):
    """Bits in which hashes differ."""
    return np.bitwise_count(one ^ other).sum(axis=-1).astype(int)


of_copies = distances(hashes, hashes_again)
first, second = np.triu_indices(len(hashes), 1)
of_others = distances(hashes[first], hashes[second])
series.table(
    [
        {
            "pairs": name,
            "number": f"{len(d):,}",
            "median bits": f"{np.median(d):.0f}",
            f"within {MAX_DISTANCE} bits": f"{np.sum(d <= MAX_DISTANCE):,} ({np.mean(d <= MAX_DISTANCE):.2%})",
        }
        for name, d in (("a photo and its copy", of_copies), ("two different photos", of_others))
    ]
)

# %%
crops = (0.0, 0.01, 0.02, 0.03, 0.04, 0.06, 0.1)
some = np.linspace(0, len(pictures) - 1, min(60, len(pictures))).astype(int)
hits = []
for crop in crops:
    cropped = np.array([perceptual_hash(opened(listed_again(pictures[place], rng, crop))) for place in some])
    hits.append(int(np.sum(distances(hashes[some], cropped) <= MAX_DISTANCE)))

figure, (left, right) = plt.subplots(1, 2)
bins = np.arange(0, 129, 2)
left.hist(of_others, bins, density=True, color=series.GREY, label="different photos")
left.hist(of_copies, bins, density=True, color=series.ORANGE, label="copies")
left.axvline(MAX_DISTANCE + 0.5, color="black", linewidth=1)
left.set(title="bits that differ", xlabel="distance", ylabel="share of pairs, per bit")
left.legend()
low, high = np.array([wilson_interval(count, len(some)) for count in hits]).T
right.fill_between(crops, low, high, color=series.ORANGE, alpha=0.25, linewidth=0)
right.plot(crops, np.array(hits) / len(some), "o-")
_ = right.set(title="copies found", xlabel="cropped from each edge, at most", ylim=(-0.02, 1.02))
# %% [markdown]
# *Figure 4.* Left: copies (orange) and pairs of different photos (grey) hardly touch, and the line between them is the
# limit. Right: the share of copies found as more is cropped off, with 95 % intervals after Wilson (1927,
# [doi:10.1080/01621459.1927.10502953](https://doi.org/10.1080/01621459.1927.10502953)). **The hash is not blind, but
# short-sighted:** it forgives a hair's breadth, but not a tenth of the picture; beyond that it sees a different
# picture. A split is only as safe as the search for duplicates.
#
# Comparing all pairs of 60,000 photos would take two billion comparisons. There is a trick: if two hashes differ in at
# most $d$ bits, cut both into $d + 1$ bands; at least one band must agree entirely, because $d$ differences cannot
# spoil $d + 1$ bands. So only photos that share a band are compared. Then near-duplicates of near-duplicates are joined
# into groups:

# %%
everything = np.concatenate([hashes, hashes_again])
groups = near_duplicate_groups(everything)
truth = np.tile(np.arange(len(hashes)), 2)
together = np.mean([groups[i] is not None and groups[i] == groups[i + len(hashes)] for i in range(len(hashes))])
members = np.bincount([group for group in groups if group is not None])
lonely = near_duplicate_groups(hashes)
print(f"{len(everything)} pictures, groups: {len(members)}, the largest of {members.max()}")
print(f"copies in one group with their photo: {together:.1%}")
print(f"photos that have a near-duplicate before we copied any: {sum(group is not None for group in lonely)}")

# %% [markdown]
# The last line counts photos that were alike before we copied any. Drawn cars have less detail than real ones, so these
# are coincidences: two similar cars in similar scenes. They stay in one split as well, which costs nothing.
#
# ### Two ways to split
#
# Now for the experiment. For each of several seeds:
#
# - A quarter of the photos is put away. They stand for **later photos**, the photos that users send once the model is
#   in use. They have no copies anywhere.
# - A share of the other photos is listed again. Photos and copies together are the harvest of our scraper.
# - The harvest is split, three quarters for training and one quarter for the test, once **at random** and once
#   **leak-safe**. Both times the project's own function does it; only the leak-safe split is told which pictures are
#   near-duplicates.
# - The same classifier is trained on each split, and makes a *claim*: its accuracy on the test photos. The later photos
#   show what that claim is worth.

# %%
names = list(manifest.labels)
labels = np.array([names.index(row.label) for row in originals])
digests = [row.sha256 for row in originals] + [hashlib.sha256(content).hexdigest() for content in again]


def sides(members, groups, test, seed):
    """The indices of `members` for training, and those for the test."""
    label = [originals[truth[i]].label for i in members]
    items = [SplitItem(digests[i], label[k], groups[k], None) for k, i in enumerate(members)]
    side = np.array(split_photos(items, 0.0, test, seed))
    return members[side == "train"], members[side == "test"]


def world(share, seed):
    """The scraper's harvest, and the photos that come later, as indices into `everything`."""
    listed, later = sides(np.arange(len(hashes)), lonely, 0.25, seed)
    repeated = np.random.default_rng(seed).permutation(listed)[: round(share * len(listed))]
    return np.concatenate([listed, repeated + len(hashes)]), later


# %% [markdown]
# The classifiers are as cheap as possible, so that twenty repetitions take seconds. Both see a photo as 16×24 colour
# pixels. **Nearest neighbour** (Cover and Hart 1967,
# [doi:10.1109/TIT.1967.1053964](https://doi.org/10.1109/TIT.1967.1053964)) answers with the label of the most similar
# training photo: pure memory. The **linear** classifier has a score for each class, $x \cdot W$, fitted by least
# squares with a small penalty $\lambda$ (ridge regression, Hoerl and Kennard 1970,
# [doi:10.1080/00401706.1970.10488634](https://doi.org/10.1080/00401706.1970.10488634)):
#
# $$W = X^\top (X X^\top + \lambda I)^{-1} Y.$$
#
# Both need only the photos' inner products, $X X^\top$, so these are computed once for all seeds. With more pixels than
# photos, the linear classifier can memorise too. So can a deep net with millions of weights (Zhang et al. 2017,
# [arXiv:1611.03530](https://arxiv.org/abs/1611.03530)), which is why the cheap classifiers can stand in for one here.
# They are poor at recognising cars, but that does not matter: the question is not how good they are, but whether their
# claim is true.


# %%
def small(picture):
    """16×24 colour pixels, 0 to 1, in one row."""
    return np.asarray(picture.resize((24, 16), Image.Resampling.BOX), dtype=float).ravel() / 255


pixels = np.stack([small(picture) for picture in pictures] + [small(opened(content)) for content in again]) - 0.5
products = pixels @ pixels.T
squares = np.diag(products)


def nearest_neighbour(train, asked):
    """The label of the most similar training photo."""
    squared_distances = squares[asked][:, None] - 2 * products[np.ix_(asked, train)] + squares[train]
    return labels[truth[train[squared_distances.argmin(axis=1)]]]


def linear(train, asked, penalty=3.0):
    """The label of the highest score, where scores are fitted by ridge regression."""
    wanted = np.eye(len(names))[labels[truth[train]]]
    solved = np.linalg.solve(products[np.ix_(train, train)] + penalty * np.eye(len(train)), wanted)
    return (products[np.ix_(asked, train)] @ solved).argmax(axis=1)


CLASSIFIERS = {"nearest neighbour": nearest_neighbour, "linear": linear}

# %% [markdown]
# First one seed, with half of the photos listed again.


# %%
def is_right(classifier, train, asked):
    """Whether each answer is right, after training on `train`."""
    return classifier(train, asked) == labels[truth[asked]]


def two_splits(pool, seed):
    """Name, training and test photos of the random split and of the leak-safe split."""
    other = seed + 1000  # the seed of `world` would repeat its draws
    yield "random", sides(pool, [None] * len(pool), 0.25, other)
    yield "leak-safe", sides(pool, near_duplicate_groups(everything[pool]), 0.25, other)


def percent(value, interval):
    """A share and its interval."""
    value, low, high = (round(number, 2) + 0.0 for number in (value, *interval))  # no "-0%"
    return f"{value:.0%} ({low:.0%} to {high:.0%})"


is_near = distances(everything[:, None], everything) <= MAX_DISTANCE
pool, later = world(0.5, seed=0)
rows = []
for name, (train, test) in two_splits(pool, seed=0):
    right = is_right(nearest_neighbour, train, test)
    near = is_near[np.ix_(test, train)].any(axis=1)
    truly = np.isin(truth[test], truth[train])
    rows.append(
        {
            "split": name,
            "training": len(train),
            "different pictures among them": len(set(truth[train])),
            "test": len(test),
            "of these with a near-duplicate in training": int(near.sum()),
            "with a copy in training": int(truly.sum()),
            "claim": percent(right.mean(), wilson_interval(int(right.sum()), len(right))),
        }
    )
series.table(rows)

# %% [markdown]
# The two columns before the claim put the same question to two witnesses: to the hash, and to us, who made the copies.
# (The random split has one real advantage, in the third column: its training photos contain more different pictures,
# because a picture that is listed twice has two chances to get there. We shall meet this advantage again.)
#
# The (Wilson) intervals say how far a share of this few photos can be trusted, and they are wide. They are also
# slightly too narrow where the test itself contains a picture twice, which counts as two but is one. So we repeat
# everything with other seeds, and let the share of repeated photos grow from none to all.

# %%
SEEDS = 3 if series.TINY else 20
SHARES = (0.0, 0.25, 0.5, 1.0)
runs = []
for share in SHARES:
    for seed in range(SEEDS):
        pool, later = world(share, seed)
        for split, (train, test) in two_splits(pool, seed):
            near = is_near[np.ix_(test, train)].any(axis=1)
            copied = np.isin(truth[test], truth[train])
            for name, classifier in CLASSIFIERS.items():
                right, right_later = np.split(is_right(classifier, train, np.concatenate([test, later])), [len(test)])
                of_later = right_later.mean()
                runs.append(
                    {"share": share, "split": split, "classifier": name, "claim": right.mean(), "later": of_later}
                    | {"excess": right.mean() - of_later, "near": near.mean(), "copied": copied.mean()}
                    | {"right, copied": right[copied].sum(), "number, copied": copied.sum()}
                    | {"right, new": right[~copied].sum(), "number, new": (~copied).sum()}
                )


def values(field, **wanted):
    """One field of all runs that have these values."""
    return np.array([run[field] for run in runs if all(run[key] == value for key, value in wanted.items())])


def mean_of(field, **wanted):
    """Mean and interval of one field."""
    found = values(field, **wanted)
    return percent(found.mean(), mean_interval(found))


series.table(
    [
        {"listed again": f"{share:.0%}", "split": split}
        | {
            "test photos with a near-duplicate in training": mean_of(
                "near", share=share, split=split, classifier="linear"
            )
        }
        | {"with a copy in training": mean_of("copied", share=share, split=split, classifier="linear")}
        for share in SHARES
        for split in ("random", "leak-safe")
    ]
)

# %% [markdown]
# The figures of this table, of the next one and of Figure 5 are means over the seeds, with 95 % intervals of that mean
# (Student's $t$). All seeds share one set of photos, so these intervals measure the luck of the split, not the luck of
# other photos.
#
# Where all photos are listed again, the copy of a test photo has three chances in four to be a training photo, and the
# random split shows just that. The leak-safe split leaves only the copies that the hash has not found. And the accuracy
# that each split claims?

# %%
series.table(
    [
        {"classifier": name, "split": split}
        | {"claim": mean_of("claim", share=0.5, split=split, classifier=name)}
        | {"later photos": mean_of("later", share=0.5, split=split, classifier=name)}
        | {"claim − later photos": mean_of("excess", share=0.5, split=split, classifier=name)}
        for name in CLASSIFIERS
        for split in ("random", "leak-safe")
    ]
)

# %%
figure, axes = plt.subplots(1, 2, sharey=True)
for axis, name in zip(axes, CLASSIFIERS, strict=True):
    lines = (
        ("claim, random split", "claim", "random", series.ORANGE, "o-"),
        ("claim, leak-safe split", "claim", "leak-safe", series.BLUE, "s-"),
        ("later photos, random split", "later", "random", series.ORANGE, "o:"),
        ("later photos, leak-safe split", "later", "leak-safe", series.BLUE, "s:"),
    )
    for legend, field, split, colour, form in lines:
        of_share = [values(field, share=share, split=split, classifier=name) for share in SHARES]
        low, high = np.array([mean_interval(found) for found in of_share]).T
        axis.fill_between(SHARES, low, high, color=colour, alpha=0.15, linewidth=0)
        axis.plot(SHARES, [found.mean() for found in of_share], form, color=colour, label=legend, markersize=4)
    axis.axhline(1 / len(names), color=series.GREY, linewidth=1)
    axis.set(title=name, xlabel="share of photos listed again", ylim=(0, 1))
axes[0].set_ylabel("accuracy")
_ = axes[1].legend(fontsize=8, loc=(0.3, 0.24))
# %% [markdown]
# *Figure 5.* Accuracy against the share of photos that are listed again. Solid lines show the claims, dotted lines show
# the same classifier on later photos, and the grey line is guessing. At zero, on the left, the two splits agree:
# without duplicates there is nothing to leak. To the right, the orange claim climbs far above its own dotted line.
# **The classifier has learnt little; the test has become easier.** The blue claim stays with its dotted line. (The
# orange dots lie a little above the blue ones because of the advantage named above: more different pictures to learn
# from.)
#
# ### Where the excess comes from
#
# Let $q$ be the share of test photos with a copy in training, $a_\text{copy}$ the accuracy on these photos, and
# $a_\text{new}$ the accuracy on all others. Then a claim is a mixture of two accuracies, of which a user will only ever
# meet one:
#
# $$a = q \, a_\text{copy} + (1 - q) \, a_\text{new}, \qquad a - a_\text{new} = q \, (a_\text{copy} - a_\text{new}).$$

# %%
rows = []
for name in CLASSIFIERS:
    n_copy, n_new, r_copy, r_new = (
        int(values(field, share=0.5, split="random", classifier=name).sum())
        for field in ("number, copied", "number, new", "right, copied", "right, new")
    )
    q, a_copy, a_new = n_copy / (n_copy + n_new), r_copy / n_copy, r_new / n_new
    rows.append(
        {
            "random split, half listed again": name,
            "q": f"{q:.0%}",
            "copy in training": f"{a_copy:.0%}",
            "new": f"{a_new:.0%}",
        }
        | {"excess, q (copy − new)": f"{q * (a_copy - a_new):.0%}", "claim": f"{q * a_copy + (1 - q) * a_new:.0%}"}
    )
series.table(rows)

# %% [markdown]
# On test photos with a copy in training, each classifier is nearly as good as a lookup table, because it is one. On new
# photos it shows its true quality. **The more a classifier memorises, the more a leaky test praises it.** So leakage
# not only flatters, it flatters unevenly, and hides how much better one classifier is than another. Compare the columns
# of each row (means over the seeds):

# %%
series.table(
    [
        {"listed again": f"{share:.0%}", "judged by": judge}
        | {name: f"{values(field, share=share, split=split, classifier=name).mean():.0%}" for name in CLASSIFIERS}
        for share in (0.0, 1.0)
        for judge, field, split in (
            ("claim, random split", "claim", "random"),
            ("claim, leak-safe split", "claim", "leak-safe"),
            ("later photos", "later", "leak-safe"),
        )
    ]
)

# %% [markdown]
# ## Side by side
#
# | | 2020 | here |
# |---|---|---|
# | list of photos | the content of the folder on that day | a manifest with the hash of every file |
# | car classes of the prefilter | fifteen, with a railway carriage | fifteen, with the grille |
# | photos below the threshold | removed from the set | in the list, with score and reason |
# | near-duplicates | not looked for | found by perceptual hash, in groups |
# | split | random, unseeded: different each time | seeded, stratified, each group on one side |
# | the same photos, renamed or reordered | a different split | the same split: it depends on content and seed |
#
# Here is the last line, demonstrated with another order (the function does not even look at names):

# %%
pool, _ = world(0.5, seed=0)
groups_of_pool = near_duplicate_groups(everything[pool])
_, test = sides(pool, groups_of_pool, 0.25, seed=0)
shuffled = np.random.default_rng(5).permutation(len(pool))
_, test_shuffled = sides(pool[shuffled], [groups_of_pool[i] for i in shuffled], 0.25, seed=0)
print("same test photos after shuffling:", set(test) == set(test_shuffled))

# %% [markdown]
# What to remember:
#
# - Read the counts before the accuracy: how many photos there are, from how many they were chosen, and by whom.
# - A filter has two knobs, its list of classes and its threshold. The threshold cannot make up for a class that is
#   missing from the list: look at the photos near the threshold.
# - Ask of every test photo whether training has seen it. A hash finds the easy cases; Figure 4 shows its limit. For
#   cars on sale it would be even better to split by *listing* or by *seller*, if the file names contained them.
# - An accuracy without its split means nothing. Ours come from leak-safe splits, here and in the following parts.
#
# Next: [Part 1](part_1_transfer_learning.md) trains a net on these photos.
