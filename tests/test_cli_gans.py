"""The command line for GANs that draw from something: train, generate from a source, import, several processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from medgan.data.dataset import PreparedDataset
from medgan.models import GANS
from medgan.models.resnet import ResNet
from medgan.studies.synthesis import SyntheticSet
from medgan.training.beginning import start_run
from medgan.training.config import train_config
from medgan.training.run import Run

from .commands import answer, complaint, help_of

SMALL = ("--size", "64", "--width", "8", "--discriminator-width", "8", "--steps", "2", "--batch-size", "2")


def test_help_names_every_gan_and_every_preset(capsys: pytest.CaptureFixture[str]) -> None:
    listed = help_of(capsys, "train").replace(" ", "")  # long lines are broken at hyphens too
    for name, gan in GANS.items():
        own = help_of(capsys, "train", name).replace(" ", "")
        for preset, row in gan.presets.items():
            assert preset in listed
            assert f"{preset}:{row.summary}".replace(" ", "") in own


def test_masks_to_images_and_out_as_files(
    capsys: pytest.CaptureFixture[str], phantoms: PreparedDataset, tmp_path: Path
) -> None:
    answer(capsys, "train", "pix2pix", "--dataset", "phantoms", "--name", "painter", *SMALL)
    output = tmp_path / "pairs"
    made = answer(capsys, "generate", "--run", "painter", "--count", "3", "--part", "test", "--output", str(output))
    assert made["structures"] == ["lungs"]
    assert made["source"] == "phantoms"
    names = sorted(path.name for path in output.iterdir())
    assert names[-6:] == [
        f"synthetic-0-{number:06d}{end}" for number in range(3) for end in (".png", "_mask_lungs.png")
    ]
    assert "draws from" in complaint(capsys, "generate", "--run", "painter", "--source", "nothing")


def test_one_class_into_another(capsys: pytest.CaptureFixture[str], phantoms: PreparedDataset) -> None:
    words = ("train", "cyclegan", "--dataset", "phantoms", "--name", "turner", *SMALL)
    assert "choose domain a and domain b" in complaint(capsys, *words)
    assert "leave out the label" in complaint(capsys, *words, "--label", "normal")
    answer(capsys, *words, "--domain-a", "normal", "--domain-b", "tuberculosis")
    there = answer(capsys, "generate", "--run", "turner", "--count", "2")
    back = answer(capsys, "generate", "--run", "turner", "--count", "2", "--label", "tuberculosis")
    assert (there["label"], back["label"]) == ("tuberculosis", "normal")
    wrong = complaint(capsys, "generate", "--run", "turner", "--label", "viral_pneumonia")
    assert "translates between normal and tuberculosis" in wrong


@pytest.mark.parametrize("field", ["10", "22", "46", "70"])
def test_fields_and_a_runs_own_config_can_be_given(
    capsys: pytest.CaptureFixture[str], phantoms: PreparedDataset, tmp_path: Path, field: str
) -> None:
    made = answer(capsys, "train", "pix2pix", "--dataset", "phantoms", "--field", field, *SMALL)
    config = Run.open(made["id"]).config
    assert str(config.model.model_dump()["field"]) == field
    if field == "70":
        (tmp_path / "again.json").write_text(config.to_json())
        words = ("train", "pix2pix", "--config", str(tmp_path / "again.json"), "--steps", "1", "--name", "again")
        again = Run.open(answer(capsys, *words)["id"])
        assert again.config.model == config.model
        assert again.steps == 1


def test_steps_that_are_typed_go_before_epochs_of_a_file(
    capsys: pytest.CaptureFixture[str], phantoms: PreparedDataset, tmp_path: Path
) -> None:
    (tmp_path / "long.json").write_text('{"epochs": 50, "size": 64, "width": 8, "discriminator_width": 8}')
    words = ("train", "pix2pix", "--dataset", "phantoms", "--config", str(tmp_path / "long.json"))
    assert Run.open(answer(capsys, *words, "--steps", "2")["id"]).steps == 2
    assert "larger images than 64" in complaint(capsys, *words, "--field", "70", "--scales", "3")


def test_a_set_keeps_the_masks_it_was_given_and_says_from_which_part(
    capsys: pytest.CaptureFixture[str], phantoms: PreparedDataset
) -> None:
    answer(capsys, "train", "pix2pix", "--dataset", "phantoms", "--name", "painter", *SMALL)
    first = answer(capsys, "generate", "--run", "painter", "--count", "4", "--part", "test", "--name", "first")
    assert phantoms.masks is not None
    given = phantoms.masks[phantoms.indices("test")[:4]]
    drawn = SyntheticSet.open("first").drawn.masks
    assert drawn is not None
    assert (drawn == given).all()
    second = answer(capsys, "generate", "--run", "painter", "--count", "2", "--source", "first")
    assert (first["part"], second["part"]) == ("test", "test")
    assert "leave out part" in complaint(capsys, "generate", "--run", "painter", "--source", "first", "--part", "all")


def test_perceptual_training_without_its_weights_is_one_line(
    capsys: pytest.CaptureFixture[str], phantoms: PreparedDataset
) -> None:
    said = complaint(capsys, "train", "pix2pix", "--dataset", "phantoms", "--size", "64", "--reconstruction", "vgg16_2")
    assert "weights download vgg16" in said
    assert "weights import vgg16" in said


def test_a_public_generator_is_imported_and_draws(
    capsys: pytest.CaptureFixture[str], phantoms: PreparedDataset, tmp_path: Path
) -> None:
    state = ResNet(1, 1, 4, 6, "instance").state_dict()
    names = {key: key.replace("layers.", "model.", 1).replace(".layers.", ".conv_block.") for key in state}
    torch.save({names[key]: value for key, value in state.items()}, tmp_path / "latest_net_G.pth")
    words = ("import", "resnet_6blocks", str(tmp_path / "latest_net_G.pth"), "--size", "64", "--name", "theirs")
    assert answer(capsys, *words)["gan"] == "pix2pix"
    made = answer(capsys, "generate", "--run", "theirs", "--source", "phantoms", "--count", "2")
    assert (made["count"], made["size"], made["source"]) == (2, 64, "phantoms")
    assert "no such file" in complaint(capsys, "import", "unet_256", str(tmp_path / "none.pth"))
    assert "'resnet_6blocks'" in complaint(capsys, "import", "stylegan", str(tmp_path / "none.pth"))


def test_torchrun_starts_the_same_command_on_two_processes(phantoms: PreparedDataset, medgan_home: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "medgan"]
    options = ["--device", "cpu", "--domain-a", "normal", "--domain-b", "tuberculosis", "--threads", "1"]
    words = ["train", "cyclegan", "--dataset", "phantoms", "--name", "both", *SMALL, *options]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *words], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("Run 'both'") == 1


def test_an_unfinished_run_is_gone_on_with(
    capsys: pytest.CaptureFixture[str], phantoms: PreparedDataset, medgan_home: Path
) -> None:
    options = {"size": 64, "width": 8, "batch_size": 2, "steps": 2, "log_every": 1}
    begun = start_run(train_config("dcgan", "phantoms", name="begun", options=options), phantoms)
    resume = ("train", "dcgan", "--resume", "begun")
    assert "has its own options" in complaint(capsys, *resume, "--steps", "3")
    assert "is of another GAN: train dcgan" in complaint(capsys, "train", "fastgan", *resume[2:])
    made = answer(capsys, *resume)
    assert (made["id"], made["step"]) == (begun.id, 2)
    assert "is finished" in complaint(capsys, *resume)
