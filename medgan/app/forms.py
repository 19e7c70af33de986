"""From a config class to widgets: type, bounds and help come from the fields, so that no option is described twice."""

import functools
import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import streamlit as st
from pydantic.fields import FieldInfo

from medgan.common.config import Config
from medgan.common.errors import BadInput

Kind = Literal["switch", "choice", "whole", "decimal", "text"]

# Names that say nothing to a reader, or say it in jargon.
LABELS = {
    "size": "Image size (pixels a side)",
    "batch_size": "Images a step",
    "learning_rate": "Learning rate",
    "steps": "Training steps",
    "seed": "Seed",
    "width": "Network width",
    "latent_size": "Random numbers behind one image",
    "ema_decay": "Averaging of the generator",
    "adam_beta1": "Optimizer memory (Adam beta 1)",
    "augment": "Vary the training images",
    "flip": "Mirror half of the images",
    "precision": "Arithmetic",
    "device": "Where to compute",
    "threads": "Processor threads",
    "log_every": "Steps between two curve points",
    "sample_every": "Steps between two sample grids",
    "score_space": "Score images while training",
    "score_every": "Steps between two scores",
    "score_images": "Images drawn for a score",
    "best": "Draw with the best-scored generator",
    "checkpoint_every": "Steps between two saved states",
    "samples": "Images in a sample grid",
    "dropout": "Dropout (share)",
    "epochs": "Passes over the training images",
    "schedule": "Course of the learning rate",
    "accumulate": "Batches gathered into one step",
    "compile": "Compile the networks first",
    "content": "What to draw",
    "conditional": "One model for all classes",
    "translation": "What is made from what",
    "network": "Kind of network",
    "discriminator_width": "Width of the judging network",
    "norm": "Normalisation",
    "field": "Patch that is judged (pixels a side)",
    "scales": "Judging networks, coarse to fine",
    "adversarial": "Form of the adversarial loss",
    "reconstruction": "Likeness to the real image",
    "l1_weight": "Weight of the likeness (L1)",
    "jitter": "Shift and enlarge at random",
    "domain_a": "Turn images of",
    "domain_b": "Into images of",
    "cycle_weight": "Weight of the way there and back",
    "identity_weight": "Weight of leaving as it is",
    "pool_size": "Earlier images kept for judging",
    "reconstruction_weight": "Weight of the reconstruction",
    "count": "Number of images",
    "deform": "Deform the masks (share of the side)",
    "fit": "Making pictures square",
    "colour": "Colour",
    "layout": "How the folder is arranged",
    "labels_from": "What tells the class",
    "family": "Known data set",
    "patient_pattern": "Pattern that finds the patient",
    "use_source_splits": "Keep the folder's own splits",
    "use_published_split": "Split as published",
    "scaling": "Grey levels (more than 8 bits)",
    "file_window": "Window of the file",
    "window_low_hu": "Window, lower end (HU)",
    "window_high_hu": "Window, upper end (HU)",
    "structures": "Structures of label volumes",
    "every_slice": "Take every so-many-th slice",
    "only_labelled_slices": "Only slices with a structure",
    "megavoxel_limit": "Largest volume (megavoxels)",
    "megapixel_limit": "Largest picture (megapixels)",
}
CHOICES = {
    "auto": "Automatic",
    "rgb": "Colour (RGB)",
    "pad": "Pad with black bars",
    "squash": "Stretch to a square",
    "images": "Images alone",
    "classes": "One folder a class",
    "masks": "Images with masks",
    "pairs": "Pairs of source and image",
    "volumes": "Volumes, slice by slice",
    "folders": "The folder",
    "names": "The file name",
    "none": "Nothing",
    "chest_xray": "Chest X-ray",
    "chest_ct": "Chest CT with lung, heart and trachea masks",
    "dermoscopy": "Skin lesion with mask",
    "tuberculosis": "Tuberculosis X-rays (Montgomery, Shenzhen)",
    "pneumonia": "Pneumonia X-rays (Kermany)",
    "covid_radiography": "COVID-19 Radiography Database",
    "lung_heart_trachea": "CT of lungs, heart and trachea (Konya)",
    "melanoma": "Skin lesions (ISIC 2018)",
    "window": "The window below",
    "range": "The image's own range",
    "file": "The window in the DICOM file",
    "lung": "Lung window (-1350 to 150 HU)",
    "mediastinum": "Mediastinum window (-160 to 240 HU)",
    "bone": "Bone window (-500 to 1300 HU)",
    "cpu": "Processor",
    "cuda": "GPU",
    "bfloat16": "Fast (bfloat16)",
    "float32": "Exact (float32)",
    "constant": "Constant",
    "linear": "Constant, then falling to zero",
    "cosine": "Falling throughout",
    "images_and_masks": "Images with their masks",
    "masks_to_images": "Images from masks",
    "images_to_masks": "Masks from images",
    "sources_to_images": "Images from source images",
    "xray": "That for X-rays",
    "lesion_mask": "That for lesion masks",
    "unet": "U-Net",
    "resnet": "Residual network",
    "resnet_6blocks": "Residual network, 6 blocks",
    "resnet_9blocks": "Residual network, 9 blocks",
    "batch": "By batch",
    "instance": "By image",
    "instance_affine": "By image, with scale and shift",
    "cross_entropy": "Cross-entropy",
    "least_squares": "Least squares",
    "l1": "Pixel by pixel (L1)",
    "vgg16_2": "As VGG16 sees it (two maps)",
    "vgg16_3": "As VGG16 sees it (three maps)",
}
FIELD_CHOICES = {
    ("content", "masks"): "Masks alone",
    ("score_space", "none"): "No",
    ("score_space", "radiomic"): "By radiomic features (no weights needed)",
    ("score_space", "inception"): "FID, by Inception",
    ("score_space", "vgg16"): "By VGG16",
    ("score_space", "mobilenet_v2"): "By MobileNetV2",
    ("score_space", "squeezenet1_0"): "By SqueezeNet 1.0",
    ("score_space", "squeezenet1_1"): "By SqueezeNet 1.1",
}
"""Where a value means something else in one field than in the others."""


