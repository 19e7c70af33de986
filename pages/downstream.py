"""Downstream: studies of whether synthetic images help a classifier or a segmenter, and starting one."""

from medgan.app import downstream_view
from medgan.app.heading import heading_with_views
from medgan.app.words import plainly

view = heading_with_views("Downstream", downstream_view.VIEWS)
with plainly():
    downstream_view.show(view)
