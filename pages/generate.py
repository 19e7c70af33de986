"""Generate: draw synthetic images, look at them, keep them."""

from medgan.app import cached, drawing, saved_sets
from medgan.app.heading import heading_with_views
from medgan.app.words import plainly

runs = [run for run in cached.runs() if run.can_sample]
sets = cached.sets()
view = heading_with_views("Generate", {"draw": "Draw images", "saved": f"Saved sets ({len(sets)})"})
with plainly():
    if view == "draw":
        drawing.show(runs)
    else:
        saved_sets.show(sets)
