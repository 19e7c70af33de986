"""Starting a training run: data, class, GAN, preset, and the few settings that matter first."""

from typing import Any, get_args

import streamlit as st

from medgan.app import cached, forms, session
from medgan.app.words import counted, plain
from medgan.common.artefact import name_from
from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.jobs import submit
from medgan.models import GANS
from medgan.models.task import Gan, PresetName
from medgan.training.config import LoopConfig, train_config

ALL = "all"
FIRST = ("steps", "seed", "size")
SMALLEST_USEFUL = 50


def show() -> None:
    """The form; starting a run leads to its curves."""
    st.markdown(
        "A GAN is two networks that learn from each other: one draws images, the other tells them from real ones. "
        "Training runs in the background; you can close the browser."
    )
    datasets = cached.datasets()
    if not datasets:
        st.info("There is nothing to learn from yet. Add images or draw phantoms first.", icon=":material/info:")
        st.page_link("pages/data.py", label="Add images", icon=":material/folder_open:", query_params={"view": "add"})
        return
    left, right = st.columns(2, gap="large")
    with left:
        dataset = _choose_dataset()
        label = _choose_class(dataset)
    with right:
        gan, row = _choose_gan()
        preset = _choose_preset(row)
    sizes = [size for size in row.sizes if size <= dataset.size]
    if not sizes:
        raise BadInput(
            f"{row.title} needs images of at least {row.sizes[0]} pixels, this data set has {dataset.size}: "
            "prepare the folder again at a larger size"
        )
    _settings_and_start(dataset, label, gan, row, preset, sizes)


def _choose_dataset() -> PreparedDataset:
    datasets = cached.datasets()
    words = {found.id: f"{found.name} · {counted(len(found), 'image')} · {found.size} pixels" for found in datasets}
    chosen = session.select("Data set", "dataset", words)
    return next(found for found in datasets if found.id == chosen)


def _choose_class(dataset: PreparedDataset) -> str | None:
    """The class to learn; None for all."""
    counts = dataset.manifest.summary["class_counts"]["train"]
    options = {ALL: f"All images together · {dataset.manifest.summary['splits']['train']:,} to learn from"}
    options |= {label: f"{label.replace('_', ' ')} · {counts[label]:,} to learn from" for label in dataset.classes}
    chosen = session.select(
        "Which images to learn",
        "label",
        options,
        help="A model of one class draws that class only, so that you know what every image is meant to show. "
        "Images kept for validation and testing are never learned from.",
    )
    items = int(dataset.manifest.summary["splits"]["train"] if chosen in {ALL, None} else counts[chosen])
    if items < SMALLEST_USEFUL:
        st.caption(f":material/info: {counted(items, 'image')} is few: expect copies or blurred images.")
    return None if chosen == ALL else chosen


def _choose_gan() -> tuple[str, Gan]:
    names = sorted(GANS, key=lambda name: name != "fastgan")
    gan = session.select("GAN", "gan", {name: GANS[name].title for name in names}) or names[0]
    st.caption(f"{plain(GANS[gan].summary)}  \n{plain(GANS[gan].reference)}")
    return gan, GANS[gan]


def _choose_preset(row: Gan) -> PresetName:
    names: list[PresetName] = [name for name in get_args(PresetName) if name in row.presets]
    chosen = session.choice("Preset", "preset", {name: str(name).capitalize() for name in names})
    preset = next(name for name in names if name == chosen)
    st.caption(plain(row.PRESET_WORDS[preset].capitalize()))
    return preset


def _settings_and_start(
    dataset: PreparedDataset, label: str | None, gan: str, row: Gan, preset: PresetName, sizes: list[int]
) -> None:
    defaults = row.presets[preset]
    model = forms.settings(row.config, defaults=defaults, choices={"size": sizes})
    loop = forms.settings(LoopConfig, defaults=defaults, choices={"device": ("auto", "cpu", "cuda")})
    with st.form("train", enter_to_submit=False):
        values = forms.config_form([*model, *loop], first=FIRST, key=f"train:{gan}:{preset}:{dataset.id}")
        name = st.text_input("Name of the run", placeholder="made from GAN, data set and class where empty")
        started = st.form_submit_button("Start training", type="primary", icon=":material/play_arrow:")
    if started:
        _start(gan, dataset, label, preset, name.strip(), values)


def _start(
    gan: str, dataset: PreparedDataset, label: str | None, preset: PresetName, name: str, values: dict[str, Any]
) -> None:
    name = name or name_from(gan, dataset.name[:40], label)
    try:
        config = train_config(gan, dataset.id, label=label, preset=preset, name=name, options=values)
    except BadInput as error:
        raise BadInput(forms.in_labels(str(error))) from None
    submit("train", config)
    session.turn_to(view="watch", trained=config.run)
