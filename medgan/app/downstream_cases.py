"""The test images that an arm found hardest: masks far off the true ones, images that were classified wrongly."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from medgan.app import gallery, session
from medgan.app.downstream_studies import Entry
from medgan.app.words import counted, plain
from medgan.common.pictures import encode_png
from medgan.data.dataset import PreparedDataset
from medgan.studies.figures import test_dataset, tested
from medgan.studies.study import Study

SHOWN = 8
SIDE, CELL_WIDE, CELL = 176, 300, 176


def show(entry: Entry) -> None:
    """The hardest test images of one arm; draws nothing before an arm was tested."""
    study = entry.study
    if study is None or not (found := tested(study)):
        return
    st.subheader("Hardest test images", anchor=False)
    dataset = test_dataset(study)
    if dataset is None:
        st.info("The data set of this study is no longer here, so its images cannot be shown.", icon=":material/info:")
        return
    arms = {str(number): arm for number, arm, _ in found}
    number = int(session.select("Arm", "arm", arms) or 0)
    seed = int(next(rows["seed"].iloc[0] for each, _, rows in found if each == number))
    scores = study.per_image(number)
    if study.config.task == "segmentation":
        _masks(study, dataset, number, seed, scores)
    else:
        _mistakes(study, dataset, number, seed, scores)


def _masks(study: Study, dataset: PreparedDataset, number: int, seed: int, scores: NDArray[np.float64]) -> None:
    """Images of the lowest IoU, the true outline left and the predicted one right."""
    assert dataset.masks is not None
    st.caption(
        f"Lowest mean IoU over {counted(len(scores), 'training')} first. Left the **true** outline, right the "
        f"**predicted** one, of seed {seed}. Real images, from the test part."
    )
    gallery.legend(dataset.structures if len(dataset.structures) > 1 else ())
    predicted, mean, rows = study.predictions(number, seed), scores.mean(axis=0), dataset.indices("test")
    pictures = []
    for place in np.argsort(mean, kind="stable")[:SHOWN]:
        image, true = dataset.images[rows[place]], dataset.masks[rows[place]]
        sides = [gallery.with_outlines(image, masks, SIDE) for masks in (true, predicted[place])]
        name = study.test["id"].iloc[place]
        words = f"IoU {mean[place]:.2f}" + ("" if predicted[place].any() else ", nothing found")
        alternative = f"Test image {name}, left with its true outline, right with the predicted one; {words}"
        pictures.append(gallery.Picture(encode_png(gallery.beside(sides)), plain(f"{name} · {words}"), alternative))
    gallery.show(pictures, CELL_WIDE)


def _mistakes(study: Study, dataset: PreparedDataset, number: int, seed: int, right: NDArray[np.float64]) -> None:
    """Images that most trainings classified wrongly."""
    st.caption(f"Those that most of {counted(len(right), 'training')} got wrong first. Real images, of the test part.")
    wrong, rows = (1 - right).sum(axis=0).astype(int), dataset.indices("test")
    probabilities = study.predictions(number, seed)
    hardest = [place for place in np.argsort(-wrong, kind="stable")[:SHOWN] if wrong[place]]
    if not hardest:
        st.info("Every training of this arm classified every test image rightly.", icon=":material/info:")
        return
    pictures = []
    for place in hardest:
        name, label = study.test["id"].iloc[place], str(study.test["label"].iloc[place]).replace("_", " ")
        sought = study.config.positive.replace("_", " ")
        words = (
            f"{name} · {label} · wrong in {wrong[place]} of {counted(len(right), 'training')} · "
            f"probability of {sought} {probabilities[place]:.2f} (seed {seed})"
        )
        png = encode_png(gallery.enlarged(dataset.images[rows[place]], SIDE))
        pictures.append(gallery.Picture(png, plain(words), f"Test image {words}"))
    gallery.show(pictures, CELL)
