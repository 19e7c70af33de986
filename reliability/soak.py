"""A long use: `python -m reliability.soak [--minutes 30] [--users 3] [--seed 0] [--report FILE.json]`.

Users in real browsers wander through every page of one dashboard while a training runs: they change views, press
buttons, move sliders, switch pictures on and off, open large views, go back and forward. Meanwhile memory, open files
and threads of the server and of the training are written down. Ends with 1 where a page or a log holds an error, where
the training stopped, or where something grew beyond its bound.
"""

import argparse
import json
import os
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.dashboard import PAGES, served, settled
from medgan.common.repro import environment
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.jobs import Job, submit
from medgan.studies.evaluation import evaluate
from medgan.studies.quality import quality_config
from medgan.studies.running import run_study
from medgan.studies.study import study_config
from medgan.studies.synthesis import generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train

WARM_UP = 1 / 3
"""Share of the time in which caches may still fill; growth is what comes after."""
SERVER_MIB, TRAINING_MIB, GROWN_MIB, GROWN_FILES, GROWN_THREADS = 2_000, 1_500, 200, 40, 40
"""Bounds: memory of the server and of the training, and what may come to either after the warm-up."""
SAMPLE_S = 5.0
WORDS = r"delete|cancel|stop|pause|train$|start|prepare|download|forget|sign out|deploy|resume|score|save|export|upload"
NOT_PRESSED = re.compile(WORDS, re.I)
"""Buttons that end what the soak watches, or begin other long work."""
HELD_BACK = f"""
document.addEventListener("click", event => {{
  const button = event.target.closest("button");
  if (button && /{WORDS}/i.test(button.innerText)) {{ event.stopImmediatePropagation(); event.preventDefault(); }}
}}, true);
"""
"""In the page: a button may be given other words between the moment it was chosen and the click."""
PRESSED = ", ".join(
    f'[data-testid="stMain"] {element}'
    for element in (
        "button:enabled",
        '[role="tab"]',
        '[role="radio"]',
        "summary",
        'label[data-baseweb="checkbox"]',
        'label[data-baseweb="radio"]',
    )
)
MOVED = '[data-testid="stMain"] [role="slider"]'
PATIENCE_MS = 120_000


@dataclass
class Sample:
    """What server and training held at one moment."""

    minute: float
    server_mib: float
    server_files: int
    server_threads: int
    training_mib: float
    training_step: int


