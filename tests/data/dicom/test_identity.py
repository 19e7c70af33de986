"""A patient's films stay in one split by a code, and nothing else of the patient gets out of the file."""

import logging
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from medgan.common.errors import BadInput
from medgan.data import patients
from medgan.data.config import PrepareConfig
from medgan.data.patients import patient_code
from medgan.data.prepare import prepare

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def _key_is_read_anew() -> None:
    patients._key.cache_clear()


def film(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4000, (24, 20)).astype(np.uint16)


def test_codes_are_the_same_for_one_patient_in_one_workspace(
    medgan_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = patient_code("4711")
    assert patient_code(" 4711 ") == code != patient_code("4712")
    assert code.startswith("p-")
    assert len(code) == 18
    assert patient_code("") == patient_code("  ") == ""
    patients._key.cache_clear()
    assert patient_code("4711") == code  # from the file
    monkeypatch.setenv("MEDGAN_HOME", str(medgan_home / "other"))
    assert patient_code("4711") != code


def test_the_key_is_made_once_and_for_this_user_only(medgan_home: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        codes = set(pool.map(lambda _: (patients._key.cache_clear(), patient_code("4711"))[1], range(40)))
    assert len(codes) == 1
    key = medgan_home / "workspace" / ".patient_key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_bytes()) == 32


def test_a_damaged_key_is_told(medgan_home: Path) -> None:
    patient_code("4711")
    (medgan_home / "workspace" / ".patient_key").write_bytes(b"short")
    patients._key.cache_clear()
    with pytest.raises(BadInput, match="damaged; delete it"):
        patient_code("4711")


def test_nothing_of_a_person_gets_into_the_workspace_or_a_log(
    write_dicom: Write,
    tmp_path: Path,
    medgan_home: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    for number in range(12):
        elements = {"PatientID": f"HOSP-{number // 2}", "BurnedInAnnotation": "YES", "PatientBirthDate": "nonsense!"}
        write_dicom(f"source/{number}.dcm", film(number), "CR", **elements)
    torn = write_dicom("source/torn.dcm", film(99), "CR", PatientID="HOSP-TORN")
    torn.write_bytes(torn.read_bytes()[:-50])
    dataset = prepare(PrepareConfig(source=tmp_path / "source", size=16))
    assert len(dataset) == 12
    assert dataset.items["patient_id"].nunique() == 6
    assert (dataset.items.groupby("patient_id")["split"].nunique() == 1).all()
    assert [problem.file for problem in dataset.problems if problem.left_out] == ["torn.dcm"]
    assert {problem.kind for problem in dataset.problems if not problem.left_out} == {"burned_in"}
    printed = capfd.readouterr()
    texts = [caplog.text.encode(), printed.out.encode(), printed.err.encode()]
    texts += [path.read_bytes() for path in medgan_home.rglob("*") if path.is_file()]
    for text in texts:
        for secret in (b"HOSP-", b"Doe", b"Jane", b"nonsense", b"Hospital"):
            assert secret not in text


def test_a_pattern_of_the_user_goes_before_the_header(write_dicom: Write, tmp_path: Path) -> None:
    for number in range(6):
        write_dicom(f"source/film{number}.dcm", film(number), "CR", PatientID="all the same")
    alike = prepare(PrepareConfig(source=tmp_path / "source", size=16))
    assert alike.items["patient_id"].nunique() == 1
    assert [(problem.file, problem.kind) for problem in alike.problems] == [("(all images)", "patient_unknown")]
    told = prepare(PrepareConfig(source=tmp_path / "source", size=16, patient_pattern=r"film(\d)"))
    assert sorted(told.items["patient_id"]) == list("012345")
    assert told.problems == []


def test_films_without_a_patient_are_a_patient_each(write_dicom: Write, tmp_path: Path) -> None:
    for number in range(4):
        write_dicom(f"source/1.2.840.{number}", film(number), "CR", PatientID="")
    dataset = prepare(PrepareConfig(source=tmp_path / "source", size=16))
    assert dataset.items["patient_id"].nunique() == 4
