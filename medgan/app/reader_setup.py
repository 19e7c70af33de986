"""Setting up a reader study: real images, synthetic sets, how many of them, and the organiser's code."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from collections.abc import Sequence

import streamlit as st

from medgan.app import cached, looks, session
from medgan.app.choosing_sets import choose_fitting, learned_from, names_of
from medgan.app.words import counted, plain, plainly
from medgan.common.artefact import MANIFEST
from medgan.common.errors import BadInput
from medgan.common.home import datasets_folder, runs_folder, sets_folder
from medgan.data.dataset import PreparedDataset
from medgan.models import GANS
from medgan.studies.origins import SourcePart
from medgan.studies.reader import FEWEST, MOST, prepare_session, reader_config
from medgan.studies.reader_images import Source
from medgan.studies.synthesis import SyntheticSet

PARTS: dict[SourcePart, str] = {"test": "Test", "validation": "Validation", "train": "Training", "all": "All"}
WHY_TEST = (
    "No GAN that learned from this data set saw its test images, so none of them can stand among the synthetic images "
    "as a copy. One that learned from the same files in another data set may have seen them; then a note below says so."
)
MANY = "60 images take a reader about ten minutes. With 60, one reader shows 65 % right or more to be no guessing."
CODE = (
    "Whoever knows it sees the results at any time, readers who are done their own figure alone. Without a code, each "
    "reader sees all results at the end, while others may still read."
)


def show() -> None:
    """The form; making a session leads to it."""
    st.markdown(
        "Half of the images are synthetic, half are real ones of the same classes. Every reader sees all of them, in "
        "an order of their own."
    )
    datasets, sets = cached.datasets(), cached.sets()
    if not datasets or not sets:
        _empty(bool(datasets))
        return
    left, right = st.columns(2, gap="large")
    with left:
        dataset = _choose_dataset(datasets, sets)
        part = _choose_part()
        st.caption(WHY_TEST)
    with right:
        count = session.number("Images in all", "images", 60, FEWEST, MOST, step=2, help=MANY)
        seed = session.number("Seed", "seed", 0, 0, 2**31 - 1, help="The same seed chooses the same images.")
    chosen = _choose_sets(dataset, part, seed, sets)
    if not chosen:
        return
    for note in _notes(dataset.id, part, tuple(one.id for one in chosen), _members(), dataset, chosen):
        st.caption(f":material/warning: {plain(note)}")
    with st.form("new session"):
        left, right = st.columns(2, gap="large")
        name = left.text_input("Name of the session", placeholder="made from the data set where empty", max_chars=60)
        code = right.text_input("Organiser’s code (optional)", type="password", help=CODE)
        st.caption("Readers see the name: it should not tell what they are to find out.")
        if st.form_submit_button("Make the session", type="primary", icon=":material/add:"):
            with plainly(), st.spinner("Choosing images …"):
                config = reader_config(
                    dataset.id, tuple(one.id for one in chosen), name=name.strip(), code=code,
                    part=part, images=count, seed=seed,
                )  # fmt: skip
                made = prepare_session(config)
                session.turn_to(view="sessions", session=made.id)


def _members() -> looks.Stamps:
    """Everything that a set may come from, as it is now."""
    folders = (datasets_folder(), runs_folder(), sets_folder())
    return "".join(looks.stamps(folder, MANIFEST) for folder in folders)


@st.cache_data(max_entries=16, show_spinner="Looking up what the sets come from …")
def _notes(
    dataset: str,
    part: SourcePart,
    sets: tuple[str, ...],
    members: looks.Stamps,
    _dataset: PreparedDataset,
    _sets: Sequence[SyntheticSet],
) -> tuple[str, ...]:
    """What may give images away; looking it up takes up to half a second a set."""
    return Source(_dataset, part, tuple(_sets), seed=0).notes


def _choose_part() -> SourcePart:
    chosen = session.choice("Real images from", "real_part", {str(name): word for name, word in PARTS.items()})
    return next(name for name in PARTS if name == chosen)


def _empty(has_data: bool) -> None:
    words, page, link = (
        ("No synthetic set is saved yet: draw images, and save them as a set.", "pages/generate.py", "Draw images")
        if has_data
        else ("No real images are here yet to show beside synthetic ones.", "pages/data.py", "Add a data set")
    )
    st.info(words, icon=":material/info:")
    st.page_link(page, label=link, icon=":material/arrow_forward:")


def _choose_dataset(datasets: Sequence[PreparedDataset], sets: Sequence[SyntheticSet]) -> PreparedDataset:
    """Those first that any set learned from."""
    ordered = sorted(datasets, key=lambda found: not any(learned_from(one, found) for one in sets))
    words = {found.id: f"{found.name} · {counted(len(found), 'image')} · {found.size} pixels" for found in ordered}
    chosen = session.select("Data set", "dataset", words)
    return next(found for found in datasets if found.id == chosen)


def _choose_sets(
    dataset: PreparedDataset, part: SourcePart, seed: int, sets: Sequence[SyntheticSet]
) -> list[SyntheticSet]:
    """The sets that are switched on, of those whose images do not give themselves away."""
    ordered, names = sorted(sets, key=lambda one: not learned_from(one, dataset)), names_of(sets)
    by_id = {one.id: one for one in ordered}
    chosen, refused = choose_fitting(
        "Synthetic sets, in equal shares",
        "shown_sets",
        {id: _words(one, names[id]) for id, one in by_id.items()},
        lambda id: _refusal(Source(dataset, part, (by_id[id],), seed)),
        at_first=1,
    )
    if refused:
        with st.expander(f"{counted(len(refused), 'set')} that cannot be shown beside {plain(dataset.name)}, and why"):
            st.markdown("\n".join(f"- {plain(why)}" for why in refused.values()))
    if not chosen:
        none_fits = len(refused) == len(ordered)
        words = "No synthetic set fits this data set." if none_fits else "Switch on one synthetic set or more, above."
        st.info(words, icon=":material/info:")
    return [by_id[id] for id in chosen]


def _refusal(source: Source) -> str:
    try:
        source.check()
    except BadInput as error:
        return str(error)
    return ""


def _words(synthetic: SyntheticSet, name: str) -> str:
    summary = synthetic.manifest.summary
    facts = [name, GANS[summary["gan"]].title, counted(int(summary["count"]), "image")]
    return plain(" · ".join(facts + ([f"class {summary['label']}".replace("_", " ")] if summary.get("label") else [])))
