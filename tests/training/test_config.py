"""Settings of a run: each can be set, and none to an invalid value."""

import json
from operator import attrgetter

import pytest

from car_classifier.errors import UserError
from car_classifier.settings import fields_of
from car_classifier.training.config import TrainingConfig, key_of, merged, run_key

GOOD = {
    "wrong_at_most": ("0.05", 0.05),
    "manifest": ("photos.csv", "photos.csv"),
    "base": ("VGG16", "VGG16"),
    "weights": ("net.weights.h5", "net.weights.h5"),
    "unfreeze": ("conv5,conv4_block6 all", ("conv5,conv4_block6", "all")),
    "image_size": ("96x144", (96, 144)),
    "head": ("sgd", "sgd"),
    "output_stride": ("16", 16),
    "batch_size": ("8", 8),
    "hidden_units": ("512", 512),
    "head_epochs": ("3", 3),
    "head_learning_rate": ("2e-3", 2e-3),
    "epochs": ("4", 4),
    "learning_rate": ("1e-4", 1e-4),
    "backbone_rate": ("0.1", 0.1),
    "warm_up": ("0", 0.0),
    "weight_decay": ("0", 0.0),
    "ema_epochs": ("2.5", 2.5),
    "label_smoothing": ("0", 0.0),
    "augmentation.mixup": ("0.2", 0.2),
    "augmentation.cutmix": ("1", 1.0),
    "augmentation.crop_area": ("1", 1.0),
    "augmentation.stretch": ("0", 0.0),
    "augmentation.flip": ("no", False),
    "augmentation.colour": ("0.5", 0.5),
    "augmentation.erase": (" 0.2 ", 0.2),
    "views": ("0", 0),
    "class_weights": ("False", False),
    "patience": ("2", 2),
    "precision": ("float32", "float32"),
    "strategy": ("mirrored", "mirrored"),
    "seed": ("7", 7),
}
"""A text for every setting, and what it stands for."""


def with_settings(*settings: str) -> TrainingConfig:
    return TrainingConfig(**merged({"manifest": "manifest.csv"}, settings))


def test_every_setting_can_be_set():
    assert set(GOOD) == {name for name, _ in fields_of(TrainingConfig)}
    config = with_settings(*(f"{name}={text}" for name, (text, _) in GOOD.items()))
    values = {name: attrgetter(name)(config) for name in GOOD}
    assert values == {name: value for name, (_, value) in GOOD.items()}


def test_dashes_stand_for_underscores_and_the_last_value_counts():
    config = with_settings("weight-decay=0.1", "epochs=2", "epochs=3")
    assert (config.weight_decay, config.epochs) == (0.1, 3)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("cutmix=-1", "augmentation.cutmix must be at least 0. Received: -1"),
        ("augmentation=0", "--set takes FIELD=VALUE with one of"),
        ("augmentation.speed=0", "--set takes FIELD=VALUE with one of"),
        ("seed.cutmix=0", "--set takes FIELD=VALUE with one of"),
        ("colour", "--set takes FIELD=VALUE with one of manifest, base, .* Received: colour$"),
        ("color=0.5", "--set takes FIELD=VALUE with one of .* Received: color=0.5"),
        ("=1", "--set takes FIELD=VALUE"),
        ("epochs=many", "epochs must be a whole number. Received: many"),
        ("epochs=1.5", "epochs must be a whole number. Received: 1.5"),
        ("epochs=", "epochs must be a whole number. Received: $"),
        ("epochs=0", "epochs must be at least 1. Received: 0"),
        ("head_epochs=0", "head_epochs must be at least 1"),
        ("patience=0", "patience must be at least 1"),
        ("batch_size=-8", "batch_size must be at least 1. Received: -8"),
        ("augmentation.mixup=strong", "augmentation.mixup must be a number. Received: strong"),
        ("augmentation.mixup=-0.1", "augmentation.mixup must be at least 0"),
        ("augmentation.mixup=nan", "augmentation.mixup must be a number. Received: nan"),
        ("learning_rate=0", "learning_rate must be above 0"),
        ("backbone_rate=0", "backbone_rate must be above 0 and at most 1"),
        ("augmentation.crop_area=1.1", "augmentation.crop_area must be above 0 and at most 1"),
        ("warm_up=1", "warm_up must be from 0 to below 1"),
        ("label_smoothing=1", "label_smoothing must be from 0 to below 1"),
        ("augmentation.erase=1", "augmentation.erase must be from 0 to below 1"),
        ("augmentation.colour=1", "augmentation.colour must be from 0 to below 1"),
        ("augmentation.stretch=2", "augmentation.stretch must be from 0 to below 1"),
        ("views=-1", "views must be at least 0"),
        ("seed=-1", "seed must be from 0 to 2147483647"),
        ("seed=2147483648", "seed must be from 0 to 2147483647"),
        ("augmentation.flip=maybe", "augmentation.flip must be true or false. Received: maybe"),
        ("precision=int8", "precision must be one of auto, float32, bfloat16, float16. Received: int8"),
        ("strategy=both", "strategy must be one of none, mirrored, multiworker. Received: both"),
        ("image_size=big", "image_size must be one number of pixels or HEIGHTxWIDTH"),
        ("image_size=0x96", "image_size must be one number of pixels or HEIGHTxWIDTH"),
        ("unfreeze=", "unfreeze must be all, head or patterns"),
        ("unfreeze=conv5,,conv4", "unfreeze must be all, head or patterns"),
        ("unfreeze=conv(", r"unfreeze must be patterns .* conv\( is not a pattern"),
        ("unfreeze=head all", "unfreeze must not have other stages beside head"),
        ("unfreeze=conv5 conv5", "unfreeze must not name a stage twice"),
    ],
)
def test_what_cannot_be_is_one_sentence(setting, words):
    with pytest.raises(UserError, match=words):
        with_settings(setting)


