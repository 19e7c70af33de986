"""The README names every command, GAN and page, and the docs hold what they promise."""

import re
from pathlib import Path

import pytest

from medgan.cli import entries
from medgan.cli.command import Entry
from medgan.data.phantoms import PHANTOMS
from medgan.models import GANS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def commands(table: dict[str, Entry], before: str = "") -> list[str]:
    """Every command as it is typed after `python -m medgan`."""
    found = []
    for word, entry in table.items():
        found += commands(entry.group(), f"{before}{word} ") if entry.group else [before + word]
    return found


@pytest.mark.parametrize("command", commands(entries()))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`{command}`" in README


def test_there_are_commands_to_look_for() -> None:
    assert {"demo", "data prepare", "train fastgan", "jobs cancel"} <= set(commands(entries()))


@pytest.mark.parametrize("gan", GANS)
def test_every_gan_is_in_the_readme_with_its_sizes(gan: str) -> None:
    sizes = ", ".join(map(str, GANS[gan].sizes))
    assert f"| `{gan}` {GANS[gan].title} | {sizes} |" in README


@pytest.mark.parametrize("family", PHANTOMS)
def test_every_phantom_family_is_in_the_readme(family: str) -> None:
    assert f"`{family}`" in README


@pytest.mark.parametrize("page", sorted((ROOT / "pages").glob("*.py")), ids=lambda path: path.stem)
def test_every_page_is_in_the_readme_and_in_the_page_table(page: Path) -> None:
    found = re.search(rf'st\.Page\("pages/{page.name}", title="([^"]+)"', (ROOT / "dashboard.py").read_text())
    assert found, f"{page.name} is not in dashboard.py"
    assert f"| **{found[1]}** |" in README


def test_the_two_commands_open_the_readme() -> None:
    assert re.match(r"# medgan\n\n    make app .*\n    make test .*\n", README)


@pytest.mark.parametrize("document", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda p: p.name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", document.read_text())
    missing = [link for link in links if not (document.parent / link).exists()]
    assert missing == []


def test_every_decision_is_numbered_once() -> None:
    numbers = [path.name[:4] for path in sorted((ROOT / "docs" / "decisions").glob("0*.md"))]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
