"""The dashboard's server, for `streamlit run app.py`: refuses to stand open, and lets in who may come in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from streamlit import runtime

from medgan.app import login, login_pages
from medgan.app.lasting import keep_media
from medgan.app.login_gate import LoginGate


@asynccontextmanager
async def begun(_: st.App) -> AsyncIterator[None]:
    keep_media(runtime.get_instance().media_file_mgr)
    yield


login.check_start()
app = st.App("dashboard.py", lifespan=begun, routes=login_pages.routes(), middleware=[Middleware(LoginGate)])
