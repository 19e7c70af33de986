"""The data card: what it holds, what it says plainly where nothing is known, and what must never be in it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from medgan.common.artefact import remove_artefact, write_manifest
from medgan.common.home import home
from medgan.data.dataset import PreparedDataset
from medgan.studies.data_card import card_markdown, without_folders
from medgan.studies.evaluation import evaluate
from medgan.studies.exports import ExportOptions, export_of
from medgan.studies.marks import mark
from medgan.studies.quality import quality_config
from medgan.studies.synthesis import SyntheticSet, generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train
from medgan.training.run import Run

TINY: dict[str, Any] = {"width": 8, "batch_size": 4, "steps": 1, "samples": 1}
SECTIONS = [
    "What it is",
    "What made it",
    "What it was made from",
    "How it scores",
    "Copies of training images",
    "Intended use",
    "Limits",
    "About this card",
]


@pytest.fixture
def learned(phantoms: PreparedDataset) -> SyntheticSet:
    train(train_config("dcgan", "phantoms", label="normal", name="tiny", options=TINY))
    return generate(generate_config("tiny", count=12, seed=5, name="learned"))


def cards(synthetic: SyntheticSet, **options: Any) -> tuple[dict[str, Any], str]:
    """The card of an export as facts and as text."""
    documents = export_of(synthetic, ExportOptions.parse(options)).documents
    facts: dict[str, Any] = json.loads(documents["data_card.json"])
    return facts, documents["data_card.md"]


def test_a_card_tells_what_made_the_set_and_from_what(learned: SyntheticSet, phantoms: PreparedDataset) -> None:
    facts, text = cards(learned)
    assert re.findall(r"^## (.*)", text, re.MULTILINE) == SECTIONS
    (made,) = facts["made_by"]
    run = Run.open("tiny")
    assert (made["seed"], made["run"]["id"], made["run"]["gan"]) == (5, run.id, "DCGAN")
    assert (made["run"]["steps"], made["run"]["training_images"]) == (1, run.record.items)
    assert made["run"]["options"]["batch_size"] == 4
    (dataset,) = facts["made_from"]
    assert (dataset["id"], dataset["terms"]) == (phantoms.id, "Free to use")
    counts = {(row["class"], row["part"]): row["images"] for row in dataset["counts"]}
    assert counts["normal", "train"] == len(phantoms.indices("train", "normal"))
    assert sum(counts.values()) == len(phantoms) == 48
    for words in (run.id, "DCGAN", "Free to use", "tiny learned from its training part", "12 of 12 images", "seed 5"):
        assert words in text


def test_what_was_not_done_is_said(learned: SyntheticSet) -> None:
    facts, text = cards(learned, distances=False)
    assert (facts["quality"], facts["memorisation"]["screened"]) == ([], False)
    assert facts["marks"] == {"unmarked": 12}
    for words in ("Not scored", "**Not screened.**", "has not been scored", "has not been screened for copies"):
        assert words in text
    assert "Few training images (" in text


def test_scores_and_screening_are_those_of_the_reports(learned: SyntheticSet) -> None:
    report = evaluate(quality_config("learned", "phantoms", label="normal", resamples=20))
    facts, text = cards(learned)
    (quality,) = facts["quality"]
    own = report.scores[report.scores["of"] == "set"].set_index("metric")
    by_name = {score["metric"]: score for score in quality["scores"]}
    assert set(by_name) == set(own.index)
    for end in ("value", "low", "high"):
        assert by_name["frechet"][end] == pytest.approx(own.loc["frechet", end])
    others = report.scores[(report.scores["of"] != "set") & report.scores["value"].notna()]
    assert len(others) > 0
    for row in others.to_dict("records"):
        assert by_name[row["metric"]]["references"][row["of"]] == pytest.approx(row["value"])
    assert by_name["frechet_infinite"]["value"] is None
    assert "needs at least 50" in by_name["frechet_infinite"]["refused"]
    (screening,) = facts["memorisation"]["screenings"]
    summary = report.manifest.summary["screening"]
    assert (screening["flagged"], screening["held_out"]) == (summary["flagged"], summary["held_out"])
    assert f"{summary['flagged']} of 12 flagged" in text
    assert "no proof of privacy" in text
    assert "Not screened" not in text
    assert f"| {float(by_name['frechet']['value']):.4g} |" in text


def test_a_selection_says_that_the_scores_are_of_the_whole(learned: SyntheticSet) -> None:
    evaluate(quality_config("learned", "phantoms", label="normal", resamples=0))
    mark(learned, [2, 3, 7], "accepted")
    facts, text = cards(learned, only="accepted")
    assert (facts["what_it_is"]["images"], facts["what_it_is"]["of"]) == (3, 12)
    assert facts["marks"] == {"accepted": 3, "unmarked": 9}
    assert "those of the whole set of 12, not of the 3" in text
    assert "only those that a person accepted" in text
    (features, _) = facts["memorisation"]["distances"]
    exported = export_of(learned, ExportOptions(only="accepted")).table["nearest_training_distance_radiomic"]
    assert features["exported"]["smallest"] == pytest.approx(exported.min())


def test_no_patient_no_real_file_and_no_folder_is_in_it(learned: SyntheticSet, phantoms: PreparedDataset) -> None:
    report = evaluate(quality_config("learned", "phantoms", label="normal", resamples=0, screening=False))
    reason = f"{home()}/workspace/datasets/d/images.npy: damaged; see ~/secret/notes.txt and /mnt/scans/a/b.png"
    report.manifest.summary["not_screened"] = reason
    write_manifest(report.folder, report.manifest)
    facts, text = cards(learned)
    assert "images.npy: damaged" in facts["memorisation"]["not_screened"]
    told = text + json.dumps(facts)
    for folder in (str(home()), str(Path.home()), "secret", "/mnt", "scans"):
        assert folder not in told
    private = {*phantoms.items["patient_id"], *phantoms.items["file"], *phantoms.items["sha256"]}
    assert not [name for name in private if name in told]


def test_folders_go_and_other_texts_stay() -> None:
    kept = ["arXiv:1803.09010", "https://example.org/a/b", "and/or", "1/2 of it", "train/test", ""]
    assert without_folders({"a": kept, "n": 3, "b": True, "none": None}) == {"a": kept, "n": 3, "b": True, "none": None}
    assert without_folders("/mnt/scans/a.png: damaged") == "a.png: damaged"


def test_a_set_whose_makers_are_gone_still_has_a_card(learned: SyntheticSet, phantoms: PreparedDataset) -> None:
    remove_artefact(phantoms.folder)
    facts, text = cards(learned)
    assert facts["made_from"] == [
        {"id": phantoms.id, "here": False, "used_for": ["tiny learned from its training part"]}
    ]
    assert "This data set is not here" in text
    remove_artefact(Run.open("tiny").folder)
    facts, text = cards(learned)
    assert facts["made_by"][0]["run"]["gone"]
    assert "gone since; nothing more is known of it" in text
    assert re.findall(r"^## (.*)", text, re.MULTILINE) == SECTIONS


def test_what_people_named_cannot_break_the_text(learned: SyntheticSet) -> None:
    facts, _ = cards(learned)
    facts["made_from"][0]["title"] = "a|b\n# <b>c</b> *d* `e`"
    text = card_markdown(facts)
    assert "- a\\|b # \\<b\\>c\\</b\\> \\*d\\* \\`e\\`" in text
    assert re.findall(r"^## (.*)", text, re.MULTILINE) == SECTIONS
