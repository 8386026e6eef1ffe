"""`explain`, `explain-eval` and `clever-hans`, as a user runs them."""

import csv
import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from car_classifier.data.manifest import read_manifest
from tests.support.commands import done, in_process
from tests.support.embedded_server import until
from tests.support.pictures import UNUSABLE, encoded, picture

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def version(demo_model_dir, tmp_path_factory) -> Path:
    """A copy of the demo model that may be written to."""
    folder = tmp_path_factory.mktemp("scored") / "1"
    shutil.copytree(demo_model_dir / "1", folder)
    return folder


@pytest.fixture(scope="module")
def photo(demo_data) -> Path:
    manifest = read_manifest(demo_data / "manifest.csv")
    return manifest.photo_path(manifest.split("test")[0])


def written(output: str, ending: str) -> list[Path]:
    return [Path(line.strip()) for line in output.splitlines() if line.strip().endswith(ending)]


class TestExplain:
    @pytest.mark.long
    def test_a_contrast_is_the_difference_of_two_classes_and_all_add_up(self, version, photo, tmp_path):
        arguments = ("explain", photo, "--model", version, "--out", tmp_path)
        labels = json.loads((version / "assets.extra" / "labels.json").read_text())["labels"]
        outputs = [
            done(in_process(*arguments, *more))
            for more in (
                ("--class", labels[0]),
                ("--class", labels[1]),
                ("--class", labels[0], "--versus", labels[1]),
                ("--class", labels[0].replace("_", " "), "--versus", labels[1], "--method", "hirescam"),
            )
        ]
        of_a, of_b, contrast, by_tape = (np.load(written(output, ".npy")[0]) for output in outputs)
        assert of_a.shape == (4, 6)
        np.testing.assert_allclose(contrast, of_a - of_b, atol=1e-5)
        np.testing.assert_allclose(
            by_tape, contrast, atol=1e-4
        )  # the net that was taken out of the SavedModel is the same
        for output, contributions, what in zip(
            outputs[:3], (of_a, of_b, contrast), ("logit", "logit", "difference of the logits"), strict=True
        ):
            pattern = rf"contributions (\S+) \+ bias (\S+) = \S+; {what} (\S+) \(off by (\S+)\)"
            total, bias, logit, off = map(float, re.search(pattern, output).groups())
            assert total + bias == pytest.approx(logit, abs=1e-3)
            assert off < 1e-3
            assert contributions.sum() == pytest.approx(total, abs=1e-4)
            about = json.loads(written(output, ".json")[0].read_text())
            assert about["sum_of_contributions"] + about["bias"] == pytest.approx(about["logit"], abs=1e-3)
            with Image.open(written(output, ".png")[0]) as figure:
                assert figure.width > 800
        assert "contributions" not in outputs[3]
        assert len(set(tmp_path.iterdir())) == 12

    def test_any_photos_of_a_folder_each_in_files_of_its_own(self, version, tmp_path):
        pictures = {
            "a/1.jpg": picture(2600, 4000), "b/1.jpg": picture(50, 70, "L"), "c/2.jpg": Image.new("RGB", (1, 1)),
        }  # fmt: skip
        for name, image in pictures.items():
            (tmp_path / "photos" / name).parent.mkdir(parents=True)
            (tmp_path / "photos" / name).write_bytes(encoded(image))
        output = done(in_process("explain", tmp_path / "photos", "--model", version, "--out", tmp_path / "out"))
        maps = written(output, ".npy")
        assert [path.name.split("-")[:2] for path in maps[:2]] == [["a", "1"], ["b", "1"]]
        assert maps[2].name.startswith("2-")
        assert len({path for path in maps if np.isfinite(np.load(path)).all()}) == 3

    def test_each_result_appears_as_soon_as_it_is_there(self, version, photo, tmp_path):
        photos = [tmp_path / "gone.jpg", photo]
        command = ("explain", *photos, "--model", version, "--out", tmp_path)
        lines = in_process(*command, as_on_a_screen=True).stdout.splitlines()
        assert lines[0].startswith(f"Not explained: {photos[0]}: ")
        assert lines[1] == "Explaining photos: 1/2"
        assert lines[2].startswith(f"{photo}: ")
        assert lines[-1] == "Explaining photos: 2/2"

    def test_maps_of_two_layers_do_not_share_a_file(self, version, photo, tmp_path):
        arguments = ("explain", photo, "--model", version, "--out", tmp_path, "--method", "gradcam")
        last = done(in_process(*arguments))
        lower = done(in_process(*arguments, "--layer", "conv4_block6_out"))
        layers = [json.loads(written(output, ".json")[0].read_text())["layer"] for output in (last, lower)]
        assert layers == [None, "conv4_block6_out"]
        assert len(set(tmp_path.iterdir())) == 6

    def test_as_json_in_place_of_the_text(self, version, photo, tmp_path):
        arguments = ("explain", tmp_path / "gone.jpg", photo, "--model", version, "--out", tmp_path / "out")
        result = in_process(*arguments, "--json", "-")
        assert result.returncode == 2
        gone, explained = json.loads(result.stdout)
        assert gone == {"photo": str(tmp_path / "gone.jpg"), "error": "no such file"}
        assert explained["sum_of_contributions"] + explained["bias"] == pytest.approx(explained["logit"], abs=1e-3)
        about = json.loads(Path(explained["files"][2]).read_text(encoding="utf-8"))
        assert about == {name: value for name, value in explained.items() if name != "files"}

    @pytest.mark.parametrize(
        ("limit", "asked", "sure"), [("0", (), True), ("1", (), False), ("1", ("--class", "Estrel_Lumen"), None)]
    )
    def test_an_unlikely_answer_is_called_not_sure_as_by_predict(self, limit, asked, sure, version, photo, tmp_path):
        ask = (photo, "--model", version, "--sure-above", limit)
        explained = done(in_process("explain", *ask, *asked, "--out", tmp_path))
        assert ("%, not sure)" in explained.splitlines()[0]) is (sure is False)
        assert json.loads(written(explained, ".json")[0].read_text())["sure"] is sure
        if not asked:
            assert ("not sure" in done(in_process("predict", *ask))) is not sure

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--class", "Estrel_Luman"), "The model knows no 'Estrel_Luman'. It knows 4 labels, such as Estrel_Lumen"),
            (("--class", "Estrel_Lumen", "--versus", "Estrel_Lumen"), "--versus must be another class"),
            (("--method", "lime"), "There is no method lime. Take one of exact, gradcam"),
            (("--model", "nowhere"), "There is no published model in nowhere"),
        ],
    )
    def test_a_mistake_is_one_sentence(self, arguments, words, version, photo, tmp_path):
        model = () if "--model" in arguments else ("--model", version)
        result = in_process("explain", photo, *model, "--out", tmp_path / "out", *arguments)
        assert result.returncode == 2
        assert words in result.stderr.replace("\n", " ")
        assert "Traceback" not in result.stderr

    def test_a_bad_photo_is_named_and_the_others_explained(self, version, photo, tmp_path):
        bad = tmp_path / "bad.jpg"
        bad.write_bytes(next(iter(UNUSABLE.values()))[0])
        result = in_process("explain", bad, tmp_path / "gone.jpg", photo, "--model", version, "--out", tmp_path)
        assert result.returncode == 2
        assert f"Not explained: {bad}: empty file\n" in result.stderr
        assert "gone.jpg: no such file" in result.stderr
        assert len(written(result.stdout, ".npy")) == 1