@dataclass(frozen=True)
class Setting:
    """One field of a config as a form shows it."""

    name: str
    label: str
    help: str
    kind: Kind
    default: Any
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None


def settings(
    config: type[Config],
    *,
    defaults: Mapping[str, Any] | None = None,
    choices: Mapping[str, Sequence[Any]] | None = None,
    labels: Mapping[str, str] | None = None,
    lows: Mapping[str, float] | None = None,
    leave_out: Sequence[str] = (),
) -> list[Setting]:
    """The fields of a config, in their order.

    Defaults, choices, labels and lowest values given here take the place of their own.
    """
    found = []
    for name, field in config.model_fields.items():
        if name in leave_out:
            continue
        setting = _setting(name, field)
        if defaults and name in defaults:
            setting = replace(setting, default=defaults[name])
        if choices and name in choices:
            allowed = tuple(choices[name])
            default = setting.default if setting.default in allowed else allowed[-1]
            setting = replace(setting, kind="choice", choices=allowed, default=default)
        label, low = (labels or {}).get(name, setting.label), (lows or {}).get(name, setting.low)
        found.append(replace(setting, label=label, low=low))
    return found


def _setting(name: str, field: FieldInfo) -> Setting:
    kind, choices = _kind(field.annotation)
    label = LABELS.get(name) or field.title or name.replace("_", " ").capitalize()
    default = None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
    low, high = _bounds(field)
    return Setting(name, label, field.description or "", kind, default, choices, low, high)


def _kind(annotation: Any) -> tuple[Kind, tuple[Any, ...]]:
    """What kind of widget a type needs; anything that is not listed here is typed as text."""
    options = _literals(annotation)
    if options:
        return "choice", options
    kinds: dict[Any, Kind] = {bool: "switch", int: "whole", float: "decimal"}
    return kinds.get(annotation, "text"), ()


