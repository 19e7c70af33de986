"""Who is signed in, and the way out, in the sidebar of every page; and no page where nobody could be asked."""

from html import escape

import streamlit as st
from streamlit import runtime

from medgan.app import login
from medgan.app.login_gate import below_base, stands
from medgan.app.login_sessions import COOKIE, SESSIONS

NO_GATE = "Started like this, the dashboard has no login. Start it with `make app`, or `streamlit run app.py`."


def expect_gate() -> None:
    """Draw no page where a server runs dashboard.py without app.py, and so lets everybody in.

    In tests of pages there is no server: AppTest puts something else in its place.
    """
    if type(runtime.get_instance()) is runtime.Runtime and not stands():
        st.error(NO_GATE, icon=":material/lock_open:")
        st.stop()


def show() -> None:
    """Draw it; nothing where nobody has to sign in."""
    if login.way() == "none":
        return
    user = SESSIONS.user_of(st.context.cookies.get(COOKIE))
    link = f'<a href="{below_base("/logout")}" target="_self">Sign out</a>'
    st.html(f"<small>Signed in as {escape(user)} · {link}</small>")
