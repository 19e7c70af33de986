"""DICOM: headers, and pixels in the units of their modality."""

import logging
import warnings

import pydicom

from medgan.data.dicom.frames import FrameHeader
from medgan.data.dicom.header import DicomHeader, read_header
from medgan.data.dicom.sniffing import looks_like_dicom

__all__ = ["DicomHeader", "FrameHeader", "looks_like_dicom", "read_header"]

# What is wrong with a file is raised or noted by us, in words that quote no value: pydicom's warnings and log lines
# may hold a patient's name.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", module=r"pydicom(\..*)?")
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
