"""The training images that a picture is most like: in a space of features, and pixel by pixel at its best alignment.

Both searches look at every pair, hold a block of pairs in memory at a time, and measure the distances of the winners
by difference, so that an exact copy is at distance 0 rather than at the rounding error of a large product.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from torch import Tensor
from torch.nn import functional as F

from medgan.common.errors import BadInput
from medgan.metrics.pictures import grey

Uint8 = NDArray[np.uint8]
Int64 = NDArray[np.int64]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

BLOCK_BYTES = 32 << 20
"""Memory for the differences of features that are measured at once."""
BLOCK_ROWS = 2048
"""Pictures, or rows of features, that are looked at together."""

FINE = 72
"""Side that pictures are compared at, in pixels: below it, a shift by half a pixel of a copy costs as much likeness
as being another patient; above it, noise does (figures in docs/metrics.md)."""
COARSE = 24
"""Side at which candidates are sought: the smallest that loses none of them."""
MARGIN = FINE // 12
"""Largest shift, in pixels of FINE, and what the template lacks on each side: it is the centre five sixths."""
CORE = FINE - 2 * MARGIN
STEP = FINE // COARSE
REACH = 2
"""Pixels of FINE around a coarse position that are tried; more than half of a coarse pixel."""
CANDIDATES = 8
"""Pairs of reference and mirroring that go on from the coarse search to the fine one."""
LEAST_CONTRAST = 1.0
"""Standard deviation, in grey levels, below which a picture counts as constant."""


@dataclass(frozen=True)
class Neighbours:
    """The nearest references of each query, nearest first."""

    indices: Int64
    """(n, k): rows of the references."""
    distances: Float64
    """(n, k): Euclidean, in the features' unit."""


@dataclass(frozen=True)
class Aligned:
    """The reference that each query is most like at its best shift, mirrored or not."""

    indices: Int64
    """(n,): row of the reference; of no meaning where the query is constant."""
    distances: Float64
    """(n,): 1 - normalised cross-correlation, from 0 (equal up to brightness and contrast) to 2; lower is closer.
    1 for a constant query, which correlates with nothing, be the reference constant too."""
    shifts: Float32
    """(n, 2): how far the query shows the reference's content moved down and right, in fractions of the side."""
    mirrored: NDArray[np.bool_]
    """(n,): whether the query had to be mirrored, left to right, before it was shifted."""


