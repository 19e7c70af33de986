"""From sets to quality reports: rows, references, parts, copies, and what is refused."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgan.common.artefact import read_manifest
from medgan.common.errors import BadInput, Cancelled
from medgan.common.progress import Silent
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.metrics import METRICS
from medgan.studies.copies import FEATURES, PIXELS, read_copies
from medgan.studies.evaluation import Evaluation, evaluate, known_references
from medgan.studies.learned import learned_images
from medgan.studies.quality import QualityReport, list_reports, quality_config
from medgan.studies.references import REFERENCES, halves
from medgan.studies.synthesis import SyntheticSet, generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train
from medgan.training.run import Run, list_runs


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Phantom films, and a set that the shipped generator drew; made once."""
    home = tmp_path_factory.mktemp("quality") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGAN_HOME", str(home))
        prepare_phantoms(PhantomConfig(family="chest_xray", count=150, size=64, name="films"))
        shipped = next(run for run in list_runs() if run.name == "phantom-chest-xray")
        generate(generate_config(shipped.id, count=40, seed=1, name="drawn"))
    return home


@pytest.fixture
def films(made: Path, medgan_home: Path) -> PreparedDataset:
    shutil.copytree(made, medgan_home, dirs_exist_ok=True)
    return PreparedDataset.open("films")


TINY = {"width": 8, "batch_size": 4, "steps": 2, "log_every": 1, "sample_every": 2, "samples": 4, "checkpoint_every": 2}


def report(**options: Any) -> QualityReport:
    return evaluate(quality_config("drawn", "films", **{"resamples": 20, **options}))


def as_set(dataset: PreparedDataset, rows: Any, name: str, images: Any = None) -> SyntheticSet:
    """A synthetic set that holds given pictures in place of what was drawn."""
    found = generate(generate_config("phantom-chest-xray", count=len(rows), seed=2, name=name))
    np.save(found.folder / "images.npy", np.asarray(dataset.images[rows]) if images is None else images)
    return SyntheticSet.open(found.id)


class TestReport:
    def test_holds_every_score_of_the_set_and_of_the_references(self, films: PreparedDataset) -> None:
        scores = report().scores
        assert set(scores["of"]) == {"set", *REFERENCES}
        wanted = {name for name, metric in METRICS.items() if not metric.cannot_be_in("radiomic")}
        for _, rows in scores.groupby("of"):
            assert set(rows["metric"]) == wanted
        own = scores[scores["of"] == "set"].set_index("metric")
        assert (own["synthetic"] == 40).all()
        assert own.loc["frechet", "low"] < own.loc["frechet", "value"] < own.loc["frechet", "high"]
        assert "radiomic" in own.loc["frechet", "title"]
        assert own.loc["frechet_infinite", "refused"].startswith("needs at least 50")
        by = scores.set_index(["of", "metric"])["value"]
        assert by["halves", "frechet"] < by["set", "frechet"] < by["blurred", "frechet"]

    def test_the_same_question_is_answered_once_and_references_are_taken_over(
        self, films: PreparedDataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = report()
        assert report().manifest.created == first.manifest.created
        as_set(films, films.indices("train", "normal")[:30], "other")
        monkeypatch.setattr("medgan.studies.evaluation.against_half", lambda *_: pytest.fail("scored again"))
        second = evaluate(quality_config("other", "films", label="normal", resamples=20))
        known = first.scores[first.scores["of"] == "halves"]["value"].to_list()
        assert second.config.label == first.config.label
        assert second.scores[second.scores["of"] == "halves"]["value"].to_list() == pytest.approx(known, nan_ok=True)

    def test_references_of_another_question_are_not_taken_over(self, films: PreparedDataset) -> None:
        first = report()
        key = first.manifest.summary["references_key"]
        for options in ({"label": ""}, {"resamples": 21}, {"seed": 5}):
            other = Evaluation(quality_config("drawn", "films", **{"resamples": 20, **options}), Silent())
            assert other.references_key != key
            assert known_references(other.references_key, "images") == []
        assert len(known_references(key, "images")) > 0
        (first.folder / "scores.parquet").write_bytes(b"damaged")
        assert known_references(key, "images") == []

    def test_order_of_images_changes_nothing(self, films: PreparedDataset) -> None:
        rows = films.indices("test", None)[:25]
        values = []
        for number, order in enumerate((rows, rows[::-1])):
            as_set(films, order, f"order-{number}")
            found = evaluate(quality_config(f"order-{number}", "films", label="", resamples=10)).scores
            values.append(found[found["of"] == "set"][["metric", "value", "low", "high"]].set_index("metric"))
        same = [name for name in values[0].index if name != "seen_as_drawn"]
        assert values[0].loc[same].equals(values[1].loc[same])

    def test_a_data_set_can_be_scored_as_if_it_were_synthetic(self, films: PreparedDataset) -> None:
        prepare_phantoms(PhantomConfig(family="chest_xray", count=36, size=64, name="others", seed=5))
        found = evaluate(quality_config("others", "films", resamples=0, screening=False))
        own = found.scores[found.scores["of"] == "set"]
        assert own["low"].isna().all()
        assert own[own["metric"] == "seen_as_drawn"]["value"].iloc[0] > 0.5

    def test_colour_is_not_compared_with_grey(self, films: PreparedDataset) -> None:
        prepare_phantoms(PhantomConfig(family="dermoscopy", count=24, size=64, name="lesions"))
        with pytest.raises(BadInput, match="lesions has colour images, data set films grey ones"):
            evaluate(quality_config("lesions", "films"))

    def test_stops_when_asked_and_leaves_no_report(self, films: PreparedDataset) -> None:
        class Stopping(Silent):
            def stop_requested(self) -> bool:
                return True

        with pytest.raises(Cancelled):
            evaluate(quality_config("drawn", "films"), Stopping())
        assert list_reports() == []

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"set": "nothing"}, "no set named 'nothing'"),
            ({"against": "nothing"}, "no dataset named 'nothing'"),
            ({"space": "eyes"}, "no feature space 'eyes'"),
            ({"label": "broken leg"}, "no class 'broken leg'"),
            ({"part": "masks"}, "no masks to score"),
            ({"space": "inception"}, "weights download inception"),
        ],
    )
    def test_what_cannot_be_scored_is_one_line(self, films: PreparedDataset, options: Any, reason: str) -> None:
        given = {"set": "drawn", "against": "films"} | options
        with pytest.raises(BadInput) as refused:
            evaluate(quality_config(given.pop("set"), given.pop("against"), **given))
        assert reason in str(refused.value)
        assert "\n" not in str(refused.value)


