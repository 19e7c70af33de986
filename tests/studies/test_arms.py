"""The arms of a study: which there are, what they are called, and what each is measured by."""

from typing import Any

import pytest

from medgan.common.errors import BadInput
from medgan.studies.arms import arms_of, groups_of


def names(**options: Any) -> list[str]:
    given = {"doses": (1.0,), "uses": ("mixed",), "classical": False, "real_shares": (1.0,)}
    return [arm.name for arm in arms_of([(("a",), "fake")], **given | options)]


class TestArms:
    def test_are_real_first_and_every_combination(self) -> None:
        assert names() == ["real", "real + fake 100%"]
        assert names(classical=True, doses=(0.5, 2.0)) == [
            "real", "real + classical", "real + fake 50%", "real + fake 200%",
        ]  # fmt: skip
        assert names(uses=("pretraining", "alone")) == ["real", "fake 100%, then real", "fake alone"]
        assert names(real_shares=(0.25,)) == ["real", "real 25%", "real 25% + fake 100%"]

    def test_nothing_to_compare_and_twice_the_same_are_refused(self) -> None:
        given: Any = {"doses": (1.0,), "uses": ("mixed",), "classical": False, "real_shares": (1.0,)}
        with pytest.raises(BadInput, match="nothing to compare"):
            arms_of([], **given)
        with pytest.raises(BadInput, match="two arms would be the same"):
            arms_of([(("a",), "fake"), (("a",), "fake")], **given)
        with pytest.raises(BadInput, match="share 2"):
            arms_of([], **given | {"real_shares": (2.0,)})
        with pytest.raises(BadInput, match="the same set is joined to itself"):
            arms_of([(("a", "a"), "fake+fake")], **given)
        with pytest.raises(BadInput, match="one of the names is empty"):
            groups_of(["a+b", "+"])

    @pytest.mark.parametrize("dose", [0.0, -0.5, 0.004, float("nan"), float("inf")])
    def test_a_dose_is_some_images(self, dose: float) -> None:
        with pytest.raises(BadInput, match=r"dose .*: use 0\.01 or more"):
            names(doses=(dose,))

    @pytest.mark.parametrize("missing", ["doses", "uses", "real_shares"])
    def test_sets_that_would_be_used_nowhere_are_refused(self, missing: str) -> None:
        with pytest.raises(BadInput, match="give a dose, a use and a share"):
            names(**{missing: (), "classical": True})

    def test_synthetic_images_alone_need_no_share(self) -> None:
        assert names(uses=("alone",), real_shares=(0.25,)) == ["real", "real 25%", "fake alone"]
        assert names(uses=("alone",), real_shares=(1.0, 0.25)) == ["real", "fake alone", "real 25%"]

    def test_other_sets_of_the_same_name_are_told_apart(self) -> None:
        given: Any = {"doses": (1.0,), "uses": ("mixed",), "classical": False, "real_shares": (1.0,)}
        found = arms_of([(("fake-01ab",), "fake"), (("fake-02cd",), "fake")], **given)
        assert [arm.name for arm in found] == ["real", "real + fake (01ab) 100%", "real + fake (02cd) 100%"]

    def test_what_is_added_to_a_share_is_measured_by_that_share(self) -> None:
        given: Any = {"doses": (1.0,), "uses": ("mixed", "alone"), "classical": True, "real_shares": (1.0, 0.25)}
        measures = {arm.name: arm.measure for arm in arms_of([(("a",), "fake")], **given)}
        assert measures.pop("real 25% + fake 100%") == "real 25%"
        assert set(measures.values()) == {"real"}
