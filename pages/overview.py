"""Overview: what is here, what runs, what to do next."""

import streamlit as st

from medgan.app import cards, damage, demo_view, next_steps
from medgan.app.heading import heading
from medgan.app.job_view import active_jobs, progress_line, resting, state_badge, working
from medgan.app.live import live
from medgan.app.words import plain, plainly

heading("Synthetic medical images")
st.markdown(
    "medgan learns from a folder of medical images to draw new ones, and helps to find out what they are good for."
)

with plainly():
    damage.show()

with plainly():
    cards.first_look()

st.header("What to do next", anchor=False)
with plainly():
    next_steps.show()


def running() -> None:
    """What works now; a demo study only among others, since it is shown by itself below."""
    jobs = active_jobs()
    if all(job.kind == demo_view.KIND for job, _ in jobs):
        return
    st.header("Running now", anchor=False)
    for job, status in jobs:
        with st.container(border=True, gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center"):
                state_badge(status)
                st.markdown(f"**{plain(job.title)}**")
            progress_line(job, status)


live(running, working, resting)

with plainly():
    demo_view.show()

with plainly():
    cards.workspace()
