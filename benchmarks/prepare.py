"""How fast a folder of images becomes a prepared data set: `python benchmarks/prepare.py [--source FOLDER]`."""

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from medgan.common.repro import environment
from medgan.data.config import PrepareConfig
from medgan.data.prepare import prepare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, help="folder to prepare; without it, generated PNG films")
    parser.add_argument("--dicom", action="store_true", help="generate the DICOM slices of one CT instead of films")
    parser.add_argument("--count", type=int, default=2000, help="generated images (default 2000)")
    parser.add_argument("--side", type=int, default=256, help="side of the generated images in pixels (default 256)")
    parser.add_argument("--size", type=int, default=128, help="side of the prepared images in pixels (default 128)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as temporary:
        os.environ["MEDGAN_HOME"] = temporary  # nothing is written into the user's workspace
        generate = _generated_ct if options.dicom else _generated
        source = options.source or generate(Path(temporary) / "films", options.count, options.side)
        print(json.dumps(_measured(PrepareConfig(source=source, size=options.size)), indent=2))


def _measured(config: PrepareConfig) -> dict[str, object]:
    started = time.perf_counter()
    dataset = prepare(config)
    first = time.perf_counter() - started
    started = time.perf_counter()
    prepare(config)
    again = time.perf_counter() - started
    return {
        "source": config.source.name,
        "images": len(dataset),
        "masks_per_image": len(dataset.structures),
        "seconds": round(first, 2),
        "images_per_second": round(len(dataset) / first, 1),
        "seconds_when_already_prepared": round(again, 2),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "load_of_machine": os.getloadavg()[0],
        "environment": environment(),
    }


def _generated(folder: Path, count: int, side: int) -> Path:
    """Grey PNG films with the grain of real ones: noise over smooth shades, so that decoding costs what it does."""
    folder.mkdir()
    for index in range(count):
        rng = np.random.default_rng(index)
        shades = Image.fromarray(rng.integers(20, 200, (6, 6), np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
        grain = rng.normal(0, 4, (side, side))
        pixels = np.clip(np.asarray(shades) + grain, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:05d}.png")
    return folder


def _generated_ct(folder: Path, count: int, side: int) -> Path:
    """One CT volume as a scanner sends it: a file a slice, 16 bits, uncompressed, air around noisy tissue."""
    folder.mkdir()
    series, frame = generate_uid(), generate_uid()
    down, right = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    body = np.where(down**2 + right**2 < 0.8, 1064, 24)
    for index in range(count):
        grain = np.random.default_rng(index).normal(0, 12, (side, side))
        slice_ = Dataset()
        slice_.SOPClassUID, slice_.SOPInstanceUID = CTImageStorage, generate_uid()
        slice_.SeriesInstanceUID, slice_.FrameOfReferenceUID = series, frame
        slice_.Modality, slice_.PatientID, slice_.InstanceNumber = "CT", "benchmark", index + 1
        slice_.Rows = slice_.Columns = side
        slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
        slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 12, 11, 0
        slice_.RescaleSlope, slice_.RescaleIntercept = 1, -1024
        slice_.PixelSpacing, slice_.SliceThickness = [0.7, 0.7], 1
        slice_.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        slice_.ImagePositionPatient = [-180, -180, index]
        slice_.PixelData = np.clip(body + grain, 0, 4095).astype("<u2").tobytes()
        slice_.file_meta = FileMetaDataset()
        slice_.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        slice_.save_as(folder / f"{index:05d}.dcm", enforce_file_format=True)
    return folder


if __name__ == "__main__":
    main()
