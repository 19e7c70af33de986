"""Progress of pieces of work, told as parts of a whole."""

from dataclasses import dataclass, field

import pytest

from medgan.common.progress import UNITS, Portion, portions, so_far


@dataclass
class Told:
    """Progress that remembers what it was told."""

    lines: list[tuple[int, int, str]] = field(default_factory=list)
    stop: bool = False

    def update(self, done: int, total: int, message: str = "") -> None:
        self.lines.append((done, total, message))

    def stop_requested(self) -> bool:
        return self.stop


def test_portions_of_portions_never_go_back() -> None:
    told = Told()
    for arm, of_arm in portions(told, ["real", "fake"]):
        for _, of_seed in portions(Portion(of_arm, 0.0, 1.0, arm), [0, 1, 2]):
            for epoch in range(1, 5):
                of_seed.update(epoch, 4, f"epoch {epoch}")
    shares = [done / total for done, total, _ in told.lines]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert shares[11] == pytest.approx(0.5)
    assert told.lines[0] == (round(UNITS / 24), UNITS, "real: epoch 1")


def test_what_has_no_total_stays_where_it_began_and_a_stop_is_passed_on() -> None:
    told = Told()
    portion = Portion(told, 0.25, 0.5, "reading")
    portion.update(0, 0)
    assert told.lines == [(250, UNITS, "reading")]
    assert not portion.stop_requested()
    told.stop = True
    assert portion.stop_requested()


def test_how_far_work_is_in_words() -> None:
    assert (so_far(1200, 36_000), so_far(125, UNITS), so_far(3, 0)) == ("1,200 of 36,000", "12 %", "")
