"""The presets of each GAN as the form shows them."""

import pytest

from medgan.app import presets
from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.models import GANS


def absent(network: str) -> bool:
    return False


def present(network: str) -> bool:
    return True


@pytest.fixture
def lesions(medgan_home: object) -> PreparedDataset:
    """Images with masks, without classes."""
    return prepare_phantoms(PhantomConfig(family="dermoscopy", count=12, size=64))


@pytest.mark.parametrize("gan", GANS)
def test_every_preset_is_ready_where_the_networks_are_here(gan: str) -> None:
    found = presets.presets_of(GANS[gan], present)
    assert list(found.ready) == list(GANS[gan].presets)
    assert list(found.ready)[:2] == ["quick", "standard"]
    assert len(set(found.ready.values())) == len(found.ready), "two presets cannot be told apart in the list"
    assert not found.waiting


def test_presets_wait_for_a_network_that_is_not_here() -> None:
    found = presets.presets_of(GANS["pix2pix"], absent)
    assert "thesis-l1-10" in found.ready
    assert set(found.waiting) == {"vgg16"}
    assert list(found.waiting["vgg16"]) == [f"thesis-vgg{maps}-{field}" for maps in (2, 3) for field in (10, 22, 46)]


@pytest.mark.parametrize("gan", GANS)
def test_length_is_known_both_ways(gan: str) -> None:
    row = GANS[gan]
    for preset in row.presets:
        steps, epochs = presets.lengths(row, preset, 100)
        assert steps >= 1
        assert epochs >= 1
        if presets.in_epochs(row, preset):
            assert epochs == row.presets[preset].options["epochs"]
        else:
            assert steps == row.presets[preset].options.get("steps", 2000)
    assert presets.lengths(GANS["pix2pix"], "thesis", 96) == (19_200, 200)
    assert presets.length_words(GANS["pix2pix"], "thesis", 96) == "19,200 steps: 200 passes over 96 images"


def test_options_are_those_that_the_data_allow(lesions: PreparedDataset) -> None:
    assert presets.possible("fastgan", lesions)["content"] == ("images", "masks", "images_and_masks")
    assert presets.possible("pix2pix", lesions)["translation"] == ("masks_to_images", "images_to_masks")
    with pytest.raises(BadInput, match=r"turns images of one class into another.*none"):
        presets.possible("cyclegan", lesions)


def test_data_without_masks(lesions: PreparedDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PreparedDataset, "structures", ())
    with pytest.raises(BadInput, match="Choose a data set with masks"):
        presets.possible("pix2pix", lesions)
    allowed = presets.possible("fastgan", lesions)
    assert allowed["content"] == ("images",)
    presets.check_preset("fastgan", "quick", allowed)
    with pytest.raises(BadInput, match="this preset draws masks"):
        presets.check_preset("fastgan", "thesis-melanoma", allowed)


def test_an_option_that_the_preset_leaves_open_takes_what_the_data_allow() -> None:
    pix2pix = GANS["pix2pix"]
    defaults = presets.defaults_of(pix2pix, "quick", {"translation": ("sources_to_images",)})
    assert defaults["translation"] == "sources_to_images"
    assert "translation" not in presets.defaults_of(pix2pix, "quick", {"translation": ("masks_to_images",)})
