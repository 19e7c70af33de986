"""How long the server takes to render each page: `python benchmarks/pages.py [--repeats 7]`.

Runs the page scripts with Streamlit's own test driver on a workspace with a phantom data set and a short run.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

from medgan.common.repro import environment
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.training.config import train_config
from medgan.training.loop import train

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, help="timed renderings of each page (default 7)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as temporary:
        os.environ["MEDGAN_HOME"] = temporary
        dataset = prepare_phantoms(PhantomConfig(family="chest_xray", count=60, size=64, name="phantoms"))
        short = {"steps": 4, "width": 8, "batch_size": 4, "log_every": 1, "sample_every": 2}
        train(train_config("fastgan", dataset.id, label="normal", name="short", options=short))
        rows = {page.stem: seconds(page, options.repeats) for page in sorted((ROOT / "pages").glob("*.py"))}
    print(json.dumps({"median_seconds_of_first_and_later_renderings": rows, "environment": environment()}, indent=2))


def seconds(page: Path, repeats: int) -> list[float]:
    """Seconds of the first rendering of a page, and the median of those after it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    timings = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        app.switch_page(f"pages/{page.name}").run()
        timings.append(time.perf_counter() - started)
        if app.exception:
            raise SystemExit(f"{page.name}: {app.exception[0].message}")
    return [round(timings[0], 3), round(statistics.median(timings[1:]), 3)]


if __name__ == "__main__":
    main()
