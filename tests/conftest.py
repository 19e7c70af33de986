"""Fixtures for every test: a workspace of its own, and the real images where they are at hand."""

import hashlib
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
SHARED_WEIGHTS = Path(__file__).parents[2] / "shared" / "weights"


LONGEST_FIRST = ("test_published_presets", "training/", "browser/", "reliability/", "test_truth")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest first, so that no core is left with one of them at the end."""

    def place(item: pytest.Item) -> int:
        return next((n for n, part in enumerate(LONGEST_FIRST) if part in item.nodeid), len(LONGEST_FIRST))

    items.sort(key=place)


@pytest.fixture(autouse=True)
def medgan_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home a test, so that no test sees another's artefacts or the developer's."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("MEDGAN_HOME", str(home))
    return home


@pytest.fixture
def shared_data() -> Path:
    """The folder of real images; tests that need it skip elsewhere."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real images are not at hand: no folder {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture
def shared_weights() -> Path:
    """The folder of small ImageNet networks; tests that need it skip elsewhere."""
    if not SHARED_WEIGHTS.is_dir():
        pytest.skip(f"real weights are not at hand: no folder {SHARED_WEIGHTS}")
    return SHARED_WEIGHTS


@dataclass
class Publisher:
    """A web server in this process, and `tiny`, the network that it publishes."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    held_back: int = 0
    """Bytes that an answer promises and does not send."""
    ranges: bool = False
    """Whether it sends a part of a file where one is asked for."""
    sent: int = 0
    """Bytes of files that it sent."""
    etag: str = ""
    """What it calls this version of its files; it sends no part to whoever has another."""
    content_range: str = ""
    """Which part it says that it sends, where that is not the one that was asked for."""
    tiny: str = ""
    """Name of the file of `tiny`: a linear layer from 3 numbers to 2, and batch norm of 2."""


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """A publisher with a file for `tiny`, which is in the table of pre-trained networks for this test."""
    import torch

    from medgan.weights import PRETRAINED, Pretrained

    def build() -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))

    published = Publisher()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = published.files.get(self.path.removeprefix("/"))
            if content is None:
                return self.send_error(404)
            whole = len(content)
            same = self.headers.get("If-Range", published.etag) == published.etag
            first = int(self.headers.get("Range", "bytes=0-")[6:-1]) if published.ranges and same else 0
            if first and first >= len(content):
                return self.send_error(416)
            content = content[first:]
            published.sent += len(content)
            self.send_response(206 if first else 200)
            self.send_header("Content-Length", str(len(content) + published.held_back))
            if first:
                told = published.content_range or f"bytes {first}-{whole - 1}/{whole}"
                self.send_header("Content-Range", told)
            if published.etag:
                self.send_header("ETag", published.etag)
            self.end_headers()
            self.wfile.write(content)
            return None

        def log_message(self, *_: object) -> None:
            pass

    stream = io.BytesIO()
    torch.save(build().state_dict(), stream)
    checksum = hashlib.sha256(stream.getvalue()).hexdigest()[:8]
    published.tiny = f"tiny-{checksum}.pth"
    published.files[published.tiny] = stream.getvalue()
    monkeypatch.setenv("no_proxy", "*")
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        published.url = f"http://127.0.0.1:{server.server_port}/{published.tiny}"
        tiny = Pretrained("Tiny", "tests", published.url, checksum, 0.01, "free for all", build)
        monkeypatch.setitem(PRETRAINED, "tiny", tiny)
        yield published
        server.shutdown()
        thread.join()


@pytest.fixture
def small_vgg16(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Layers of a small VGG with random weights, imported as the weights of `vgg16`; the real ones are too large."""
    import torch
    from torchvision.models.vgg import make_layers

    from medgan.weights import PRETRAINED, import_file

    small = [6, 6, "M", 8, 8, "M", 10, 10, 10, "M", 12, "M"]  # VGG16's first three blocks, narrower, and a fourth
    torch.manual_seed(0)
    layers = make_layers(small)
    for parameter in layers.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    path = tmp_path / "small.pth"
    torch.save(torch.nn.ModuleDict({"features": layers}).state_dict(), path)
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()[:8]

    def build() -> torch.nn.Module:
        return torch.nn.ModuleDict({"features": make_layers(small)})

    monkeypatch.setitem(PRETRAINED, "vgg16", replace(PRETRAINED["vgg16"], build=build, checksum=checksum))
    import_file("vgg16", path)
    return layers


@pytest.fixture(scope="session")
def _phantoms_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small phantom data set, drawn once a session; tests get copies."""
    home = tmp_path_factory.mktemp("phantoms")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGAN_HOME", str(home))
        prepare_phantoms(PhantomConfig(family="chest_xray", count=48, size=64, name="phantoms"))
    return home


@pytest.fixture
def phantoms(_phantoms_once: Path, medgan_home: Path) -> PreparedDataset:
    """Data set `phantoms`: 48 chest films of 64 pixels in three classes, in this test's home."""
    shutil.copytree(_phantoms_once, medgan_home, dirs_exist_ok=True)
    return PreparedDataset.open("phantoms")
