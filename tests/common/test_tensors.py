"""Tensor files: what is read is what was written, or it is refused."""

import os
import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from medgan.common.errors import BadInput
from medgan.common.tensors import read_facts, read_tensors, write_tensors

TENSORS = {
    "weights": torch.linspace(-1, 1, 60).reshape(3, 4, 5),
    "half": torch.arange(7, dtype=torch.bfloat16),
    "step": torch.tensor(3.0),
    "none": torch.empty(0, 4),
    "flags": torch.tensor([True, False]),
}
FACTS = {"step": "3", "seconds": "1.5", "losses.jsonl": '{"step": 2}\n'}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "some.safetensors"
    write_tensors(path, TENSORS, FACTS)
    tensors, facts = read_tensors(path)
    assert facts == read_facts(path) == FACTS
    assert tensors.keys() == TENSORS.keys()
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)


def test_a_flipped_bit_is_noticed_wherever_it_is(tmp_path: Path) -> None:
    """But for bits that change nothing of what is read, such as those of the checksum's own name."""
    path = tmp_path / "some.safetensors"
    write_tensors(path, TENSORS, FACTS)
    whole, rng = path.read_bytes(), random.Random(0)
    refused = 0
    for place in rng.sample(range(len(whole)), 200):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            tensors, facts = read_tensors(path)
        except BadInput:
            refused += 1
            continue
        assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)
        assert {name: facts[name] for name in FACTS} == FACTS
    assert refused > 180


def test_a_file_of_before_checksums_is_read(tmp_path: Path) -> None:
    path = tmp_path / "old.safetensors"
    save_file(TENSORS, path, FACTS)
    tensors, facts = read_tensors(path)
    assert facts == FACTS
    assert torch.equal(tensors["weights"], TENSORS["weights"])


def test_a_cut_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    write_tensors(path, TENSORS, FACTS)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BadInput, match=r"cut\.safetensors"):
        read_tensors(path)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o007, 0o660)])
def test_who_may_read_is_for_the_umask_to_say(umask: int, mode: int, tmp_path: Path) -> None:
    path = tmp_path / "some.safetensors"
    before = os.umask(umask)
    try:
        write_tensors(path, TENSORS, FACTS)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == mode
