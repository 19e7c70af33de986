"""Moving among the random numbers behind images, and what a generator makes of them."""

import math

import numpy as np
import pytest
import torch

from medgan.common.errors import BadInput
from medgan.models.cyclegan import CycleGANConfig, CycleGANTask
from medgan.models.dcgan import DCGANConfig, DCGANTask
from medgan.models.fastgan import FastGANConfig, FastGANTask
from medgan.models.task import GanTask, TrainingData
from medgan.training.conditions import Conditions, of_classes
from medgan.training.latents import around, between, slerp, truncated
from medgan.training.sampler import Sampler

GREY = TrainingData(channels=1, structures=("lesion",), classes=("a", "b"))


def sampler(kind: str) -> Sampler:
    """Untrained networks; batch norm has its first statistics, so they draw something."""
    torch.manual_seed(0)
    tasks: dict[str, GanTask] = {
        "fastgan": FastGANTask(FastGANConfig(size=64, width=8), GREY),
        "dcgan": DCGANTask(DCGANConfig(size=64, width=8), GREY),
        "by class": DCGANTask(DCGANConfig(size=64, width=8, conditional=True), GREY),
    }
    return Sampler(tasks[kind], 0)


def angle(first: torch.Tensor, second: torch.Tensor) -> float:
    cosine = torch.nn.functional.cosine_similarity(first.flatten(), second.flatten(), dim=0)
    return math.degrees(math.acos(min(1.0, float(cosine))))


class TestSlerp:
    def test_a_quarter_of_a_right_angle(self) -> None:
        moved = slerp(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), torch.tensor([0.25]))
        expected = [math.cos(math.radians(22.5)), math.sin(math.radians(22.5))]
        assert moved[0].tolist() == pytest.approx(expected)

    def test_equal_steps_turn_by_equal_angles_and_keep_the_length(self) -> None:
        first, second = torch.randn(2, 1, 512, generator=torch.Generator().manual_seed(1))
        first, second = first / first.norm() * 20, second / second.norm() * 20
        way = slerp(first, second, torch.linspace(0, 1, 5))
        assert way.norm(dim=1).tolist() == pytest.approx([20] * 5, rel=1e-5)
        turns = [angle(way[step], way[step + 1]) for step in range(4)]
        assert turns == pytest.approx([angle(first, second) / 4] * 4, rel=1e-3)
        straight = (first + second) / 2
        assert float(straight.norm()) < 16  # what a straight line would lead through

    @pytest.mark.parametrize("factor", [1.0, -1.0])
    def test_no_great_circle_no_division_by_zero(self, factor: float) -> None:
        first = torch.randn(1, 64, generator=torch.Generator().manual_seed(2))
        moved = slerp(first, factor * first, torch.tensor([0.0, 0.5, 1.0]))
        assert torch.isfinite(moved).all()
        torch.testing.assert_close(moved[[0, 2]], torch.cat([first, factor * first]))


class TestLatents:
    def test_the_way_begins_and_ends_at_the_two_in_every_block(self) -> None:
        latents = sampler("fastgan").latents
        first, second = latents(3, [0]), latents(3, [7])
        way = between(first, second, [0, 0.5, 1])
        assert set(way) == set(first)
        assert len(way) > 1  # the image's own numbers, and noise
        for name, rows in way.items():
            assert rows.shape == (3, *first[name].shape[1:])
            torch.testing.assert_close(rows[[0, 2]], torch.cat([first[name], second[name]]), rtol=1e-4, atol=1e-5)

    def test_neighbours_lie_at_their_share_of_the_angle(self) -> None:
        latents = sampler("dcgan").latents
        centre, others = latents(3, [0]), latents(4, range(6))
        for row, other in zip(around(centre, others, 0.2)["z"], others["z"], strict=True):
            assert angle(centre["z"], row) == pytest.approx(angle(centre["z"], other) / 5, rel=1e-3)
        torch.testing.assert_close(around(centre, others, 0.0)["z"], centre["z"].expand(6, -1))

    def test_truncation_scales_towards_the_mean(self) -> None:
        latents = sampler("dcgan").latents(3, [0, 1])
        torch.testing.assert_close(truncated(latents, 0.7)["z"], 0.7 * latents["z"])
        assert not truncated(latents, 0)["z"].any()

    @pytest.mark.parametrize("share", [-0.1, 1.1])
    def test_outside_of_the_way_is_refused(self, share: float) -> None:
        latents = sampler("dcgan").latents(3, [0])
        for move in (lambda: between(latents, latents, [share]), lambda: around(latents, latents, share)):
            with pytest.raises(BadInput, match="from 0 to 1"):
                move()
        with pytest.raises(BadInput, match="between 0"):
            truncated(latents, share)


class TestDecoding:
    @pytest.mark.parametrize("kind", ["fastgan", "dcgan", "by class"])
    def test_a_seeds_own_numbers_give_its_own_images(self, kind: str) -> None:
        one = sampler(kind)
        drawn = one.draw(11, seed=5).images
        assert drawn is not None
        decoded = one.decode(one.latents(5, range(11))).images
        np.testing.assert_array_equal(decoded, drawn)
        last = one.decode(one.latents(5, [10]), of_classes(2) if kind == "by class" else None).images
        assert last is not None
        if kind != "by class":
            np.testing.assert_array_equal(last, drawn[10:])  # alone as among others

    def test_a_class_can_be_told(self) -> None:
        one = sampler("by class")
        one.task.generators["generator"].project.weight.data.mul_(20)  # untrained, a class changes less than a byte
        latents = one.latents(5, [0])
        alike, other = (one.decode(latents, Conditions("labels", np.arange(2), np.array([label]))) for label in (0, 1))
        assert (alike.images != other.images).any()

    def test_a_model_without_random_numbers_says_so(self) -> None:
        plain = Sampler(CycleGANTask(CycleGANConfig(size=64, width=8, discriminator_width=8), GREY), 0)
        with pytest.raises(BadInput, match="no random numbers"):
            plain.latents(0, [0])
