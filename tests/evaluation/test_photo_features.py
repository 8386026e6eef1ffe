"""The features of each photo in a published net, for finding similar photos."""

import numpy as np
import pytest
from PIL import Image

from car_classifier.data.manifest import ManifestRow, read_manifest, write_manifest
from car_classifier.errors import UserError
from car_classifier.evaluation.photo_features import FEATURES_FILE, principal_directions, write_photo_features
from tests.support.commands import done, in_process
from tests.support.pictures import blotches


def test_directions_are_those_of_the_greatest_variance_seen_from_the_middle():
    wide, narrow = np.array([3.0, 0, 4, 0]), np.array([0, 1.0, 0, 0])  # the second at a right angle to the first
    activations = 7 + np.stack([2 * wide, -2 * wide, narrow, -narrow])
    one = principal_directions(activations, 1)
    assert one.dtype == np.float16
    assert np.abs(one[:, 0]).tolist() == pytest.approx([1, 1, 0, 0], abs=1e-3)
    two = principal_directions(activations, 2).astype(float)
    assert two @ two.T == pytest.approx(
        np.array([[1, -1, 0, 0], [-1, 1, 0, 0], [0, 0, 1, -1], [0, 0, -1, 1]]), abs=2e-3
    )


@pytest.mark.parametrize(("photos", "channels", "numbers"), [(300, 100, 64), (40, 100, 40), (300, 8, 8), (1, 8, 1)])
def test_there_are_at_most_64_numbers_and_rows_have_length_1(photos, channels, numbers):
    directions = principal_directions(np.random.default_rng(0).normal(5, 2, (photos, channels)))
    assert directions.shape == (photos, numbers)
    lengths = np.linalg.norm(directions.astype(float), axis=1)
    assert lengths == pytest.approx(np.ones(photos) if photos > 1 else np.zeros(1), abs=2e-3)


@pytest.mark.slow
class TestWithTheDemoModel:
    @pytest.fixture
    def manifest_path(self, tmp_path):
        """Four pictures as labels, six photos of each in different light and with noise; one in five is excluded."""
        random = np.random.default_rng(0)
        rows = []
        for i in range(24):
            pixels = np.asarray(blotches(i % 4, (96, 64)), np.float32) * random.uniform(0.8, 1.1)
            pixels += random.normal(0, 12, pixels.shape)
            name = f"{i}.jpg"
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(tmp_path / name)
            label = f"Blotches_{i % 4}"
            excluded = "for the test" if i % 5 == 0 else ""
            rows.append(ManifestRow(name, f"{i}", "Blotches", f"{i % 4}", label, None, 96, 64, "train", "", excluded))
        return write_manifest(tmp_path / "manifest.csv", rows).path

    @pytest.mark.long
    def test_photos_of_the_same_thing_lie_closest_together(self, manifest_path, demo_model_dir):
        said = done(in_process("data", "features", "--data", manifest_path, "--model", demo_model_dir))
        path = manifest_path.with_name(FEATURES_FILE)
        assert f"{path}: 24 numbers for each of 24 photos, from version 1." in said

        rows = read_manifest(manifest_path).rows
        with np.load(path, allow_pickle=False) as content:
            assert content["file_names"].tolist() == [row.file_name for row in rows]
            assert (content["features"].dtype, str(content["model_version"])) == (np.float16, "1")
            assert len(str(content["weights_sha256"])) == 64
            features = content["features"].astype(np.float32)
        cosines = features @ features.T
        assert cosines.argmax(axis=1).tolist() == list(range(24)), "a photo is most like itself"
        np.fill_diagonal(cosines, -1)
        labels = np.array([row.label for row in rows])
        share = (labels[cosines.argmax(axis=1)] == labels).mean()
        assert share > 0.7, "by chance it would be less than a quarter"

    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda photo: photo.unlink(), "cannot be used (no such file)"),
            (lambda photo: photo.write_bytes(b"no photo"), "cannot be used (not a picture, or damaged)"),
        ],
    )
    def test_a_photo_that_cannot_be_used_is_named_and_left_out(self, manifest_path, demo_model, spoil, words):
        rows = read_manifest(manifest_path).rows
        photo = manifest_path.parent / rows[3].file_name
        spoil(photo)
        notes = []
        written = write_photo_features(manifest_path, demo_model, notify=notes.append)
        assert notes == [f"{photo} {words}, so it is left out."]
        assert len(written.features) == len(rows) - 1
        with np.load(written.path, allow_pickle=False) as content:
            assert content["file_names"].tolist() == [row.file_name for row in rows if row != rows[3]]

    def test_if_no_photo_can_be_used_nothing_is_written(self, manifest_path, demo_model):
        for row in read_manifest(manifest_path).rows:
            (manifest_path.parent / row.file_name).unlink()
        with pytest.raises(UserError, match=r"None of the 24 photos can be used\. The first: .*0\.jpg cannot be used"):
            write_photo_features(manifest_path, demo_model, notify=str)
        assert not manifest_path.with_name(FEATURES_FILE).exists()

    def test_a_manifest_that_is_not_there_is_a_sentence(self, manifest_path, demo_model, tmp_path):
        with pytest.raises(UserError, match="There is no manifest at"):
            write_photo_features(tmp_path / "none.csv", demo_model)
        manifest_path.with_name(FEATURES_FILE).mkdir()
        with pytest.raises(UserError, match="is a folder"):
            write_photo_features(manifest_path, demo_model)
