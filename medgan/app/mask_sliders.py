"""The sliders that draw a mask, and those that change one."""

import streamlit as st

from medgan.app import session
from medgan.data.shaping import Ellipse
from medgan.training.mask_changes import MaskChange

UNCHANGED = MaskChange()
CHANGES = {"mask_deform": 0, "mask_bend": 0, "mask_grow": 0, "mask_right": 0, "mask_down": 0}
"""Sliders that change a mask, with what they hold where it is left as it is."""
PERCENT = 100
PER_MILLE = 1000


def ellipse() -> Ellipse:
    """An ellipse drawn by sliders; lengths are in per cent of the image's side."""
    right, down, width, height, angle = st.columns(5, gap="medium")
    with right:
        x = session.slider("Centre, from the left", "ellipse_right", 50, 0, 100, unit=" %")
    with down:
        y = session.slider("Centre, from the top", "ellipse_down", 50, 0, 100, unit=" %")
    with width:
        wide = session.slider("Width", "ellipse_width", 55, 5, 120, unit=" %")
    with height:
        high = session.slider("Height", "ellipse_height", 40, 5, 120, unit=" %")
    with angle:
        turned = session.slider("Turned by", "ellipse_angle", 0, -90, 90, step=5, unit="°")
    return Ellipse(x / PERCENT, y / PERCENT, wide / PERCENT, high / PERCENT, float(turned))


def change() -> MaskChange:
    """What is to be done to the mask; lengths are in per cent of the image's side."""
    deform, grow, right, down, back = st.columns([5, 5, 5, 5, 2], gap="medium", vertical_alignment="bottom")
    with deform:
        bent = session.slider(
            "Bend the outline", "mask_deform", 0, 0, 100, step=5, unit=" ‰",
            help="Elastic deformation: how far points move, in thousandths of the side. 20 is a little, 50 makes "
            "another lesion of it.",
        )  # fmt: skip
    with grow:
        larger = session.slider("Shrink or grow", "mask_grow", 0, -20, 20, unit=" %")
    with right:
        aside = session.slider("Move to the right", "mask_right", 0, -50, 50, unit=" %")
    with down:
        below = session.slider("Move down", "mask_down", 0, -50, 50, unit=" %")
    with back:
        st.button("", key="mask as it was", icon=":material/restart_alt:", help="Back to the mask as it was",
                  width="stretch", on_click=_reset)  # fmt: skip
    seed = _bend_number() if bent else 0
    return MaskChange(bent / PER_MILLE, seed, larger / PERCENT, aside / PERCENT, below / PERCENT)


def _bend_number() -> int:
    with st.columns([5, 17])[0]:
        return session.number("Which bend", "mask_bend", 0, 0, 2**31 - 1, help="Each number bends it another way.")


def _reset() -> None:
    for name, value in CHANGES.items():
        session.put(name, value)
