"""Nearest training images against brute force, and copies made in ways that are known."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import shift as moved_by_spline
from scipy.spatial.distance import cdist

from medgan.common.errors import BadInput
from medgan.data.phantoms import draw
from medgan.metrics import nearest
from medgan.metrics.nearest import CORE, FINE, MARGIN, aligned_nearest, nearest_rows, thumbnails

Uint8 = NDArray[np.uint8]


def rows(count: int, width: int, seed: int, offset: float = 0.0) -> NDArray[np.float32]:
    return (np.random.default_rng(seed).normal(size=(count, width)) + offset).astype(np.float32)


@pytest.fixture(scope="module")
def films() -> Uint8:
    """60 phantom chest films (60, 64, 64, 1)."""
    drawn = [draw("chest_xray", "normal", 64, 3, index).image.reshape(64, 64, 1) for index in range(60)]
    return np.stack(drawn)


# Features


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_nearest_rows_are_those_of_brute_force(offset: float) -> None:
    queries, references = rows(70, 33, 1, offset), rows(90, 33, 2, offset)
    expected = cdist(queries.astype(np.float64), references.astype(np.float64))
    found = nearest_rows(queries, references, k=5)
    np.testing.assert_array_equal(found.indices, expected.argsort(1)[:, :5])
    np.testing.assert_allclose(found.distances, np.sort(expected)[:, :5], rtol=1e-12)


def test_copies_are_at_distance_zero_and_near_copies_at_their_own() -> None:
    references = rows(40, 2048, 1, offset=1000.0)
    queries = references[[7, 3]].copy()
    queries[1, 0] += 0.5
    found = nearest_rows(queries, references)
    np.testing.assert_array_equal(found.indices[:, 0], [7, 3])
    np.testing.assert_array_equal(found.distances[:, 0], [0.0, 0.5])


def test_parts_of_the_queries_get_the_same_answers_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, references = rows(50, 8, 1), rows(61, 8, 2)
    whole = nearest_rows(queries, references, k=9)
    monkeypatch.setattr(nearest, "BLOCK_ROWS", 7)
    monkeypatch.setattr(nearest, "BLOCK_BYTES", 8 * 8 * 9 * 3)
    for part in (slice(0, 20), slice(20, 50)):
        found = nearest_rows(queries[part], references, k=9)
        np.testing.assert_array_equal(found.indices, whole.indices[part])
        np.testing.assert_array_equal(found.distances, whole.distances[part])


def test_memory_maps_are_not_read_into_memory(tmp_path: Path) -> None:
    references = rows(8000, 500, 2)  # 16 MB
    np.save(tmp_path / "features.npy", references)
    opened = np.load(tmp_path / "features.npy", mmap_mode="r")
    tracemalloc.start()
    found = nearest_rows(opened[:100], opened)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(found.indices[:, 0], np.arange(100))
    assert peak < references.nbytes / 2


def test_equally_near_rows_come_in_order() -> None:
    references = np.repeat(rows(1, 4, 1), 3, axis=0)
    np.testing.assert_array_equal(nearest_rows(references[:1], references, k=3).indices, [[0, 1, 2]])


def test_no_query_finds_nothing() -> None:
    assert nearest_rows(rows(0, 4, 1), rows(5, 4, 2), k=2).indices.shape == (0, 2)


@pytest.mark.parametrize(
    ("queries", "references", "k", "message"),
    [
        (rows(3, 4, 1), rows(3, 5, 1), 1, "one feature space"),
        (rows(3, 4, 1), rows(3, 4, 1), 4, "ask for 1 to 3"),
        (rows(3, 4, 1), rows(3, 4, 1), 0, "ask for 1 to 3"),
        (np.full((3, 4), np.nan, np.float32), rows(3, 4, 1), 1, "not finite"),
        (rows(3, 4, 1), np.full((3, 4), np.inf, np.float32), 1, "not finite"),
    ],
)
def test_what_cannot_be_compared_is_told(
    queries: NDArray[np.float32], references: NDArray[np.float32], k: int, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        nearest_rows(queries, references, k)


# Aligned pixels


def shifted(images: Uint8, down: int, right: int) -> Uint8:
    """Images (n, h, w, c) moved by whole pixels; what comes in repeats the edge."""
    side, by = images.shape[1], max(abs(down), abs(right))
    padded = np.pad(images, ((0, 0), (by, by), (by, by), (0, 0)), mode="edge")
    return padded[:, by - down : by - down + side, by - right : by - right + side]


def noisy(images: Uint8) -> Uint8:
    noise = np.random.default_rng(0).normal(0, 10, images.shape)
    return np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)


def brighter(images: Uint8) -> Uint8:
    return np.clip(images * 1.05 + 8, 0, 255).astype(np.uint8)


def between_pixels(images: Uint8) -> Uint8:
    moved = moved_by_spline(images.astype(np.float64), (0, 2.5, -1.7, 0), order=3, mode="nearest")
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


COPIES: dict[str, Callable[[Uint8], Uint8]] = {
    "equal": lambda images: images,
    "noisy": noisy,
    "mirrored": lambda images: images[:, :, ::-1],
    "brighter": brighter,
    "3 % shifted": lambda images: shifted(images, 2, -2),
    "5 % shifted": lambda images: shifted(images, -3, -3),
    "between pixels": between_pixels,
    "all at once": lambda images: noisy(brighter(shifted(images, 3, -2)[:, :, ::-1])),
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_find_their_image_closer_than_any_other_film_is(films: Uint8, kind: str) -> None:
    known, unseen = films[:40], films[40:]
    found = aligned_nearest(COPIES[kind](known), known)
    np.testing.assert_array_equal(found.indices, np.arange(40))
    assert found.distances.max() < aligned_nearest(unseen, known).distances.min()


def test_an_equal_picture_is_at_distance_zero_at_no_shift(films: Uint8) -> None:
    found = aligned_nearest(films[:5], films)
    np.testing.assert_array_equal(found.distances, np.zeros(5))
    np.testing.assert_array_equal(found.shifts, np.zeros((5, 2)))
    assert not found.mirrored.any()


def test_shift_and_mirroring_are_those_that_were_made(films: Uint8) -> None:
    # 3 pixels of 72 are a whole number at every size that is compared at.
    large = np.stack([np.asarray(Image.fromarray(film[..., 0]).resize((72, 72))) for film in films[:6]])[..., None]
    moved = aligned_nearest(shifted(large, 3, -6), large)
    np.testing.assert_allclose(moved.shifts, np.tile(np.float32([3 / 72, -6 / 72]), (6, 1)))
    assert not moved.mirrored.any()
    mirrored = aligned_nearest(shifted(large, 3, -6)[:, :, ::-1], large)
    np.testing.assert_allclose(mirrored.shifts, np.tile(np.float32([3 / 72, -6 / 72]), (6, 1)))
    assert mirrored.mirrored.all()
    np.testing.assert_array_equal(mirrored.distances, np.zeros(6))


def brute_force(query: Uint8, references: Uint8) -> tuple[float, int]:
    """Distance and reference over all shifts and mirroring, by NumPy's correlation coefficient."""
    core = slice(MARGIN, MARGIN + CORE)
    best = []
    for mirrored in (query, query[:, ::-1]):
        template = mirrored[core, core].ravel()
        for index, reference in enumerate(references):
            windows = np.lib.stride_tricks.sliding_window_view(reference, (CORE, CORE)).reshape(-1, CORE**2)
            best += [(1 - np.corrcoef(template, window)[0, 1], index) for window in windows]
    return min(best)


