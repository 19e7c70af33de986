"""One image large, in a dialog: brightness and contrast, its nearest training images beside it, marks by one key."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from medgan.app import curation, gallery, nearest_view, session, viewing
from medgan.app.pairs import Mode, Pairs
from medgan.app.viewing import Viewing
from medgan.app.words import plainly
from medgan.common.png import png_with_text
from medgan.models import GANS
from medgan.studies.export_notice import Notice
from medgan.studies.marks import Mark
from medgan.studies.synthesis import SyntheticSet
from medgan.training.run import Run

ASKED = "enlarged"
"""The query parameter that names the enlarged image; it goes with the dialog."""
SIDE = 512


@dataclass(frozen=True)
class Album:
    """The images of a view, to be enlarged one after the other."""

    ids: Sequence[int]
    """What the address calls each of them."""
    item: Callable[[int], Pairs]
    """The one item of an id."""
    run: Run | None
    """What drew them; None where it is gone."""
    mode: Mode
    exact: bool = False
    marked: SyntheticSet | None = None
    """The set whose images they are, by number; None where there is nothing to mark."""
    explored: bool = False
    """Whether one can go on from here to exploring."""


def button(id: int, words: str, *, wide: bool = True) -> None:
    """What opens the dialog for an image of the view; `words` name the image; not `wide`: without a word of its own."""
    st.button(
        "Enlarge" if wide else "",
        key=f"enlarge {id}",
        icon=":material/zoom_in:",
        help=f"Enlarge {words}: brightness, contrast, nearest training images",
        type="tertiary",
        on_click=_ask,
        args=(id,),
    )


def show(album: Album, page: Viewing) -> None:
    """Open the dialog where the address asks for it; at the end of a view, once all else is drawn."""
    if ASKED not in st.query_params:
        viewing.forget_enlarged()
    elif _asked(album) is None:
        del st.query_params[ASKED]
    else:
        _dialog(album, page)


def _ask(id: int) -> None:
    st.query_params[ASKED] = str(id)


def _close() -> None:
    st.query_params.pop(ASKED, None)


def _asked(album: Album) -> int | None:
    text = st.query_params.get(ASKED, "")
    return int(text) if text.isdecimal() and int(text) in album.ids else None


@st.dialog("Enlarged", width="large", icon=":material/zoom_in:", on_dismiss=_close)
def _dialog(album: Album, page: Viewing) -> None:
    id = _asked(album)
    if id is None:  # closed meanwhile
        st.rerun()
    with plainly():  # drawn by itself after each click: what the page around it would catch, it must
        _enlarged(album, page, id)


def _enlarged(album: Album, page: Viewing, id: int) -> None:
    """The image with its buttons, and its nearest training images beside it."""
    pairs = album.item(id)
    _buttons(album, id, pairs)
    left, right = st.columns([5, 8], gap="medium")
    image = left.container()
    with right:
        chosen = page
        if pairs.base is not None:
            chosen = viewing.choose_enlarged(page)
            st.caption(viewing.ONLY_THE_SCREEN)
        nearest_view.show(album.run, pairs.drawn, chosen)
    with image:
        gallery.show_one(pairs.seen_as(chosen).pictures(album.mode, SIDE, exact=album.exact)[0])


def _buttons(album: Album, id: int, pairs: Pairs) -> None:
    place = list(album.ids).index(id)
    with st.container(horizontal=True, vertical_alignment="center"):
        _turn("Previous", ":material/chevron_left:", "P", album, place - 1)
        _turn("Next", ":material/chevron_right:", "N", album, place + 1)
        st.caption(f"{place + 1:,} of {len(album.ids):,}", width="content")
        st.space("stretch")
        if album.marked is not None:
            given = curation.mark_of(album.marked, id)
            following = album.ids[min(place + 1, len(album.ids) - 1)]
            _mark("Accept", ":material/check:", "A", album.marked, id, "accepted", given, following)
            _mark("Reject", ":material/close:", "X", album.marked, id, "rejected", given, following)
        if album.explored:
            _explore_button(pairs)
        _download("PNG", "image/png", "png", lambda: _png(album, pairs), album, pairs)
        _download("DICOM", "application/dicom", "dcm", lambda: _dicom(album, pairs), album, pairs)


def _download(words: str, mime: str, suffix: str, data: Callable[[], bytes], album: Album, pairs: Pairs) -> None:
    st.download_button(
        words,
        data=data,
        file_name=f"{_file_name(album, pairs)}.{suffix}",
        mime=mime,
        icon=":material/download:",
        on_click="ignore",
        help="The synthetic image as it was drawn, in its own size, marked as synthetic inside",
    )


def _dicom(album: Album, pairs: Pairs) -> bytes:
    """The image as it was drawn, as a DICOM Secondary Capture marked as synthetic."""
    from medgan.studies.export_dicom import single_image  # whose libraries the page does without until then

    name = album.run.name if album.run else "unknown"
    model = GANS[album.run.config.gan].title if album.run else ""
    label = pairs.labels[0] if pairs.labels else ""
    return single_image(pairs.drawn.pictures[0], _notice(album, pairs), name, model, label)


def _png(album: Album, pairs: Pairs) -> bytes:
    """The image as it was drawn, with the notice that it is synthetic."""
    return png_with_text(pairs.drawn.pictures[0], _notice(album, pairs).texts)


def _notice(album: Album, pairs: Pairs) -> Notice:
    model = album.run.id if album.run else "unknown"
    if pairs.which:  # no seed alone makes it again
        return Notice(f"run {model}, {pairs.identity(0)}")
    return Notice.of(model, pairs.seed, pairs.number(0))


def _file_name(album: Album, pairs: Pairs) -> str:
    """Such as `synthetic-films-seed-3-no-7`, without its end."""
    words = f"synthetic {album.run.name if album.run else ''} {pairs.identity(0)}"
    return re.sub(r"[^A-Za-z0-9]+", "-", words).strip("-")


def _turn(words: str, icon: str, key: str, album: Album, place: int) -> None:
    possible = 0 <= place < len(album.ids)
    st.button(
        words,
        icon=icon,
        shortcut=key,
        disabled=not possible,
        on_click=_ask,
        args=(album.ids[place] if possible else 0,),
    )


def _mark(
    words: str, icon: str, key: str, synthetic: SyntheticSet, id: int, means: Mark, given: str, following: int
) -> None:
    """Give the mark and go on to the next image; where it has the mark already, take it back and stay."""
    st.button(
        words,
        icon=icon,
        shortcut=key,
        type="primary" if given == means else "secondary",
        on_click=_mark_and_go_on,
        args=(synthetic, id, "" if given == means else means, id if given == means else following),
    )


def _mark_and_go_on(synthetic: SyntheticSet, id: int, given: Mark, following: int) -> None:
    curation.give(synthetic, [id], given)
    _ask(following)


def _explore_button(pairs: Pairs) -> None:
    if st.button("Explore from here", icon=":material/explore:"):
        _close()
        session.turn_to(view="explore", seed=pairs.seed, first=pairs.number(0))
