"""The head of a page: its title, and beside it the views it offers."""

from collections.abc import Mapping

import streamlit as st

from medgan.app import guide, session


def heading(title: str) -> None:
    """Draw the title of a page that has one view."""
    session.expect_frame()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.title(title, width="content", anchor=False)
        guide.link(title)


def heading_with_views(title: str, views: Mapping[str, str], *, default: str | None = None) -> str:
    """Draw the title with the views beside it; returns the chosen one, which stands in the address."""
    session.expect_frame()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.title(title, width="content", anchor=False)
        guide.link(title)
        st.space("stretch")
        return session.tabs("View", "view", views, default=default)
