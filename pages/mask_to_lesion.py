"""Mask to lesion: give a model a mask, see the image that it paints into it, beside the real one."""

from medgan.app import cached, translation
from medgan.app.heading import heading
from medgan.app.words import plainly

heading("Mask to lesion")
with plainly():
    translation.show(cached.runs(), cached.datasets())
