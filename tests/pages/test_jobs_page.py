"""The Jobs page with jobs in each state, written as their folders would be."""

from datetime import timedelta

import pytest

from medgan.common.config import Config
from medgan.data.phantom_sets import PhantomConfig
from medgan.jobs import Job
from medgan.jobs.executor import EXECUTORS
from medgan.jobs.records import Status, change_status, now
from medgan.jobs.runner import submit

from .conftest import Open, texts


class NeverStarts:
    """Starts nothing, so that a test can write the states itself."""

    def start(self, folder: object, attempt: int) -> None: ...

    def why_dead(self, folder: object, status: Status) -> str:
        return ""

    def stop(self, status: Status, *, force: bool) -> None: ...


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
    make("broken", state="failed", reason="the disk is full: make room, then resume", **ended)
    make("stopped", state="cancelled", reason="stopped at step 5", **ended)
    make("finished", state="done", **ended)
    app = open_page("jobs")
    assert not app.exception
    words = texts(app)
    assert "the disk is full" in words
    assert "stopped at step 5" in words
    labels = sorted(button.label for button in app.button)
    assert labels == ["Cancel", "Cancel", "Forget", "Forget", "Forget", "Resume", "Try again"]


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
