"""Reader study: can people tell the synthetic images from real ones? One image at a time, blinded."""

from medgan.app import reader_view
from medgan.app.words import plainly

with plainly():
    reader_view.show()
