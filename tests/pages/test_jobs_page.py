"""The Jobs page with jobs in each state, written as their folders would be."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from medgan.common.config import Config
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig
from medgan.jobs import Job, list_jobs
from medgan.jobs.executor import EXECUTORS
from medgan.jobs.records import PROGRESS, ProgressRecord, Result, change_status, now, write_quick
from medgan.jobs.runner import submit
from medgan.studies.demo import demo_config
from medgan.studies.exports import ExportOptions
from medgan.studies.kept_exports import export_config
from medgan.studies.quality import quality_config
from medgan.studies.synthesis import SyntheticSet
from medgan.training.config import train_config
from reliability import mounts

from .conftest import NeverStarts, Open, press, texts


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch):
    """Make a job and put it into a state."""
    monkeypatch.setitem(EXECUTORS, "local", NeverStarts())

    def make_(name: str, **changes: object) -> Job:
        config: Config = PhantomConfig(name=name)
        job = submit("phantom", config)
        change_status(job.folder, **changes)
        return job

    return make_


def test_states_reasons_and_buttons(open_page: Open, make) -> None:
    ended = {"started": now() - timedelta(seconds=70), "finished": now()}
    make("waiting")
    make("at-work", state="running", started=now())
    make("broken", state="failed", reason="the disk is full: make room, then try again", **ended)
    make("stopped", state="cancelled", reason="stopped at step 5", **ended)
    make("finished", state="done", **ended)
    app = open_page("jobs")
    assert not app.exception
    words = texts(app)
    assert "the disk is full" in words
    assert "stopped at step 5" in words
    labels = sorted(button.label for button in app.button)
    assert labels == ["Cancel", "Cancel", "Forget", "Forget", "Forget", "Resume", "Try again"]


@pytest.mark.usefixtures("populated")
def test_scores_and_exports_lead_to_their_pages(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXECUTORS, "local", NeverStarts())
    synthetic = SyntheticSet.open("kept")
    films = synthetic.manifest.summary["dataset"]
    options = ExportOptions(only="accepted", bits=16, distances=False)
    result = Result(id="made", name="made", folder=synthetic.folder)
    for kind, config in (
        ("evaluate", quality_config("kept", films)),
        ("evaluate", quality_config(films, films)),
        ("export", export_config(synthetic, options)),
    ):
        change_status(submit(kind, config).folder, state="done", finished=now(), result=result)
    app = open_page("jobs")
    assert not app.exception
    links = [(link.proto.label, parse_qs(link.proto.query_string)) for link in app.main.get("page_link")]
    against = PreparedDataset.open(films).id
    look = {"only": ["accepted"], "bits": ["16"], "distances": ["False"]}
    assert [link for link in links if link[0] != "Guide"] == [
        ("To the set, and its download", {"view": ["saved"], "set": [synthetic.id], **look}),
        ("See the scores", {"view": ["scores"], "sets": [synthetic.id], "dataset": [against], "space": ["radiomic"]}),
    ]


def test_filter_in_the_address(open_page: Open, make) -> None:
    make("waiting")
    make("broken", state="failed", reason="out of luck", finished=now())
    app = open_page("jobs", show="stopped")
    assert "broken" in texts(app)
    assert "waiting" not in texts(app)


def test_cancel_and_retry(open_page: Open, make) -> None:
    waiting = make("waiting")
    app = open_page("jobs")
    next(button for button in app.button if button.label == "Cancel").click().run()
    assert waiting.status().state == "cancelled"
    next(button for button in app.button if button.label == "Resume").click().run()
    assert waiting.status().state == "queued"
    assert waiting.status().attempt == 2


def test_a_damaged_job_does_not_hide_the_others(open_page: Open, make) -> None:
    (make("torn").folder / "job.json").write_text("{")
    make("whole", state="done", finished=now())
    app = open_page("jobs")
    assert not app.exception
    assert "whole" in texts(app)
    assert "damaged" in texts(app)


@pytest.mark.usefixtures("populated")
def test_what_works_comes_first_and_what_waits_says_behind_what(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXECUTORS, "local", NeverStarts())
    films = PreparedDataset.open(SyntheticSet.open("kept").manifest.summary["dataset"]).id
    demo = submit("demo", demo_config())
    config = train_config("dcgan", films, name="mine")
    train = submit("train", config)
    ended = submit("phantom", PhantomConfig(name="ended"))
    change_status(ended.folder, state="done", finished=now())
    change_status(demo.folder, state="running", started=now())
    write_quick(demo.folder / PROGRESS, ProgressRecord(done=1, total=4, seconds_left=1260.0).model_dump_json())
    words = texts(open_page("jobs"))
    assert words.index("**Demo study**") < words.index("mine") < words.index("ended")
    waits = "Waits behind Demo study (about 21 min left)"
    assert waits in words
    overview = texts(open_page("overview"))
    assert overview.index("Running now") < overview.index("**Demo study**") < overview.index("mine")
    app = open_page("train", view="watch", trained=config.run)
    assert waits in texts(app)
    press(app, "Start now")
    assert train.status().at_once


@pytest.mark.parametrize("label", ["Cancel", "Start now", "Try again", "Forget"])
def test_a_button_on_a_read_only_workspace_says_why(open_page: Open, make, medgan_home: Path, label: str) -> None:
    if reason := mounts.why_not():
        pytest.skip(reason)
    submit("demo", demo_config())
    make("broken", state="failed", reason="out of luck", finished=now())
    before = [job.status() for job in list_jobs()]
    with mounts.read_only(medgan_home):
        app = press(open_page("jobs"), label)
        assert not app.exception
        assert ["Read-only file system" in error.value for error in app.error] == [True]
    assert [job.status() for job in list_jobs()] == before


def test_buttons_on_a_full_disk_say_why(open_page: Open, make, medgan_home: Path) -> None:
    if reason := mounts.why_not():
        pytest.skip(reason)
    make("broken", state="failed", reason="out of luck", finished=now())
    with mounts.small_disk(medgan_home, 1):
        mounts.leave(medgan_home / "ballast", 0)
        address = {"view": "add", "from": "phantoms"}
        for app in (press(open_page("jobs"), "Try again"), press(open_page("data", **address), "Draw phantoms")):
            assert not app.exception
            assert ["the disk is full" in error.value for error in app.error] == [True]
        assert [job.status().reason for job in list_jobs()] == ["out of luck"]
