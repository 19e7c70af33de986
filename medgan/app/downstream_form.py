"""Starting a downstream study: data, synthetic sets, how they are used, and the arms that this makes."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from medgan.app import cached, downstream_arms, downstream_sets, forms, session
from medgan.app.downstream_network import choose_classifier, choose_segmenter
from medgan.app.downstream_sets import Candidate, Group
from medgan.app.downstream_studies import KIND
from medgan.app.downstream_words import TASKS, WHY_SEEDS
from medgan.app.words import counted, plain, plainly
from medgan.data.dataset import PreparedDataset
from medgan.downstream.classifier import ClassifierConfig
from medgan.downstream.segmenter import SegmenterConfig
from medgan.jobs import submit
from medgan.studies.arms import Arm, arms_of
from medgan.studies.material import Material
from medgan.studies.study import study_config

DOSES = {"0.1": "10 %", "0.25": "25 %", "0.5": "50 %", "1": "100 %", "2": "200 %", "4": "400 %"}
SHARES = {"0.1": "10 %", "0.25": "25 %", "0.5": "50 %"}
USES = {"mixed": "Mixed with real images", "pretraining": "Before real images", "alone": "Alone"}
SEEDS, FEWEST_SEEDS, MOST_SEEDS = 5, 5, 50
NO_FORM = ("backbone", "network", "augmentation", "views", "seed", "precision")
"""Settings that are chosen elsewhere on the page, or by the study."""
FIRST = ("epochs", "learning_rate", "dropout")
LABELS = {"balanced": "Count both classes the same", "threshold": "Threshold is best for",
          "trained_layers": "Layers of the network that learn", "patience": "Passes without progress before it stops",
          "epochs": "Most passes over the images"}  # fmt: skip
CHANGES = {"flip": "Mirrored", "rotation": "Turned, up to 36°", "zoom": "Enlarged or shrunk, up to 10 %"}
CLASSICAL = "One more arm: real images that are mirrored, turned and enlarged at random."
DEFAULTS = {
    "classification": "Learning rate, dropout, passes and images a step are those of the published comparison, which "
    "does not tell of a threshold, of weights for rare classes, or of which pass counts.",
    "segmentation": "Learning rate, dropout, passes and when to stop are those of the published comparison, which does "
    "not tell the rest.",
}
GRID = "Nine settings of learning rate and dropout are tried on validation images first; the best is used."
NOTHING_TO_COMPARE = (
    "Nothing is compared with real images yet: switch a synthetic set on, or classical augmentation, or a share of "
    "the real images."
)


def show() -> None:
    """The form; starting a study leads to its tables."""
    st.markdown(
        "A study trains the same network several times: on real images alone, and on what you want to compare with "
        "that. All trainings are tested on the same real images, kept apart from everything."
    )
    if not cached.datasets():
        st.info("There is nothing to train on yet: add images first.", icon=":material/info:")
        st.page_link(
            "pages/data.py", label="Add a data set", icon=":material/folder_open:", query_params={"view": "add"}
        )
        return
    left, right = st.columns(2, gap="large")
    with left:
        dataset = _choose_dataset()
        task, positive = _choose_task(dataset)
        with_masks = task == "segmentation"
        Material.open(dataset, (), with_masks=with_masks, seed=0)  # a data set without a test part is told here
    with right:
        network = choose_segmenter() if with_masks else choose_classifier()
    chosen = downstream_sets.choose(dataset, with_masks=with_masks)
    _say_what_is_not_known(chosen)
    groups = downstream_sets.choose_groups(chosen)
    options = _choose_arms(bool(groups))
    arms = _arms(groups, options)
    changes = _choose_changes() if options["classical"] else {}
    training = _training(task) | {"augmentation": {"enabled": False, **changes}}
    if not arms:
        st.info(NOTHING_TO_COMPARE, icon=":material/info:")
        return
    found = downstream_arms.planned(arms, chosen, dataset, with_masks=with_masks)
    downstream_arms.show(found, options["seeds"])
    section = "segmenter" if with_masks else "classifier"
    values = {"task": task, "positive": positive, "sets": tuple("+".join(ids) for ids, _ in groups), **options}
    _start_button(dataset, values | {section: training | network}, possible=not any(one.shortage for one in found))


def _choose_dataset() -> PreparedDataset:
    datasets = cached.datasets()
    words = {found.id: f"{found.name} · {counted(len(found), 'image')} · {found.size} pixels" for found in datasets}
    chosen = session.select("Data set", "dataset", words)
    return next(found for found in datasets if found.id == chosen)


def _choose_task(dataset: PreparedDataset) -> tuple[str, str]:
    """The task, and the class to be found, which is empty for segmentation; raises BadInput where neither fits."""
    fitting = {"classification": len(dataset.classes) > 1, "segmentation": bool(dataset.structures)}
    tasks = {task: TASKS[task] for task, fits in fitting.items() if fits} or {"classification": TASKS["classification"]}
    task = session.choice("Task", "task", tasks)
    if len(tasks) == 1:
        missing = {"classification": "it has no masks", "segmentation": "it has fewer than two classes"}[task]
        st.caption(f"The only one for this data set: {missing}.")
    if task == "segmentation" or len(dataset.classes) < 2:
        return task, ""
    ordered = sorted(dataset.classes, key=lambda label: label.lower() == "normal")
    words = {label: label.replace("_", " ") for label in ordered}
    asked = "A case is an image of this class; all other images are controls."
    return task, str(session.select("Class to be found", "positive", words, help=asked))


def _say_what_is_not_known(chosen: Sequence[Candidate]) -> None:
    for note in dict.fromkeys(note for candidate in chosen for note in candidate.notes):
        st.caption(f":material/warning: {plain(note)}")


def _choose_arms(with_sets: bool) -> dict[str, Any]:
    """What makes the arms, as fields of a study's config."""
    doses, uses = ["1"], ["mixed"]
    if with_sets:
        left, right = st.columns(2, gap="large")
        with left:
            doses = session.several("Dose: synthetic images for each real one", "doses", DOSES, default=doses) or doses
        with right:
            uses = session.several("How they are used", "uses", USES, default=uses) or uses
    left, middle, right = st.columns(3, gap="large")
    with left:
        shares = session.several("Also with fewer real images", "shares", SHARES)
    with middle:
        classical = session.toggle("Classical augmentation", "classical", help=CLASSICAL)
        grid = session.toggle("Choose settings first (grid)", "grid", help=GRID)
    with right:
        seeds = session.number("Seeds: trainings of each arm", "seeds", SEEDS, 1, MOST_SEEDS, help=WHY_SEEDS)
        if seeds < FEWEST_SEEDS:
            st.caption(f":material/warning: With fewer than {FEWEST_SEEDS} seeds most verdicts cannot be told.")
    return {
        "doses": tuple(map(float, doses)),
        "uses": tuple(uses),
        "classical": classical,
        "real_shares": (1.0, *map(float, shares)),
        "grid": grid,
        "seeds": seeds,
    }


