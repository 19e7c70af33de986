"""The Guide: its parts, and that what it cites stands among its sources."""

import re

from medgan.app.guide import FILE, PARTS_OF_PAGES, in_the_app, parts

APP = FILE.parents[1] / "dashboard.py"
CITED = re.compile(
    r"([A-Z][a-zà-ž-]+)(?:, [A-Z][a-zà-ž-]+)*(?: and [A-Z][a-zà-ž-]+)?(?: et al\.)? \(?((?:19|20)\d\d)\)?"
)


def test_every_page_has_a_part_and_every_part_something_to_say() -> None:
    titles = set(re.findall(r'title="([^"]+)", icon', APP.read_text(encoding="utf-8"))) - {"Overview", "Guide"}
    assert titles <= set(PARTS_OF_PAGES)
    assert set(PARTS_OF_PAGES.values()) <= set(parts())
    assert all(len(text) > 100 for _, text in parts().values())


def test_what_is_cited_stands_among_the_sources() -> None:
    sources = " ".join(parts()["sources"][1].split())
    told = " ".join(" ".join(text.split()) for name, (_, text) in parts().items() if name != "sources")
    cited = set(CITED.findall(told))
    assert len(cited) > 10
    missing = {f"{name} {year}" for name, year in cited if not re.search(rf"{name}[^:]*{year}:", sources)}
    assert not missing


def test_links_to_other_documents_become_their_names() -> None:
    assert in_the_app("see [scores](metrics.md) and [a page](https://x.org)") == (
        "see scores (`docs/metrics.md`) and [a page](https://x.org)"
    )
