"""The arms of a downstream study: what each trains on."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from medgan.common.errors import BadInput

Use = Literal["none", "mixed", "pretraining", "alone"]
REAL = "real"
JOIN = "+"
LEAST_DOSE = 0.01
"""Smaller ones would be called 0 %."""
Group = tuple[tuple[str, ...], str]
"""Ids of sets that are used together, and what they are called."""


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

    @property
    def measure(self) -> str:
        """Name of the arm that it is compared with: that of the same real images without synthetic ones."""
        return _real_of(self.real_share) if self.sets else REAL


def groups_of(sets: Sequence[str]) -> list[tuple[str, ...]]:
    """Sets as they are typed: those joined by `+` belong together, such as one a class; raises BadInput for none."""
    groups = [tuple(name for name in group.split(JOIN) if name) for group in sets]
    if not all(groups):
        raise BadInput("sets: one of the names is empty; give names or ids of synthetic sets, joined by + or commas")
    return groups


def arms_of(
    groups: Sequence[Group],
    *,
    doses: Sequence[float],
    uses: Sequence[str],
    classical: bool,
    real_shares: Sequence[float],
    alone: bool = False,
) -> list[Arm]:
    """The arms of a study: real images first, then everything that is to be compared with them.

    `groups` are sets that belong together, by their ids, with what they are called. Raises BadInput where there is
    nothing to compare (unless real images `alone` are wanted), the same twice, or a dose or share that cannot be.
    """
    arms = [Arm(REAL), *_classical(classical)]
    shares = sorted(set(real_shares), reverse=True)
    _check(groups, doses, uses, shares)
    for share in shares:
        if share < 1:
            arms.append(Arm(_real_of(share), real_share=share))
        for ids, called in _told_apart(groups):
            arms += _with_sets(ids, called, doses, uses, share, alone=share == shares[0])
    if len(arms) < 2 and not alone:
        raise BadInput("there is nothing to compare with real images: give synthetic sets, classical, or real shares")
    names = [arm.name for arm in arms]
    if len(set(names)) < len(names):
        raise BadInput("two arms would be the same: name each synthetic set and dose once")
    return arms


def _classical(wanted: bool) -> Iterator[Arm]:
    if wanted:
        yield Arm(f"{REAL} + classical", classical=True)


def _check(groups: Sequence[Group], doses: Sequence[float], uses: Sequence[str], shares: Sequence[float]) -> None:
    for share in shares:
        if not 0 < share <= 1:
            raise BadInput(f"share {share:g} of the real images: use numbers above 0, up to 1")
    for dose in doses:
        if not LEAST_DOSE <= dose < inf:
            raise BadInput(f"dose {dose:g}: use {LEAST_DOSE:g} or more synthetic images for each real one")
    if groups and not (doses and uses and shares):
        raise BadInput("with synthetic sets, give a dose, a use and a share of the real images at least")
    for ids, called in groups:
        if len(set(ids)) < len(ids):
            raise BadInput(f"{called}: the same set is joined to itself; name it once")


def _told_apart(groups: Sequence[Group]) -> list[Group]:
    """Groups with the end of an id where other sets are called the same."""
    different = Counter(called for _, called in {*groups})
    return [(ids, called if different[called] == 1 else f"{called} ({ids[0][-4:]})") for ids, called in groups]


def _real_of(share: float) -> str:
    return REAL if share == 1 else f"{REAL} {share:.0%}"


def _with_sets(
    ids: tuple[str, ...], called: str, doses: Sequence[float], uses: Sequence[str], share: float, *, alone: bool
) -> Iterator[Arm]:
    """Arms of some sets and a share of the real images; those `alone` need none of them, and come once."""
    real = _real_of(share)
    for use in uses:
        if use == "alone" and alone:
            yield Arm(f"{called} alone", ids, max(doses), "alone")
        for dose in doses:
            if use == "mixed":
                yield Arm(f"{real} + {called} {dose:.0%}", ids, dose, "mixed", real_share=share)
            elif use == "pretraining":
                yield Arm(f"{called} {dose:.0%}, then {real}", ids, dose, "pretraining", real_share=share)
