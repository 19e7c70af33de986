"""Two pictures of one size under a line that can be drawn across them: left of it the one, right of it the other.

It moves in the browser, by mouse, finger or arrow keys, without asking the server.
"""

from base64 import b64encode

import streamlit as st

from medgan.app.gallery import Picture

HTML = """
<div class="wipe">
  <img class="right"><img class="left">
  <input type="range" min="0" max="100" value="50" step="1">
  <span class="line"></span><span class="name of-left"></span><span class="name of-right"></span>
</div>
"""
CSS = """
.wipe { position: relative; width: 100%; max-width: 560px; aspect-ratio: 1; overflow: hidden; border-radius: 0.4rem;
        --at: 50%; touch-action: none; }
.wipe img { position: absolute; inset: 0; width: 100%; height: 100%; }
.wipe .left { clip-path: inset(0 calc(100% - var(--at)) 0 0); }
.wipe input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: ew-resize; }
.wipe .line { position: absolute; top: 0; bottom: 0; left: var(--at); width: 3px; margin-left: -1.5px;
              background: #fff; box-shadow: 0 0 0 1px #000; pointer-events: none; }
.wipe input:focus-visible + .line { width: 7px; margin-left: -3.5px; background: var(--st-primary-color); }
.wipe .name { position: absolute; bottom: 0.5rem; padding: 0.1rem 0.5rem; border-radius: 0.3rem; font-size: 0.8rem;
              font-family: var(--st-font); color: #fff; background: rgba(0, 0, 0, 0.75); pointer-events: none; }
.wipe .of-left { left: 0.5rem; } .wipe .of-right { right: 0.5rem; }
"""
JS = """
export default function ({ data, parentElement }) {
  const wipe = parentElement.querySelector(".wipe"), range = wipe.querySelector("input")
  for (const side of ["left", "right"]) {
    const image = wipe.querySelector("img." + side)
    image.src = data[side].png
    image.alt = data[side].alternative
    wipe.querySelector(".of-" + side).textContent = data[side].name
  }
  range.setAttribute("aria-label", data.label)
  const move = () => {
    wipe.style.setProperty("--at", range.value + "%")
    range.setAttribute("aria-valuetext", range.value + " % of the left image")
  }
  range.oninput = move
  move()
}
"""
_component = st.components.v2.component("medgan.wipe", html=HTML, css=CSS, js=JS)


def show(left: Picture, right: Picture, names: tuple[str, str], key: str) -> None:
    """Draw the two pictures with their short names in the lower corners."""
    sides = {
        side: {"png": _address(picture.png), "alternative": picture.alternative, "name": name}
        for side, picture, name in zip(("left", "right"), (left, right), names, strict=True)
    }
    label = f"Wipe between left, {left.alternative}, and right, {right.alternative}"
    _component(key=key, data={**sides, "label": label})


def _address(png: bytes) -> str:
    return "data:image/png;base64," + b64encode(png).decode()
