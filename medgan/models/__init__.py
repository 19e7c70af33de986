"""The GANs. Adding one is one file and one line in this table."""

from medgan.models import cyclegan, dcgan, fastgan, pix2pix
from medgan.models.task import Gan

GANS: dict[str, Gan] = {
    "dcgan": dcgan.DCGAN,
    "fastgan": fastgan.FASTGAN,
    "pix2pix": pix2pix.PIX2PIX,
    "cyclegan": cyclegan.CYCLEGAN,
}
