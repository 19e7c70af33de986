"""Pre-trained networks: how they get here, what is refused, and what is said where they are absent."""

import errno
import hashlib
import io
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from filelock import FileLock
from safetensors import SafetensorError
from safetensors.torch import save_file
from torchvision.models import get_model_weights

from medgan.cli import train
from medgan.common.errors import BadInput, Cancelled, WorkFailed
from medgan.common.home import weights_folder
from medgan.common.progress import Silent
from medgan.weights import (
    PRETRAINED,
    download,
    import_file,
    is_present,
    load_network,
    load_state,
    path_of,
    require,
    status,
    status_of,
)


@pytest.fixture
def file(publisher: Any, tmp_path: Path) -> Path:
    """The publisher's file of `tiny`, as somebody carried it here."""
    path = tmp_path / publisher.tiny
    path.write_bytes(publisher.files[publisher.tiny])
    return path


def saved(path: Path, content: object, **options: Any) -> Path:
    torch.save(content, path, **options)
    return path


def complaint(path: Path, *, unverified: bool = True) -> str:
    """The one line with which the import of a file as `tiny` is refused; nothing is kept."""
    with pytest.raises(BadInput) as refused:
        import_file("tiny", path, unverified=unverified)
    assert not is_present("tiny")
    assert "\n" not in str(refused.value)
    return str(refused.value)


def left_behind() -> list[str]:
    """What is in the folder besides weights and lock."""
    return [path.name for path in weights_folder().iterdir() if path.name != ".lock" and path.suffix != ".safetensors"]


@pytest.mark.parametrize("name", PRETRAINED)
def test_rows_have_the_checksum_in_the_file_name(name: str) -> None:
    row = PRETRAINED[name]
    assert row.file_name.endswith(f"-{row.checksum}.pth")
    assert len(bytes.fromhex(row.checksum)) == 4


@pytest.mark.parametrize("name", [name for name, row in PRETRAINED.items() if "pytorch.org" in row.url])
def test_rows_are_those_of_torchvision(name: str) -> None:
    assert PRETRAINED[name].url == get_model_weights(name)["IMAGENET1K_V1"].url


def test_absent_weights_are_one_line_with_both_commands(publisher: Any) -> None:
    assert {one.state for one in status()} == {"absent"}
    for use in (require, load_state, load_network):
        with pytest.raises(BadInput) as refused:
            use("vgg16")
        line = str(refused.value)
        assert "VGG16 are not here, and perceptual losses and feature scores need them" in line
        assert "`python -m medgan weights download vgg16` (528 MiB)" in line
        assert "`python -m medgan weights import vgg16 FILE` with the publisher's vgg16-397923af.pth" in line
    with pytest.raises(BadInput, match=r"no pre-trained network 'vgg61' \(there is: inception, vgg16, mobilenet_v2"):
        require("vgg61")


def test_download_is_checked_and_kept_as_safetensors(publisher: Any) -> None:
    content = publisher.files[publisher.tiny]
    found = download("tiny", Silent())
    assert (found.state, found.file) == ("verified", publisher.tiny)
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert [path.name for path in weights_folder().glob("*.safetensors")] == ["tiny.safetensors"]
    assert left_behind() == []
    expected = torch.load(io.BytesIO(content), weights_only=True)
    assert_same(load_state("tiny"), expected)
    publisher.files.clear()
    assert download("tiny", Silent()) == found, "it is here: nobody is asked"


