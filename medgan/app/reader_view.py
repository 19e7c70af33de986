"""The Reader study page: sessions and their readers, the reading itself, and what came of it."""

import streamlit as st

from medgan.app import reader_results, reader_screen, reader_setup, session
from medgan.app.heading import heading, heading_with_views
from medgan.app.words import ago, counted, plain, plainly
from medgan.common.errors import BadInput
from medgan.studies.reader import ReaderSession, list_sessions
from medgan.studies.reading import Reading, other_name, readings_of

TITLE = "Reader study"
VIEWS = {"sessions": "Sessions", "new": "New session"}
READER, UNLOCKED, LAST = "reader", "reader sessions unlocked", "last reader"
ASKED, DECLINED = "reader who may be another", "reader who is another"


def show() -> None:
    """The reading where the address names a session and a reader, else the sessions or the form for a new one."""
    if READER in st.query_params:
        heading(TITLE)
        reading = _asked()
        if reading:
            _read(reading)
        else:
            _back()
        return
    view = heading_with_views(TITLE, VIEWS)
    if view == "new":
        reader_setup.show()
    else:
        _sessions()


def _asked() -> Reading | None:
    """The reading that the address names; None, and said why, where there is no such session."""
    try:
        return Reading.of(ReaderSession.open(st.query_params.get("session", "")), st.query_params[READER])
    except BadInput as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None


def _read(reading: Reading) -> None:
    if not reading.finished:
        reader_screen.show(reading, leave)
        return
    _back()
    study = reading.session
    may_see = study.id in _unlocked() or not study.config.seal
    below = (
        "Below is what came of it; please do not tell those who still read."
        if may_see
        else "What each image was, and how others did, the organiser of the session can show."
    )
    st.success(
        f"**{plain(reading.reader)}**, you have judged all {len(study):,} images. Thank you. {below}",
        icon=":material/check_circle:",
    )
    (reader_results.show if may_see else reader_results.show_own)(study, reading.reader)


def _back() -> None:
    if st.button("All sessions", icon=":material/arrow_back:"):
        leave()


def leave() -> None:
    """Back to the sessions; what was answered is kept."""
    del st.query_params[READER]
    st.rerun(scope="app")


def _sessions() -> None:
    found = list_sessions()
    if not found:
        st.info(
            "No session yet. In a reader study people see real and synthetic images one at a time, in an order of "
            "their own, and say of each whether it is real: the question that no computed score can answer.",
            icon=":material/info:",
        )
        if st.button("New session", icon=":material/add:", type="primary"):
            session.turn_to(view="new")
        return
    chosen = session.select("Session", "session", {one.id: _words(one) for one in found})
    study = next(one for one in found if one.id == chosen)
    left, right = st.columns(2, gap="large")
    with left, plainly():
        _begin(study)
    with right, plainly():
        _readers(study)
    with plainly():
        _organiser(study)


def _words(study: ReaderSession) -> str:
    return f"{study.name} · {counted(len(study), 'image')} · {ago(study.manifest.created)}"


def _begin(study: ReaderSession) -> None:
    """Where a reader says who they are, and begins or goes on."""
    st.subheader("Read", anchor=False)
    st.markdown(
        f"You will see {len(study):,} images, some real, some synthetic, one at a time. Say of each what it is and how "
        "sure you are. There is no way back to an image. Stop whenever you like: every answer is kept at once."
    )
    with st.form(f"begin {study.id}", border=False):
        known = st.session_state.get(LAST, "")
        name = st.text_input("Your name or initials", known, max_chars=40, help="Use the same again to go on later.")
        if st.form_submit_button("Begin, or go on", type="primary", icon=":material/visibility:"):
            if not name.strip():
                raise BadInput("Type your name or initials first; your answers are kept under it")
            reading = Reading.of(study, name)
            if reading.begin():
                _enter(reading)
            st.session_state[ASKED] = reading
    asked: Reading | None = st.session_state.get(ASKED)
    if asked and asked.session.id == study.id:
        _ask(asked)
    if declined := st.session_state.pop(DECLINED, None):
        free = plain(other_name(study, declined.reader))
        st.info(f"Then type another name above, such as your full name, or **{free}**.", icon=":material/info:")


def _ask(reading: Reading) -> None:
    """Whether this is the person who has begun under a name: answers of two people under one name are worth nothing."""
    done, total = len(reading.answers()), len(reading.session)  # a damaged file is told here
    st.warning(
        f"There is a reader of this name, **{plain(reading.reader)}**, who has judged {done:,} of {total:,} images. "
        "Is that you?",
        icon=":material/person:",
    )
    with st.container(horizontal=True):
        if st.button("Yes, go on", type="primary"):
            _enter(reading)
        st.button("No, I am somebody else", on_click=_decline, args=(reading,))


def _decline(reading: Reading) -> None:
    st.session_state.pop(ASKED, None)
    st.session_state[DECLINED] = reading


def _enter(reading: Reading) -> None:
    """To the reader's next image, or to what came of it."""
    st.session_state.pop(ASKED, None)
    st.session_state[LAST] = reading.reader
    st.query_params.from_dict({"session": reading.session.id, READER: reading.reader})
    st.rerun(scope="app")


def _readers(study: ReaderSession) -> None:
    """Who has read how far; nothing of what they answered."""
    st.subheader("Readers", anchor=False)
    readings = readings_of(study)
    if not readings:
        st.caption("Nobody has begun.")
    for reading in readings:
        done = len(reading.answers())
        st.progress(done / len(study), text=f"**{plain(reading.reader)}**: {done:,} of {len(study):,}")


def _organiser(study: ReaderSession) -> None:
    """The results, before everybody has read, for who knows the code."""
    if study.id in _unlocked():
        reader_results.show(study)
        return
    with st.expander("Results, for the organiser", icon=":material/lock:"):
        if not study.config.seal:
            st.markdown(
                "Results open to each reader at the end of their reading. This session has no organiser’s code; where "
                "the images are kept, `python -m medgan readers show` tells them at any time."
            )
            return
        st.markdown(
            "Results open here to the organiser at any time. A reader who is done sees their own figure alone, so that "
            "nobody learns what an image is before others have judged it."
        )
        code = st.text_input("Organiser’s code", type="password", key=f"code {study.id}")
        if not code:
            return
        if not study.opened_by(code):
            st.error("This is not the code of this session.", icon=":material/error:")
            return
        _unlocked().add(study.id)
        st.rerun(scope="app")


def _unlocked() -> set[str]:
    """Ids of the sessions whose code was typed in this window."""
    found: set[str] = st.session_state.setdefault(UNLOCKED, set())
    return found
