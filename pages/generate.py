"""Generate: draw synthetic images, explore what a model knows, look through the sets that were kept."""

from medgan.app import cached, drawing, exploring, saved_sets
from medgan.app.heading import heading_with_views
from medgan.app.words import plainly

runs = [run for run in cached.runs() if run.can_sample]
sets = cached.sets()
view = heading_with_views(
    "Generate", {"draw": "Draw images", "explore": "Explore", "saved": f"Saved sets ({len(sets)})"}
)
with plainly():
    if view == "draw":
        drawing.show(runs)
    elif view == "explore":
        exploring.show(runs)
    else:
        saved_sets.show(sets)