def _choose_changes() -> dict[str, Any]:
    """What classical augmentation does, as fields of its config; one kind of change at least."""
    chosen = session.several("Classical augmentation: real images are", "changes", CHANGES, default=list(CHANGES))
    if not chosen:
        st.caption(":material/info: An arm that changes nothing would be real images alone: all changes are used.")
        return {}
    switched_off = {"flip": ("flip", False), "rotation": ("rotation_degrees", 0), "zoom": ("zoom_share", 0)}
    return dict(switched_off[name] for name in CHANGES if name not in chosen)


def _arms(groups: Sequence[Group], options: Mapping[str, Any]) -> list[Arm]:
    """The arms; empty where there is nothing to compare and no grid either."""
    if not (groups or options["classical"] or options["grid"] or len(options["real_shares"]) > 1):
        return []
    names = ("doses", "uses", "classical", "real_shares")
    return arms_of(groups, **{name: options[name] for name in names}, alone=options["grid"])


def _training(task: str) -> dict[str, Any]:
    """How the networks are trained, folded away."""
    config = SegmenterConfig if task == "segmentation" else ClassifierConfig
    with st.expander("How the networks are trained", icon=":material/tune:"):
        st.caption(DEFAULTS[task])
        fields = forms.settings(config, labels=LABELS, leave_out=NO_FORM)
        ordered = sorted(fields, key=lambda one: FIRST.index(one.name) if one.name in FIRST else len(FIRST))
        return forms.config_form(ordered, first=[one.name for one in ordered], key=f"study:{task}")


def _start_button(dataset: PreparedDataset, values: Mapping[str, Any], *, possible: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name of the study", placeholder="made from the data set where empty", width=360)
        started = st.button("Start the study", type="primary", icon=":material/play_arrow:", disabled=not possible)
    if not started:
        return
    with plainly():
        config = study_config(dataset.id, name=name.strip(), **values)
        submit(KIND, config)
        st.query_params["studies"] = config.study
        session.turn_to(view="results")