def test_the_best_of_all_shifts_is_found(films: Uint8) -> None:
    copies, known = COPIES["all at once"](films[:3]), films[:6]
    found = aligned_nearest(np.concatenate([copies, films[50:52]]), known)
    small, small_known = thumbnails(np.concatenate([copies, films[50:52]])), thumbnails(known)
    for row, picture in enumerate(small):
        distance, index = brute_force(picture, small_known)
        assert found.distances[row] == pytest.approx(distance, rel=1e-9)
        assert found.indices[row] == index


def test_parts_of_a_set_get_the_same_answers_as_the_whole(films: Uint8, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = aligned_nearest(films[:30], films[20:])
    monkeypatch.setattr(nearest, "BLOCK_ROWS", 7)
    parts = aligned_nearest(films[:30], films[20:])
    np.testing.assert_array_equal(parts.indices, whole.indices)
    np.testing.assert_allclose(parts.distances, whole.distances, atol=1e-12)
    order = np.random.default_rng(0).permutation(40)
    other = aligned_nearest(films[:30], films[20:][order])
    np.testing.assert_array_equal(order[other.indices], whole.indices)
    np.testing.assert_allclose(other.distances, whole.distances, atol=1e-12)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_constant_picture_is_like_none(films: Uint8, level: int) -> None:
    blank = np.full((1, 64, 64, 1), level, np.uint8)
    assert aligned_nearest(blank, np.concatenate([films, blank])).distances[0] == 1.0
    found = aligned_nearest(films[:1], np.concatenate([blank, films[:1]]))
    assert (found.indices[0], found.distances[0]) == (1, 0.0)


def test_colour_and_size_do_not_matter(films: Uint8) -> None:
    colour = np.repeat(films[:4], 3, axis=3)
    doubled = np.repeat(np.repeat(colour, 2, axis=1), 2, axis=2)
    np.testing.assert_array_equal(aligned_nearest(colour, films).distances, np.zeros(4))
    found = aligned_nearest(doubled, films)
    np.testing.assert_array_equal(found.indices, np.arange(4))
    assert found.distances.max() < 0.01


def test_thumbnails_are_antialiased() -> None:
    stripes = np.zeros((1, 8 * FINE, 8 * FINE, 1), np.uint8)
    stripes[:, ::8] = 240  # which sampling without a filter would miss
    np.testing.assert_array_equal(thumbnails(stripes)[0, 2:-2, 2:-2], 30)


def test_no_references_are_told_and_no_queries_find_nothing(films: Uint8) -> None:
    with pytest.raises(BadInput, match="no training images"):
        aligned_nearest(films[:2], films[:0])
    assert aligned_nearest(films[:0], films[:2]).distances.shape == (0,)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_finds_the_same(films: Uint8) -> None:
    here, there = aligned_nearest(films[:30], films[20:]), aligned_nearest(films[:30], films[20:], "cuda")
    np.testing.assert_array_equal(here.indices, there.indices)