SCORED = ("--photos", 10, "--sanity-photos", 3, "--method", "exact", "--method", "hirescam")


@pytest.fixture(scope="module")
def scored(version, demo_data, tmp_path_factory) -> tuple[str, Path]:
    """The printed output, and the folder of the figures."""
    figures = tmp_path_factory.mktemp("figures")
    command = ("explain-eval", "--model", version, "--data", demo_data / "manifest.csv", *SCORED, "--out", figures)
    return done(in_process(*command)), figures


@pytest.mark.long
@pytest.mark.usefixtures("scored")
class TestExplainEval:
    def test_scores_are_in_the_metrics_and_on_the_card(self, version):
        reports = json.loads((version / "assets.extra" / "metrics.json").read_text())["explanations"]
        (report,) = reports.values()
        assert report["photos"] == 10
        assert list(report["methods"]) == ["exact", "hirescam", "random", "gaussian"]
        for method, row in report["methods"].items():
            assert set(row["scores"]) == {
                "deletion",
                "insertion",
                "road",
                "average_drop",
                "average_drop_equal",
                "sanity",
                "hit",
                "energy",
            }
            assert row["scores"]["deletion"]["count"] == 10
            assert row["scores"]["sanity"]["count"] == 3
            assert row["scores"]["hit"]["count"] == report["right"]
            for name, figure in row["scores"].items():
                assert figure["interval"][0] - 1e-9 <= figure["mean"] <= figure["interval"][1] + 1e-9, (method, name)
        exact, hires = (report["methods"][name]["scores"] for name in ("exact", "hirescam"))
        for name, figure in exact.items():  # of a pooled head they are the same map
            assert hires[name]["mean"] == pytest.approx(figure["mean"], abs=0.02), name
        assert [
            report["methods"][name]["scores"]["sanity"]["mean"] for name in ("random", "gaussian")
        ] == pytest.approx([1, 1])
        card = (version / "assets.extra" / "model_card.md").read_text()
        assert "| HiResCAM |" in card
        assert "| Centred Gaussian |" in card

    def test_the_checksums_hold(self, version):
        lines = (version / "assets.extra" / "SHA256SUMS").read_text().splitlines()
        for line in lines:
            digest, name = line.split("  ")
            assert hashlib.sha256((version / name).read_bytes()).hexdigest() == digest, name
        assert any(line.endswith("assets.extra/metrics.json") for line in lines)

    def test_every_photos_scores_are_kept(self, version):
        (table,) = (version / "assets.extra" / "explanations").glob("*.csv")
        with table.open() as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 40
        assert len({row["file_name"] for row in rows}) == 10

    def test_figures_and_verdicts_are_shown(self, scored):
        output, figures = scored
        assert sorted(path.name for path in figures.iterdir()) == ["contrast.jpg", "methods.jpg"]
        assert "10 photos" in output
        assert "Del. ↓" in output
        for path in figures.iterdir():
            with Image.open(path) as figure:
                assert figure.width > 500

    def test_interrupted_it_goes_on_to_the_same_scores(self, version, demo_data, tmp_path):
        again = tmp_path / "1"
        shutil.copytree(version, again)
        shutil.rmtree(again / "assets.extra" / "explanations")
        damaged = next((again / "assets.extra" / "golden").glob("*.jpg"))
        damaged.write_bytes(damaged.read_bytes() + b"!")
        expected = json.loads((again / "assets.extra" / "metrics.json").read_text())["explanations"]
        command = ("explain-eval", "--model", again, "--data", demo_data / "manifest.csv", *SCORED, "--out", tmp_path)
        process = subprocess.Popen(
            [sys.executable, "-m", "car_classifier", *map(str, command)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        folder = again / "assets.extra" / "explanations"
        until(
            lambda: (
                process.poll() is not None or any(path.read_text().count("\n") > 1 for path in folder.glob(".*.csv"))
            ),
            300,
        )
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=300)
        assert process.returncode == 130
        (unfinished,) = folder.iterdir()
        with unfinished.open("a") as file:
            file.write("images/half_a_li")  # as a killed process leaves it
        result = in_process(*command, "--json", "-")
        assert re.search(r"Going on after \d+ photos\.", result.stderr)
        scores = json.loads((again / "assets.extra" / "metrics.json").read_text())["explanations"]
        assert scores == expected
        assert json.loads(result.stdout) == {"model": str(again)} | next(iter(expected.values()))
        sums = (again / "assets.extra" / "SHA256SUMS").read_text()  # still tell that a file was damaged
        assert hashlib.sha256(damaged.read_bytes()).hexdigest() not in sums

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--split", "nowhere"), "Invalid value for '--split'"),
            (("--photos", 0), "at least 1. Received: 0"),
        ],
    )
    def test_a_mistake_is_one_sentence(self, arguments, words, version, demo_data, tmp_path):
        data = demo_data / "manifest.csv"
        result = in_process("explain-eval", "--model", version, "--data", data, "--out", tmp_path, *arguments)
        assert result.returncode == 2
        assert words in result.stderr.replace("\n", " ")
        assert "Traceback" not in result.stderr


