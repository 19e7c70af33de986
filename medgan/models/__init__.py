"""The GANs. Adding one is one file and one line in this table."""

from medgan.models import dcgan, fastgan
from medgan.models.task import Gan

GANS: dict[str, Gan] = {
    "dcgan": dcgan.DCGAN,
    "fastgan": fastgan.FASTGAN,
}
