"""Thesis: every published table with our figures beside it, and how to carry each experiment out."""

from medgan.app import thesis_view
from medgan.app.heading import heading_with_views
from medgan.app.words import plainly

view = heading_with_views("Thesis", thesis_view.VIEWS)
with plainly():
    thesis_view.show(view)
