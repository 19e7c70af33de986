"""What a page shows as long as no model can do its work: the way to the first one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from medgan.app.words import plain
from medgan.data.dataset import PreparedDataset
from medgan.models import GANS
from medgan.training.run import Run


@dataclass(frozen=True)
class Needed:
    """The model that a page needs, in the words that the page has for it."""

    gan: str
    """Which GAN learns it, by its name in `GANS`."""
    purpose: str
    """What such a model does, and what it must have learned from."""
    once_saved: str
    """What it can do after its first save, as in `it can paint`."""
    data: str
    """The images that it learns from, and how to come by them; Markdown."""
    link: str
    """The label of the way to add such images."""
    fits: Callable[[PreparedDataset], bool]
    """Whether a data set holds such images."""


def lead_to(needed: Needed, begun: Sequence[Run], datasets: Sequence[PreparedDataset]) -> None:
    """The next step towards such a model. begun: runs that will be one, but have nothing saved yet."""
    if begun:
        _watch(needed, begun[0])
        return
    st.markdown(needed.purpose)
    fitting = next((dataset for dataset in datasets if needed.fits(dataset)), None)
    if fitting is None:
        st.info(f"First: {needed.data}")
        st.page_link("pages/data.py", label=needed.link, icon=":material/folder_open:", query_params={"view": "add"})
        return
    _train(needed.gan, fitting)


def _watch(needed: Needed, run: Run) -> None:
    st.info(f"The model {plain(run.name)} has nothing saved yet; {needed.once_saved} after its first save.")
    st.page_link(
        "pages/train.py",
        label="Watch it learn",
        icon=":material/monitoring:",
        query_params={"view": "watch", "trained": run.id},
    )


def _train(gan: str, dataset: PreparedDataset) -> None:
    title = GANS[gan].title
    st.info(
        f"No model has learned this yet. Train {title} on {plain(dataset.name)}: the quick preset takes minutes.",
        icon=":material/info:",
    )
    st.page_link(
        "pages/train.py",
        label=f"Train {title}",
        icon=":material/model_training:",
        query_params={"view": "new", "gan": gan, "preset": "quick", "dataset": dataset.id},
    )
