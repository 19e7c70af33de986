"""From a mask to an image: one mask, what models paint into it, and the real image that it was drawn on."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from medgan.app import (
    cached,
    first_model,
    gallery,
    mask_models,
    mask_scores,
    mask_sliders,
    mask_sources,
    session,
)
from medgan.app import mask_results as results
from medgan.app.mask_sources import ChosenMask
from medgan.app.words import listed, plain
from medgan.data.dataset import PreparedDataset
from medgan.training.run import Run

MOST_RESULTS, USUAL_RESULTS = 4, 2
SAME_SEED = "The same seed gives the same images, always; another gives others."


def show(runs: Sequence[Run], datasets: Sequence[PreparedDataset]) -> None:
    """Choose models and a mask; see what comes of it."""
    found = mask_models.painters(runs)
    able = [run for run in found if run.can_sample]
    if not able:
        first_model.lead_to(mask_models.NEEDED, found, datasets)
        return
    model, source = st.columns([4, 5], gap="medium")
    with model:
        run = mask_models.choose(able)
    with source:
        kind = mask_sources.choose_kind(run, runs)
    chosen = mask_sources.choose(run, runs, kind)
    if chosen is not None:
        _translated(run, able, chosen, datasets)


@dataclass(frozen=True)
class Options:
    """How the results are shown."""

    models: Sequence[Run]
    count: int
    seed: int
    outlined: bool


def _translated(run: Run, able: Sequence[Run], chosen: ChosenMask, datasets: Sequence[PreparedDataset]) -> None:
    """The mask, what the models paint, and the real image, side by side."""
    with st.expander("Change this mask: bend, grow or shrink, move", icon=":material/tune:"):
        masks = mask_sliders.change()(chosen.masks)
    if not masks.any():
        st.info("This mask is empty now: there is nothing to paint. Change it less, or move it back.")
        return
    options = _options(run, able, chosen)
    with st.spinner("Painting …"):
        painted = [results.painted(model, masks, options.count, options.seed) for model in options.models]
    results.Shown(chosen, masks, painted, options.seed, options.outlined).show()
    of_model = next((found for found in datasets if found.id == run.record.dataset_id and found.structures), None)
    scores = [score for each in painted for score in each.scores]
    st.caption(mask_scores.reading(scores, of_model, run.config.model.size), help=mask_scores.METHOD)
    _notes(options.models, chosen, painted)


def _options(run: Run, able: Sequence[Run], chosen: ChosenMask) -> Options:
    """Which models, how many results of which seed, and whether the outline lies over them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        models = [run, *mask_models.choose_beside(run, able)]
        count, seed = 1, 0
        if any(cached.draws_variants(model) for model in models):
            words = {str(number): str(number) for number in range(1, MOST_RESULTS + 1)}
            count = int(session.choice("Results", "results", words, default=str(USUAL_RESULTS)))
            seed = session.number("Seed", "seed", 0, 0, 2**31 - 1, help=SAME_SEED)
        outlined = session.toggle("Outline the mask", "outline", default=True)
        structures = run.record.data.structures
        if len(structures) > 1:
            gallery.legend(structures)
        st.space("stretch")
        if chosen.source is not None:
            st.page_link(
                "pages/generate.py",
                label="Draw a whole set",
                icon=":material/auto_awesome_mosaic:",
                query_params={"view": "draw", "run": run.id, "source": chosen.source.source},
            )
    return Options(models, count, seed, outlined)


def _notes(models: Sequence[Run], chosen: ChosenMask, painted: Sequence[results.Painted]) -> None:
    """What must be known of these images."""
    for each in painted:
        if each.apart is not None and each.apart < results.HARDLY:
            st.caption(
                f":material/info: The results of {plain(each.run.name)} differ by {each.apart:.1f} of 255 grey levels "
                "on average: it paints nearly the same into a mask each time."
            )
    still = [plain(run.name) for run in models if not cached.draws_variants(run)]
    if still:
        st.caption(f":material/info: Without noise of its own, and so one image into each mask: {listed(still)}.")
    notes = "Synthetic images, painted by a model; not checked for copies of real images."
    if chosen.source is not None and chosen.source.part != "train":
        notes += (
            " Looking at test masks is fine; a set that is to train a classifier or a segmenter must be drawn from "
            "the train part, as “Draw a whole set” does."
        )
    st.caption(notes)
    for run in models:
        if not run.finished:
            st.caption(
                f":material/info: {plain(run.name)} is not fully trained: step {cached.step(run):,} of {run.steps:,}."
            )
