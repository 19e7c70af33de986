"""Who is signed in, and the way out, in the sidebar of every page."""

from html import escape

import streamlit as st

from medgan.app import login
from medgan.app.login_gate import below_base
from medgan.app.login_sessions import COOKIE, SESSIONS


def show() -> None:
    """Draw it; nothing where nobody has to sign in."""
    if login.way() == "none":
        return
    user = SESSIONS.user_of(st.context.cookies.get(COOKIE))
    link = f'<a href="{below_base("/logout")}" target="_self">Sign out</a>'
    st.html(f"<small>Signed in as {escape(user)} · {link}</small>")
