"""The dashboard with a year of work in it: `python -m benchmarks.dashboard [--part render|browser|all]`.

Builds a workspace of 60 runs, 20 synthetic sets of 2,000 images, 10 studies and a data set of 10,000 images, then
measures how long the server takes to run each page, how long a browser takes to show it, and how much memory the
server gains while three users change pages 300 times. One run and one study are really carried out, small; the others
are copies of them under other ids, with loss curves made longer, since only their size matters here.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np

from medgan.common.artefact import MANIFEST, Manifest, write_manifest
from medgan.common.jsonl import read_jsonl, write_jsonl
from medgan.common.repro import environment
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.studies.running import run_study
from medgan.studies.study import study_config
from medgan.studies.synthesis import generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "pages").glob("*.py"))
RUNS, SETS, STUDIES = 60, 20, 10
IMAGES_OF_A_SET, IMAGES, POINTS = 2_000, 10_000, 500
USERS, CHANGES = 3, 300
REPEATS = 7
PATIENCE_S = 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("render", "browser", "all"), default="all")
    parser.add_argument("--home", type=Path, help="keep the workspace here and use it again (default: a temporary one)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as temporary:
        home = options.home or Path(temporary)
        os.environ["MEDGAN_HOME"] = str(home)
        if not (home / "checkpoints").exists():
            build()
        found: dict[str, Any] = {}
        if options.part != "browser":
            found["median_seconds_of_first_and_later_renderings"] = {page.stem: rendered(page) for page in PAGES}
        if options.part != "render":
            found |= in_browsers()
    print(json.dumps(found | {"environment": environment()}, indent=2))


def build() -> None:
    """The workspace: what is carried out, then its copies."""
    prepare_phantoms(PhantomConfig(family="chest_xray", count=IMAGES, size=64, name="films"))
    lesions = prepare_phantoms(PhantomConfig(family="dermoscopy", count=60, size=64, name="lesions"))
    tiny = {"steps": 4, "width": 8, "batch_size": 4, "log_every": 1, "sample_every": 2, "content": "images_and_masks"}
    run = train(train_config("fastgan", lesions.id, name="run", options=tiny))
    lengthen(run.folder / "losses.jsonl")
    drawn = generate(generate_config(run.id, count=IMAGES_OF_A_SET, name="set"))
    study = run_study(
        study_config(
            lesions.id, sets=(drawn.id,), doses=(0.5, 1.0), seeds=3, name="study", segmenter={"epochs": 1, "width": 8}
        )
    )
    for folder, id, count in (
        (run.folder, run.id, RUNS),
        (drawn.folder, drawn.id, SETS),
        (study.folder, study.id, STUDIES),
    ):
        for number in range(1, count):
            copied(folder, id, number)


def lengthen(losses: Path) -> None:
    """Loss curves as long as those of a real training."""
    kept = read_jsonl(losses)
    last = kept[-1]
    noise = np.random.default_rng(0).normal(1, 0.1, POINTS)
    rows = [last | {"step": last["step"] + 10 * n, "generator": last["generator"] * noise[n]} for n in range(1, POINTS)]
    write_jsonl(losses, [*kept, *rows])


def copied(folder: Path, id: str, number: int) -> None:
    """The artefact once more, under another id."""
    other = f"{id[:-4]}{number:04d}"
    copy = folder.with_name(other)
    shutil.copytree(folder, copy)
    for path in copy.glob("*.json"):
        path.write_text(path.read_text().replace(id, other))
    write_manifest(copy, Manifest.model_validate_json((copy / MANIFEST).read_text()))


def rendered(page: Path) -> list[float]:
    """Seconds of the first rendering of a page on the server, and the median of those after it."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=PATIENCE_S).run()
    timings = []
    for _ in range(REPEATS + 1):
        started = time.perf_counter()
        app.switch_page(f"pages/{page.name}").run()
        timings.append(time.perf_counter() - started)
        if app.exception:
            raise SystemExit(f"{page.name}: {app.exception[0].message}")
    return [round(timings[0], 3), round(statistics.median(timings[1:]), 3)]


def in_browsers() -> dict[str, Any]:
    """First paint of each page, and the server's memory before and after many page changes, in Chromium."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return {"browser": "not measured: no Chromium here"}
    with served() as (process, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        users = [browser.new_context().new_page() for _ in range(USERS)]
        for user in users:
            for page in PAGES:  # every page once, so that what is cached is cached
                opened(user, f"{address}/{page.stem}")
        paints = {
            page.stem: [round(seconds, 2) for seconds in opened(users[0], f"{address}/{page.stem}")] for page in PAGES
        }
        before = resident_mib(process.pid)
        for change in range(CHANGES):
            turned(users[change % USERS], PAGES[change // USERS % len(PAGES)].stem)
        after = resident_mib(process.pid)
        browser.close()
    return {
        "seconds_to_first_paint_and_to_title": paints,
        "server_mib_before_and_after": [round(before), round(after)],
        "page_changes": CHANGES,
        "users": USERS,
    }


@contextmanager
def served(log: Path = Path(os.devnull)) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server of its own that writes to a log, and its address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with open(log, "ab") as stream:
        process = subprocess.Popen(command, cwd=ROOT, stdout=stream, stderr=stream)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(address)
        yield process, address
    finally:
        process.terminate()
        process.wait()


def wait_for(address: str) -> None:
    """Until the server answers."""
    while True:
        try:
            with urlopen(f"{address}/_stcore/health"):
                return
        except (URLError, ConnectionError):
            time.sleep(0.2)


def opened(user: Any, address: str) -> tuple[float, float]:
    """Open an address anew: seconds until something is painted, and until the page's title stands there."""
    started = time.perf_counter()
    user.goto(address)
    user.locator("[data-testid=stMain] h1").first.wait_for(timeout=1000 * PATIENCE_S)
    title = time.perf_counter() - started
    painted = "() => performance.getEntriesByName('first-contentful-paint')[0]"
    user.wait_for_function(painted)  # the browser may report it a moment after the title stands
    paint = user.evaluate(f"({painted})().startTime / 1000")
    settled(user)
    return float(paint), title


def turned(user: Any, page: str) -> None:
    """Go to another page by its link in the sidebar."""
    end = "/" if page == "overview" else f"/{page}"
    user.locator(f'[data-testid=stSidebarNav] a[href$="{end}"]').click()
    user.wait_for_timeout(200)  # the server must have heard of the click before it can have finished
    settled(user)


def settled(user: Any) -> None:
    """Until the server has finished the page."""
    user.wait_for_function(
        "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'",
        timeout=1000 * PATIENCE_S,
    )


def resident_mib(pid: int) -> float:
    """Memory that a process holds."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


if __name__ == "__main__":
    main()
