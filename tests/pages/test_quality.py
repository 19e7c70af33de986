"""The Quality page: what it says where something is missing, and what it shows of finished reports."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from medgan.common.home import quality_folder
from medgan.data.dataset import list_datasets
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.jobs import Job, submit
from medgan.jobs.executor import EXECUTORS
from medgan.jobs.records import change_status, now
from medgan.studies.evaluation import evaluate
from medgan.studies.quality import SCORES, QualityConfig, list_reports, quality_config
from medgan.studies.synthesis import list_sets

from .conftest import NeverStarts, Open, pictures, press, texts


def films() -> str:
    return next(found.id for found in list_datasets() if found.name == "phantom-chest_xray")


@pytest.fixture(scope="module")
def scored_workspace(made_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of the other pages, with a report of its only set."""
    home = tmp_path_factory.mktemp("scored") / "home"
    shutil.copytree(made_workspace, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGAN_HOME", str(home))
        evaluate(quality_config("kept", films(), resamples=10))
    return home


@pytest.fixture
def scored(scored_workspace: Path, medgan_home: Path) -> Path:
    """This test's own copy of it."""
    shutil.copytree(scored_workspace, medgan_home, dirs_exist_ok=True)
    return medgan_home


@pytest.fixture
def films_of_elsewhere(scored: Path) -> str:
    """Id of another data set, newer than the set's own, with a report of the set against it."""
    made = prepare_phantoms(PhantomConfig(family="chest_xray", count=40, size=64, seed=9, name="elsewhere"))
    evaluate(quality_config("kept", made.id, resamples=0))
    return made.id


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[QualityConfig]:
    """What the page asked to be scored; nothing is started."""
    found: list[QualityConfig] = []
    monkeypatch.setattr("medgan.app.asking_quality.submit", lambda kind, config: found.append(config))
    return found


@pytest.fixture
def make_job(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Job]:
    """A job that scores the only set, in a state."""
    monkeypatch.setitem(EXECUTORS, "local", NeverStarts())

    def make(**changes: object) -> Job:
        job = submit("evaluate", quality_config("kept", films()))
        change_status(job.folder, **changes)
        return job

    return make


def charts(app: AppTest) -> list[str]:
    """The text alternative of each chart."""
    return [element.proto.alt for element in app.get("plotly_chart")]


def test_without_data_it_says_what_to_do_first(open_page: Open) -> None:
    app = open_page("quality")
    assert not app.exception
    assert "No real images to compare with yet" in texts(app)
    assert app.get("page_link")


@pytest.mark.usefixtures("phantoms")
def test_without_a_set_it_says_what_to_do_next(open_page: Open) -> None:
    app = open_page("quality")
    assert not app.exception
    assert "No synthetic set is saved yet" in texts(app)
    assert app.get("page_link")


@pytest.mark.usefixtures("populated")
class TestUnscored:
    def test_a_set_is_scored_at_a_click(self, open_page: Open, asked: list[QualityConfig]) -> None:
        app = open_page("quality")
        assert "Not scored yet" in texts(app)
        app = press(app, "Score this set")
        assert not app.exception
        [config] = asked
        assert (config.set, config.against, config.space) == (list_sets()[0].id, films(), "radiomic")
        assert config.label == "normal"

    def test_a_set_of_a_class_that_the_data_lack_is_held_against_all(
        self, open_page: Open, asked: list[QualityConfig]
    ) -> None:
        slices = next(found.id for found in list_datasets() if found.name == "phantom-chest_ct")
        press(open_page("quality", dataset=slices), "Score this set")
        assert [config.label for config in asked] == [""]

    @pytest.mark.parametrize(
        ("state", "button"), [("queued", "Cancel"), ("running", "Cancel"), ("failed", "Try again")]
    )
    def test_what_was_asked_for_is_followed_instead(
        self, open_page: Open, make_job: Callable[..., Job], state: str, button: str
    ) -> None:
        make_job(state=state, reason="the disk is full", finished=now())
        app = open_page("quality")
        assert not app.exception
        assert "Scoring **kept**" in texts(app)
        assert ("the disk is full" in texts(app)) == (state == "failed")
        assert [found.label for found in app.button] == [button]

    def test_a_report_that_was_deleted_can_be_made_again(self, open_page: Open, make_job: Callable[..., Job]) -> None:
        make_job(state="done", finished=now())
        assert [button.label for button in open_page("quality").button] == ["Score this set"]

    def test_it_says_that_there_is_no_fid_and_how_to_get_it(self, open_page: Open) -> None:
        app = open_page("quality")
        assert "No FID here" in texts(app)
        assert "Fréchet distance (radiomic)" in texts(app)
        assert "python -m medgan weights download inception" in [code.value for code in app.code]
        assert "6726825d" in texts(app)

    def test_only_spaces_that_are_here_can_be_chosen(self, open_page: Open) -> None:
        app = open_page("quality", space="inception")
        assert not app.exception
        assert next(box for box in app.selectbox if "Feature space" in box.label).options == ["radiomic"]
        assert app.query_params["space"] == "radiomic"
        assert "its weights are missing" in texts(app)

    def test_curves_of_the_runs_behind_the_sets(self, open_page: Open) -> None:
        app = open_page("quality", view="curves")
        assert not app.exception
        assert len(charts(app)) == 1
        assert "training losses" in charts(app)[0]


@pytest.mark.usefixtures("scored")
class TestScored:
    def test_scores_stand_beside_those_of_real_images(self, open_page: Open) -> None:
        app = open_page("quality")
        assert not app.exception
        assert not app.error
        [found] = [element.value for element in app.table]
        assert {"kept", "Real\\: two halves", "Real, blurred"} <= set(found.columns)
        [share] = found.loc[found["Score"] == "**Precision (radiomic)**", "kept"]
        assert re.fullmatch(r"[\d.]+ \([\d.]+ to [\d.]+\)", share)
        assert "refused, needs at least" in texts(app)  # a half of the real films are too few for most scores
        assert charts(app)
        assert all("Dot chart of the" in words and "kept" in words for words in charts(app))

    def test_switching_a_set_off_and_on_takes_its_column_away_and_back(self, open_page: Open) -> None:
        id = list_sets()[0].id
        app = open_page("quality")
        assert app.query_params["sets"] == id
        app.button_group(key="url:sets").set_value([]).run()
        assert not app.exception
        assert app.query_params["sets"] == "none"
        assert not app.table
        assert "Every set is switched off" in texts(app)
        app.button_group(key="url:sets").set_value([id]).run()
        assert "kept" in app.table[0].value.columns

    @pytest.mark.parametrize("sets", ["none", "gone-1,gone-2"])
    def test_an_address_can_switch_all_off(self, open_page: Open, sets: str) -> None:
        assert "Every set is switched off" in texts(open_page("quality", sets=sets))

    def test_copies_are_a_screening_with_pairs_that_are_told(self, open_page: Open) -> None:
        app = open_page("quality", view="copies")
        assert not app.exception
        assert not app.error
        assert "no proof of privacy" in texts(app)
        assert len(charts(app)) == 2
        assert all("Histogram" in words for words in charts(app))
        assert len(pictures(app)) == 12
        assert all("Left the synthetic image" in words and "training image" in words for words in pictures(app))

    def test_a_set_is_not_cleared_by_images_that_it_did_not_learn_from(
        self, open_page: Open, films_of_elsewhere: str
    ) -> None:
        scores = open_page("quality", dataset=films_of_elsewhere)
        assert "**kept** did not learn from elsewhere" in texts(scores)
        app = open_page("quality", view="copies", dataset=films_of_elsewhere)
        assert not app.exception
        [table] = [element.value for element in app.table]
        assert list(table["Flagged"]) == ["not screened: learned from other images"]
        assert not re.search(r"\d", table.drop(columns="Set").to_string(index=False, header=False))
        assert not charts(app)
        assert not pictures(app)

    def test_the_data_set_that_the_newest_set_learned_from_is_chosen_first(
        self, open_page: Open, films_of_elsewhere: str
    ) -> None:
        app = open_page("quality")
        assert app.query_params["dataset"] == films()
        assert "did not learn" not in texts(app)

    def test_images_that_look_like_nothing_real_are_said_to(self, open_page: Open) -> None:
        [report] = list_reports()
        scores = report.scores.copy()
        scores.loc[(scores["of"] == "set") & (scores["metric"] == "precision"), "value"] = 0.0
        test = scores[(scores["of"] == "test") | (scores["of"] == "halves")]
        assert set(test["metric"]) >= {"precision"}
        scores.loc[(scores["of"] == "halves") & (scores["metric"] == "precision"), "value"] = 0.8
        scores.to_parquet(report.folder / SCORES)
        app = open_page("quality")
        assert any("looks like a real one" in found.value for found in app.error)
        assert "far more strongly to sharpness and noise than to anatomy" in texts(app)

    def test_a_report_without_screening_says_so(self, open_page: Open) -> None:
        shutil.rmtree(quality_folder())
        evaluate(quality_config("kept", films(), resamples=0, screening=False))
        assert "was not screened" in texts(open_page("quality", view="copies"))

    def test_a_damaged_report_is_one_line(self, open_page: Open) -> None:
        [scores] = quality_folder().glob("*/scores.parquet")
        scores.write_bytes(b"torn")
        app = open_page("quality")
        assert not app.exception
        assert len(app.error) == 1

    @pytest.mark.parametrize("view", ["scores", "copies", "curves"])
    def test_it_is_free_of_jargon(self, open_page: Open, view: str) -> None:
        words = texts(open_page("quality", view=view)).lower()
        assert not re.findall(r"\b(?:tensor|latent|checkpoint|logit)s?\b", words)
