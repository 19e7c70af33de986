"""Normal and abnormal: turn an image of one class into the other and back, and see what a model changes."""

from medgan.app import cached, cycle_view
from medgan.app.heading import heading
from medgan.app.words import plainly

heading("Normal and abnormal")
with plainly():
    cycle_view.show(cached.runs(), cached.datasets())
