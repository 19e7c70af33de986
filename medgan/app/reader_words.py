"""What the results of a reader study say in words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from medgan.metrics.estimate import Estimate
from medgan.models import GANS
from medgan.studies.agreement import in_words
from medgan.studies.reader import ReaderSession
from medgan.studies.reader_images import REAL
from medgan.studies.reader_scores import Group, ReaderScore

ALPHA = 0.05


def percent(share: float) -> str:
    return f"{share:.0%}"


def interval(found: Estimate, form: Callable[[float], str], *, with_value: bool = False) -> str:
    """`58% to 82%`, or `71% (58% to 82%)`; a value that cannot be told is `not defined`."""
    if found.value != found.value:
        return "not defined"
    if found.low is None or found.high is None:
        return form(found.value) if with_value else ""
    ends = f"{form(found.low)} to {form(found.high)}"
    return f"{form(found.value)} ({ends})" if with_value else ends


def told_from_guessing(p_value: float) -> str:
    """Whether answers differ from guessing."""
    p = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
    return f"Guessing would seldom give that ({p})." if p_value < ALPHA else f"Guessing may give as much ({p})."


def sentence(everyone: Group, readers: int, p_value: float) -> str:
    """What came of it, in two or three sentences."""
    who = "The reader" if readers == 1 else f"The {readers} readers together"
    shares = interval(everyone.right, percent, with_value=True)
    words = f"{who} called {shares} of the images what they are; half is guessing. {told_from_guessing(p_value)}"
    if p_value < ALPHA:
        return words
    return f"{words} That is no proof that nobody can tell: up to {percent(everyone.right.high or 1.0)} may be right."


def group_name(study: ReaderSession, group: Group) -> str:
    """What a group of images is called."""
    if group.kind == "model":
        own = study.items[study.items["source"] == group.name].iloc[0]
        return f"Synthetic: {own['source_name']} ({GANS[own['gan']].title})"
    return {"all": "All images", "real": "Real"}.get(group.kind, f"Class {group.name}".replace("_", " "))


def reading(finished: int) -> str:
    """How to read the chart of shares."""
    words = "Near the dashed line: as guessing. Right of it: told apart. Left of it: taken for the other kind."
    if finished > 1:
        words += " Lines of all readers reach as far as other readers and other images may go"
        words += ", which two readers tell badly." if finished == 2 else "."
    return words + " Lines are 95 % intervals."


def alternative(study: ReaderSession, readers: Sequence[ReaderScore], groups: Sequence[Group]) -> str:
    """The chart of shares in words."""
    told = [f"{group_name(study, group)} {interval(group.right, percent, with_value=True)}" for group in groups]
    told += [f"reader {one.reader} {interval(one.right, percent, with_value=True)}" for one in readers]
    return "Dot chart of the share of right answers; guessing gives 50%. " + "; ".join(told)


def agreement_words(found: Estimate, readers: int) -> str:
    """How far readers agree."""
    name = "Cohen’s kappa" if readers == 2 else f"Fleiss’ kappa of {readers} readers"
    if found.value != found.value:
        return f"{name} is not defined: everybody always said the same."
    value = interval(found, "{:.2f}".format, with_value=True)
    return (
        f"{name} is **{value}**: {in_words(found.value)} agreement. 1 is always the same answer, 0 is as often as "
        "chance would have it. Readers who guess do not agree; readers who agree and are wrong were deceived alike."
    )


def image_words(row: Mapping[str, Any], readers: int) -> str:
    """The truth about an image, and how many were mistaken."""
    synthetic = row["truth"] != REAL
    facts = ["synthetic" if synthetic else "real"]
    facts += [GANS[row["gan"]].title] if synthetic else []
    facts += [str(row["label"]).replace("_", " ")] if row["label"] else []
    called = "real" if synthetic else "synthetic"
    return f"{' · '.join(facts)} · called {called} by {row['wrong']} of {readers}"