def _literals(annotation: Any) -> tuple[Any, ...]:
    """The values of a Literal or of a union of them; empty for other types."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if get_origin(annotation) in {Union, types.UnionType}:
        parts = [_literals(part) for part in get_args(annotation)]
        return tuple(dict.fromkeys(value for part in parts for value in part)) if all(parts) else ()
    return ()


def _bounds(field: FieldInfo) -> tuple[float | None, float | None]:
    """The lowest and highest value; an open bound is shown as if it were closed, and refused when given."""
    low = high = None
    for rule in field.metadata:
        low = getattr(rule, "ge", getattr(rule, "gt", low))
        high = getattr(rule, "le", high)
        if (below := getattr(rule, "lt", None)) is not None:
            high = below - 1 if isinstance(below, int) and field.annotation is int else below
    return low, high


def config_form(fields: Sequence[Setting], *, first: Sequence[str], key: str, columns: int = 3) -> dict[str, Any]:
    """Draw the widgets, those named in `first` in view and in that order, the rest folded away.

    Returns the values by field name. A new `key` starts from the defaults again.
    """
    by_name = {setting.name: setting for setting in fields}
    shown = [by_name[name] for name in first if name in by_name]
    rest = [setting for setting in fields if setting not in shown]
    values = _draw_all(shown, key, columns)
    if rest:
        with st.expander("More settings", icon=":material/tune:"):
            st.caption("The defaults are sound; hover over a question mark to read what a setting does.")
            values |= _draw_all(rest, key, columns)
    return values


def _draw_all(fields: Sequence[Setting], key: str, columns: int) -> dict[str, Any]:
    values = {}
    for start in range(0, len(fields), columns):
        row = st.columns(columns, vertical_alignment="bottom")
        for column, setting in zip(row, fields[start : start + columns], strict=False):
            with column:
                values[setting.name] = draw_setting(setting, f"{key}:{setting.name}")
    return values


def draw_setting(setting: Setting, key: str) -> Any:
    """Draw one widget and return its value."""
    label, help = setting.label, setting.help or None
    if setting.kind == "switch":
        return st.toggle(label, bool(setting.default), key=key, help=help)
    if setting.kind == "choice":
        index = setting.choices.index(setting.default) if setting.default in setting.choices else 0
        words = functools.partial(choice_words, field=setting.name)
        return st.selectbox(label, setting.choices, index, format_func=words, key=key, help=help)
    if setting.kind == "whole":
        return _whole(setting, key)
    if setting.kind == "decimal":
        return _decimal(setting, key)
    start = "" if setting.default is None else str(setting.default)
    return st.text_input(label, start, key=key, help=help, placeholder="may stay empty")


def _whole(setting: Setting, key: str) -> int:
    low, high = (None if bound is None else int(bound) for bound in (setting.low, setting.high))
    start = int(setting.default if setting.default is not None else low or 0)
    return int(st.number_input(setting.label, low, high, start, step=1, key=key, help=setting.help or None))


def _decimal(setting: Setting, key: str) -> float:
    start = float(setting.default if setting.default is not None else setting.low or 0)
    low, high = (None if bound is None else float(bound) for bound in (setting.low, setting.high))
    return st.number_input(
        setting.label, low, high, start, step=decimal_step(start), format="%g", key=key, help=setting.help or None
    )


def decimal_step(value: float) -> float:
    """A sensible change of a value by one click: one unit of its last decimal."""
    decimals = f"{value:.10f}".rstrip("0").partition(".")[2]
    return float(10.0 ** -max(1, len(decimals))) if abs(value) < 10 else 1.0


def choice_words(value: Any, field: str = "") -> str:
    """A value of a choice, of this field or of any, as people read it."""
    if (field, value) in FIELD_CHOICES:
        return FIELD_CHOICES[field, value]
    return CHOICES.get(value, value.replace("_", " ").capitalize()) if isinstance(value, str) else str(value)


def in_labels(message: str) -> str:
    """An error message of a config with the form's labels in place of the fields' names."""
    return re.sub(r"(?:^|(?<=; ))([\w.]+)(?=: )", lambda match: _label_of(match[1]), message)


def _label_of(path: str) -> str:
    name = path.rpartition(".")[2]
    return LABELS.get(name, name.replace("_", " ").capitalize())


def given(values: Mapping[str, Any], defaults: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The values that were filled in: a text that was left empty falls back to the config's own default."""
    return {name: value for name, value in values.items() if value != "" or (defaults or {}).get(name)}


def server_path(text: str) -> Path:
    """A folder as a user types it: blanks and quotes around it do not count, ~ is the home folder."""
    try:
        return Path(text.strip().strip("'\"")).expanduser()
    except RuntimeError:
        raise BadInput(f"{text.strip()}: no such user, so no home folder; give the folder's whole path") from None
