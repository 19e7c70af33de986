"""What `make check` looks for: dangerous calls in the package, known weaknesses, licences and secrets."""

import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from scripts.audit import LISTS, found_in, known, requirements_in

ROOT = Path(__file__).parents[2]

DANGEROUS = {
    "S301": "import pickle\n\npickle.loads(b'')\n",
    "S302": "import marshal\n\nmarshal.loads(b'')\n",
    "S307": "eval('1')\n",
    "S102": "exec('1')\n",
    "S602": "import subprocess\n\nsubprocess.run('ls', shell=True)\n",
    "S605": "import os\n\nos.system('ls')\n",
    "S506": "import yaml\n\nyaml.load('')\n",
    "TID251": "import torch\n\ntorch.load('x')\n",
    "S202": "import tarfile\n\ntarfile.open('x').extractall()\n",
    "S701": "import jinja2\n\njinja2.Environment(autoescape=False)\n",
}


@pytest.mark.parametrize("rule", DANGEROUS)
def test_the_linter_refuses_dangerous_calls_in_the_package(rule: str) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--output-format=concise", "--stdin-filename=medgan/new.py", "-"]
    found = subprocess.run(command, cwd=ROOT, input=DANGEROUS[rule], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert f" {rule} " in found.stdout


def test_no_pin_and_no_oldest_version_has_a_known_weakness() -> None:
    _, advisories = known()
    for name in LISTS:
        assert found_in(requirements_in((ROOT / name).read_text()), advisories) == []


@pytest.mark.parametrize(
    "line", ["torch==2.5.1", "torch>=2.3,<3", "Torch", "torch[extra]==2.5.1 ; python_version > '3'"]
)
def test_a_version_with_a_known_weakness_is_named(line: str) -> None:
    _, advisories = known()
    advisory = next(row for row in advisories if row.id == "CVE-2025-32434")
    (found,) = found_in(requirements_in(f"# a comment\n{line}  # for a reason\n"), [advisory])
    assert "CVE-2025-32434" in found
    assert "mended in 2.6.0" in found
    assert found_in([Requirement("torch==2.6.0")], [advisory]) == []


def test_the_table_is_of_packages_that_are_pinned() -> None:
    """A row for a package that is not used any more would look like a check."""
    _, advisories = known()
    pinned = {requirement.name for requirement in requirements_in((ROOT / "constraints.txt").read_text())}
    assert {row.package for row in advisories} <= pinned


def test_a_secret_in_a_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text('password = "a-real-one-1234"\n')  # pragma: allowlist secret
    command = [sys.executable, "-m", "detect_secrets.pre_commit_hook", "--disable-plugin", "HexHighEntropyString"]
    found = subprocess.run([*command, str(tmp_path / "settings.py")], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "settings.py:1" in found.stdout


def test_a_licence_that_binds_is_refused() -> None:
    """MIT is not allowed in this run, and so stands for one."""
    command = [sys.executable, "-m", "piplicenses", "--allow-only=Apache-2.0", "--packages", "pydantic"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "license MIT not in allow-only licenses" in found.stderr
