"""Real images among synthetic ones: where they stand."""

import pytest

from medgan.app.gallery import Cell, Picture
from medgan.app.mixing import mixed


@pytest.mark.parametrize(
    ("synthetic", "real", "order"),
    [(7, 2, "SSSRSSSRS"), (3, 1, "SSSR"), (2, 0, "SS"), (9, 1, "SSSRSSSSSS"), (0, 0, "")],
)
def test_a_real_image_follows_after_every_three(synthetic: int, real: int, order: str) -> None:
    cells = [Cell(Picture(b"", f"S{number}", "")) for number in range(synthetic)]
    found = [cell.picture.caption for cell in mixed(cells, [Picture(b"", f"R{number}", "") for number in range(real)])]
    assert "".join(caption[0] for caption in found) == order
    assert [caption for caption in found if caption[0] == "S"] == [cell.picture.caption for cell in cells]
