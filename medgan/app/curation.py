"""Looking through a synthetic set and marking what is good and what is not: quickly, and for good."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from medgan.app import session
from medgan.app.words import plainly
from medgan.studies.marks import Mark, mark, marks_of
from medgan.studies.synthesis import SyntheticSet

ALL, UNMARKED = "all", "unmarked"
MEANS: dict[str, str] = {UNMARKED: "", "accepted": "accepted", "rejected": "rejected"}
"""The mark that each filter shows."""
LIST = "curated list"
SYMBOLS: dict[Mark, tuple[str, str]] = {
    "accepted": (":material/check:", "Accept"),
    "rejected": (":material/close:", "Reject"),
}


def choose(synthetic: SyntheticSet, marks: NDArray[np.str_]) -> NDArray[np.int64]:
    """Which images are shown, by their marks, with the counts of each; returns their numbers."""
    counts = {name: int((marks == mark).sum()) for name, mark in MEANS.items()}
    words = {
        ALL: f"All {len(marks):,}",
        UNMARKED: f"Not looked at {counts[UNMARKED]:,}",
        "accepted": f"Accepted {counts['accepted']:,}",
        "rejected": f"Rejected {counts['rejected']:,}",
    }
    wanted = session.choice("Marked", "marked", words)
    return _listed(synthetic, marks, wanted)


def _listed(synthetic: SyntheticSet, marks: NDArray[np.str_], wanted: str) -> NDArray[np.int64]:
    """The numbers of a filter, as they were when it was chosen: an image does not slip away while it is marked."""
    if wanted == ALL:
        st.session_state.pop(LIST, None)
        return np.arange(len(marks))
    kept = st.session_state.get(LIST)
    if kept is None or kept[:2] != (synthetic.id, wanted):
        kept = (synthetic.id, wanted, np.flatnonzero(marks == MEANS[wanted]))
        st.session_state[LIST] = kept
    numbers: NDArray[np.int64] = kept[2]
    if (marks[numbers] != MEANS[wanted]).any():
        st.button("Update the list", icon=":material/refresh:", help="Leave out what you marked", on_click=_forget)
    return numbers


def _forget() -> None:
    st.session_state.pop(LIST, None)


def counts_line(marks: NDArray[np.str_]) -> str:
    """`31 accepted, 4 rejected, 965 not looked at`, and what becomes of them."""
    accepted, rejected = (int((marks == mark).sum()) for mark in ("accepted", "rejected"))
    return (
        f"**{accepted:,} accepted, {rejected:,} rejected, {len(marks) - accepted - rejected:,} not looked at.** "
        "Studies leave out what is rejected; the set itself keeps every image."
    )


def buttons(synthetic: SyntheticSet, number: int, given: str, *, wide: bool) -> None:
    """Accept or reject one image; the mark that it has is lit, and a click on that takes it back.

    Two buttons, and not one control that keeps a state: a browser that was not redrawn since the marks changed
    sends the states that it still shows, and those would undo marks that nobody touched.
    """
    for means, (icon, word) in SYMBOLS.items():
        st.button(
            word if wide else "",
            key=f"{means} {synthetic.id} {number}",
            icon=icon,
            type="primary" if given == means else "secondary",
            help=f"{word} no. {number}" if given != means else f"Take back that no. {number} is {means}",
            on_click=give,
            args=(synthetic, [number], "" if given == means else means),
        )


def rest_button(synthetic: SyntheticSet, numbers: Sequence[int], marks: NDArray[np.str_]) -> None:
    """Accept what is left on this page at once."""
    left = [number for number in numbers if not marks[number]]
    st.button(
        f"Accept the other {len(left)}" if len(left) < len(numbers) else f"Accept all {len(left)} here",
        icon=":material/done_all:",
        disabled=not left,
        help="Marks every image of this page that has no mark yet as accepted",
        on_click=give,
        args=(synthetic, left, "accepted"),
    )


def give(synthetic: SyntheticSet, numbers: Sequence[int], given: Mark) -> None:
    """Mark images, as a callback: what cannot be marked is told in one line."""
    with plainly():
        mark(synthetic, numbers, given)


def mark_of(synthetic: SyntheticSet, number: int) -> str:
    """The mark of one image as it is now."""
    return str(marks_of(synthetic)[number])
