"""Which job works on a run or a study."""

import pytest

from medgan.app.making import job_making
from medgan.common.config import Config
from medgan.jobs import Job, submit
from medgan.jobs.executor import EXECUTORS, LocalProcesses
from medgan.jobs.records import change_status
from medgan.studies.demo import demo_config
from medgan.training.config import train_config


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch, medgan_home: object):
    """A job whose work never begins."""
    monkeypatch.setitem(EXECUTORS, "local", LocalProcesses(("true",)))

    def submit_(kind: str, config: Config) -> Job:
        job = submit(kind, config)
        change_status(job.folder, state="cancelled")
        return job

    return submit_


def test_a_demo_works_on_its_run_and_its_study(waiting) -> None:
    config = demo_config()
    job = waiting("demo", config)
    for id in (config.run, config.study):
        found = job_making(id)
        assert found
        assert found.id == job.id
    assert job_making(config.demo) is None


def test_the_newest_job_unless_an_older_one_is_at_work(waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    config = train_config("dcgan", "films", name="twice")
    older, newer = waiting("train", config), waiting("train", config)
    found = job_making(config.run)
    assert found
    assert found.id == newer.id
    monkeypatch.setattr(LocalProcesses, "why_dead", lambda *_: "")
    change_status(older.folder, state="running")
    found = job_making(config.run)
    assert found
    assert found.id == older.id
