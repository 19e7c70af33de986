"""Looking at a data set: its images by class and split, its counts, what was found wrong with its source."""

# ruff: noqa: ARG001 - arguments that are there only to be part of a cache's key

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from medgan.app import charts, gallery, looks, session
from medgan.app.gallery import Picture
from medgan.app.words import counted, listed, plain
from medgan.common.artefact import MANIFEST
from medgan.common.pictures import encode_png
from medgan.data.dataset import PreparedDataset
from medgan.data.published import in_words
from medgan.data.splits import SPLITS

ALL = "all"
A_PAGE = 24
PROBLEM_WORDS = {
    "unreadable": "cannot be read",
    "too_large": "too large",
    "not_supported": "format not supported",
    "not_an_image": "not an image",
    "empty_folder": "empty folder",
    "link_loop": "folder link in a circle",
    "no_class": "no class told",
    "single_image_class": "only image of its class",
    "image_without_mask": "image without a mask",
    "image_without_source": "image without a source",
    "source_without_image": "source without an image",
    "mask_without_image": "mask without an image",
    "size_differs": "mask or source of another size",
    "mask_not_binary": "mask with grey values",
    "mask_near_binary": "mask with a few grey values",
    "duplicate": "the same picture twice",
    "patient_unknown": "patient not told",
    "classes_alike": "classes with the same name",
    "label_not_found": "label not found",
    "no_slice": "no usable slice",
    "slices_left_out": "slices left out",
    "slices_missing": "slices missing or unevenly spaced",
    "turned": "volume turned",
    "first_of_several": "only the first of several taken",
    "mask_repeated": "more than one mask of a structure",
    "colour_dropped": "colour made grey",
    "burned_in": "text burnt into the picture",
    "leak": "in two splits",
    "masks_unused": "masks not used",
    "reading_differs": "reading says otherwise",
    "published_split": "published split",
}


def show(datasets: Sequence[PreparedDataset]) -> None:
    """One data set, chosen from the list."""
    if not datasets:
        st.info("There is no data set yet. Choose “Add images” above.", icon=":material/info:")
        return
    words = {found.id: f"{found.name} · {counted(len(found), 'image')} · {found.size} pixels" for found in datasets}
    chosen = session.select("Data set", "dataset", words)
    dataset = next(found for found in datasets if found.id == chosen)
    _facts(dataset)
    parts = {"images": "Images", "counts": "Classes and splits", "problems": _problems_title(dataset), "about": "About"}
    part = session.tabs("Part", "part", parts)
    {"images": _images, "counts": _counts, "problems": _problems, "about": _about}[part](dataset)


def _facts(dataset: PreparedDataset) -> None:
    """The figures that matter, in one line."""
    summary = dataset.manifest.summary
    splits, patients = summary["splits"], summary["patients"]
    colour = "grey" if dataset.channels == 1 else "colour"
    whose = "drawn phantom" if str(summary["family"]).startswith("phantom_") else "patient"
    st.markdown(
        f"**{len(dataset):,}** images of **{patients:,}** {whose}{'' if patients == 1 else 's'} · "
        f"**{splits['train']:,}** to learn from, **{splits['validation']:,}** to validate, "
        f"**{splits['test']:,}** to test · "
        f"**{dataset.size} × {dataset.size}** pixels, {colour}"
    )


def _images(dataset: PreparedDataset) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        split, label = _filters(dataset)
        size = session.choice("Shown", "shown", gallery.SIDE_WORDS, default="medium")
        masked = bool(dataset.structures) and session.toggle("Outline the masks", "masks", default=True)
    indices = dataset.indices(None if split == ALL else split, None if label in {ALL, None} else label)
    if len(indices) == 0:
        st.info("No image of this class lies in this split.", icon=":material/info:")
        return
    first = _page(len(indices), dataset.structures if masked else ())
    chosen = indices[first : first + A_PAGE]
    side = gallery.SIDES[size]
    gallery.show(pictures(dataset, chosen, side, masked=masked), side)


