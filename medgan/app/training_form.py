"""Starting a training run: data, class, GAN, preset, and the few settings that matter first."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from medgan.app import cached, forms, presets, session
from medgan.app.words import counted, plain
from medgan.common.artefact import name_from
from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.jobs import in_words, submit
from medgan.models import GANS
from medgan.models.task import Gan
from medgan.training.config import LoopConfig, TrainConfig, train_config
from medgan.training.duration import estimate
from medgan.training.feed import fitting_data
from medgan.weights import is_present

ALL = "all"
FIRST = ("content", "translation", "field", "steps", "epochs", "size", "seed", "conditional")
LENGTHS = {"steps": "Steps", "epochs": "Passes over the images"}
DOMAINS = ("domain_a", "domain_b")
SMALLEST_USEFUL = 50


def show() -> None:
    """The form; starting a run leads to its curves."""
    st.markdown(
        "A GAN is two networks that learn from each other: one draws images, the other tells them from real ones. "
        "Training runs in the background; you can close the browser."
    )
    if not cached.datasets():
        st.info("There is nothing to learn from yet. Add images or draw phantoms first.", icon=":material/info:")
        st.page_link("pages/data.py", label="Add images", icon=":material/folder_open:", query_params={"view": "add"})
        return
    left, right = st.columns(2, gap="large")
    with right:
        gan = _choose_gan()
        row = GANS[gan]
        found = presets.presets_of(row, is_present)
        preset = _choose_preset(row, found.ready)
    for network, names in found.waiting.items():
        _show_waiting(network, names)
    with left:
        dataset = _choose_dataset()
        allowed = presets.possible(gan, dataset)
        if presets.needs_two_classes(gan):
            label, options, items = None, *_choose_domains(dataset)
        else:
            label, items = _choose_class(dataset)
            options = {}
        presets.check_preset(gan, preset, allowed)
        sizes = _sizes(row, dataset)
        key = f"{gan}:{preset}:{dataset.id}"
        unit = _choose_length(row, preset, items, sizes, key)
    form = _settings(gan, preset, allowed, sizes, presets.lengths(row, preset, items), unit, key)
    if form is not None:
        values, name = form
        _start(gan, dataset, label, preset, name, options | values)


def _choose_dataset() -> PreparedDataset:
    datasets = cached.datasets()
    words = {found.id: f"{found.name} · {counted(len(found), 'image')} · {found.size} pixels" for found in datasets}
    chosen = session.select("Data set", "dataset", words)
    return next(found for found in datasets if found.id == chosen)


def _choose_class(dataset: PreparedDataset) -> tuple[str | None, int]:
    """The class to learn, None for all, and how many images that is."""
    counts = _training_counts(dataset)
    total = int(dataset.manifest.summary["splits"]["train"])
    options = {ALL: f"All images together · {total:,} to learn from"}
    options |= {label: f"{label.replace('_', ' ')} · {counts[label]:,} to learn from" for label in dataset.classes}
    chosen = session.select(
        "Which images to learn",
        "label",
        options,
        help="A model of one class draws that class only, so that you know what every image is meant to show. "
        "Images kept for validation and testing are never learned from.",
    )
    items = total if chosen in {ALL, None} else counts[str(chosen)]
    _say_if_few(items)
    return (None if chosen == ALL else chosen), items


def _choose_domains(dataset: PreparedDataset) -> tuple[dict[str, str], int]:
    """Two classes, as options of the GAN, and how many images the larger one has."""
    counts = _training_counts(dataset)
    words = {label: f"{label.replace('_', ' ')} · {counts.get(label, 0):,}" for label in dataset.classes}
    a, b = st.columns(2)
    with a:
        chosen_a = session.select("From (domain a)", "domain_a", words)
    others = {label: text for label, text in words.items() if label != chosen_a}
    with b:
        chosen_b = session.select("To (domain b)", "domain_b", others)
    st.caption("One run learns both directions. The images need no partners.")
    chosen = {"domain_a": str(chosen_a), "domain_b": str(chosen_b)}
    _say_if_few(min(counts[label] for label in chosen.values()))
    return chosen, max(counts[label] for label in chosen.values())


def _training_counts(dataset: PreparedDataset) -> dict[str, int]:
    return {label: int(count) for label, count in dataset.manifest.summary["class_counts"]["train"].items()}


def _say_if_few(items: int) -> None:
    if items < SMALLEST_USEFUL:
        st.caption(f":material/info: {counted(items, 'image')} is few: expect copies or blurred images.")


def _choose_gan() -> str:
    names = sorted(GANS, key=lambda name: name != "fastgan")
    gan = session.select("GAN", "gan", {name: GANS[name].title for name in names}) or names[0]
    st.caption(f"{plain(GANS[gan].summary)}  \n{plain(GANS[gan].reference)}")
    return gan


def _choose_preset(row: Gan, ready: Mapping[str, str]) -> str:
    """One of the presets that can be used."""
    chosen = session.select(
        "Preset",
        "preset",
        ready,
        help="Quick and Standard are good beginnings; the others are the models of the published comparison.",
        gone="The preset in this address cannot be used here; this is the first instead.",
    )
    preset = str(chosen)
    if preset in presets.GENERAL:
        st.caption(plain(presets.capitalised(row.presets[preset].summary)))
    else:
        st.caption(f"`{preset}` · {plain(row.presets[preset].summary)}")
    return preset


def _show_waiting(network: str, names: Mapping[str, str]) -> None:
    """Presets that cannot be chosen, greyed out, and the commands that change it."""
    title = network.upper()
    with st.expander(
        f"{counted(len(names), 'more preset')}, once the weights of {title} are here", icon=":material/lock:"
    ):
        st.markdown(
            f"These compare images by what {title} sees in them, a network that others trained on photographs. "
            "Have it downloaded, or bring its file on a machine without internet:"
        )
        command = "python -m medgan weights"
        st.code(f"{command} download {network}\n{command} import {network} FILE", language=None, wrap_lines=True)
        with st.container(gap=None):
            for name, words in names.items():
                st.button(words, key=f"waiting {name}", disabled=True, type="tertiary", icon=":material/lock:")


def _sizes(row: Gan, dataset: PreparedDataset) -> list[int]:
    sizes = [size for size in row.sizes if size <= dataset.size]
    if not sizes:
        raise BadInput(
            f"{row.title} needs images of at least {row.sizes[0]} pixels, this data set has {dataset.size}: "
            "prepare the folder again at a larger size"
        )
    return sizes


def _choose_length(row: Gan, preset: str, items: int, sizes: Sequence[int], key: str) -> str:
    """Whether the length is told in steps or in passes; under it, what the preset comes to with these images."""
    unit = st.segmented_control(
        "Length in",
        list(LENGTHS),
        format_func=lambda name: LENGTHS[name],
        default="epochs" if presets.in_epochs(row, preset) else "steps",
        key=f"length:{key}",
        required=True,
        help="A step shows the model a few images; a pass shows it every image once.",
    )
    words = f"As it is, the preset takes {presets.length_words(row, preset, items)}{_time_words(row, preset, items)}."
    wanted = presets.model_of(row, preset).size
    if wanted not in sizes:
        words += f" It asks for {wanted} pixels; these images have fewer, so it begins with {sizes[-1]}."
    st.caption(words)
    return str(unit)


def _time_words(row: Gan, preset: str, items: int) -> str:
    """How long a preset will take on so many images, and how that is known; nothing where it is not."""
    name = next(name for name, gan in GANS.items() if gan is row)
    steps, _ = presets.lengths(row, preset, items)
    found = estimate(train_config(name, "any", preset=preset), steps, cached.runs())
    if found is None:
        return ""
    whence = f"at the pace of {found.run} here" if found.run else "by the benchmark, on two fast cores"
    return f"; about {in_words(found.seconds)} {plain(whence)}"


def _settings(
    gan: str,
    preset: str,
    allowed: Mapping[str, Sequence[Any]],
    sizes: Sequence[int],
    length: tuple[int, int],
    unit: str,
    key: str,
) -> tuple[dict[str, Any], str] | None:
    """The form, with what the preset sets; its values and the run's name once it was sent off."""
    row = GANS[gan]
    steps, epochs = length
    defaults = presets.defaults_of(row, preset, allowed) | {"steps": steps, "epochs": epochs}
    model = forms.settings(row.config, defaults=defaults, choices={"size": sizes, **allowed}, leave_out=DOMAINS)
    loop = forms.settings(
        LoopConfig,
        defaults=defaults,
        choices={"device": ("auto", "cpu", "cuda")},
        lows={"epochs": 1},
        leave_out=["steps" if unit == "epochs" else "epochs"],
    )
    with st.form("train", enter_to_submit=False):
        values = forms.config_form([*model, *loop], first=FIRST, key=f"train:{key}")
        name = st.text_input("Name of the run", placeholder="made from GAN, data set and class where empty")
        started = st.form_submit_button("Start training", type="primary", icon=":material/play_arrow:")
    if not started:
        return None
    return (values if unit == "epochs" else values | {"epochs": 0}), name.strip()


def _start(
    gan: str, dataset: PreparedDataset, label: str | None, preset: str, name: str, values: dict[str, Any]
) -> None:
    name = name or name_from(gan, dataset.name[:40], label)
    try:
        config = train_config(gan, dataset.id, label=label, preset=preset, name=name, options=values)
    except BadInput as error:
        raise BadInput(forms.in_labels(str(error))) from None
    _check(config, dataset)
    submit("train", config)
    session.turn_to(view="watch", trained=config.run)


def _check(config: TrainConfig, dataset: PreparedDataset) -> None:
    """Raise BadInput, before a job is made, where it could not begin."""
    if config.model.pretrained:
        from medgan.weights import require

        require(config.model.pretrained)
    fitting_data(config, dataset)
