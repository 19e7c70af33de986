"""The dashboard and the command line with years of work: `python -m benchmarks.big_workspace [--part ...]`.

Builds a workspace of 1,000 runs (of 5,000 training images each), 1,000 synthetic sets of 1,000 images, one set of
1,000,000 images, 1,000 finished jobs, 100 studies and 50 quality reports, and measures how long they take to be listed
and opened: on the command line, by the server, in a browser. One of each is really carried out, small; the others are
copies of it under other ids whose large files are hard links to the first's, with curves and lists of training images
made longer. The images of the large set are a sparse file, black but for the first and last thousand: only its size
matters. Its table is a real one. Give --home to keep the workspace (about 1 GB) and use it again.
"""

import argparse
import json
import os
import resource
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from streamlit.testing.v1 import AppTest

from benchmarks.dashboard import PAGES, ROOT, lengthen, opened, resident_mib, served, turned
from medgan.common.artefact import MANIFEST, Manifest, commit, read_manifest, sha256_of, write_manifest
from medgan.common.progress import Silent
from medgan.common.repro import environment
from medgan.data.dataset import list_datasets
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.jobs.runner import run_here
from medgan.studies.evaluation import evaluate
from medgan.studies.quality import quality_config
from medgan.studies.running import run_study
from medgan.studies.study import study_config
from medgan.studies.synthesis import ITEMS, SyntheticSet, generate_config, item_rows, list_sets
from medgan.training.config import train_config
from medgan.training.loop import train
from medgan.training.run import SEEN_FILE, Run, list_runs
from reliability import pages