def _page(count: int, outlined: Sequence[str]) -> int:
    """The number of the first image of the chosen page; beside it, which colour outlines which structure."""
    with st.container(horizontal=True, vertical_alignment="center"):
        first = session.page_number("page", -(-count // A_PAGE)) * A_PAGE
        st.caption(f"Images {first + 1:,} to {min(first + A_PAGE, count):,} of {count:,}", width="content")
        if outlined:
            st.space("stretch")
            gallery.legend(outlined)
    return first


def _filters(dataset: PreparedDataset) -> tuple[str, str | None]:
    split = session.choice("Split", "split", {ALL: "All", **{name: name.capitalize() for name in SPLITS}})
    classes = {name: name.replace("_", " ") for name in dataset.classes}
    return split, session.choice("Class", "class", {ALL: "All", **classes}) if classes else None


def pictures(dataset: PreparedDataset, indices: NDArray[np.int64], side: int, *, masked: bool) -> list[Picture]:
    """Items with captions: class, split, file, and the slice of a volume."""
    changed = looks.stamp(dataset.folder / MANIFEST)
    return _pictures(str(dataset.folder), changed, tuple(indices.tolist()), side, masked, dataset)


@st.cache_data(max_entries=24, show_spinner=False)
def _pictures(
    folder: str, changed: int, indices: tuple[int, ...], side: int, masked: bool, _dataset: PreparedDataset
) -> list[Picture]:
    dataset = _dataset
    rows = dataset.items.iloc[list(indices)]
    shown = []
    for index, row in zip(indices, rows.itertuples(), strict=True):
        image = np.asarray(dataset.images[index])
        if masked and dataset.masks is not None:
            image = gallery.with_outlines(image, np.asarray(dataset.masks[index]), side)
        else:
            image = gallery.enlarged(image, side)
        label = str(row.label).replace("_", " ")
        of_volume = f"slice {row.slice}" if getattr(row, "volume", "") else ""
        words = " · ".join(part for part in (label, str(row.split), short(str(row.file)), of_volume) if part)
        outlined = f", with outlines of {listed(list(dataset.structures))}" if masked else ""
        alternative = f"Image {row.id} of {dataset.name}{', class ' + label if label else ''}{outlined}"
        shown.append(Picture(encode_png(image), plain(words), alternative))
    return shown


def short(file: str, longest: int = 24) -> str:
    """A file's own name, shortened in its middle."""
    name = file.rpartition("/")[2]
    half = (longest - 1) // 2
    return name if len(name) <= longest else f"{name[:half]}…{name[-half:]}"


def _counts(dataset: PreparedDataset) -> None:
    summary = dataset.manifest.summary
    counts: dict[str, dict[str, int]] = summary["class_counts"]
    if not dataset.classes:
        counts = {split: {"images": summary["splits"][split]} for split in SPLITS}
    charts.draw(
        charts.class_chart(counts),
        charts.class_alternative(counts),
        "A patient's images all lie in one split. Models learn from train; validation and test are kept from them.",
        key=f"classes {dataset.id}",
    )
    table = pd.DataFrame(counts).rename_axis("Class")
    table["all"] = table.sum(axis=1)
    st.dataframe(table.reset_index(), hide_index=True, alt="Images a class and split")


def _problems_title(dataset: PreparedDataset) -> str:
    return f"Problems ({len(dataset.problems)})" if dataset.problems else "Problems"


def _problems(dataset: PreparedDataset) -> None:
    problems = dataset.problems
    if not problems:
        st.success("Nothing was found wrong with the source.", icon=":material/check_circle:")
        return
    summary = dataset.manifest.summary
    left_out, twice = int(summary["left_out"]), int(summary["duplicates"])
    notes = [f"{counted(left_out, 'remark')} on files that were left out"] if left_out else []
    notes += [f"{counted(twice, 'duplicate')}, kept in the split of the picture they repeat"] if twice else []
    st.markdown("; ".join(notes).capitalize() + "." if notes else "Worth knowing; nothing was left out.")
    kinds = {ALL: "All"}
    kinds |= {kind: PROBLEM_WORDS.get(kind, kind) for kind in sorted({problem.kind for problem in problems})}
    wanted = session.select("Kind", "kind", kinds)
    shown = [problem for problem in problems if wanted in {ALL, problem.kind}]
    table = pd.DataFrame(
        {
            "File": [problem.file for problem in shown],
            "Kind": [PROBLEM_WORDS.get(problem.kind, problem.kind) for problem in shown],
            "Reason": [problem.reason for problem in shown],
            "Left out": ["yes" if problem.left_out else "no" for problem in shown],
        }
    )
    st.dataframe(table, hide_index=True, alt=f"{counted(len(shown), 'problem')} found in the source of {dataset.name}")


def _about(dataset: PreparedDataset) -> None:
    summary, config = dataset.manifest.summary, dataset.manifest.config
    lines = {
        "What it is": summary["title"],
        "Cite": summary["citation"] or "not known",
        "Terms of use": summary["terms"] or "not known; ask whoever gave you the images",
        "Published split": in_words(summary.get("published_counts", {})) or "none",
        "Source": config.get("source", "drawn by medgan"),
        "Kept in": str(dataset.folder),
        "Id": dataset.id,
    }
    for name, value in lines.items():
        st.markdown(f"**{name}**  \n{plain(str(value))}")