class TestParts:
    def test_images_masks_and_both_are_scored_separately(self, medgan_home: Path) -> None:
        slices = prepare_phantoms(PhantomConfig(family="chest_ct", count=60, size=64, name="slices"))
        prepare_phantoms(PhantomConfig(family="chest_ct", count=24, size=64, name="fakes", seed=9))
        found = evaluate(quality_config("fakes", slices.id, resamples=0))
        assert found.manifest.summary["parts"] == ["images", "masks", "combined"]
        values = found.scores[found.scores["of"] == "set"].set_index(["part", "metric"])["value"]
        assert len({values[part, "frechet"] for part in ("images", "masks", "combined")}) == 3


class TestCopies:
    def test_copies_are_flagged_with_the_image_they_copy(self, films: PreparedDataset) -> None:
        train = films.indices("train", "normal")[:12]
        rng = np.random.default_rng(0)
        noise = rng.normal(0, 8, (len(train), 64, 64, 1))
        copied = np.clip(np.asarray(films.images[train])[:, :, ::-1] + noise, 0, 255).astype(np.uint8)
        as_set(films, train, "copies", copied)
        found = evaluate(quality_config("copies", "films", label="normal", resamples=0))
        table, held_out, synthetic, real = read_copies(found.folder)
        assert table["flagged"].mean() > 0.9
        assert (table[f"{PIXELS}_nearest"].to_numpy() == films.items["id"].to_numpy()[train]).mean() > 0.9
        assert table["mirrored"].mean() > 0.9
        assert found.manifest.summary["screening"]["share"] == table["flagged"].mean()
        assert set(held_out) == {FEATURES, PIXELS}
        assert synthetic.shape == real.shape == (12, 64, 64, 1)
        assert sorted(found.manifest.summary["screening"]["closest"]) == list(range(12))

    def test_what_the_gan_learned_from_is_searched_and_what_it_saw_is_not_held_out(
        self, films: PreparedDataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = train(train_config("dcgan", films.id, label="normal", name="own", options=TINY))
        generate(generate_config(run.id, count=12, name="own-set"))
        synthetic, normal = SyntheticSet.open("own-set"), films.indices("train", "normal")
        found = learned_images(synthetic, films, normal)
        assert np.array_equal(found.train, normal)
        assert found.notes == ()
        seen_too = films.indices("test", "normal")[:3]
        seen = {*films.items["sha256"].iloc[[*normal, *seen_too]], "0" * 64}
        monkeypatch.setattr(Run, "seen_files", frozenset(seen))
        found = learned_images(synthetic, films, normal)
        assert not set(found.held_out) & set(seen_too)
        assert set(seen_too) < set(found.train)
        assert found.notes[0].startswith("3 held-out images that its GAN learned from were left out")
        assert "1 images that are not in this data set" in found.notes[1]

    def test_a_gan_that_does_not_tell_what_it_learned_from_is_noted(self, films: PreparedDataset) -> None:
        assert "does not tell which images" in report().manifest.summary["screening"]["note"]

    def test_unseen_images_are_not_flagged_more_often_than_stated(self, films: PreparedDataset) -> None:
        prepare_phantoms(PhantomConfig(family="chest_xray", count=120, size=64, name="unseen", seed=11))
        found = evaluate(quality_config("unseen", "films", label="", resamples=0)).manifest.summary["screening"]
        assert found["low"] <= found["rate"]
        assert found["held_out_share"] <= max(found["rate"], 2 / found["held_out"])  # as one fewer are compared with


def test_halves_share_no_patient_and_are_of_about_one_size() -> None:
    patients = np.array([f"p{number // 3}" for number in range(60)])
    first, second = halves(patients, seed=0)
    assert not set(patients[first]) & set(patients[second])
    assert sorted([*first, *second]) == list(range(60))
    assert abs(len(first) - len(second)) <= 3


def test_a_report_is_an_artefact_with_parents(films: PreparedDataset) -> None:
    found = report()
    manifest = read_manifest(found.folder)
    assert manifest.kind == "quality"
    assert manifest.parents == [SyntheticSet.open("drawn").id, films.id]
