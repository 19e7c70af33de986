"""From config fields to settings of a form."""

from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field
from streamlit.testing.v1 import AppTest

from medgan.app import forms
from medgan.common.config import Config
from medgan.data.config import PrepareConfig
from medgan.data.phantom_sets import PhantomConfig
from medgan.models import GANS
from medgan.training.config import LoopConfig

Side = Literal["left", "right"]


class Example(Config):
    """A config with a field of each kind."""

    source: Path
    """Where it lies."""
    depth: int = Field(4, ge=1, lt=10)
    """How deep."""
    rate: float = Field(2e-4, gt=0, le=1)
    mirrored: bool = False
    side: Side | Literal["auto"] = "auto"
    """Which side."""


def settings() -> dict[str, forms.Setting]:
    return {setting.name: setting for setting in forms.settings(Example)}


def test_kinds_bounds_help_and_defaults_come_from_the_fields() -> None:
    found = settings()
    assert {name: setting.kind for name, setting in found.items()} == {
        "source": "text", "depth": "whole", "rate": "decimal", "mirrored": "switch", "side": "choice",
    }  # fmt: skip
    assert (found["depth"].low, found["depth"].high, found["depth"].default) == (1, 9, 4)
    assert (found["rate"].low, found["rate"].high) == (0, 1)
    assert found["side"].choices == ("left", "right", "auto")
    assert found["depth"].help == "How deep."
    assert found["source"].default is None


def test_defaults_choices_and_labels_can_be_replaced() -> None:
    found = forms.settings(
        Example, defaults={"depth": 7}, choices={"depth": (2, 3)}, labels={"side": "Which side"}, leave_out=("source",)
    )
    depth, side = found[0], found[-1]
    assert (depth.kind, depth.choices, depth.default) == ("choice", (2, 3), 3)  # 7 is no longer among them
    assert side.label == "Which side"


@pytest.mark.parametrize(("value", "step"), [(2e-4, 1e-4), (0.999, 1e-3), (0.5, 0.1), (1.0, 0.1), (-1000.0, 1.0)])
def test_one_click_changes_the_last_decimal(value: float, step: float) -> None:
    assert forms.decimal_step(value) == pytest.approx(step)


def test_errors_name_the_labels_of_the_form() -> None:
    line = "model.learning_rate: Input should be greater than 0 (given: 0.0); name 'x': use letters"
    assert forms.in_labels(line) == "Learning rate: Input should be greater than 0 (given: 0.0); name 'x': use letters"


@pytest.mark.parametrize("text", ["  /data/films ", "'/data/films'", '"/data/films"'])
def test_paths_as_people_paste_them(text: str) -> None:
    assert forms.server_path(text) == Path("/data/films")


CONFIGS = [PrepareConfig, PhantomConfig, LoopConfig, *(row.config for row in GANS.values())]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.__name__)
def test_every_config_has_a_form_without_jargon(config: type[Config]) -> None:
    for setting in forms.settings(config):
        assert setting.help or setting.name == "source", f"{config.__name__}.{setting.name} has no description"
        assert not {"latent", "tensor", "checkpoint"} & set(setting.label.lower().split())


def one_form() -> None:
    import streamlit as st

    from medgan.app import forms
    from medgan.training.config import LoopConfig

    values = forms.config_form(forms.settings(LoopConfig), first=("steps", "seed"), key="test")
    st.session_state["values"] = values


def test_a_form_returns_what_makes_its_config() -> None:
    app = AppTest.from_function(one_form).run()
    assert not app.exception
    assert [field.label for field in app.number_input][:2] == ["Training steps", "Seed"]
    assert LoopConfig.parse(app.session_state["values"]) == LoopConfig()
    app.number_input[0].set_value(12).run()
    assert LoopConfig.parse(app.session_state["values"]).steps == 12
