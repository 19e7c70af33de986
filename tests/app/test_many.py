"""Choosing among hundreds: a list to search, of which only the first are looked into beforehand."""

import pytest
from streamlit.testing.v1 import AppTest


def among_many() -> None:
    import streamlit as st

    from medgan.app.choosing_sets import choose_fitting

    def refusal(id: str) -> str:
        st.session_state.setdefault("looked into", []).append(id)
        return f"set {id} is odd" if int(id) % 2 else ""

    words = {str(number): f"set {number}" for number in range(st.session_state["count"])}
    st.session_state["found"] = choose_fitting("Sets", "sets", words, refusal, at_first=1)


def opened(count: int, **query: str) -> AppTest:
    app = AppTest.from_function(among_many, default_timeout=60)
    app.session_state["count"] = count
    app.query_params |= query
    app.run()
    assert not app.exception
    return app


def test_few_stand_side_by_side_and_all_are_looked_into() -> None:
    app = opened(4)
    assert not app.multiselect
    assert app.session_state["found"] == (["0"], {"1": "set 1 is odd", "3": "set 3 is odd"})


def test_of_many_only_the_first_and_the_chosen_are_looked_into() -> None:
    app = opened(300, sets="200,201")
    assert len(app.multiselect[0].options) == 300 - 6, "the refused ones of the first twelve are left out"
    chosen, refused = app.session_state["found"]
    assert chosen == ["200"]
    assert refused["201"] == "set 201 is odd"
    assert "set 201 is odd" in app.caption[0].value
    assert set(app.session_state["looked into"]) == {*map(str, range(12)), "200", "201"}


@pytest.mark.parametrize("count", [12, 13])
def test_what_is_chosen_stands_in_the_address_in_either_form(count: int) -> None:
    app = opened(count)
    assert app.query_params["sets"] == "0"
    assert opened(count, sets="2,4").session_state["found"][0] == ["2", "4"]