def assert_same(tensors: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert tensors.keys() == expected.keys()
    assert all(torch.equal(tensors[name], expected[name]) for name in expected)


def test_network_comes_frozen_and_without_drawing_random_numbers(file: Path) -> None:
    import_file("tiny", file)
    before = torch.get_rng_state()
    network = load_network("tiny")
    assert torch.equal(torch.get_rng_state(), before), "a resumed training takes the same steps"
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert_same(network.state_dict(), torch.load(file, weights_only=True))
    assert network(torch.rand(4, 3)).shape == (4, 2)


def test_download_of_another_file_is_deleted(publisher: Any) -> None:
    publisher.files[publisher.tiny] += b"tampered with"
    with pytest.raises(WorkFailed, match=r"not the publisher's file .* deleted; try again"):
        download("tiny", Silent())
    assert not is_present("tiny")
    assert left_behind() == []


def test_no_such_file_no_connection_and_a_broken_one_are_one_line(
    publisher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.held_back = 10
    with pytest.raises(WorkFailed, match=r"broke off after \d+ of \d+ bytes .*: the same command goes on with it"):
        download("tiny", Silent())
    assert left_behind() == [f"{publisher.tiny}.part"]
    (weights_folder() / f"{publisher.tiny}.part").unlink()
    publisher.files.clear()
    with pytest.raises(WorkFailed, match=r"tiny-\w+.pth: the server has no such file for us \(404 Not Found\)"):
        download("tiny", Silent())
    monkeypatch.setitem(PRETRAINED, "tiny", replace(PRETRAINED["tiny"], url="http://127.0.0.1:9/tiny.pth"))
    with pytest.raises(WorkFailed, match=r"cannot be reached \(Connection refused\).*`.* weights import tiny FILE`"):
        download("tiny", Silent())
    assert left_behind() == []


def test_download_stops_when_asked(publisher: Any) -> None:
    class Impatient(Silent):
        def stop_requested(self) -> bool:
            return True

    with pytest.raises(Cancelled, match="the same command goes on with it"):
        download("tiny", Impatient())
    assert left_behind() == [f"{publisher.tiny}.part"]
    assert download("tiny", Silent()).state == "verified"
    assert left_behind() == []


def test_an_empty_answer_is_not_the_file(publisher: Any) -> None:
    publisher.files[publisher.tiny] = b""
    with pytest.raises(WorkFailed, match="not the publisher's file"):
        download("tiny", Silent())
    assert left_behind() == []


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("came", [1, 700, None])
def test_download_goes_on_where_it_broke_off(publisher: Any, ranges: bool, came: int | None) -> None:
    publisher.ranges = ranges
    content = publisher.files[publisher.tiny]
    weights_folder().mkdir(parents=True)
    (weights_folder() / f"{publisher.tiny}.part").write_bytes(content[:came])
    assert download("tiny", Silent()).state == "verified"
    assert publisher.sent == (len(content[came:]) if ranges and came else 0 if ranges else len(content))
    assert left_behind() == []


def test_a_beginning_that_is_wrong_is_deleted(publisher: Any) -> None:
    publisher.ranges = True
    weights_folder().mkdir(parents=True)
    (weights_folder() / f"{publisher.tiny}.part").write_bytes(b"wrong")
    with pytest.raises(WorkFailed, match="deleted; try again"):
        download("tiny", Silent())
    assert left_behind() == []
    assert download("tiny", Silent()).state == "verified"


def test_places_that_cannot_be_written_are_one_line(publisher: Any, file: Path) -> None:
    weights_folder().parent.mkdir(parents=True)
    weights_folder().touch()
    for bring in (lambda: import_file("tiny", file), lambda: download("tiny", Silent())):
        with pytest.raises(BadInput, match=r"weights: cannot be written \(File exists\)"):
            bring()


def test_a_full_disk_is_known_as_one_and_keeps_what_was_here(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_file("tiny", file)

    def full(tensors: object, path: Path, facts: object) -> None:
        path.write_bytes(b"half")
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("medgan.common.tensors.save_file", full)
    with pytest.raises(OSError, match="No space left") as failed:
        import_file("tiny", file)
    assert failed.value.errno == errno.ENOSPC
    assert is_present("tiny")
    assert left_behind() == []


def test_one_writer_at_a_time_clears_what_a_killed_one_left(publisher: Any) -> None:
    weights_folder().mkdir(parents=True)
    (weights_folder() / ".other.pth.tmp").touch()
    with FileLock(weights_folder() / ".lock"), pytest.raises(BadInput, match="another process is downloading"):
        download("tiny", Silent())
    download("tiny", Silent())
    assert left_behind() == []


def test_first_use_asks_before_it_downloads(publisher: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(yes: bool) -> None:
        monkeypatch.setattr(train, "agreed", lambda terms: asked.append(terms) or yes)  # type: ignore[func-returns-value]

    answer(False)
    with pytest.raises(BadInput, match="weights of Tiny are not here"):
        train.have_weights("tiny")
    answer(True)
    train.have_weights("tiny")
    train.have_weights("tiny")
    assert asked == [f"Tiny: 0.01 MiB from {publisher.url} (free for all)"] * 2
    assert is_present("tiny")


def test_publishers_file_is_imported_as_verified(file: Path) -> None:
    assert import_file("tiny", file).state == "verified"
    assert_same(load_state("tiny"), torch.load(file, weights_only=True))


@pytest.mark.parametrize("kind", ["zip", "old torch", "safetensors", "half precision", "no step counter"])
def test_any_file_of_fitting_tensors_is_imported_as_unverified(file: Path, tmp_path: Path, kind: str) -> None:
    expected = {name: tensor + 1 for name, tensor in torch.load(file, weights_only=True).items()}
    other = tmp_path / "other.pth"
    match kind:
        case "zip" | "old torch":
            saved(other, expected, _use_new_zipfile_serialization=kind == "zip")
        case "safetensors":
            other = tmp_path / "other.safetensors"
            save_file(expected, other)
        case "half precision":
            expected = {name: tensor.half().to(tensor.dtype) for name, tensor in expected.items()}
            saved(other, {name: t.half() if t.is_floating_point() else t for name, t in expected.items()})
        case _:
            expected["1.num_batches_tracked"] = torch.tensor(0)
            saved(other, {name: tensor for name, tensor in expected.items() if "tracked" not in name})
    line = complaint(other, unverified=False)
    assert f"its SHA-256 begins with {hashlib.sha256(other.read_bytes()).hexdigest()[:8]}, not " in line
    assert PRETRAINED["tiny"].checksum in line
    assert "--unverified" in line
    found = import_file("tiny", other, unverified=True)
    assert (found.state, found.file) == ("unverified", other.name)
    assert_same(load_state("tiny"), expected)
    assert import_file("tiny", file, unverified=True).state == "verified", "the checksum decides, not the wish"


def test_pickles_are_refused_and_never_run(publisher: Any, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "was run",)

    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Evil()))
    for path in (saved(tmp_path / "evil.pth", {"0.weight": Evil()}), tmp_path / "plain.pth"):
        assert "refused, it holds more than plain tensors" in complaint(path)
    whole = saved(tmp_path / "whole.pth", torch.nn.Linear(3, 2))
    assert "save the model's state_dict instead" in complaint(whole)
    assert not (tmp_path / "was run").exists()


@pytest.mark.parametrize("kept", [0, 1, 10, 200, -1, -300])
@pytest.mark.parametrize("new", [True, False])
def test_cut_files_are_one_line(publisher: Any, file: Path, tmp_path: Path, kept: int, new: bool) -> None:
    state = torch.load(file, weights_only=True)
    cut = saved(tmp_path / "cut.pth", state, _use_new_zipfile_serialization=new)
    cut.write_bytes(cut.read_bytes()[:kept])
    assert complaint(cut).startswith(f"{cut}: ")
    save_file(state, tmp_path / "cut.safetensors")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "cut.safetensors").read_bytes()[:kept])
    assert "cannot be read as safetensors" in complaint(tmp_path / "cut.safetensors")


