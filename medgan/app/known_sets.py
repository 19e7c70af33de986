"""Known data sets: terms, what to cite, the published split; downloading one, or the steps to get it."""

from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import streamlit as st

from medgan.app import session
from medgan.app.job_view import working
from medgan.app.words import counted, listed, plain
from medgan.common.download import MIB
from medgan.common.home import downloads_folder
from medgan.data.download import still_here
from medgan.data.download.config import DownloadConfig
from medgan.data.families import DATASETS, Archive, DatasetFamily
from medgan.data.layout import Layout
from medgan.data.published import Counts
from medgan.jobs import submit

WHOLE = "all"


def choose() -> tuple[Path, str] | None:
    """Choose a known set and read about it; its folder and name where it was downloaded, else how to get it."""
    name = session.select("Data set", "known", {family.name: family.title for family in DATASETS.values()})
    if name is None:
        return None
    family = DATASETS[name]
    folder = downloads_folder() / name
    here = still_here(folder)
    if not here:
        _facts(family)
    if family.steps:
        _steps(family)
        return None
    missing = [archive for archive in family.archives if archive.file not in here]
    if missing:
        _offer(family, missing, begun=bool(here))
    if not here:
        return None
    parts = dict.fromkeys(archive.part for archive in family.archives if archive.file in here)
    st.caption(f"Downloaded to {plain(str(folder))}: {plain(listed(list(parts)))}.")
    return folder, name


def about(layout: Layout) -> bool:
    """What to know of a recognised set before it is prepared; whether to take its published split."""
    if not layout.family.citation:
        return False
    with st.container(border=True, gap="small"):
        st.markdown(f"**Recognised: {plain(layout.family.title)}**")
        _terms(layout.family)
        if not layout.published:
            return False
        _published(layout.published, layout.family)
        return st.toggle(
            "Split as published",
            key=f"published {layout.root}",
            help="Draws train, validation and test by patient with the numbers of the published protocol; where the "
            "protocol names no validation, it is taken from train. What differs is told among the remarks.",
        )


def _facts(family: DatasetFamily) -> None:
    with st.container(border=True, gap="small"):
        _terms(family)
        if family.published:
            _published(family.published, family)


def _terms(family: DatasetFamily) -> None:
    st.markdown(f"**Terms of use:** {plain(family.terms)}")
    st.markdown(f"**Please cite:** {plain(family.citation)}")
    if family.homepage:
        st.markdown(f"**Publisher's page:** [{plain(urlsplit(family.homepage).netloc)}]({family.homepage})")


def _published(published: Counts, family: DatasetFamily) -> None:
    """Images a class and split in the published protocol, and whose it is."""
    table = pd.DataFrame({split: dict(counts) for split, counts in published.items()}).rename_axis("Class")
    table.index = [label.replace("_", " ") or "images" for label in table.index]
    st.markdown(f"**Published split** ({plain(family.published_in)})")
    st.dataframe(table, width="content", alt="Images a class and split in the published protocol")


def _steps(family: DatasetFamily) -> None:
    """How to get a set that needs an account."""
    st.info("This set needs an account with its publisher, so it cannot be fetched from here.", icon=":material/login:")
    st.markdown("\n".join(f"{number}. {step}" for number, step in enumerate(family.steps, start=1)))
    st.markdown("Then choose “A folder of images” above and give the folder's path.")


def _offer(family: DatasetFamily, missing: list[Archive], *, begun: bool) -> None:
    """What is still to be downloaded, and the button that starts it."""
    parts = list(dict.fromkeys(archive.part for archive in missing))
    part = WHOLE
    if len(parts) > 1:
        part = session.choice("What to download", "set_part", {WHOLE: "All", **{p: p.capitalize() for p in parts}})
    chosen = [archive for archive in missing if part in {WHOLE, archive.part}]
    size = sum(archive.size_mib for archive in chosen)
    hosts = listed(list(dict.fromkeys(urlsplit(archive.url).netloc for archive in chosen)))
    text = f"{counted(len(chosen), 'file')} of about {size * MIB / 1e9:,.1f} GB from {plain(hosts)}, and as much again "
    text += "unpacked."
    unknown = [archive.file for archive in chosen if not archive.sha256]
    if unknown:
        text += f" No checksum is publicly known of {plain(listed(unknown))}; that of the first download is recorded."
    st.caption(text)
    words = "Agree to the terms and download" + (" the rest" if begun else "")
    if st.button(words, type="secondary" if begun else "primary", icon=":material/download:",
                 disabled=bool(working("download"))):  # fmt: skip
        submit("download", DownloadConfig(name=family.name, part="" if part == WHOLE else part))
        st.rerun()