def nearest_rows(queries: Float32, references: Float32, k: int = 1) -> Neighbours:
    """The k references nearest to each query by Euclidean distance: exact, no pair is left out.

    queries: (n, d); references: (m, d); C-ordered arrays or memory maps. scikit-learn finds the rows, by products in
    float64. Beside the arrays it needs some 100 MiB and the answer, whatever n and m are. Equally distant references
    come in the order of their rows; which of them are among the k is not defined.

    Raises BadInput for arrays that do not fit together, fewer than k references, or values that are not finite.
    """
    _check_rows(queries, references, k)
    if not len(queries):
        return Neighbours(np.empty((0, k), np.int64), np.empty((0, k)))
    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(references)
    indices: Int64 = search.kneighbors(queries, return_distance=False)
    few = max(1, BLOCK_BYTES // (8 * references.shape[1] * k))
    parts = [_exact(queries[part], references, indices[part]) for part in _parts(len(queries), few)]
    distances = np.concatenate(parts)
    order = np.lexsort((indices, distances))
    return Neighbours(np.take_along_axis(indices, order, 1), np.take_along_axis(distances, order, 1))


def aligned_nearest(queries: Uint8, references: Uint8, device: torch.device | str = "cpu") -> Aligned:
    """The reference that each query is most like in its pixels, over small shifts and mirroring.

    queries: (n, h, w, 1 or 3); references: (m, h, w, 1 or 3); bytes, arrays or memory maps, of any sizes. Pictures
    become grey and 72 pixels wide and high, antialiased. The centre five sixths of a query, as it is and mirrored, are
    a template that is laid over the reference at every shift up to a twelfth of the side; the highest normalised
    cross-correlation (Lewis 1995, Fast normalized cross-correlation) counts. All references are searched at 24 pixels,
    the best 8 of them at 72. Needs 5 KB of memory a picture and some 200 MB more.

    Raises BadInput where there are no references.
    """
    if not len(references):
        raise BadInput("there are no training images to compare with: choose a data set with a training part")
    seen, known = thumbnails(queries), thumbnails(references)
    found = [_align_block(seen[part], known, torch.device(device)) for part in _parts(len(seen), BLOCK_ROWS)]
    if not found:
        return Aligned(np.empty(0, np.int64), np.empty(0), np.empty((0, 2), np.float32), np.empty(0, np.bool_))
    indices, distances, places, mirrored = (np.concatenate(column) for column in zip(*found, strict=True))
    return Aligned(indices, distances, ((MARGIN - places) / FINE).astype(np.float32), mirrored)


def thumbnails(pictures: Uint8) -> Uint8:
    """Pictures (n, h, w, 1 or 3) as grey ones (n, 72, 72), antialiased."""
    small = np.empty((len(pictures), FINE, FINE), np.uint8)
    for part in _parts(len(pictures), 64):
        levels = torch.from_numpy(grey(np.asarray(pictures[part])).astype(np.float32)).permute(0, 3, 1, 2)
        resized = F.interpolate(levels, (FINE, FINE), mode="bilinear", antialias=True)[:, 0]
        small[part] = resized.round_().clamp_(0, 255).byte().numpy()
    return small


def _parts(count: int, rows: int) -> Iterator[slice]:
    return (slice(start, min(start + rows, count)) for start in range(0, count, rows))


# Features


def _check_rows(queries: Float32, references: Float32, k: int) -> None:
    if queries.ndim != 2 or references.ndim != 2 or queries.shape[1] != references.shape[1]:
        shapes = f"{queries.shape} and {references.shape}"
        raise BadInput(f"features of shapes {shapes} cannot be compared: take both from one feature space")
    if not 1 <= k <= len(references):
        raise BadInput(f"cannot find {k} nearest of {len(references)} images: ask for 1 to {len(references)}")
    for rows in (queries, references):
        if not all(np.isfinite(rows[part]).all() for part in _parts(len(rows), BLOCK_ROWS)):
            raise BadInput("features contain values that are not finite: compute them anew")


def _exact(queries: Float32, references: Float32, indices: Int64) -> Float64:
    """Distances (n, k) of queries (n, d) from their references, by difference."""
    apart = references[indices].astype(np.float64)
    apart -= queries[:, None]
    distances: Float64 = np.sqrt(np.einsum("nkd,nkd->nk", apart, apart))
    return distances


# Aligned pixels


def _align_block(seen: Uint8, known: Uint8, device: torch.device) -> tuple[Int64, Float64, Int64, NDArray[np.bool_]]:
    """Index, distance, place (row, column) of the template in the reference, and mirroring, of each picture seen."""
    both = np.stack([seen, seen[:, :, ::-1]], 1)  # (n, 2, FINE, FINE): as it is and mirrored
    core = slice(MARGIN, FINE - MARGIN)
    templates = torch.from_numpy(np.ascontiguousarray(both[:, :, core, core]))
    candidates = _candidates(torch.from_numpy(both).to(device), known, device)
    found = [
        _refine(templates[part], known, Candidates(*(each[part] for each in candidates)), device)
        for part in _parts(len(seen), 64)
    ]
    index, place, mirrored = (torch.cat(column).cpu().numpy() for column in zip(*found, strict=True))
    chosen = templates.numpy()[np.arange(len(seen)), mirrored]
    windows = np.lib.stride_tricks.sliding_window_view(known, (CORE, CORE), (1, 2))
    distance = _by_difference(chosen, windows[index, place[:, 0], place[:, 1]])
    return index, distance, place, mirrored.astype(np.bool_)


class Candidates(NamedTuple):
    """What the coarse search found for each picture, in pixels of FINE."""

    reference: Tensor  # (n, candidates): rows
    mirrored: Tensor  # (n, candidates): 0 or 1
    place: Tensor  # (n, candidates, 2): row and column of the template in the reference


def _candidates(both: Tensor, known: Uint8, device: torch.device) -> Candidates:
    """The best references of each picture at COARSE; both: (n, 2, FINE, FINE) bytes."""
    margin, side = MARGIN // STEP, CORE // STEP
    ways = 2 * margin + 1
    small = F.avg_pool2d(both.float(), STEP)[:, :, margin : margin + side, margin : margin + side]
    templates = _unit(small.flatten(2)).flatten(0, 1)  # (2n, side²)
    best = torch.empty(len(both), 0, device=device)
    codes = torch.empty(len(both), 0, dtype=torch.int64, device=device)
    for part in _parts(len(known), 64):
        pictures = F.avg_pool2d(torch.from_numpy(known[part]).to(device).float(), STEP)
        windows = pictures.unfold(1, side, 1).unfold(2, side, 1).reshape(len(pictures), ways**2, side**2)
        likeness, code = _coarse_matches(templates, _unit(windows), part.start)
        best, codes = torch.cat([best, likeness], 1), torch.cat([codes, code], 1)
        best, kept = best.topk(min(CANDIDATES, best.shape[1]), 1)
        codes = codes.gather(1, kept)
    places = torch.stack([codes // ways % ways, codes % ways], 2) * STEP
    return Candidates(codes // (2 * ways**2), codes // ways**2 % 2, places)


def _coarse_matches(templates: Tensor, windows: Tensor, first: int) -> tuple[Tensor, Tensor]:
    """The best pairs of reference and mirroring among some references: likeness, and what it is of, as one number.

    templates: (2n, side²); windows: (m, ways², side²). The number counts references, then mirroring, then places.
    """
    count, places, area = windows.shape
    spread = windows.transpose(0, 1).reshape(places * count, area).T
    likeness, code = [], []
    for part in _parts(len(templates), 256):
        matches = (templates[part] @ spread).view(-1, 2, places, count)
        top, at = matches.amax(2).flatten(1).topk(min(CANDIDATES, 2 * count), 1)
        reference, mirrored = at % count, at // count
        each = torch.arange(len(matches), device=at.device)[:, None]
        place = matches[each, mirrored, :, reference].argmax(2)  # of the winners alone: over all it takes longer
        likeness.append(top)
        code.append(((first + reference) * 2 + mirrored) * places + place)
    return torch.cat(likeness), torch.cat(code)


def _refine(templates: Tensor, known: Uint8, found: Candidates, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """The best candidate of each picture at FINE, around the place that the coarse search found.

    templates: (n, 2, CORE, CORE) bytes. Returns reference (n,), place (n, 2) and mirroring (n,).
    """
    ways = 2 * REACH + 1
    start = (found.place - REACH).clamp(0, 2 * MARGIN + 1 - ways)
    chosen = templates.to(device)[torch.arange(len(templates), device=device)[:, None], found.mirrored]
    views = np.lib.stride_tricks.sliding_window_view(known, (CORE + ways - 1, CORE + ways - 1), (1, 2))
    rows, top, left = (each.cpu().numpy() for each in (found.reference, start[..., 0], start[..., 1]))
    patches = torch.from_numpy(views[rows, top, left]).to(device)
    likeness = _correlations(chosen.flatten(0, 1).float(), patches.flatten(0, 1).float()).view(len(templates), -1)
    best = likeness.argmax(1)
    candidate, offset = best // ways**2, best % ways**2
    each = torch.arange(len(templates), device=device)
    places = start[each, candidate] + torch.stack([offset // ways, offset % ways], 1)
    return found.reference[each, candidate], places, found.mirrored[each, candidate]


def _correlations(templates: Tensor, patches: Tensor) -> Tensor:
    """Normalised cross-correlation of templates (n, t, t) with every window of patches (n, p, p): (n, ways, ways)."""
    side = templates.shape[1]
    units = _unit(templates.flatten(1)).view_as(templates)
    level = patches - patches.mean((1, 2), keepdim=True)  # so that the variance below is no difference of large numbers
    product = F.conv2d(level[None], units[:, None], groups=len(units))[0]
    variance = _window_means(level.square(), side) - _window_means(level, side).square()
    norm = variance.clamp_min(0).sqrt() * side
    return torch.where(norm >= LEAST_CONTRAST * side, product / norm, 0)


def _window_means(pictures: Tensor, side: int) -> Tensor:
    """Mean of every window of pictures (n, p, p): (n, ways, ways)."""
    return F.avg_pool2d(F.avg_pool2d(pictures, (side, 1), 1), (1, side), 1)


def _unit(rows: Tensor) -> Tensor:
    """Rows (..., d) with mean 0 and length 1; zeros where a row is constant."""
    apart = rows - rows.mean(-1, keepdim=True)
    length = apart.norm(dim=-1, keepdim=True)
    return torch.where(length >= LEAST_CONTRAST * rows.shape[-1] ** 0.5, apart / length, 0)


def _by_difference(ones: Uint8, others: Uint8) -> Float64:
    """1 - correlation of pictures (n, t, t): half the squared distance of unit vectors; 1 where one is constant."""
    distances = np.empty(len(ones))
    for part in _parts(len(ones), 256):
        a, b = (_unit(torch.from_numpy(rows[part].astype(np.float64)).flatten(1)) for rows in (ones, others))
        constant = (a.norm(dim=1) == 0) | (b.norm(dim=1) == 0)
        distances[part] = torch.where(constant, 1.0, (a - b).square().sum(1) / 2).numpy()
    return distances