RUNS, SETS, JOBS, STUDIES, REPORTS = 1_000, 1_000, 1_000, 100, 50
IMAGES_OF_A_SET, IMAGES, SEEN = 1_000, 1_000_000, 5_000
LARGE = "large"
A_PAGE = 24
LISTS = (("data", "list"), ("jobs", "list"), ("readers", "list"))
REPEATS = 3
COMMITTED = ("kind", "id", "name", "config", "parents", "environment", "summary")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("command", "render", "browser", "all"), default="all")
    parser.add_argument("--home", type=Path, help="keep the workspace here and use it again (default: a temporary one)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as temporary:
        home = options.home or Path(temporary)
        os.environ["MEDGAN_HOME"] = str(home)
        if not (home / "checkpoints").exists():
            build()
        parts = {"command": on_the_command_line, "render": on_the_server, "browser": in_a_browser}
        chosen = parts if options.part == "all" else {options.part: parts[options.part]}
        found = {name: measure() for name, measure in chosen.items()}
    print(json.dumps(found | {"environment": environment()}, indent=2))


def build() -> None:
    """The workspace: what is carried out, then its copies, then the large set."""
    lesions = prepare_phantoms(PhantomConfig(family="dermoscopy", count=60, size=64, name="lesions"))
    tiny = {"steps": 4, "width": 8, "batch_size": 4, "log_every": 1, "sample_every": 2, "content": "images_and_masks"}
    run = train(train_config("fastgan", lesions.id, name="run", options=tiny))
    lengthen(run.folder / "losses.jsonl")
    see_many(run.folder / SEEN_FILE)
    commit_again(run.folder)
    job, made = run_here("generate", generate_config(run.id, count=IMAGES_OF_A_SET, name="set"), Silent())
    drawn = SyntheticSet.read(made.folder)
    report = evaluate(quality_config(drawn.id, lesions.id, resamples=0))
    study = run_study(study_config(lesions.id, sets=(drawn.id,), seeds=3, segmenter={"epochs": 1, "width": 8}))
    linked(run.folder, (run.id,), RUNS)
    linked(drawn.folder, (drawn.id, run.id), SETS)
    linked(job.folder, (job.id, drawn.id, run.id), JOBS)
    linked(study.folder, (study.id, drawn.id), STUDIES)
    linked(report.folder, (report.id, drawn.id, run.id), REPORTS)
    grow(drawn, run)


def see_many(path: Path) -> None:
    """As many training images as a real run has, in a run's list of them."""
    with open(path, "a", encoding="utf-8") as seen:
        print(*(secrets.token_hex(32) for _ in range(SEEN)), sep="\n", file=seen)


def commit_again(folder: Path) -> None:
    """Write a manifest anew, since files were made longer."""
    kept = read_manifest(folder)
    commit(folder, **{name: getattr(kept, name) for name in COMMITTED})


def linked(folder: Path, ids: Sequence[str], count: int) -> None:
    """A folder, whose id comes first, again and again under other ids, as are those that it names.

    Its large files become hard links: nothing ever writes into those.
    """
    texts = {path.name: path.read_text() for path in [*folder.glob("*.json"), *folder.glob("*.jsonl")]}
    skipped = shutil.ignore_patterns(".*", "*.lock", *texts)
    for number in range(1, count):
        copy = folder.with_name(renumbered(ids[0], number))
        shutil.copytree(folder, copy, copy_function=os.link, ignore=skipped)
        for name, text in texts.items():
            for id in ids:
                text = text.replace(id, renumbered(id, number))
            (copy / name).write_text(text)
        if MANIFEST in texts:
            hash_again(copy, texts)


def hash_again(folder: Path, names: Iterable[str]) -> None:
    """Write into a manifest what its files of these names are now."""
    manifest = Manifest.model_validate_json((folder / MANIFEST).read_text())
    for name in manifest.files.keys() & set(names):
        manifest.files[name].sha256 = sha256_of(folder / name)
    write_manifest(folder, manifest)


def renumbered(id: str, number: int) -> str:
    """The id of a copy: as long, with another end."""
    return f"{id[:-4]}{number:04x}"


def grow(drawn: SyntheticSet, run: Run) -> None:
    """The set of a million images."""
    id = f"{LARGE}{drawn.id.removeprefix(drawn.name)}"
    folder = drawn.folder.with_name(id)
    folder.mkdir()
    for name in ("images.npy", "masks.npy"):
        rows = np.load(drawn.folder / name)
        many = np.lib.format.open_memmap(folder / name, "w+", np.uint8, (IMAGES, *rows.shape[1:]))
        many[: len(rows)], many[-len(rows) :] = rows, rows
        many.flush()
    item_rows(run, IMAGES, 0).to_parquet(folder / ITEMS)
    kept = drawn.manifest
    commit(
        folder,
        kind="set",
        id=id,
        name=LARGE,
        config=kept.config | {"set": id, "name": LARGE, "count": IMAGES},
        parents=kept.parents,
        environment=kept.environment,
        summary=kept.summary | {"count": IMAGES},
    )


def on_the_command_line() -> dict[str, Any]:
    """Median processor seconds of each listing command in a process of its own; that of --help only imports."""
    words = {" ".join(words): words for words in (*LISTS, ("jobs", "list", "--help"))}
    return {name: statistics.median(commanded(each) for _ in range(REPEATS)) for name, each in words.items()}


def commanded(words: Sequence[str]) -> float:
    """Processor seconds of a whole command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "medgan", *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 3)


@dataclass(frozen=True)
class View:
    """What somebody opens: a page and its address."""

    name: str
    page: str
    query: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"{self.page}?{urlencode(self.query)}" if self.page != "overview" else ""


def views() -> list[View]:
    """Every page as it opens, then what is large or one of many."""
    large, small = SyntheticSet.open(LARGE), list_sets()[-1]
    run, dataset = list_runs()[RUNS // 2], list_datasets()[0]
    saved, end = {"view": "saved", "set": large.id}, -(-IMAGES // A_PAGE)
    return [
        *(View(page.stem, page.stem) for page in PAGES),
        View("a run", "train", {"view": "watch", "trained": run.id}),
        View("images of a run", "generate", {"view": "draw", "run": run.id}),
        View("a small set", "generate", {"view": "saved", "set": small.id}),
        View("the large set", "generate", saved),
        View("the large set, last page", "generate", saved | {"page": str(end)}),
        View("the large set, unmarked", "generate", saved | {"marked": "unmarked"}),
        View("quality of the large set", "quality", {"view": "scores", "dataset": dataset.id, "sets": large.id}),
        View("a new study", "downstream", {"view": "new", "data": dataset.id}),
        View("a new study with the large set", "downstream", {"view": "new", "data": dataset.id, "added": large.id}),
        View("a new reader session", "reader_study", {"view": "new"}),
    ]


def on_the_server() -> dict[str, Any]:
    """Processor seconds of the first and of later renderings of each view, which other programs disturb little."""
    with pages.warm():
        app = pages.page("overview")
        return {view.name: rendered_view(app, view) for view in views()}


def rendered_view(app: AppTest, view: View) -> list[float]:
    """Processor seconds of the first rendering of a view on the server, and the median of those after it."""
    timings = []
    for _ in range(REPEATS + 1):
        app.query_params.clear()
        app.switch_page(f"pages/{view.page}.py")
        for name, value in view.query.items():
            app.query_params[name] = value
        started = time.process_time()
        app.run()
        timings.append(time.process_time() - started)
        if app.exception:
            raise SystemExit(f"{view.name}: {app.exception[0].message}")
        if not app.title:
            raise SystemExit(f"{view.name}: the page was not drawn")
    return [round(timings[0], 3), round(statistics.median(timings[1:]), 3)]


def in_a_browser() -> dict[str, Any]:
    """Seconds until each view is complete in Chromium, first and later, and what the server then holds.

    Opened anew, which begins with what Streamlit itself takes (see the guide's page); pages also by their links, as
    somebody opens them who is there already.
    """
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return {"browser": "not measured: no Chromium here"}
    with served() as (process, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        user = browser.new_context().new_page()
        anew = {view.name: [complete(user, f"{address}/{view.address}") for _ in range(2)] for view in views()}
        by_link: dict[str, list[float]] = {page.stem: [] for page in PAGES}
        for page in [*PAGES, *PAGES]:
            started = time.perf_counter()
            turned(user, page.stem)
            by_link[page.stem].append(round(time.perf_counter() - started, 2))
        memory = round(resident_mib(process.pid))
        browser.close()
    return {"seconds_opened_anew": anew, "seconds_by_link": by_link, "server_mib": memory}


def complete(user: Any, address: str) -> float:
    """Seconds until a view that is opened anew is complete."""
    started = time.perf_counter()
    opened(user, address)
    return round(time.perf_counter() - started, 2)


if __name__ == "__main__":
    main()
