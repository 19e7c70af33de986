"""Choosing the network of a study; which pre-trained weights are here is said plainly."""

from typing import Any

import streamlit as st

from medgan.app import session
from medgan.app.words import plain
from medgan.downstream.backbones import IN_ITS_PLACE, PUBLISHED, chosen_backbone
from medgan.weights import is_present, row

SEGMENTERS = {"unet": "U-Net", "pix2pix": "Generator of Pix2Pix"}


def choose_classifier() -> dict[str, Any]:
    """The backbone, as a field of a classifier's config; those whose weights are absent are named below."""
    known = (PUBLISHED, *IN_ITS_PLACE)
    present = {name: row(name).title for name in known if is_present(name)}
    options = {"auto": "Automatic", **present, "small": "Small network without pre-trained weights"}
    told = (
        "A network that was trained on photographs (ImageNet) describes each image, and only the last unit learns. "
        "Without one at hand, a small network learns everything from your images."
    )
    chosen = session.select("Network", "network", options, help=told, gone=_absent_words())
    words = chosen_backbone(chosen).words  # type: ignore[arg-type]
    st.caption(f":material/info: What is used: {plain(words)}.")
    if not is_present(PUBLISHED):
        command = f"python -m medgan weights download {PUBLISHED}"
        st.caption(f"The published comparison used {plain(row(PUBLISHED).title)}. To get it: `{command}`")
    return {"backbone": chosen}


def _absent_words() -> str:
    return "The network that this address names is not here: its weights are missing. This is another one."


def choose_segmenter() -> dict[str, Any]:
    """The network, as a field of a segmenter's config."""
    told = "Both learn from your images alone. The published comparison used U-Net at 256 pixels, the other at 128."
    chosen = session.select("Network", "segmenter", SEGMENTERS, help=told)
    st.caption(":material/info: It starts from nothing; no pre-trained weights are needed.")
    return {"network": chosen}
