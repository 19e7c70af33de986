"""No patient and no picture in two splits, whatever the data; the shares asked for; every class everywhere."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from medgan.data.splits import Member, find_leaks, split_as_source, split_by_patient, tied_together

members_strategy = st.lists(
    st.builds(
        Member,
        patient_id=st.integers(0, 12).map(str),
        label=st.sampled_from(["", "ill", "well"]),
        hashes=st.tuples(st.integers(0, 30).map(str)),
        source_split=st.sampled_from(["", "train", "test"]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(members_strategy, st.floats(0, 0.5), st.floats(0, 0.5), st.integers(0, 5))
def test_own_splits_never_leak_and_train_is_never_empty(
    members: list[Member], validation: float, test: float, seed: int
) -> None:
    splits = split_by_patient(members, validation, test, seed)
    assert find_leaks(members, splits) == []
    assert splits == split_by_patient(members, validation, test, seed)
    one_class = len({member.label for member in members}) == 1
    if one_class and len(tied_together(members)) >= 3 and min(validation, test) > 0:
        assert set(splits) == {"train", "validation", "test"}
    assert "train" in splits


def people(count: int, label: str, films: int = 1) -> list[Member]:
    return [
        Member(f"{label}{person}", label, (f"{label}{person}.{film}",))
        for person in range(count)
        for film in range(films)
    ]


def test_shares_are_kept_in_every_class() -> None:
    members = people(200, "well") + people(50, "ill")
    splits = split_by_patient(members, 0.1, 0.2, seed=3)
    counts = Counter(zip((member.label for member in members), splits, strict=True))
    assert counts["well", "test"] == 40
    assert counts["well", "validation"] == 20
    assert counts["ill", "test"] == 10
    assert counts["ill", "validation"] == 5


def test_small_classes_reach_every_split() -> None:
    for count, expected in ((1, {"train"}), (2, {"train", "test"}), (3, {"train", "validation", "test"})):
        assert set(split_by_patient(people(count, "x", films=4), 0.1, 0.1, seed=0)) == expected


def test_a_patient_with_most_of_the_films_stays_in_train() -> None:
    members = people(9, "x") + [Member("often", "x", (f"o{n}",)) for n in range(90)]
    for seed in range(8):
        splits = split_by_patient(members, 0.1, 0.1, seed)
        assert set(splits[9:]) == {"train"}


def test_another_seed_gives_another_split() -> None:
    members = people(50, "x")
    assert split_by_patient(members, 0.1, 0.1, 0) != split_by_patient(members, 0.1, 0.1, 1)


def test_fractions_of_zero_leave_all_to_train() -> None:
    assert set(split_by_patient(people(10, "x"), 0, 0, 0)) == {"train"}


def test_duplicates_tie_their_patients_together_over_any_chain() -> None:
    chain = [Member("a", "x", ("1",)), Member("b", "x", ("1", "2")), Member("c", "x", ("2",)), Member("d", "x", ("3",))]
    assert tied_together(chain) == [[0, 1, 2], [3]]


def test_leak_check_catches_a_cheat() -> None:
    members = [Member("a", "x", ("1",)), Member("a", "x", ("2",)), Member("b", "x", ("2",)), Member("c", "x", ("3",))]
    assert find_leaks(members, ["train", "train", "train", "test"]) == []
    by_patient, by_picture = find_leaks(members, ["train", "test", "validation", "train"])
    assert (by_patient.what, by_patient.splits, by_patient.indices) == ("patient a", ("train", "test"), (0, 1))
    assert (by_picture.what, by_picture.splits) == ("picture 2", ("validation", "test"))


def test_source_splits_are_kept_and_missing_ones_drawn_from_train() -> None:
    members = [Member(str(n), "x", (str(n),), "test" if n < 5 else "train") for n in range(45)]
    splits = split_as_source(members, 0.1, 0.1, 0)
    assert Counter(splits) == {"test": 5, "train": 36, "validation": 4}
    assert set(splits[:5]) == {"test"}
