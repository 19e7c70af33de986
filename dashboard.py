"""The page table and the frame around every page; nothing else."""

from pathlib import Path

import streamlit as st

from medgan.app import login_view, looks, session

# A file of our own: the browser would fetch a symbol's picture from a server on the internet.
ICON = Path(__file__).parent / "medgan" / "app" / "icon.png"
st.set_page_config(page_title="medgan", page_icon=ICON, layout="wide", initial_sidebar_state=256)
login_view.expect_gate()

PAGES = {
    "": [st.Page("pages/overview.py", title="Overview", icon=":material/home:", default=True)],
    "Images": [
        st.Page("pages/data.py", title="Data", icon=":material/folder_open:"),
        st.Page("pages/generate.py", title="Generate", icon=":material/auto_awesome_mosaic:"),
        st.Page("pages/mask_to_lesion.py", title="Mask to lesion", icon=":material/brush:"),
        st.Page("pages/normal_abnormal.py", title="Normal and abnormal", icon=":material/compare:"),
    ],
    "Models": [
        st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        st.Page("pages/jobs.py", title="Jobs", icon=":material/pending_actions:"),
    ],
    "Results": [
        st.Page("pages/quality.py", title="Quality", icon=":material/query_stats:"),
        st.Page("pages/downstream.py", title="Downstream", icon=":material/balance:"),
        st.Page("pages/reader_study.py", title="Reader study", icon=":material/visibility:"),
        st.Page("pages/thesis.py", title="Thesis", icon=":material/menu_book:"),
    ],
    "Help": [st.Page("pages/guide.py", title="Guide", icon=":material/help:")],
}

# Streamlit writes on primary buttons in white, which is too faint on the dark theme's light blue.
DARK_ON_LIGHT = '<style>button[data-testid^="stBaseButton-primary"] {color: light-dark(#ffffff, #10171d)}</style>'

page = st.navigation(PAGES)
session.enter(page.title)
st.html(DARK_ON_LIGHT)
with st.sidebar:
    st.caption(":material/science: For research; not for diagnosis")
    login_view.show()
with session.address(), looks.one_look():
    page.run()
