"""What damaged files do to the readers: `python -m benchmarks.fuzz_readers FOLDER [--examples 500] [--seed 1]`.

FOLDER holds real files of any format. The smallest ones of each format are damaged in many ways, most of them in the
header, and read as a data set reads them. Each file has a process of its own, so that a reader that brings it down is
counted and not followed.
"""

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from medgan.common.errors import BadInput
from medgan.data.formats import READERS, VOLUMES, is_picture, suffix_of
from medgan.data.guard import end_idle
from medgan.data.intensity import Intensity
from medgan.data.layout import detect
from medgan.data.load import Recipe, load_item
from medgan.data.problems import Problem, Unusable
from medgan.data.volumes.opening import open_labels
from medgan.data.volumes.slices import SliceOptions, load_slices
from medgan.data.volumes.sources import LabelFile
from medgan.data.volumes.volume_file import MEGAVOXEL_LIMIT

HEADER = 1200  # bytes from the beginning, in which most of the damage is done
LONGEST_REASON = 300


@dataclass(frozen=True)
class Damage:
    """edits: places, from the end where they are negative, with the bytes that are put there. cut: how much is kept, in
    thousandths. mended: whether checksums are made right again, so that the damage gets past them."""

    edits: list[tuple[int, bytes]]
    cut: int | None
    mended: bool

    def done_to(self, content: bytes, suffix: str) -> bytes:
        """A damaged copy; of a gzip file what is packed is damaged where checksums are mended."""
        packed = suffix.endswith(".gz") and self.mended
        damaged = bytearray(gzip.decompress(content) if packed else content)
        for place, new in self.edits:
            at = max(0, place % len(damaged) if place < 0 else min(place, len(damaged) - len(new)))
            damaged[at : at + len(new)] = new
        if self.cut is not None:
            del damaged[len(damaged) * self.cut // 1000 :]
        if packed:
            return gzip.compress(bytes(damaged), 1)
        return with_checksums(bytes(damaged)) if suffix == ".png" and self.mended else bytes(damaged)


EXTREMES = st.sampled_from([b"\0", b"\xff", b"\x7f", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"9999"])
PLACES = st.integers(0, 80) | st.integers(0, HEADER) | st.integers(0, 8 * HEADER) | st.integers(-HEADER, -1)
EDITS = st.lists(st.tuples(PLACES, EXTREMES | st.binary(min_size=1, max_size=4)), min_size=1, max_size=8)
DAMAGES = st.builds(Damage, EDITS, st.none() | st.none() | st.integers(0, 1000), st.booleans())


def with_checksums(png: bytes) -> bytes:
    """A PNG whose chunks have the checksums of what they hold, as far as their lengths lead."""
    mended, place = bytearray(png[:8]), 8
    while place + 12 <= len(png):
        end = place + 8 + int.from_bytes(png[place : place + 4], "big")
        if end + 4 > len(png):
            break
        mended += png[place:end] + zlib.crc32(png[place + 4 : end]).to_bytes(4, "big")
        place = end + 4
    return bytes(mended + png[place:])


def outcomes(path: Path) -> list[str]:
    """What reading the only file of a folder comes to: `read` for each image, or the reasons why not.

    Raises whatever a reader should not have let out.
    """
    recipe = Recipe(size=32, channels=1, intensity=Intensity())
    try:
        layout = detect(path.parent)
    except BadInput as error:
        reason = str(error).replace(str(path.parent), "")
        return [reason, _labels(path)] if "no volume has this name" in reason else [reason]
    found = [problem.reason for problem in layout.problems]
    for item in layout.items:
        if item.volume:
            loaded = list(load_slices(path.parent, item.volume, recipe, (), SliceOptions()))
        else:
            loaded = [load_item(path.parent, item, recipe)]
        found += [one.reason if isinstance(one, Problem) else "read" for one in loaded]
    return found


def _labels(path: Path) -> str:
    """What reading labels comes to that belong to no image."""
    try:
        open_labels(path.parent, LabelFile(PurePosixPath(path.name)), MEGAVOXEL_LIMIT)
    except Unusable as error:
        return error.reason
    return "read"


def check(found: list[str], folder: Path) -> None:
    """Raises AssertionError where a reason is no line for a user."""
    for reason in found:
        assert reason.isprintable(), ascii(reason)
        assert 0 < len(reason) < LONGEST_REASON, reason
        assert str(folder) not in reason, reason


@dataclass
class Tally:
    """Of one file, damaged in many ways. read: how often something could be read all the same; slowest: in seconds;
    peak_mib: of this process and, apart, of the guarded one, libraries included."""

    file: str
    damaged: int = 0
    read: int = 0
    slowest: float = 0.0
    peak_mib: int = 0
    guarded_peak_mib: int = 0
    reasons: set[str] = field(default_factory=set)

    def add(self, found: list[str], seconds: float) -> None:
        self.damaged += 1
        self.read += "read" in found
        self.slowest = max(self.slowest, seconds)
        self.reasons.update(found)


def fuzz(file: Path, examples: int, start: int, told: Callable[[list[str], Path], None] = check) -> Tally:
    """Damage a file so many times, and read it each time; raises what a reader lets out."""
    content, suffix = file.read_bytes(), suffix_of(file)
    tally = Tally(file.name)
    with tempfile.TemporaryDirectory(prefix="medgan-fuzz-") as folder:
        path = Path(folder) / f"x{suffix}"
        path.write_bytes(content)
        outcomes(path)  # so that loading libraries does not count

        @seed(start)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(damage=DAMAGES)
        def damaged(damage: Damage) -> None:
            path.write_bytes(damage.done_to(content, suffix))
            started = time.perf_counter()
            found = outcomes(path)
            tally.add(found, time.perf_counter() - started)
            told(found, path.parent)

        damaged()
    end_idle()
    tally.peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    tally.guarded_peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return tally


def seeds(folder: Path, each: int) -> list[Path]:
    """The smallest files of each format; DICOM files all, since each is coded in another way."""
    by_suffix: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*"), key=lambda path: (path.stat().st_size, path)):
        if path.is_file() and (suffix_of(path) in {*READERS, *VOLUMES} or is_picture(path)):
            by_suffix[suffix_of(path)].append(path)
    chosen = [paths if READERS.get(suffix) is READERS[".dcm"] else paths[:each] for suffix, paths in by_suffix.items()]
    return [path for paths in chosen for path in paths]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="folder of real files; or one file, which this process reads itself")
    parser.add_argument("--examples", type=int, default=500, help="damaged copies of each file (default 500)")
    parser.add_argument("--each", type=int, default=3, help="files of each format (default 3)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the damage (default 1)")
    options = parser.parse_args()
    if options.source.is_file():
        tally = fuzz(options.source, options.examples, options.seed)
        print(json.dumps({**vars(tally), "reasons": len(tally.reasons)}))
        return
    failed = 0
    with tempfile.TemporaryDirectory(prefix="medgan-fuzz-") as home:
        for path in seeds(options.source, options.each):
            command = [sys.executable, "-m", "benchmarks.fuzz_readers", str(path)]
            command += ["--examples", str(options.examples), "--seed", str(options.seed)]
            run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "MEDGAN_HOME": home})
            failed += run.returncode != 0
            raised = [line for line in run.stderr.splitlines() if "Error" in line] or ["no word"]
            print(run.stdout.strip() or f"{path.name}: ended with {run.returncode}: {raised[-1]}", flush=True)
    sys.exit(f"{failed} files crashed a reader, or gave a reason that is no line" if failed else 0)


if __name__ == "__main__":
    main()
