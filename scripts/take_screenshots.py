"""Screenshots of every page for the README: `python -m scripts.take_screenshots HOME [--only PAGE ...]`.

Makes a workspace of phantoms in HOME, where it is not there yet (the demo study, Pix2Pix on its lesions, CycleGAN on
chest films, a reader session), serves it, and writes `docs/images/<page>.png`: light theme, 1280 pixels wide, few
colours. No patient is shown. Takes some twenty minutes on two cores the first time.
"""

import argparse
import io
import os
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.dashboard import opened, served
from medgan.common.progress import Silent
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.jobs import run_here
from medgan.studies.demo import DemoConfig, run_demo
from medgan.studies.reader import prepare_session, reader_config
from medgan.studies.synthesis import generate_config
from medgan.training.config import train_config
from medgan.training.loop import train

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
DEMO = DemoConfig(demo="demo", name="demo")
WIDTH, TALLEST, COLOURS = 1280, 1100, 128
ADDRESSES = {
    "overview": "",
    "data": "data",
    "train": "train?view=watch",
    "generate": f"generate?view=saved&set={DEMO.set}",
    "mask_to_lesion": "mask_to_lesion",
    "normal_abnormal": "normal_abnormal",
    "quality": "quality",
    "downstream": f"downstream?view=results&studies={DEMO.study}",
    "thesis": "thesis",
    "reader_study": "reader_study?session=can-you-tell&reader=ada",
    "jobs": "jobs",
    "guide": "guide?part=quality",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path, help="where the workspace is, or will be made")
    parser.add_argument("--only", nargs="+", choices=ADDRESSES, default=list(ADDRESSES), help="these pages alone")
    options = parser.parse_args()
    os.environ["MEDGAN_HOME"] = str(options.home)
    if not (options.home / "ready").exists():
        make()
        (options.home / "ready").touch()
    with served() as (_, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context(color_scheme="light", viewport={"width": WIDTH, "height": 720}).new_page()
        for name in options.only:
            opened(page, f"{address}/{ADDRESSES[name]}")
            save(page, IMAGES / f"{name}.png")


def make() -> None:
    """The workspace: all that the pages show."""
    study = run_demo(DEMO)
    quick = {"sample_every": 100}
    train(train_config("pix2pix", study.config.dataset, name="painter", options=quick | {"steps": 1000}))
    films = prepare_phantoms(PhantomConfig(family="chest_xray", count=300, size=64, name="chest-films"))
    classes = {"domain_a": "normal", "domain_b": "tuberculosis"}
    train(train_config("cyclegan", films.id, name="turner", options=quick | classes | {"steps": 400}))
    prepare_session(reader_config(study.config.dataset, (DEMO.set,), name="can-you-tell", part="train"))
    drawn = generate_config("phantom-chest-xray", count=48, seed=1, name="films")
    run_here("generate", drawn, Silent())  # by a job, so that the Jobs page has one


def save(page: Page, path: Path) -> None:
    """The page as high as it is, up to a limit, in few colours."""
    page.wait_for_timeout(1500)  # charts and images are drawn after the script has ended
    height = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    page.set_viewport_size({"width": WIDTH, "height": min(max(720, int(height)), TALLEST)})
    page.wait_for_timeout(800)
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
    page.set_viewport_size({"width": WIDTH, "height": 720})


if __name__ == "__main__":
    main()
