"""The arms of a downstream study: what each trains on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from medgan.common.errors import BadInput

Use = Literal["none", "mixed", "pretraining", "alone"]
REAL = "real"
JOIN = "+"


@dataclass(frozen=True)
class Arm:
    """One way to train; all arms of a study are tested on the same images."""

    name: str
    sets: tuple[str, ...] = ()
    """Ids of the synthetic sets, which are used together."""
    dose: float = 0.0
    """Synthetic images for each real training image."""
    use: Use = "none"
    """Synthetic images mixed with the real ones, seen before the real ones, alone, or none."""
    classical: bool = False
    """Whether training images are mirrored, turned and enlarged at random."""
    real_share: float = 1.0
    """Share of the real training images that is used."""

    @property
    def needs_real(self) -> bool:
        return self.use != "alone"


def groups_of(sets: Sequence[str]) -> list[tuple[str, ...]]:
    """Sets as they are typed: those joined by `+` belong together, such as one a class."""
    return [tuple(name for name in group.split(JOIN) if name) for group in sets]


def arms_of(
    groups: Sequence[tuple[tuple[str, ...], str]],
    *,
    doses: Sequence[float],
    uses: Sequence[str],
    classical: bool,
    real_shares: Sequence[float],
    alone: bool = False,
) -> list[Arm]:
    """The arms of a study: real images first, then everything that is to be compared with them.

    `groups` are sets that belong together, by their ids, with what they are called. Raises BadInput where there is
    nothing to compare (unless real images `alone` are wanted), or the same twice.
    """
    arms = [Arm(REAL), *_classical(classical)]
    for share in sorted(set(real_shares), reverse=True):
        if not 0 < share <= 1:
            raise BadInput(f"share {share:g} of the real images: use numbers above 0, up to 1")
        if share < 1:
            arms.append(Arm(f"{REAL} {share:.0%}", real_share=share))
        for ids, called in groups:
            arms += _with_sets(ids, called, doses, uses, share)
    if len(arms) < 2 and not alone:
        raise BadInput("there is nothing to compare with real images: give synthetic sets, classical, or real shares")
    names = [arm.name for arm in arms]
    if len(set(names)) < len(names):
        raise BadInput("two arms would be the same: name each synthetic set and dose once")
    return arms


def _classical(wanted: bool) -> Iterator[Arm]:
    if wanted:
        yield Arm(f"{REAL} + classical", classical=True)


def _with_sets(
    ids: tuple[str, ...], called: str, doses: Sequence[float], uses: Sequence[str], share: float
) -> Iterator[Arm]:
    real = REAL if share == 1 else f"{REAL} {share:.0%}"
    for use in uses:
        if use == "alone" and share == 1:
            yield Arm(f"{called} alone", ids, max(doses), "alone")
        for dose in doses:
            if use == "mixed":
                yield Arm(f"{real} + {called} {dose:.0%}", ids, dose, "mixed", real_share=share)
            elif use == "pretraining":
                yield Arm(f"{called} {dose:.0%}, then {real}", ids, dose, "pretraining", real_share=share)
