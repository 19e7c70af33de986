"""A long use: `python -m reliability.soak [--minutes 30] [--users 3] [--seed 0] [--report FILE.json]`.

Users, each in a real browser of their own, wander at the same time through every page of one dashboard while a training
runs: they change views, press buttons, move sliders, switch pictures on and off, open large views, go back and forward.
Meanwhile memory, open files and threads of the server and of the training are written down. Ends with 1 where a page, a
browser's console, an answer or a log holds an error, where the training stopped, where an act never came to anything,
or where something grew beyond its bound.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.dashboard import served
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.jobs import Job, submit
from medgan.studies.evaluation import evaluate
from medgan.studies.quality import quality_config
from medgan.studies.running import run_study
from medgan.studies.study import study_config
from medgan.studies.synthesis import generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train
from reliability.long_use import LongUse, Sample

SAMPLE_S = 5.0
OVERTAKEN = re.compile(r"[^\n]*Error executing deferred.*?Deferred file \w+ not found\n", re.DOTALL)
"""What Streamlit logs of a download that was asked for in the moment in which its page was drawn anew."""


def workspace() -> Job:
    """A little of everything, and a training that outlasts the soak."""
    films = prepare_phantoms(PhantomConfig(family="chest_xray", count=240, size=64, name="films"))
    lesions = prepare_phantoms(PhantomConfig(family="dermoscopy", count=80, size=64, name="lesions"))
    tiny = {"steps": 20, "width": 8, "batch_size": 4, "log_every": 2, "sample_every": 10}
    fastgan = train(train_config("fastgan", films.id, name="fastgan", label="normal", options=tiny))
    pix2pix = train(train_config("pix2pix", lesions.id, name="pix2pix", options=tiny | {"batch_size": 2}))
    drawn = generate(generate_config(fastgan.id, count=200, name="drawn"))
    generate(generate_config(pix2pix.id, count=40, name="translated"))
    evaluate(quality_config(drawn.id, films.id))
    short = {"epochs": 1, "backbone": "small"}
    run_study(study_config(films.id, positive="normal", sets=(drawn.id,), seeds=2, name="study", classifier=short))
    long = tiny | {"steps": 1_000_000, "log_every": 10, "sample_every": 500, "checkpoint_every": 500, "threads": 1}
    return submit("train", train_config("dcgan", films.id, name="long", label="normal", options=long))


def soaked(minutes: float, users: int, seed: int, chromium: str) -> LongUse:
    """Let users wander for so long; what happened."""
    from reliability.wanderer import wander  # needs Playwright

    use, log = LongUse(minutes, users), Path(os.environ["MEDGAN_HOME"]) / "server.log"
    with at_work(workspace()) as job, served(log) as (process, address), ThreadPoolExecutor(users) as people:
        started = time.monotonic()
        until = started + 60 * minutes
        there = [people.submit(wander, address, use, seed + number, chromium, until) for number in range(users)]
        use.samples.append(sample(0.0, process.pid, job))
        told = 0
        while wait(there, timeout=SAMPLE_S).not_done:
            use.samples.append(sample((time.monotonic() - started) / 60, process.pid, job))
            say(use, use.errors[told:])
            told = len(use.errors)
        status = job.status()
    if status.state != "running":
        use.errors.append(f"the training is {status.state}: {status.reason}")
    use.errors += [f"a user gave up: {error}" for one in there if (error := one.exception())]
    lines = OVERTAKEN.sub("", log.read_text(errors="replace")).splitlines()
    use.errors += [f"server log: {line}" for line in lines if "Traceback" in line or "Error" in line]
    return use


@contextmanager
def at_work(job: Job) -> Iterator[Job]:
    """The training does not outlive the block, however that ends."""
    try:
        yield job
    finally:
        if job.status().active:
            job.cancel(force=True)


def sample(minute: float, server: int, job: Job) -> Sample:
    process, worker, progress = psutil.Process(server), job.status().pid, job.progress()
    training = psutil.Process(worker).memory_info().rss if worker and psutil.pid_exists(worker) else 0
    return Sample(
        round(minute, 2),
        process.memory_info().rss / 2**20,
        process.num_fds(),
        process.num_threads(),
        training / 2**20,
        progress.done if progress else 0,
    )


def say(use: LongUse, errors: Sequence[str]) -> None:
    """Tell how it is, and what went wrong since this was told last."""
    last = use.samples[-1]
    server = f"{last.server_mib:5.0f} MiB, {last.server_files} files, {last.server_threads} threads"
    training = f"{last.training_mib:5.0f} MiB, step {last.training_step}"
    happened = f"{use.acts.total()} acts, {len(use.errors)} errors"
    print(
        f"{last.minute:5.1f} min, {happened}; server {server}; training {training}", *errors, sep="\n      ", flush=True
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--users", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", type=Path, help="write what happened here, as JSON")
    options = parser.parse_args(arguments)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("not soaked: no Chromium here", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="medgan-soak-") as home:
        os.environ["MEDGAN_HOME"] = home
        use = soaked(options.minutes, options.users, options.seed, chromium)
    report = use.report()
    if options.report:
        options.report.write_text(json.dumps(report, indent=2) + "\n")
    for promise, wrong in report["judged"].items():
        print(f"{promise}: {wrong or 'kept'}")
    for error in dict.fromkeys(use.errors):
        print(f"error: {error}")
    return int(any(report["judged"].values()))


if __name__ == "__main__":
    sys.exit(main())
