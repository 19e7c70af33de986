"""Does the dashboard still start, and does it say what happened?"""

import logging
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from reliability.tally import Fault

SCRIPT = Path(__file__).parents[1] / "dashboard.py"
SERVER = SCRIPT.with_name("app.py")
PATIENCE_S = 120
ALL = tuple(sorted(path.stem for path in (SCRIPT.parent / "pages").glob("*.py")))
_begin = PagesManager.__init__
# Streamlit warns, a line a page, that nobody's browser is behind it.
logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").disabled = True


def _begin_warm(self: PagesManager, *arguments: Any, **options: Any) -> None:
    """As in a server where the script has run before; AppTest forgets that before every run."""
    _begin(self, *arguments, **options)
    PagesManager.uses_pages_directory = False


def warm() -> AbstractContextManager[Any]:
    """While it lasts, pages are drawn as in a server where the script has run before."""
    return patch.object(PagesManager, "__init__", _begin_warm)


def page(name: str, **query: str) -> AppTest:
    """A page of the dashboard, drawn."""
    with warm():
        app = AppTest.from_file(str(SCRIPT), default_timeout=PATIENCE_S)
        if name != "overview":
            app.switch_page(f"pages/{name}.py")
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()


def drawn_again(app: AppTest) -> AppTest:
    """The same page after another moment, as a browser that stayed open sees it."""
    with warm():
        return app.run()


def words(app: AppTest) -> str:
    """Everything that a page says."""
    kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.success, app.warning, app.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def press(fault: Fault, app: AppTest, label: str, said: str = "") -> None:
    """Press the first button of that label: no traceback comes of it, but a line that says this."""
    button = next(button for button in app.button if button.label == label)
    with patch.object(PagesManager, "__init__", _begin_warm):
        app = button.click().run()
    told = "; ".join(str(error.value) for error in app.exception)
    fault.require(not app.exception, f"pressing {label!r} shows a traceback: {told[:200]}")
    lines = [str(error.value) for error in app.error]
    fault.require(not said or any(said in line for line in lines), f"pressing {label!r} does not say {said!r}: {lines}")


def draw_phantoms(fault: Fault, said: str) -> None:
    """Ask for new work on the Data page; a line says why it cannot begin."""
    press(fault, page("data", view="add", **{"from": "phantoms"}), "Draw phantoms", said)


def check(fault: Fault, names: Sequence[str], said: Sequence[str] = (), where: str = "overview") -> None:
    """Every one of these pages draws without a traceback; all of `said` stands on the page `where`."""
    for name in names:
        app = page(name)
        told = "; ".join(str(error.value) for error in app.exception)
        fault.require(not app.exception, f"the page {name} shows a traceback: {told[:200]}")
        for one in said if name == where else ():
            fault.require(one in words(app), f"the page {name} does not say {one!r}")


def check_server(fault: Fault) -> None:
    """The dashboard's own server starts in this workspace, and answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/_stcore/health"
    options = ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.port", str(port)]
    command = [sys.executable, "-m", "streamlit", "run", str(SERVER), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as server:
        try:
            while server.poll() is None and not _answers(address):
                time.sleep(0.2)
            fault.require(server.poll() is None, "the server did not start")
        finally:
            server.terminate()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
