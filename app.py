"""The dashboard's server, for `streamlit run app.py`: refuses to stand open, and lets in who may come in."""

import streamlit as st
from starlette.middleware import Middleware

from medgan.app import login, login_pages
from medgan.app.login_gate import LoginGate

login.check_start()
app = st.App("dashboard.py", routes=login_pages.routes(), middleware=[Middleware(LoginGate)])
