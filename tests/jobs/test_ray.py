"""Work on a real Ray cluster of two nodes of this machine: the same results, also when a node dies in the middle."""

import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest
import torch

from medgan.common.artefact import read_manifest
from medgan.common.errors import BadInput, WorkFailed
from medgan.common.progress import Silent
from medgan.common.tensors import read_tensors
from medgan.data.config import PrepareConfig
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.data.roots import VARIABLE
from medgan.jobs import WORK, Job, Needs, list_jobs, run_here, submit
from medgan.jobs.node_needs import Node, Settled, settled
from medgan.jobs.ray import _Tasks
from medgan.jobs.ray_task import Task
from medgan.jobs.reporter import Reporter
from medgan.studies.study import StudyConfig, study_config
from medgan.training.config import train_config

from ..commands import PHANTOM, SHORT_TRAINING, answer, complaint

Eventually = Callable[[Callable[[], bool]], None]
TASKS_NEED = Needs(memory_gb=0.5)
TIME_S = 300.0
"""More than any of this takes, so that a test that would wait for ever fails."""


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator[Any]:
    """A cluster of two nodes with a core each: the head, and one that may be killed."""
    pytest.importorskip("ray", reason="Ray is an extra: pip install -r requirements-cluster.txt")
    from ray.cluster_utils import Cluster

    sizes = {"num_cpus": 1, "memory": 2_000_000_000, "include_dashboard": False}
    folder = Path(tempfile.mkdtemp(prefix="ray-"))  # pytest's own paths are too long for Ray's sockets
    (folder / "ray").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", str(folder))
        cluster = Cluster(initialize_head=True, head_node_args=sizes)
        cluster.add_node(**sizes)
        yield cluster
        cluster.shutdown()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def cluster(ray_cluster: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The cluster, as RAY_ADDRESS names it; one thread, as each task has with one core."""
    monkeypatch.setenv("RAY_ADDRESS", ray_cluster.address)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return ray_cluster


def ended(job: Job) -> str:
    """How a job ended, with the reason where it is not done."""
    status = job.wait(TIME_S)
    return status.state if status.state == "done" else f"{status.state}: {status.reason}\n{job.log_tail()}"


def hashes(study: StudyConfig) -> dict[str, str]:
    """Of every file of a study but its config, which holds its id."""
    from medgan.common.home import studies_folder

    files = read_manifest(studies_folder() / study.study).files
    return {name: file.sha256 for name, file in files.items() if name != "study.json"}


def tiny_study() -> StudyConfig:
    """Two arms with two seeds each of a segmenter that takes seconds."""
    segmenter = {"epochs": 2, "width": 8, "batch_size": 4}
    return study_config("lesions", classical=True, seeds=2, resamples=99, segmenter=segmenter)


def started(job: Job, number: int) -> list[int]:
    """The process of each start of a task."""
    return [row["process"] for row in Task(job.folder, 1, number).starts()]


def test_a_study_survives_the_death_of_a_node_and_is_that_of_this_machine(cluster: Any, eventually: Eventually) -> None:
    prepare_phantoms(PhantomConfig(family="dermoscopy", count=40, size=32, name="lesions"))
    here, there = tiny_study(), tiny_study()
    job = submit("study", there, executor="ray", needs=TASKS_NEED)
    (doomed,) = cluster.worker_nodes
    (raylet,) = (found.process.pid for found in doomed.all_processes["raylet"])
    on_it: dict[int, int] = {}

    def one_works_on_it() -> bool:
        on_node = {process.pid for process in psutil.Process(raylet).children(recursive=True)}
        for number in range(4):
            for process in set(started(job, number)) & on_node:
                on_it[number] = process
        return bool(on_it)

    eventually(one_works_on_it)
    ((number, process),) = on_it.items()
    os.kill(process, signal.SIGSTOP)  # in the midst of it, whatever the machine's speed
    assert len(started(job, number)) == 1
    for each in [*psutil.Process(raylet).children(recursive=True), psutil.Process(raylet)]:
        each.kill()
    local = submit("study", here, executor="local")
    assert ended(job) == "done"
    assert ended(local) == "done"
    assert len(started(job, number)) == 2, "begun again on the other node"
    found = hashes(there)
    assert found == hashes(here)
    assert {"rows.jsonl", "verdicts.json", "per_image/001-000001.npy", "predictions/000-000000.npy"} <= set(found)
    assert not job.takes_slot


def test_a_training_is_that_of_this_machine(cluster: Any, capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, *PHANTOM)
    words = ("train", "dcgan", *SHORT_TRAINING, "--threads", "1")
    here = answer(capsys, *words, "--executor", "local")
    there = answer(capsys, *words, "--executor", "ray", "--memory-gb", "0.5")
    (mine, _), (its, _) = (read_tensors(Path(run["folder"]) / "generator.safetensors") for run in (here, there))
    assert mine.keys() == its.keys()
    assert all(torch.equal(mine[name], its[name]) for name in mine)
    job = Job.open(there["job"])
    assert (job.executor_name, job.needs, job.status().state) == ("ray", Needs(memory_gb=0.5), "done")


def test_cancelling_stops_at_a_safe_point_and_resuming_goes_on(cluster: Any, eventually: Eventually) -> None:
    prepare_phantoms(PhantomConfig(family="chest_xray", count=12, size=64, name="tiny"))
    options = {"steps": 1_000_000, "batch_size": 2, "width": 8, "log_every": 1, "sample_every": 1_000_000}
    job = submit("train", train_config("dcgan", "tiny", options=options), executor="ray", needs=TASKS_NEED)
    stopped = 0
    for attempt in (1, 2):
        task = Task(job.folder, attempt, 0)
        eventually(lambda: task.progress().done > stopped)  # noqa: B023
        job.cancel()
        found = re.match(r"cancelled: stopped at step (\d+) of 1000000; resume goes on from there", ended(job))
        assert found
        assert int(found[1]) > stopped
        stopped = int(found[1])
        if attempt == 1:
            job.resume()


def test_what_a_node_says_is_said_as_here(cluster: Any, tmp_path: Path) -> None:
    config = PrepareConfig(source=tmp_path / "empty")
    config.source.mkdir()
    said = []
    for executor, needs in (("local", Needs()), ("ray", TASKS_NEED), ("ray", Needs(memory_gb=64))):
        with pytest.raises(BadInput) as error:
            run_here("prepare", config, Silent(), executor=executor, needs=needs)
        said.append(str(error.value))
    assert said[0] == said[1]
    assert "no node of the cluster has 1 cores, 0 GPUs, 64.0 GB (there is: 1 cores, 0 GPUs, 2.0 GB)" in said[2]
    assert {job.status().failure for job in list_jobs()} == {"bad input"}


def test_what_is_done_comes_back_though_another_task_failed(
    cluster: Any, medgan_home: Path, fake: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))  # where a node finds the fake work
    with pytest.raises(WorkFailed, match="the numbers"):
        run_here("count_apart", fake.FakeConfig(), Silent(), executor="ray", needs=TASKS_NEED)
    kept = {path.name for path in (medgan_home / "fake" / "fake").glob("kept-*")}
    assert kept == {"kept-0", "kept-2", "kept-3"}


def test_a_cluster_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="Ray is an extra: pip install -r requirements-cluster.txt")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(BadInput, match=r"RAY_ADDRESS: no Ray cluster answers at 127\.0\.0\.1:1"):
        run_here("phantom", PhantomConfig(), Silent(), executor="ray")


def test_without_ray_one_line_says_how_to_install_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert "pip install -r requirements-cluster.txt" in complaint(capsys, *PHANTOM, "--executor", "ray")
    monkeypatch.setenv("MEDGAN_EXECUTOR", "ray")
    assert "pip install -r requirements-cluster.txt" in complaint(capsys, *PHANTOM)
    monkeypatch.setenv("MEDGAN_EXECUTOR", "rey")
    assert "no executor named 'rey' (there is: local, ray)" in complaint(capsys, *PHANTOM)
    assert list_jobs() == []


def test_needs_are_those_of_the_cluster_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medgan.jobs.node_needs.threads_here", lambda: 16)
    small, gpu = Node(8, 0, 32.0), Node(4, 2, 64.0)
    train, prepare = WORK["train"], WORK["prepare"]
    assert settled(Needs(), train, [small, gpu]) == Settled(4, 1.0, train.memory_gb)
    assert settled(Needs(), train, [small]) == Settled(8, 0.0, train.memory_gb)
    assert settled(Needs(), prepare, [small, gpu]) == Settled(8, 0.0, prepare.memory_gb)
    assert settled(Needs(cpus=2, gpus=0.5, memory_gb=60), train, [small, gpu]) == Settled(2, 0.5, 60.0)
    for needs in (Needs(cpus=9), Needs(gpus=1, cpus=5), Needs(memory_gb=65), Needs(gpus=1, memory_gb=65)):
        with pytest.raises(BadInput, match="no node of the cluster has"):
            settled(needs, train, [small, gpu])


def test_tasks_may_read_the_folders_that_may_be_read_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def told() -> str | None:
        reporter = Reporter(tmp_path / "home" / "workspace" / "jobs" / "one", 1)
        return _Tasks(reporter, Settled(1, 0.0, 1.0))._environment().get(VARIABLE)

    monkeypatch.delenv(VARIABLE, raising=False)
    assert told() is None, "a node may have its own"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, f"films{os.pathsep}/data/public")
    assert told() == f"{tmp_path.resolve() / 'films'}{os.pathsep}/data/public", "a task runs in another folder"
