"""The soak, shortened: two users for a quarter of a minute, and the judging of what they leave behind."""

import shutil
from pathlib import Path

import pytest

from reliability.long_use import ACTS, MANY_ACTS, LongUse, Sample
from reliability.soak import soaked

pytestmark = pytest.mark.browser


def test_two_users_wander_while_a_training_goes_on(medgan_home: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium here")
    use = soaked(minutes=0.25, users=2, seed=1, chromium=chromium)
    assert use.errors == []
    assert use.acts.total() > 0
    assert len(use.samples) > 1
    most = use.report()["most"]
    assert most["training_step"] > 0
    assert most["server_mib"] > 0


def grown(**rates: float) -> LongUse:
    """Thirty minutes in which something grows by so much a minute."""
    use = LongUse(30.0, 3)
    for minute in range(31):
        sample = Sample(float(minute), 1000.0, 40, 12, 800.0, 100 * minute)
        for name, rate in rates.items():
            setattr(sample, name, getattr(sample, name) + rate * minute)
        use.samples.append(sample)
    return use


def test_a_steady_server_is_judged_as_such() -> None:
    assert not any(grown().judged().values())


@pytest.mark.parametrize(
    ("rates", "promise"),
    [
        ({"server_mib": 15.0}, "server growth"),
        ({"server_files": 3.0}, "server open files"),
        ({"server_threads": 3.0}, "server threads"),
        ({"training_mib": 15.0}, "training growth"),
        ({"training_step": -100.0}, "training went on"),
    ],
)
def test_growth_is_told(rates: dict[str, float], promise: str) -> None:
    judged = grown(**rates).judged()
    assert judged[promise]
    assert [name for name, wrong in judged.items() if wrong] == [promise]


def test_an_error_is_told() -> None:
    use = grown()
    use.errors.append("/train: something broke")
    assert use.judged()["no error"] == "/train: something broke"


def test_an_act_that_never_comes_to_anything_is_told() -> None:
    use = grown()
    use.acts.update(dict.fromkeys(ACTS, MANY_ACTS))
    assert not any(use.judged().values())
    del use.acts["move"]
    assert use.judged()["every act"] == "move"