class TestCleverHans:
    def test_shares_by_class_and_the_worst_photos(self, version, demo_data, tmp_path):
        command = ("clever-hans", "--model", version, "--data", demo_data / "manifest.csv", "--out", tmp_path)
        output = done(in_process(*command))
        assert "which is 36% of the area" in output
        summary = json.loads((tmp_path / "clever_hans.json").read_text())
        assert summary["photos"] == len(read_manifest(demo_data / "manifest.csv").split("test"))
        means = [row["mean"] for row in summary["per_class"]]
        assert means == sorted(means, reverse=True)
        assert len(means) == 4
        assert 0 < summary["mean"] < 1
        with Image.open(tmp_path / "clever_hans.jpg") as figure:
            assert figure.width > 800
        printed = done(in_process(*command, "--split", "all", "--json", "-"))
        assert json.loads(printed)["photos"] > summary["photos"]
        assert json.loads((tmp_path / "clever_hans.json").read_text()) == summary

    def test_a_model_that_looks_at_the_frame_is_found_out(self, tmp_path):
        """A net whose only feature is the brightness of the photo's edge."""
        from tests.explanations.frame_looker import save_frame_looker, write_photos

        save_frame_looker(tmp_path / "model" / "1")
        write_photos(tmp_path / "photos")
        done(in_process("data", "index", tmp_path / "photos", "--out", tmp_path / "manifest.csv"))
        command = ("clever-hans", "--model", tmp_path / "model", "--data", tmp_path / "manifest.csv", "--split", "all")
        done(in_process(*command, "--out", tmp_path / "out", "--frame", 0.25))
        summary = json.loads((tmp_path / "out" / "clever_hans.json").read_text())
        assert summary["mean"] > 0.95
        # A dark edge speaks against a light one only: what speaks for the dark one is the bias.
        assert {row["label"]: row["without_evidence"] for row in summary["per_class"]} == {
            "Light_Edge": 0,
            "Dark_Edge": 8,
        }

    @pytest.mark.parametrize("frame", ["0", "0.5", "-1"])
    def test_a_frame_must_leave_a_middle(self, frame, version, demo_data, tmp_path):
        data = demo_data / "manifest.csv"
        result = in_process("clever-hans", "--model", version, "--data", data, "--frame", frame, "--out", tmp_path)
        assert result.returncode == 2
        assert "--frame must be above 0 and below 0.5" in result.stderr
