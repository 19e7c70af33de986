"""The real server, as it is attacked: with the options and the workspace that a test gives it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from medgan.common.users import put_user

from ..browser.conftest import browser, page
from ..pages.conftest import open_page, warm_server

ROOT = Path(__file__).parents[2]
__all__ = ["browser", "open_page", "page", "warm_server"]  # fixtures of other tests
NAME, PASSWORD = "ann", "correct horse battery"  # pragma: allowlist secret


@contextmanager
def served(home: Path, port: int = 0, script: str = "app.py", **environment: str) -> Iterator[str]:
    """The address of a dashboard with that home, until the block ends."""
    port = port or free_port()
    log = home / "server.log"
    variables = os.environ | {"MEDGAN_HOME": str(home)} | environment
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / script), "--server.port", str(port)]
    with open(log, "wb") as stream:
        pipes = {"stdout": stream, "stderr": stream}
        process = subprocess.Popen(command, cwd=home, env=variables, start_new_session=True, **pipes)
    try:
        address = f"http://127.0.0.1:{port}"
        while not _answers(address):
            assert process.poll() is None, f"the server ended: {log.read_text()}"
            time.sleep(0.1)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/_stcore/health").is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard that asks for a password; ann has one."""
    home = tmp_path_factory.mktemp("locked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGAN_HOME", str(home))
        put_user(NAME, PASSWORD)
    with served(home) as address:
        yield address


@pytest.fixture(scope="module")
def unlocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard where nobody signs in, on this machine alone."""
    with served(tmp_path_factory.mktemp("unlocked")) as address:
        yield address


def sign_in(address: str, name: str = NAME, password: str = PASSWORD, **headers: str) -> httpx.Response:
    """What the sign-in page answers."""
    filled = {"name": name, "password": password, "next": "/data"}
    return httpx.post(f"{address}/login", data=filled, headers=headers, timeout=60)
