"""Quality: scores of synthetic sets beside what real images score, copies, and the curves of the runs."""

from medgan.app import quality_view
from medgan.app.heading import heading_with_views
from medgan.app.words import plainly

view = heading_with_views("Quality", quality_view.VIEWS)
with plainly():
    quality_view.show(view)
