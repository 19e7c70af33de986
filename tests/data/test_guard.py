"""Functions in a process of their own: what they may return, and what becomes of those that crash, hang or swell."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import copy
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from medgan.data.formats import read_image
from medgan.data.guard import end_idle, guarded
from medgan.data.guard_messages import receive, send
from medgan.data.problems import Unusable

PATIENCE_S = 180
"""Longest wait for a process to end; a busy machine is no failure."""


@pytest.fixture(autouse=True, scope="module")
def _no_process_is_left() -> Any:
    yield
    end_idle()


def test_plain_values_come_back_as_they_were(tmp_path: Path) -> None:
    value = {"a": [1, 2.5, None, True], 3: ("heart", b"\0\xff"), "path": tmp_path, "inf": float("inf")}
    assert guarded(copy, value) == value
    assert guarded(copy, np.float32(0.5)) == 0.5


@pytest.mark.parametrize("dtype", ["u1", "<i2", ">i2", "<f4", "f8", "?"])
def test_arrays_come_back_whole_and_writable(dtype: str) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)[:, ::2]
    back = guarded(copy, array)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)
    back[:] = 0
    assert guarded(copy, np.zeros((0, 3), "f4")).shape == (0, 3)
    assert guarded(copy, np.array(5, "i4")).shape == ()


def test_a_process_is_used_again() -> None:
    first = guarded(os.getpid)
    assert first != os.getpid()
    assert guarded(os.getpid) == first


def test_threads_have_a_process_each() -> None:
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda number: guarded(copy, number), range(60)))
    assert results == list(range(60))


def test_a_crash_is_one_line_and_the_next_call_works() -> None:
    with pytest.raises(Unusable, match=r"^makes its decoder crash \(SIGSEGV\); damaged$") as caught:
        guarded(ctypes.string_at, 0)
    assert caught.value.kind == "unreadable"
    assert guarded(copy, 1) == 1


def test_an_endless_loop_is_ended() -> None:
    with pytest.raises(Unusable, match=r"^takes longer than 0\.3 s to decode"):
        guarded(time.sleep, 60, seconds=0.3)
    assert guarded(copy, 1, seconds=0.3) == 1


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is limited on Linux only")
def test_memory_is_bounded() -> None:
    with pytest.raises(Unusable, match="needs more than 200 MB of memory") as caught:
        guarded(bytearray, 3 * 2**30, megabytes=200)
    assert caught.value.kind == "too_large"


def test_an_answer_is_bounded() -> None:
    stream = BytesIO()
    send(stream, np.zeros(3 * 2**20, np.uint8))
    stream.seek(0)
    with pytest.raises(ValueError, match="an answer of more than 2 MiB"):
        receive(stream, 2 * 2**20)


def test_what_a_library_prints_disturbs_nothing() -> None:
    guarded(os.write, 1, b"a decoder's chatter" * 1000)
    guarded(print, "more of it")
    assert guarded(copy, 7) == 7


def test_exceptions_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="not there") as caught:
        guarded(read_image, tmp_path / "nowhere.png")
    assert caught.value.kind == "unreadable"
    with pytest.raises(Unusable, match=r"^cannot be decoded \(Expecting value.*\)$"):
        guarded(json.loads, "no\nJSON")


def test_objects_are_not_handed_over() -> None:
    with pytest.raises(Unusable, match="a object cannot be handed"):
        guarded(object)
    with pytest.raises(TypeError, match="a object cannot be handed"):
        guarded(copy, object())


def test_a_process_that_died_while_idle_is_replaced() -> None:
    first = guarded(os.getpid)
    os.kill(first, signal.SIGKILL)
    while Path(f"/proc/{first}/stat").exists() and ") Z " not in Path(f"/proc/{first}/stat").read_text():
        time.sleep(0.01)
    assert guarded(os.getpid) != first


def test_workers_end_with_the_process_that_started_them() -> None:
    code = "import os; from medgan.data.guard import guarded; print(guarded(os.getpid), flush=True); os._exit(1)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    worker = int(told.stdout)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(worker).wait(PATIENCE_S)
    assert not psutil.pid_exists(worker)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_starts_its_own() -> None:
    first = guarded(os.getpid)
    child = os.fork()
    if child == 0:
        os._exit(0 if guarded(os.getpid) != first else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert guarded(os.getpid) == first
