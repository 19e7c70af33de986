"""Train: choose what to learn and how; watch it grow better."""

from medgan.app import training_form, training_view
from medgan.app.heading import heading_with_views
from medgan.app.words import plainly

runs = training_view.choices()
view = heading_with_views(
    "Train", {"new": "New run", "watch": f"Runs ({len(runs)})"}, default="watch" if runs else "new"
)
with plainly():
    if view == "new":
        training_form.show()
    else:
        training_view.show(runs)
