"""Data: add images, and look at what the data sets hold."""

from medgan.app import adding_data, cached, dataset_view
from medgan.app.heading import heading_with_views
from medgan.app.words import plainly

datasets = cached.datasets()
VIEWS = {"look": f"Data sets ({len(datasets)})", "add": "Add images"}
view = heading_with_views("Data", VIEWS, default="look" if datasets else "add")
with plainly():
    if view == "look":
        dataset_view.show(datasets)
    else:
        adding_data.show()
