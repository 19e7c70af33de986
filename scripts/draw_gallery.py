"""Draw the pictures of docs/gallery.md from runs that were trained by the commands named there.

    python scripts/draw_gallery.py RUN PICTURE [--count 16] [--seed 1] [--source SET_OR_DATASET] [--part test]

A picture holds drawn images only; masks that were drawn, or drawn by another run, stand beside theirs. Nothing of a
real image is copied: give a translating run a synthetic set of masks, or look at its results alone.
"""

import argparse
import math
from pathlib import Path

import numpy as np

from medgan.common.artefact import write_atomic
from medgan.common.pictures import encode_png, grid
from medgan.studies.origins import origin_of
from medgan.training.conditions import side_by_side
from medgan.training.drawn import Drawn
from medgan.training.run import Run
from medgan.training.sampler import Sampler

ENLARGED = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="name or id of the run")
    parser.add_argument("picture", type=Path, help="PNG file to write")
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--source", default="", help="data set or synthetic set to draw from")
    parser.add_argument("--part", default="train", choices=["train", "validation", "test", "all"])
    parser.add_argument("--label", default="", help="class to translate from")
    options = parser.parse_args()
    run = Run.open(options.run)
    origin = origin_of(run, options.source, options.part, options.label)
    drawn = Sampler.load(run).draw(options.count, options.seed, conditions=origin.conditions)
    own_masks = not origin.conditions or not origin.item(0) or origin.item(0).startswith("synthetic-")
    cells = side_by_side([drawn if own_masks else Drawn(drawn.images, None)])
    columns = math.ceil(math.sqrt(len(cells)))
    columns += columns % 2
    large = np.repeat(np.repeat(cells, ENLARGED, axis=1), ENLARGED, axis=2)
    write_atomic(options.picture, encode_png(grid(large, columns)))


if __name__ == "__main__":
    main()