def test_tensors_that_do_not_fit_are_named(file: Path, tmp_path: Path) -> None:
    state = torch.load(file, weights_only=True)
    other = {f"features.{number}": torch.zeros(1) for number in range(50)}
    line = complaint(saved(tmp_path / "other.pth", other))
    assert "its tensors are not those of Tiny: 6 missing (0.weight, 0.bias, 1.weight, ...); " in line
    assert "50 unexpected (features.0, features.1, features.2, ...)" in line
    turned = state | {"0.weight": state["0.weight"].T, "0.bias": torch.zeros(2, dtype=torch.int8)}
    line = complaint(saved(tmp_path / "turned.pth", turned))
    assert "2 of another shape or kind (0.weight (3, 2) floats for (2, 3) floats, 0.bias (2,) integers" in line
    for content in ([1, 2], {"epoch": 3, "state_dict": state}, {"0.weight": state["0.weight"].to_sparse()}):
        assert "holds no state dict" in complaint(saved(tmp_path / "none.pth", content))
    assert "cannot be read (No such file" in complaint(tmp_path / "nothing.pth")
    assert "cannot be read (Is a directory" in complaint(tmp_path)


def test_damaged_weights_are_said_to_be(file: Path) -> None:
    import_file("tiny", file)
    path_of("tiny").write_bytes(path_of("tiny").read_bytes()[:-5])
    assert status_of("tiny").state == "damaged"
    with pytest.raises(BadInput, match=r"weights of Tiny are damaged.*weights download tiny"):
        load_state("tiny")
    assert download("tiny", Silent()).state == "verified"


def test_weights_of_another_network_under_this_name_are_not_loaded(file: Path) -> None:
    import_file("tiny", file)
    save_file({"0.weight": torch.zeros(2, 3)}, path_of("tiny"), {"sha256": "0", "verified": "yes", "file": "x"})
    with pytest.raises(BadInput, match=r"tiny.safetensors: its tensors are not those of Tiny: 5 missing"):
        load_network("tiny")


@pytest.mark.parametrize(
    ("name", "file_name"),
    [
        ("mobilenet_v2", "mobilenet_v2_imagenet.pth"),
        ("squeezenet1_0", "squeezenet1_0_imagenet.pth"),
        ("squeezenet1_1", "squeezenet1_1_imagenet_features.pth"),
    ],
)
def test_real_networks_are_imported(shared_weights: Path, name: str, file_name: str) -> None:
    with pytest.raises(BadInput, match=PRETRAINED[name].checksum):
        import_file(name, shared_weights / file_name)
    assert import_file(name, shared_weights / file_name, unverified=True).state == "unverified"
    features = load_network(name).get_submodule("features")
    with torch.no_grad():
        maps = features(torch.rand(1, 3, 64, 64))
    assert maps.ndim == 4
    assert maps.std() > 0


def test_a_whole_file_gives_the_part_that_is_needed(tmp_path: Path) -> None:
    from torchvision.models import squeezenet1_1

    whole = squeezenet1_1()
    import_file("squeezenet1_1", saved(tmp_path / "whole.pth", whole.state_dict()), unverified=True)
    assert_same(dict(load_network("squeezenet1_1").get_submodule("features").state_dict()), whole.features.state_dict())
    assert not any(name.startswith("classifier") for name in load_state("squeezenet1_1"))
