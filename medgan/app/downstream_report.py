"""Taking a study along: a report to read in any browser, and a table of every figure."""

import streamlit as st

from medgan.app.downstream_studies import Entry
from medgan.app.words import plainly
from medgan.studies.figure_table import figure_table
from medgan.studies.report import report_html


def show(entry: Entry) -> None:
    """The download buttons of a finished study; draws nothing for others."""
    study = entry.study
    if study is None or not study.finished:
        return
    with st.container(horizontal=True, vertical_alignment="center"), plainly():
        st.download_button(
            "Report (HTML)",
            data=lambda: report_html(study),
            file_name=f"{entry.name}.html",
            mime="text/html",
            icon=":material/description:",
            on_click="ignore",
        )
        st.download_button(
            "Every figure (CSV)",
            data=lambda: figure_table(study).to_csv(index=False),
            file_name=f"{entry.name}.csv",
            mime="text/csv",
            icon=":material/table_view:",
            on_click="ignore",
        )
        st.caption("The report holds all it shows, also real test images: mind whom you send it to.", width="content")
