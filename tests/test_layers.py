"""The shape of the house: files import from lower layers only, pages stay thin."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "app.py", ROOT / "dashboard.py", *sorted((ROOT / "pages").glob("*.py"))]


def imports_of(path: Path) -> set[str]:
    """Full names of the modules a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_layers_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml")) == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_pages_are_thin(page: Path) -> None:
    """Layout and words: no networks, no arrays, no processes; and short."""
    heavy = {"torch", "numpy", "scipy", "subprocess", "threading", "PIL"}
    assert not {name.split(".")[0] for name in imports_of(page)} & heavy
    assert len(page.read_text().splitlines()) < 150


def test_no_page_waits_for_torchvision() -> None:
    """It takes seconds to load, and only pre-trained networks need it."""
    app = [f"medgan.app.{path.stem}" for path in (ROOT / "medgan" / "app").glob("*.py")]
    script = f"import sys, {', '.join(app)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "medgan.weights.table" in loaded
    assert not {"torchvision", "torch_fidelity", "torch._dynamo"} & loaded


def test_nothing_in_the_package_imports_a_page() -> None:
    for path in (ROOT / "medgan").rglob("*.py"):
        assert not {name.split(".")[0] for name in imports_of(path)} & {"pages", "app", "tests"}, path
