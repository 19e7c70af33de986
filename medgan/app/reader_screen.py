"""One image of a reader study at a time: nothing that is sent to the browser differs between real and synthetic.

All images of a session have one size and are sent as PNG files without compression, which makes them the same number
of bytes; their address is a hash of their pixels, their text is their number. Keys of widgets hold that number only.
"""

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from medgan.app.gallery import Uint8, enlarged
from medgan.app.words import plain, plainly, reason
from medgan.common.pictures import to_pil
from medgan.studies.reading import LONGEST_COMMENT, Reading

SIDE = 480
"""Screen pixels a side: with the frame it fits a window 720 pixels high."""
ANSWERS = {"real": ("Real", "Left"), "synthetic": ("Synthetic", "Right")}
"""An answer's word and key."""
LEVELS = {1: "Guess", 2: "Unsure", 3: "Fairly sure", 4: "Sure", 5: "Certain"}
REASON_WORDS = {
    "texture": "Noise or texture",
    "anatomy": "Anatomy",
    "edges": "Edges, borders",
    "contrast": "Contrast, grey values",
    "sharpness": "Sharpness",
    "pattern": "Repeated pattern",
    "lettering": "Lettering, devices",
    "other": "Something else",
}
PENDING, PROBLEM = "answer of a reader", "problem of a reader"


@dataclass
class Clock:
    """How long an image has been on the screen; stands still during a break."""

    spent_s: float = 0.0
    since: float | None = None

    def start(self) -> None:
        if self.since is None:
            self.since = time.monotonic()

    def stop(self) -> None:
        self.spent_s, self.since = self.seconds, None

    @property
    def seconds(self) -> float:
        return self.spent_s + (0.0 if self.since is None else time.monotonic() - self.since)


@dataclass
class Pending:
    """What a reader has chosen of the image on the screen, before it is final."""

    owner: tuple[str, str, int]
    """Session, reader and place."""
    clock: Clock
    answer: str = ""
    confidence: int = 0
    on_break: bool = False

    @property
    def complete(self) -> bool:
        return bool(self.answer and self.confidence)


def show(reading: Reading, leave: Callable[[], None]) -> None:
    """The next image that the reader has not judged; `leave` goes back to the sessions."""
    st.fragment(lambda: _screen(reading, leave))()


def _screen(reading: Reading, leave: Callable[[], None]) -> None:
    with plainly():  # drawn by itself after each click: what the page around it would catch, it must
        _drawn(reading, leave)


def _drawn(reading: Reading, leave: Callable[[], None]) -> None:
    if problem := st.session_state.pop(PROBLEM, None):
        st.error(plain(problem), icon=":material/error:")
    answers = reading.answers()
    item = reading.next_item(answers)
    if item is None:
        st.rerun(scope="app")
    place, total = len(answers) + 1, len(reading.session)
    pending = _pending(reading, place)
    st.progress((place - 1) / total, text=f"Image {place:,} of {total:,}")
    if pending.on_break:
        _break(pending, leave)
        return
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=SIDE):
            alternative = f"Image {place} of {total}, to be judged"
            png = blinded_png(reading.session.images[item])
            st.image(png, alt=alternative, width="stretch", output_format="PNG")  # of a set width it would be packed
        with st.container(width="stretch"):
            _questions(reading, item, place, pending)
    pending.clock.start()


def blinded_png(image_uint8: Uint8) -> bytes:
    """An image enlarged for the screen as a PNG file whose size depends on the image's form alone."""
    buffer = io.BytesIO()
    to_pil(enlarged(image_uint8, SIDE)).save(buffer, format="PNG", compress_level=0)
    return buffer.getvalue()


def _pending(reading: Reading, place: int) -> Pending:
    """What was chosen of this image; of another image it is forgotten."""
    owner = (reading.session.id, reading.reader, place)
    pending: Pending | None = st.session_state.get(PENDING)
    if pending is None or pending.owner != owner:
        pending = Pending(owner, Clock())
        st.session_state[PENDING] = pending
    return pending


def _questions(reading: Reading, item: int, place: int, pending: Pending) -> None:
    st.markdown("**Is this image real or synthetic?**")
    with st.container(horizontal=True, gap="small"):
        for answer, (word, key) in ANSWERS.items():
            _choice(word, key, pending, "answer", answer)
    st.markdown("**How sure are you?**")
    with st.container(horizontal=True, gap="small"):
        for level, word in LEVELS.items():
            _choice(word, str(level), pending, "confidence", level)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Next image", key=f"next {place}", shortcut="N", type="primary", disabled=not pending.complete,
            on_click=_submit, args=(reading, item, pending),
        )  # fmt: skip
        st.button("Take a break", key=f"break {place}", shortcut="B", on_click=_pause, args=(pending,))
    st.caption(f"{_chosen_words(pending)} It is final once you go on.")
    st.pills(
        "What made you decide? (optional)", list(REASON_WORDS), format_func=lambda name: REASON_WORDS[name],
        selection_mode="multi", key=f"why {place}",
    )  # fmt: skip
    st.text_input("In your own words (optional)", key=f"words {place}", max_chars=LONGEST_COMMENT)


def _choice(word: str, key: str, pending: Pending, field: str, value: Any) -> None:
    chosen = getattr(pending, field) == value
    st.button(
        word, key=f"{field} {value} {pending.owner[2]}", shortcut=key, type="primary" if chosen else "secondary",
        on_click=setattr, args=(pending, field, value),
    )  # fmt: skip


def _chosen_words(pending: Pending) -> str:
    """What was chosen, for those to whom the colour of a button says nothing."""
    answer = ANSWERS[pending.answer][0].lower() if pending.answer else "nothing yet"
    sure = f", {LEVELS[pending.confidence].lower()} ({pending.confidence} of 5)" if pending.confidence else ""
    return f"You chose: {answer}{sure}."


def _submit(reading: Reading, item: int, pending: Pending) -> None:
    """Keep the answer; a click that comes late, when the next image is there, does nothing."""
    if st.session_state.get(PENDING) is not pending or not pending.complete:
        return
    place = pending.owner[2]
    reasons, words = (st.session_state.get(f"{name} {place}") for name in ("why", "words"))
    try:
        reading.record(
            item, pending.answer, pending.confidence, pending.clock.seconds, reasons=reasons or (), comment=words or ""
        )
    except Exception as error:
        st.session_state[PROBLEM] = reason(error)


def _pause(pending: Pending) -> None:
    pending.clock.stop()
    pending.on_break = True


def _break(pending: Pending, leave: Callable[[], None]) -> None:
    st.info("A break: the image is hidden, the clock stands still, your answers are kept.", icon=":material/coffee:")
    with st.container(horizontal=True):
        st.button("Go on", shortcut="B", type="primary", on_click=setattr, args=(pending, "on_break", False))
        if st.button("Leave, and go on another time"):
            pending.on_break = False
            leave()
