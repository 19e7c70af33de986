"""PNG files with text: every pixel and every word comes back, by a decoder that is not the encoder's own."""

import io

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torchvision.io import ImageReadMode, decode_image

from medgan.common.png import Pixels, png_with_text


def decoded(content: bytes) -> NDArray[np.generic]:
    """Pixels (h, w, c) as libpng reads them, in their own depth."""
    read = decode_image(torch.frombuffer(bytearray(content), dtype=torch.uint8), ImageReadMode.UNCHANGED)
    pixels: NDArray[np.generic] = read.permute(1, 2, 0).numpy()
    return pixels


@pytest.mark.filterwarnings("ignore:.*TorchVision are deprecated:DeprecationWarning")
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pixels_and_texts_come_back(channels: int, dtype: type[np.uint8] | type[np.uint16]) -> None:
    pixels: Pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (7, 5, channels), dtype, endpoint=True)
    content = png_with_text(pixels, {"Warning": "plain", "Source": "Größe – 5"})
    found = decoded(content)
    assert found.dtype == dtype
    assert np.array_equal(found, pixels)
    with Image.open(io.BytesIO(content)) as opened:  # checks the checksum of every chunk
        opened.load()
        assert opened.size == (5, 7)
        assert opened.info["Warning"] == "plain"
        assert opened.info["Source"] == "Größe – 5"
    assert b"tEXtWarning" in content
    assert b"iTXtSource" in content
