"""Carrying out an experiment of the published comparison: the command, and a form that starts the same."""

import streamlit as st

from medgan.app import cached, thesis_scoring
from medgan.app.choosing_sets import names_of
from medgan.app.downstream_studies import KIND
from medgan.app.words import counted, listed, plainly
from medgan.data.dataset import PreparedDataset
from medgan.jobs import submit
from medgan.studies.thesis import Experiment, thesis_study


def show(chosen: Experiment) -> None:
    """The command in a terminal; below it a form that starts the same."""
    st.markdown("In a terminal, with the names of your data set and sets; leave `--quick` out for the full scale:")
    st.code(command(chosen), language="bash", wrap_lines=True)
    st.markdown("Or here:")
    if chosen.kind == "quality":
        thesis_scoring.show(chosen)
    else:
        _form(chosen)


def command(chosen: Experiment) -> str:
    """How the experiment is carried out from the command line."""
    places = ",".join(place.replace(" ", "-").replace(",", "") for place in chosen.sets)
    sets = f" --sets {places}" if places else ""
    return f"python -m medgan study {chosen.name} --dataset NAME{sets} --quick"


def _form(chosen: Experiment) -> None:
    datasets = [found for found in cached.datasets() if _fits(found, chosen)]
    if not datasets:
        needed = "masks" if chosen.kind == "segmentation" else "two classes"
        st.info(f"No data set with {needed} is here yet.", icon=":material/info:")
        query = {"view": "add"}
        st.page_link("pages/data.py", label="Add a data set", icon=":material/folder_open:", query_params=query)
        return
    left, right = st.columns(2)
    words = {found.id: f"{found.name} · {counted(len(found), 'image')} · {found.size} pixels" for found in datasets}
    with left:
        id = st.selectbox("Data set", list(words), format_func=lambda id: words[id], key=f"{chosen.name}:dataset")
    dataset = next(found for found in datasets if found.id == id)
    with right:
        positive = _positive(chosen, dataset)
    names = names_of(cached.sets())
    sets = [thesis_scoring.choose_sets(chosen, place, names) for place in chosen.sets]
    quick = st.toggle("Quick: fewer passes and seeds", True, key=f"{chosen.name}:quick")
    if not quick:
        st.caption(f":material/warning: Full scale: {_scale(chosen)}; meant for a GPU.")
    if st.button("Start", key=f"{chosen.name}:start", icon=":material/play_arrow:", type="primary"):
        with plainly():
            submit(KIND, thesis_study(chosen, dataset.id, sets, quick=quick, **positive))
            st.rerun(scope="app")


def _fits(dataset: PreparedDataset, chosen: Experiment) -> bool:
    return bool(dataset.structures) if chosen.kind == "segmentation" else len(dataset.classes) > 1


def _positive(chosen: Experiment, dataset: PreparedDataset) -> dict[str, str]:
    """The class to be found, as an option of a study."""
    if chosen.kind == "segmentation":
        return {}
    ordered = sorted(dataset.classes, key=lambda label: label.lower() == "normal")
    key = f"{chosen.name}:{dataset.id}:positive"
    return {
        "positive": st.selectbox("Class to be found", ordered, format_func=lambda it: it.replace("_", " "), key=key)
    }


def _scale(chosen: Experiment) -> str:
    facts = [f"{chosen.training['epochs']:,} passes over the images", f"{chosen.options['seeds']} seeds",
             f"published at {chosen.sizes.pixels} pixels"]  # fmt: skip
    return listed(facts)
