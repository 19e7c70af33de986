"""How soon a mask that was changed is painted anew: `python -m benchmarks.translation [--repeats 9]`.

Moves a slider of the page Mask to lesion with Streamlit's own test driver, at 128 pixels, with one model and with
three side by side, two results each, scores and outlines included. The networks are those of the standard preset.
Processor seconds, summed over threads, are told as well: they bear other programs on the same cores.
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
from medgan.training.run import Run

ROOT = Path(__file__).parents[1]
MODELS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9, help="timed moves of the slider (default 9)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as temporary:
        os.environ["MEDGAN_HOME"] = temporary
        lesions = prepare_phantoms(PhantomConfig(family="dermoscopy", count=24, size=128, name="lesions"))
        runs = [_painter(lesions.id, f"painter-{number}") for number in range(MODELS)]
        seconds = {
            f"{count} model{'s' if count > 1 else ''}": _seconds_a_move(runs[:count], options.repeats)
            for count in (1, MODELS)
        }
    print(json.dumps({"seconds_a_move": seconds, "environment": environment()}, indent=2))


def _painter(dataset: str, name: str) -> Run:
    """A model that was trained for a step: weights do not change how long a network takes."""
    short = {"steps": 1, "batch_size": 1, "samples": 4}
    return train(train_config("pix2pix", dataset, name=name, preset="standard", options=short))


def _seconds_a_move(runs: list[Run], repeats: int) -> dict[str, float]:
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=600).run()
    app.switch_page("pages/mask_to_lesion.py")
    address = {"run": runs[0].id, "beside": ",".join(run.id for run in runs[1:]), "mask_from": "drawn"}
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    timings, work = [], []
    for repeat in range(repeats):
        height = next(slider for slider in app.slider if slider.label == "Height").set_value(20 + 5 * repeat)
        started, worked = time.perf_counter(), time.process_time()
        height.run()
        timings.append(time.perf_counter() - started)
        work.append(time.process_time() - worked)
        if app.exception or app.error:
            raise SystemExit("the page shows an error: " + str((app.exception or app.error)[0].value))
    return {
        "median": round(statistics.median(timings), 3),
        "longest": round(max(timings), 3),
        "processor_median": round(statistics.median(work), 3),
    }


if __name__ == "__main__":
    main()
