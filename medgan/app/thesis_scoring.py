"""Scoring the sets that stand for the rows of a published table of image quality."""

from datetime import UTC, datetime

import streamlit as st

from medgan.app import cached
from medgan.app.asking_quality import KIND
from medgan.app.choosing_sets import names_of
from medgan.app.words import plain, plainly
from medgan.common.artefact import Manifest
from medgan.common.home import quality_folder
from medgan.jobs import submit
from medgan.studies.beside import remember
from medgan.studies.quality import QualityConfig, QualityReport
from medgan.studies.thesis import SKIPPED, Experiment, thesis_quality


def show(chosen: Experiment) -> None:
    """A row a published row: the sets that stand for it, and the real images they are scored against."""
    datasets = {found.id: found.name for found in cached.datasets()}
    if not datasets or not cached.sets():
        st.info("It needs a data set and a synthetic set, which are not here yet.", icon=":material/info:")
        return
    picked = [_choose(chosen, place, datasets) for place in chosen.sets]
    quick = st.toggle("Quick: wider, rougher intervals", True, key=f"{chosen.name}:quick")
    if st.button("Score", key=f"{chosen.name}:start", icon=":material/play_arrow:", type="primary"):
        with plainly():
            sets, against = zip(*picked, strict=True)
            _start(chosen, thesis_quality(chosen, against, sets, quick=quick))
            st.rerun(scope="app")


def _choose(chosen: Experiment, place: str, datasets: dict[str, str]) -> tuple[str, str]:
    """The sets for one row, joined, and the data set."""
    names = names_of(cached.sets())
    left, right = st.columns(2)
    with left:
        picked = choose_sets(chosen, place, names)
    with right:
        key = f"{chosen.name}:{place}:against"
        against = st.selectbox("Against", list(datasets), format_func=lambda id: plain(datasets[id]), key=key)
    return picked, str(against)


def choose_sets(chosen: Experiment, place: str, names: dict[str, str]) -> str:
    """The synthetic set, or sets joined, that stand for one row of the published table."""
    picked = st.multiselect(
        f"Stands for {place}",
        list(names),
        format_func=lambda id: plain(names[id]),
        key=f"{chosen.name}:{place}",
        placeholder="none: this row stays empty",
        help="Several sets are used together, such as one a class.",
    )
    return "+".join(picked) or SKIPPED


def _start(chosen: Experiment, configs: dict[str, QualityConfig]) -> None:
    """Submit the jobs, and note by its id which report each of them will make."""
    expected: dict[str, list[QualityReport]] = {}
    for called, config in configs.items():
        expected.setdefault(called.split(": ")[0], []).append(_expected(config))
    remember(chosen, expected)
    for config in configs.values():
        submit(KIND, config)


def _expected(config: QualityConfig) -> QualityReport:
    """A report that is still to be made; its id is settled, and that is all that is noted."""
    manifest = Manifest(
        kind="quality", id=config.report, name=config.name, created=datetime.now(UTC), config=config.model_dump()
    )
    return QualityReport(quality_folder() / config.report, manifest)
