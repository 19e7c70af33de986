"""Drawn items as pictures, made once: enlarging and encoding takes longer than all else on a page of images."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from collections.abc import Hashable
from dataclasses import dataclass

import streamlit as st

from medgan.app.gallery import Picture
from medgan.app.pairs import Mode, Pairs
from medgan.app.viewing import Viewing


@dataclass(frozen=True)
class Look:
    """How the images of a view are shown."""

    mode: Mode
    side: int
    """Least width of an image, in screen pixels."""
    viewing: Viewing
    exact: bool = False
    """Whether pixels stay visible as squares."""


def pictures(key: tuple[Hashable, ...], pairs: Pairs, look: Look) -> list[Picture]:
    """Each item as a picture; `key` names the items: equal keys must stand for equal items."""
    return _pictures(repr(key), look, pairs)


@st.cache_data(max_entries=12, show_spinner=False)
def _pictures(key: str, look: Look, _pairs: Pairs) -> list[Picture]:
    return _pairs.seen_as(look.viewing).pictures(look.mode, look.side, exact=look.exact)
