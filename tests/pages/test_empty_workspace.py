"""Every page in a home where nothing has been made yet: no error, and words on what to do."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from medgan.jobs import list_jobs

from .conftest import PATIENCE_S, ROOT, Open, texts

PAGES = {
    "overview": "What to do next",
    "data": "Folder on this computer",
    "train": "nothing to learn from yet",
    "generate": "",
    "mask_to_lesion": "First: a data set with masks",
    "normal_abnormal": "First: a data set with two classes",
    "guide": "Where to begin",
    "jobs": "Nothing has run yet",
    "quality": "No real images to compare with yet",
    "downstream": "No study has been carried out yet",
    "reader_study": "No session yet",
    "thesis": "Not measured here yet",
}


@pytest.mark.parametrize("name", PAGES)
def test_page_opens_and_says_what_to_do(open_page: Open, name: str) -> None:
    app = open_page(name)
    assert not app.exception
    assert not app.error
    words = texts(app) + " ".join(field.label for field in app.text_input)
    assert PAGES[name] in words
    assert "For research; not for diagnosis" in texts(app)


def test_a_bookmark_opened_first_on_a_new_server_gets_the_frame() -> None:
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=PATIENCE_S).run()
    app.switch_page("pages/jobs.py").run()  # run by Streamlit without dashboard.py, see session.expect_frame
    assert not app.exception
    assert "Jobs" in texts(app)
    assert app.sidebar.caption


def test_no_page_is_missing_here() -> None:
    assert {path.stem for path in (ROOT / "pages").glob("*.py")} == set(PAGES)


def test_overview_draws_phantoms_with_one_click(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[str] = []
    monkeypatch.setattr("medgan.app.next_steps.submit", lambda kind, config: submitted.append(kind))
    app = open_page("overview")
    [button] = [button for button in app.button if "phantom" in button.label]
    button.click().run()
    assert not app.exception
    assert submitted == ["phantom"]


def test_data_says_in_one_line_that_a_folder_is_not_there(open_page: Open, medgan_home: Path) -> None:
    app = open_page("data", view="add")
    app.text_input[0].set_value(str(medgan_home / "no_such *folder*")).run()
    assert not app.exception
    assert [error.value.count("\n") for error in app.error] == [0]
    assert "no such folder" in app.error[0].value
    assert "\\*folder\\*" in app.error[0].value  # shown as typed, not as Markdown


def test_data_says_that_a_folder_holds_nothing_usable(open_page: Open, medgan_home: Path) -> None:
    (medgan_home / "notes.txt").write_text("no image")
    app = open_page("data", view="add")
    app.text_input[0].set_value(str(medgan_home)).run()
    assert "no usable image" in app.error[0].value
    assert list_jobs() == []


@pytest.mark.parametrize("path", ["~nobody-of-that-name/films", "/" + "x" * 5000, "/no/such/folder"])
def test_a_path_that_leads_nowhere_is_one_line(open_page: Open, path: str) -> None:
    app = open_page("data", view="add")
    [field] = [field for field in app.text_input if "Folder" in field.label]
    field.set_value(path).run()
    assert not app.exception
    assert len(app.error) == 1
