"""Guide: which GAN for which question, what each score can say, when synthetic images may be used."""

from medgan.app import guide
from medgan.app.heading import heading

heading("Guide")
guide.show()
