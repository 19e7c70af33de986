"""The state of a view and its address."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from medgan.app import session


def view() -> None:
    import streamlit as st

    from medgan.app import session

    session.enter(st.query_params.get("at", "first"))
    session.select("Run", "run", {"b": "newer", "a": "older"})
    session.number("Seed", "seed", 0, 0, 99)
    session.toggle("Exact", "exact")
    st.write(session.page_number("page", 5))
    grids = list(range(10, 10 * (1 + int(st.query_params.get("grids", "3"))), 10))
    st.write("step", session.newest("Step", "step", grids))
    if st.button("turn"):
        session.turn_to(run="a")


def opened(**query: str) -> AppTest:
    app = AppTest.from_function(view)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def test_choices_are_written_into_the_address_and_defaults_left_out() -> None:
    app = opened()
    assert app.query_params == {"run": "b"}  # what is newest today may not be tomorrow
    app.number_input[0].set_value(7)
    app.toggle[0].set_value(True).run()
    assert app.query_params == {"run": "b", "seed": "7", "exact": "True"}
    app.number_input[0].set_value(0).run()
    assert "seed" not in app.query_params


def test_an_address_gives_the_view_back() -> None:
    app = opened(run="a", seed="12", exact="True", page="3", step="20")
    assert app.selectbox[0].value == "a"
    assert app.number_input[0].value == 12
    assert app.toggle[0].value
    assert "`2`" in [text.value for text in app.markdown]
    assert app.select_slider[0].value == 20


def test_a_bad_address_gives_defaults_and_says_what_is_gone() -> None:
    app = opened(run="gone", seed="many", page="77", step="11")
    assert app.selectbox[0].value == "b"
    assert "no longer here" in app.caption[0].value
    assert app.number_input[0].value == 0
    assert "seed" not in app.query_params


def test_turning_to_another_value_after_its_widget_was_drawn() -> None:
    app = opened()
    app.button[0].click().run()
    assert not app.exception
    assert app.selectbox[0].value == "a"
    assert app.query_params["run"] == "a"


def test_a_choice_follows_to_the_next_page_unless_its_address_says_otherwise() -> None:
    app = opened(at="first", run="a")
    app.query_params.clear()
    app.query_params["at"] = "second"
    app.run()
    assert app.selectbox[0].value == "a"
    app.query_params.clear()
    app.query_params |= {"at": "third", "run": "b"}
    app.run()
    assert app.selectbox[0].value == "b"


def test_the_slider_follows_the_newest_until_it_is_moved() -> None:
    app = opened(grids="3")
    assert app.select_slider[0].value == 30
    app.query_params["grids"] = "4"
    app.run()
    assert app.select_slider[0].value == 40
    app.select_slider[0].set_value(20).run()
    app.query_params["grids"] = "5"
    app.run()
    assert app.select_slider[0].value == 20


def whole_page() -> None:
    import streamlit as st

    from medgan.app import session

    session.enter("page")
    with session.address():
        session.select("Run", "run", {"b": "newer", "a": "older"})
        session.number("Seed", "seed", 0, 0, 99)
        session.several("Parts", "parts", {"x": "one", "y": "two"}, default=["x"])
        st.session_state["at the end"] = st.query_params.to_dict()


@pytest.fixture
def turned_back(monkeypatch: pytest.MonkeyPatch):
    """Open an address as the browser's Back does."""

    def open_(app: AppTest, **query: str) -> AppTest:
        app.query_params.clear()
        app.query_params |= query
        with monkeypatch.context() as patch:
            patch.setattr(session, "get_script_run_ctx", lambda: SimpleNamespace(is_history_navigation=True))
            app.run()
        assert not app.exception
        return app

    return open_


def test_a_page_writes_its_address_once_at_its_end() -> None:
    app = AppTest.from_function(whole_page).run()
    assert app.session_state["at the end"] == {}
    assert app.query_params == {"run": "b", "parts": "x"}


def test_going_back_shows_what_the_address_says_and_nothing_else(turned_back) -> None:
    app = AppTest.from_function(whole_page).run()
    app.selectbox[0].set_value("a")
    app.number_input[0].set_value(7).run()
    assert app.query_params == {"run": "a", "seed": "7", "parts": "x"}
    turned_back(app, run="b", parts="y")
    assert app.selectbox[0].value == "b"
    assert app.number_input[0].value == 0, "a default is left out of the address"
    assert app.query_params == {"run": "b", "parts": "y"}


def test_going_back_to_an_address_that_says_nothing_keeps_what_was_chosen(turned_back) -> None:
    app = AppTest.from_function(whole_page).run()
    app.selectbox[0].set_value("a").run()
    turned_back(app)
    assert app.selectbox[0].value == "a"
    assert app.query_params["run"] == "a"
