"""Jobs: what runs, waits, is done, or stopped and why."""

import streamlit as st

from medgan.app import job_list
from medgan.app.heading import heading
from medgan.app.words import plainly

heading("Jobs")
st.markdown("Long work runs in the background, one training at a time. It goes on when you close the browser.")
with plainly():
    job_list.show()
