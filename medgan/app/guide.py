"""The Guide: the parts of `docs/guide.md`, one at a time, and the link that each page has to its part."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import streamlit as st

from medgan.app import session

FILE = Path(__file__).parents[2] / "docs" / "guide.md"
DOCUMENTS = "docs/"
MARKER = re.compile(r"<!-- part: (\w+) -->\n## (.+)\n")
PARTS_OF_PAGES = {
    "Synthetic medical images": "start",
    "Data": "data",
    "Train": "train",
    "Generate": "generate",
    "Mask to lesion": "masks",
    "Normal and abnormal": "classes",
    "Quality": "quality",
    "Downstream": "downstream",
    "Thesis": "thesis",
    "Reader study": "reader",
    "Jobs": "jobs",
}
"""Which part belongs to the page of a title."""


@cache
def parts() -> Mapping[str, tuple[str, str]]:
    """Title and Markdown of each part, by its name, in their order."""
    pieces = MARKER.split(FILE.read_text(encoding="utf-8"))[1:]
    names, titles, texts = pieces[::3], pieces[1::3], pieces[2::3]
    return {name: (title, text.strip()) for name, title, text in zip(names, titles, texts, strict=True)}


def show() -> None:
    """The chosen part, with the list of all beside it."""
    found = parts()
    contents, words = st.columns([3, 8], gap="large")
    with contents:
        chosen = session.radio("Part", "part", {name: title for name, (title, _) in found.items()})
    title, text = found[chosen]
    with words:
        st.header(title, anchor=False)
        st.markdown(in_the_app(text))


def in_the_app(text: str) -> str:
    """Links to other documents as their names, since only the guide is shown here."""
    return re.sub(r"\[([^\]]+)\]\((\w+\.md)\)", rf"\1 (`{DOCUMENTS}\2`)", text)


def link(page: str) -> None:
    """A link to the part that belongs to the page of a title; draws nothing where none does."""
    if page in PARTS_OF_PAGES:
        st.page_link(
            "pages/guide.py",
            label="Guide",
            icon=":material/help:",
            query_params={"part": PARTS_OF_PAGES[page]},
            help="What this page can say, and what it cannot",
        )