@dataclass
class Soak:
    """What happened."""

    minutes: float
    users: int
    acts: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def settled_samples(self) -> list[Sample]:
        return [sample for sample in self.samples if sample.minute >= WARM_UP * self.minutes]

    def growth(self, name: str) -> float:
        """Median of the last fifth of the time after the warm-up, less that of its first fifth."""
        values = [getattr(sample, name) for sample in self.settled_samples()]
        fifth = max(1, len(values) // 5)
        return float(statistics.median(values[-fifth:]) - statistics.median(values[:fifth]))

    def judged(self) -> dict[str, str]:
        """Each promise with what is wrong, or an empty string."""
        most_server = max(sample.server_mib for sample in self.samples)
        most_training = max(sample.training_mib for sample in self.samples)
        return {
            "no error": self.errors[0] if self.errors else "",
            "server memory": over(most_server, SERVER_MIB),
            "server growth": over(self.growth("server_mib"), GROWN_MIB),
            "server open files": over(self.growth("server_files"), GROWN_FILES),
            "server threads": over(self.growth("server_threads"), GROWN_THREADS),
            "training memory": over(most_training, TRAINING_MIB),
            "training growth": over(self.growth("training_mib"), GROWN_MIB),
            "training went on": "" if self.growth("training_step") > 0 else "no step was taken after the warm-up",
        }

    def report(self) -> dict[str, Any]:
        names = ("server_mib", "server_files", "server_threads", "training_mib", "training_step")
        return {
            "minutes": round(self.minutes, 1),
            "users": self.users,
            "acts": dict(self.acts.most_common()),
            "errors": self.errors,
            "growth_after_warm_up": {name: round(self.growth(name), 1) for name in names},
            "most": {name: round(max(getattr(sample, name) for sample in self.samples), 1) for name in names},
            "judged": self.judged(),
            "samples": [asdict(sample) for sample in self.samples[:: max(1, len(self.samples) // 60)]],
            "environment": environment(),
        }


def over(value: float, bound: float) -> str:
    return "" if value <= bound else f"{value:.0f}, bound {bound:.0f}"


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


class User:
    """Somebody who presses whatever there is."""

    def __init__(self, page: Any, address: str, soak: Soak, seed: int) -> None:
        self.page, self.address, self.soak, self.random = page, address, soak, random.Random(seed)
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(HELD_BACK)
        page.on("pageerror", lambda error: self.fault(f"script: {error}"))
        page.on("response", self.answered)
        page.goto(address)
        settled(page)

    def answered(self, response: Any) -> None:
        if response.status >= 500:
            self.fault(f"{response.status} {response.url}")

    def fault(self, what: str) -> None:
        self.soak.errors.append(f"{self.page.url.removeprefix(self.address)}: {what}"[:400])

    def act(self) -> None:
        """Do one thing, let the page settle, and look at it."""
        name, do = self.random.choices(
            [("turn", self.turn), ("press", self.press), ("move", self.move), ("back", self.back), ("load", self.load)],
            [2, 6, 2, 0.5, 0.3],
        )[0]
        before = self.page.url
        # What was about to be pressed may be drawn anew in that moment: a person would press again.
        with suppress(self.stale()):
            do()
            self.soak.acts[name] += 1
        self.page.keyboard.press("Escape")
        self.page.wait_for_timeout(300)
        settled(self.page)
        if self.page.locator('[data-testid="stException"]').count():
            text = self.page.locator('[data-testid="stException"]').first.inner_text()
            self.fault(f"after {name} on {before.removeprefix(self.address)}: {text}")
            self.load()

    @staticmethod
    def stale() -> type[Exception]:
        from playwright.sync_api import Error

        return Error

    def turn(self) -> None:
        page = self.random.choice(PAGES).stem
        end = "/" if page == "overview" else f"/{page}"
        self.page.locator(f'[data-testid=stSidebarNav] a[href$="{end}"]').click(timeout=5_000)

    def press(self) -> None:
        # Elements, not locators: when the page is drawn anew, a locator may find another button than before.
        there = [one for one in self.page.query_selector_all(PRESSED) if one.is_visible()]
        self.random.shuffle(there)
        for one in there:
            if not NOT_PRESSED.search(one.inner_text() or one.get_attribute("aria-label") or ""):
                one.click(timeout=3_000)
                return

    def move(self) -> None:
        there = [one for one in self.page.query_selector_all(MOVED) if one.is_visible()]
        if there:
            self.random.choice(there).press(self.random.choice(["ArrowRight", "ArrowLeft"]), timeout=3_000)

    def back(self) -> None:
        self.page.evaluate("history.back()")
        self.page.wait_for_timeout(300)
        if not self.page.url.startswith(self.address):  # beyond the first page of this visit
            self.load()

    def load(self) -> None:
        self.page.goto(f"{self.address}/{self.random.choice(PAGES).stem}")


def soaked(minutes: float, users: int, seed: int, chromium: str) -> Soak:
    """Let users wander for so long; what happened."""
    from playwright.sync_api import sync_playwright

    job, soak = workspace(), Soak(minutes, users)
    log = Path(os.environ["MEDGAN_HOME"]) / "server.log"
    with served(log) as (process, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        pages = [browser.new_context(viewport={"width": 1280, "height": 800}).new_page() for _ in range(users)]
        there = [User(page, address, soak, seed + number) for number, page in enumerate(pages)]
        started, told = time.monotonic(), float("-inf")
        while (passed_s := time.monotonic() - started) < 60 * minutes:
            for user in there:
                user.act()
            if passed_s - told >= SAMPLE_S:
                told = passed_s
                soak.samples.append(sample(passed_s / 60, process.pid, job))
                say(soak)
        browser.close()
    status = job.status()
    if status.state == "running":
        job.cancel(force=True)
    else:
        soak.errors.append(f"the training is {status.state}: {status.reason}")
    lines = log.read_text(errors="replace").splitlines()
    soak.errors += [f"server log: {line}" for line in lines if "Traceback" in line or "Error" in line]
    return soak


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


def say(soak: Soak) -> None:
    last = soak.samples[-1]
    server = f"{last.server_mib:5.0f} MiB, {last.server_files} files, {last.server_threads} threads"
    training = f"{last.training_mib:5.0f} MiB, step {last.training_step}"
    print(
        f"{last.minute:5.1f} min, {soak.acts.total()} acts, {len(soak.errors)} errors; server {server}; "
        f"training {training}",
        flush=True,
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
        soak = soaked(options.minutes, options.users, options.seed, chromium)
    report = soak.report()
    if options.report:
        options.report.write_text(json.dumps(report, indent=2) + "\n")
    for promise, wrong in report["judged"].items():
        print(f"{promise}: {wrong or 'kept'}")
    for error in dict.fromkeys(soak.errors):
        print(f"error: {error}")
    return int(any(report["judged"].values()))


if __name__ == "__main__":
    sys.exit(main())
