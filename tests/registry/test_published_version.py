"""A published version's files, its SavedModel, and the version that `--model` names."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from car_classifier.errors import UserError
from car_classifier.registry.labels import write_labels
from car_classifier.registry.published_version import PublishedVersion, find_version
from tests.support.commands import in_process


@pytest.fixture
def version(tmp_path) -> PublishedVersion:
    """A version with the files beside a SavedModel, but without the SavedModel."""
    version = PublishedVersion(tmp_path / "1")
    version.assets.mkdir(parents=True)
    labels = {"labels": ["Kia_Rio", "Audi_A4", "Kia_Ceed"], "makes": {"Audi_A4": "Audi", "Kia_Ceed": "Kia"}}
    labels["makes"] |= {"Kia_Rio": "Kia"}
    for path, content in {version.labels_path: labels, version.metrics_path: {"top1": 0.5}}.items():
        path.write_text(json.dumps(content))
    return version


def test_labels_keep_the_order_of_the_classes_and_makes_are_sorted(version):
    assert version.names.labels == ("Kia_Rio", "Audi_A4", "Kia_Ceed")
    assert version.names.makes == ("Kia", "Audi", "Kia")
    assert version.names.all_makes == ("Audi", "Kia")
    assert version.names.make_of_class.tolist() == [1, 0, 1]


def test_metrics_are_read_each_time(version):
    assert version.read_metrics() == {"top1": 0.5}
    version.metrics_path.write_text('{"top1": 0.75}')
    assert version.read_metrics() == {"top1": 0.75}


@pytest.mark.parametrize(
    ("spoil", "read", "words"),
    [
        (lambda v: v.labels_path.unlink(), lambda v: v.names, "has no labels.json: car-classifier did not export it"),
        (lambda v: v.labels_path.write_text("{"), lambda v: v.names, "labels.json is missing or damaged"),
        (lambda v: v.labels_path.write_text("{}"), lambda v: v.names, "labels.json is damaged"),
        (lambda v: v.labels_path.write_text('{"labels": 3, "makes": {}}'), lambda v: v.names, "labels.json is damaged"),
        (lambda v: v.metrics_path.write_text("[]"), lambda v: v.read_metrics(), "metrics.json is damaged"),
        (lambda _: None, lambda v: v.read_config(), "config.json is missing or damaged"),
        (lambda _: None, lambda v: v.signature("classify"), "There is no SavedModel in"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_sentence(
    version, spoil: Callable, read: Callable[[PublishedVersion], object], words
):
    spoil(version)
    with pytest.raises(UserError, match=words):
        read(version)


@pytest.mark.slow
def test_a_process_loads_a_saved_model_once(tmp_path):
    import tensorflow as tf

    from car_classifier.network.signatures import save
    from tests.support.nets import tiny_classifier
    from tests.support.pictures import encoded, picture

    version = PublishedVersion(tmp_path / "1")
    save(tiny_classifier(), str(version.folder))
    (tmp_path / "link").symlink_to("1")
    first = version.signature("classify")
    assert PublishedVersion(tmp_path / "link").signature("classify") is first
    os.utime(version.saved_model_path, ns=(0, 0))  # as if another export had taken its place
    assert PublishedVersion(tmp_path / "1").signature("classify") is not first
    photo = tf.constant([encoded(picture(60, 90), "PNG")])
    classified = version.signature("classify")(image_bytes=photo)
    version.folder.rename(tmp_path / "elsewhere")
    every_class = version.signature("all_classes")(image_bytes=photo)
    assert every_class["probabilities"].numpy().max() == pytest.approx(classified["probabilities"].numpy()[0, 0])
    with pytest.raises(UserError, match="has no signature 'embed': an older car-classifier or another program"):
        version.signature("embed")


@pytest.fixture
def model_dir(tmp_path) -> Path:
    """A model folder with three versions."""
    for number in (1, 2, 10):
        (tmp_path / "model" / str(number)).mkdir(parents=True)
        (tmp_path / "model" / str(number) / "saved_model.pb").touch()
    return tmp_path / "model"


@pytest.mark.parametrize(
    ("labels", "model", "number"),
    [
        ({"stable": 2, "previous": 1, "canary": 10}, "", "2"),
        ({"stable": 2, "canary": 10}, "1", "1"),
        ({"canary": 2}, "", "10"),
        ({}, "", "10"),
    ],
    ids=["the stable one", "the folder of a version", "no label stable", "no labels"],
)
def test_a_model_is_a_versions_folder_or_a_model_folder(model_dir, labels, model, number):
    if labels:
        write_labels(model_dir, labels)
    assert find_version(model_dir / model).folder == model_dir / number


def test_a_stable_version_that_is_gone_is_not_found(model_dir):
    write_labels(model_dir, {"stable": 2})
    (model_dir / "2").rename(model_dir / "old")
    assert find_version(model_dir).folder == model_dir / "10"


def test_a_folder_without_a_version_is_one_sentence_and_exit_code_2(tmp_path):
    (tmp_path / "empty").mkdir()
    result = in_process("predict", "photo.jpg", "--model", "empty", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: There is no published model in empty. Give a model folder, or a version in it such as model/1.\n"
    )