@pytest.mark.parametrize("unfreeze", [("head",), ("conv5",), ("conv5", "all")])
def test_random_weights_are_not_frozen(unfreeze):
    with pytest.raises(UserError, match="frozen ones would stay so"):
        TrainingConfig(manifest="manifest.csv", weights="none", unfreeze=unfreeze)


def test_a_run_that_an_older_version_began_has_the_same_name():
    settings = TrainingConfig(manifest="photos", weights="weights").as_json()
    newer = ("augmentation", "wrong_at_most")
    flat = {name: value for name, value in settings.items() if name not in newer} | settings["augmentation"]
    assert run_key(TrainingConfig(manifest="manifest.csv"), "photos", "weights") == key_of(flat)


def test_a_run_is_named_for_what_it_depends_on():
    config = TrainingConfig(manifest="manifest.csv")
    key = run_key(config, "photos", "weights")
    assert key == run_key(TrainingConfig(manifest="elsewhere/manifest.csv"), "photos", "weights")
    others = [with_settings(f"{name}={text}") for name, (text, _) in GOOD.items() if name != "manifest"]
    keys = {run_key(other, "photos", "weights") for other in others if other.weights == config.weights}
    keys |= {run_key(config, "others", "weights"), run_key(config, "photos", "others")}
    assert key not in keys
    assert len(keys) == len(GOOD)  # all but the manifest's and the weights' path, and two for their content


OLDER_FILE = """{
  "manifest": "data/manifest.csv", "base": "VGG16", "weights": "imagenet", "unfreeze": ["conv5", "all"],
  "image_size": [96, 144], "output_stride": 16, "hidden_units": 0, "batch_size": 8, "head_epochs": 3,
  "head_learning_rate": 0.002, "epochs": 4, "learning_rate": 0.0001, "backbone_rate": 0.1, "warm_up": 0.0,
  "weight_decay": 0.0, "ema_epochs": 2.5, "label_smoothing": 0.0, "mixup": 0.2, "cutmix": 1.0, "crop_area": 0.8,
  "stretch": 0.0, "flip": false, "colour": 0.5, "erase": 0.2, "views": 0, "class_weights": false, "patience": 2,
  "precision": "float32", "strategy": "none", "seed": 7
}"""
"""The settings in config.json before the augmentation's were a group."""


def test_an_older_file_is_read():
    settings = json.loads(OLDER_FILE)
    config = TrainingConfig(**settings)
    inner = {"mixup": 0.2, "cutmix": 1.0, "crop_area": 0.8, "stretch": 0.0, "flip": False, "colour": 0.5, "erase": 0.2}
    assert config.augmentation.model_dump() == inner
    outer = {name: value for name, value in settings.items() if name not in inner}
    assert config.as_json() == outer | {"augmentation": inner, "head": "auto", "wrong_at_most": 0.1}
    assert TrainingConfig(**config.as_json()) == config


@pytest.mark.parametrize(
    ("settings", "is_closed"),
    [
        ({"unfreeze": "head"}, True),
        ({"unfreeze": "conv5"}, False),
        ({"unfreeze": "conv5", "head": "lda"}, True),
        ({"unfreeze": "head", "head": "sgd"}, False),
        ({"unfreeze": "head", "hidden_units": 8}, False),
        ({"weights": "none", "head": "lda"}, False),
    ],
)
def test_the_classifier_is_in_closed_form_where_that_is_better(settings, is_closed):
    assert TrainingConfig(manifest="m", **settings).has_closed_form_head is is_closed


def test_an_older_name_sets_the_same_field():
    assert with_settings("cutmix=0") == with_settings("augmentation.cutmix=0")


def test_the_rules_hold_for_what_is_left_after_all_settings():
    options = {"manifest": "m", "weights": "none", "unfreeze": ("conv5",)}
    config = TrainingConfig(**merged(options, ["unfreeze=all", "cutmix=0"]))
    assert (config.unfreeze, config.augmentation.cutmix, config.augmentation.flip) == (("all",), 0, True)
    with pytest.raises(UserError, match="With --weights none all layers are random"):
        TrainingConfig(**merged(options, ["cutmix=0"]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "manifest must be given."),
        ({"manifest": "m", "speed": 1}, "There is no setting speed. The settings are: manifest, base, "),
        ({"manifest": "m", "augmentation": {"speed": 1}}, "There is no setting augmentation.speed. "),
        ({"manifest": "m", "image_size": [0, 96]}, "image_size must be one number of pixels"),
        ({"manifest": "m", "epochs": 0, "seed": -1}, "epochs must be at least 1. Received: 0\nseed must be from 0 to "),
    ],
)
def test_settings_that_are_missing_unknown_or_several(settings, message):
    with pytest.raises(UserError) as caught:
        TrainingConfig(**settings)
    assert str(caught.value).startswith(message)


def test_settings_are_json():
    as_json = TrainingConfig(manifest="manifest.csv").as_json()
    assert json.loads(json.dumps(as_json)) == as_json
