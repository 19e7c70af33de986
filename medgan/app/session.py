"""What a view shows stands in its address, so that it can be shared, bookmarked and reloaded.

Each widget here has a name: its query parameter. Its first value comes from the address, else from what this
session last chose under that name on any page, else from a default. Values in the address are ids and numbers,
never labels, so that a link stays good when wording or order change.

The browser's Back and Forward bring an earlier address: then it alone says what is shown. A run of the whole page
writes the address once, at its end, so that it is one step of the browser's history.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import NoReturn, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

ValueT = TypeVar("ValueT", bound=str | int | bool)

KEPT, PAGE, PENDING, PREFIX = "kept values", "current page", "pending values", "url:"
FRAMED = "frame is drawn"
SHOWN, TURNED, TURNS = "page and address", "page was turned to", "turns of pages"
HELD: ContextVar[dict[str, str | None] | None] = ContextVar("values for the address", default=None)
"""Of this run alone: the one before, in a thread of its own, may not have heard yet that it is to stop."""
LATE = ContextVar("drawn late", default=False)
"""Whether widgets are drawn that the browser sees only later."""
PAGES_FOLDER = Path(__file__).parents[2] / "pages"


def enter(page: str) -> None:
    """Begin a run of a page: carry out what `turn_to` asked for, and forget the widgets of a page that was left.

    After Back and Forward the widgets of this page are forgotten too, so that they begin as the address says.
    """
    st.session_state[FRAMED] = True
    for name, value in st.session_state.pop(PENDING, {}).items():
        put(name, value)
    if st.session_state.get(PAGE) != page or _by_history():
        st.session_state[PAGE] = page
        for key in [key for key in st.session_state if str(key).startswith(PREFIX)]:
            del st.session_state[key]
        st.session_state[TURNED] = True
        st.session_state[TURNS] = st.session_state.get(TURNS, 0) + 1


@contextmanager
def address() -> Iterator[None]:
    """Around a page: hold back what it writes into the address, and write it once when all of it is drawn."""
    held: dict[str, str | None] = {}
    token = HELD.set(held)
    try:
        yield  # what is raised goes on from here: who drew half a page knows half an address
    finally:
        HELD.reset(token)
    came_with = st.query_params.to_dict()
    values = {name: value for name, value in (came_with | held).items() if value is not None}
    st.session_state[SHOWN] = (st.session_state.get(PAGE), values)
    # Said again where a page was turned to: the one before may have written while the browser turned.
    if st.session_state.pop(TURNED, False) or values != came_with:
        st.query_params.from_dict(values)


@contextmanager
def drawn_late() -> Iterator[None]:
    """Around the widgets of a popover, which the browser draws when it is opened.

    Streamlit tells a browser a widget's value once. One that is drawn later would begin at Streamlit's own value, such
    as the least of a slider, and send that as if it had been chosen; so here the value is told with every run.
    """
    token = LATE.set(True)
    try:
        yield
    finally:
        LATE.reset(token)


def _by_history() -> bool:
    """Whether the browser's Back or Forward brought this run."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def expect_frame() -> None:
    """Begin anew with dashboard.py where Streamlit ran a page without it.

    Until dashboard.py has called st.navigation once, Streamlit takes the folder `pages` for an app of its own: whoever
    opens a bookmark right after the server started would meet a page without frame, title and settings.
    """
    if not st.session_state.pop(FRAMED, False):
        pages = sorted(PAGES_FOLDER.glob("*.py"), key=lambda path: path.stem != "overview")
        st.navigation([st.Page(path, default=path is pages[0]) for path in pages])  # from now on dashboard.py is run
        st.rerun()


def put(name: str, value: str | int | bool) -> None:
    """Choose a value by program; before its widget is drawn, or in a callback."""
    _kept()[name] = str(value)
    st.session_state[PREFIX + name] = value


def turn_to(**values: str | int | bool) -> NoReturn:
    """Draw the page anew with other values, whether or not their widgets are drawn already."""
    st.session_state[PENDING] = values
    st.rerun(scope="app")


GONE = "What this address names is no longer here; this is the newest instead."


def select(
    label: str, name: str, options: Mapping[str, str], *, help: str | None = None, gone: str = GONE
) -> str | None:
    """A drop-down list of ids with their words; the first is the default. None where there is nothing to choose.

    gone: what to say where the address names something that is not in the list.
    """
    if not options:
        return None
    asked = st.query_params.get(name)
    if asked is not None and asked not in options and PREFIX + name not in st.session_state:
        st.caption(f":material/info: {gone}")
    key = _begin(name, next(iter(options)), list(options), str)
    chosen: str = st.selectbox(label, list(options), format_func=lambda id: options[id], key=key, help=help)
    return _keep(name, chosen)


def tabs(label: str, name: str, options: Mapping[str, str], *, default: str | None = None) -> str:
    """A row of words of which one is chosen; only what belongs to it need be drawn."""
    first = default or next(iter(options))
    key = _begin(name, first, list(options), str)
    chosen = st.segmented_control(
        label, list(options), format_func=lambda id: options[id], key=key, required=True, label_visibility="collapsed"
    )
    return _keep(name, chosen or first)


def choice(label: str, name: str, options: Mapping[str, str], *, default: str | None = None) -> str:
    """As `tabs`, with its label shown and left out of the address at its default."""
    first = default or next(iter(options))
    key = _begin(name, first, list(options), str)
    chosen = st.segmented_control(label, list(options), format_func=lambda id: options[id], key=key, required=True)
    return _keep(name, chosen or first, first)


def radio(label: str, name: str, options: Mapping[str, str]) -> str:
    """As `tabs`, one below the other."""
    first = next(iter(options))
    key = _begin(name, first, list(options), str)
    chosen = st.radio(label, list(options), format_func=lambda id: options[id], key=key, label_visibility="collapsed")
    return _keep(name, chosen or first)


NONE_CHOSEN = "none"
FEW = 12
"""So many options stand side by side; more are a list that is searched by typing."""


def several(label: str, name: str, options: Mapping[str, str], *, default: Sequence[str] = ()) -> list[str]:
    """Ids of which any number are switched on, in the order of the options; they stand in the address with commas.

    All of them may be switched off, and that is kept too. The ids hold no comma.
    """
    key = PREFIX + name
    if key not in st.session_state:
        asked = _asked(name)
        st.session_state[key] = asked[0].split(",") if asked else list(default)
    st.session_state[key] = [id for id in st.session_state[key] if id in options]
    words = options.__getitem__
    if len(options) <= FEW:
        chosen = st.pills(label, list(options), format_func=words, key=key, selection_mode="multi")
    else:
        chosen = st.multiselect(label, list(options), format_func=words, key=key, placeholder="Type to search")
    _keep(name, ",".join(chosen) or NONE_CHOSEN)
    return [id for id in options if id in chosen]


def number(label: str, name: str, default: int, low: int, high: int, *, step: int = 1, help: str | None = None) -> int:
    """A whole number."""
    key = _begin(name, default, range(low, high + 1), int)
    return _keep(name, int(st.number_input(label, low, high, step=step, key=key, help=help)), default)


def slider(
    label: str,
    name: str,
    default: int,
    low: int,
    high: int,
    *,
    step: int = 1,
    unit: str = "",
    help: str | None = None,
) -> int:
    """A whole number on a slider, shown with its unit."""
    key, shown = _begin(name, default, range(low, high + 1, step), int), "%d" + unit.replace("%", "%%")
    return _keep(name, int(st.slider(label, low, high, step=step, format=shown, key=key, help=help)), default)


def toggle(label: str, name: str, *, default: bool = False, help: str | None = None) -> bool:
    """A switch."""
    key = _begin(name, default, (False, True), lambda text: text == "True")
    return _keep(name, st.toggle(label, key=key, help=help), default)


def newest(label: str, name: str, options: Sequence[int]) -> int:
    """A slider through numbers of which new ones arrive; it follows the last until it is moved."""
    last, seen = options[-1], f"newest {name}"
    if st.session_state.get(PREFIX + name) == st.session_state.get(seen, last):
        st.session_state[PREFIX + name] = last
    st.session_state[seen] = last
    key = _begin(name, last, options, int)
    if len(options) == 1:
        return last
    chosen = st.select_slider(label, options, format_func=lambda value: f"{value:,}", key=key)
    return _keep(name, int(chosen), last)


def page_number(name: str, pages: int) -> int:
    """Which page of several, counted from 0; draws nothing where there is only one."""
    if pages <= 1:
        return _keep(name, 1, 1) - 1
    # Streamlit tells the browser where this widget begins once a key: so each turn of a page has one of its own.
    key = f"{PREFIX}{name} {st.session_state.get(TURNS, 0)}"
    start = _begin(f"{name} at first", _read(st.query_params.get(name, "1"), int) or 1, range(1, pages + 1), int)
    return _keep(name, st.pagination(pages, default=max(1, min(st.session_state[start], pages)), key=key), 1) - 1


def _begin(name: str, default: ValueT, allowed: Sequence[ValueT], read: Callable[[str], ValueT]) -> str:
    """The widget's key, with a value behind it that is one of those allowed."""
    key = PREFIX + name
    if key not in st.session_state:
        found = (_read(text, read) for text in _asked(name))
        st.session_state[key] = next((value for value in found if value is not None and value in allowed), default)
    elif st.session_state[key] not in allowed:
        st.session_state[key] = default
    elif LATE.get():
        st.session_state[key] = st.session_state[key]
    return key


def _asked(name: str) -> list[str]:
    """What the address says, and then what was chosen last.

    An address that was gone back to says all; but one that says nothing is that of a link, from the moment before its
    page completed it.
    """
    says_all = _by_history() and bool(st.query_params.to_dict())
    texts = (st.query_params.get(name), None if says_all else _kept().get(name))
    return [text for text in texts if text is not None]


def _read(text: str, read: Callable[[str], ValueT]) -> ValueT | None:
    try:
        return read(text)
    except ValueError:
        return None


def _keep(name: str, value: ValueT, default: ValueT | None = None) -> ValueT:
    """Write the value into the session and the address; a default is left out of the address."""
    if value == default:
        _kept().pop(name, None)
        _write(name, None)
    else:
        _kept()[name] = str(value)
        _write(name, str(value))
    return value


def _write(name: str, text: str | None) -> None:
    """Into the address at the end of the page's run; at once where only a part of it is drawn anew."""
    if (held := HELD.get()) is not None:
        held[name] = text
        return
    # A part may be drawn anew before the browser has heard what the whole page wrote.
    page, values = st.session_state.get(SHOWN, (None, {}))
    before = (values if page == st.session_state.get(PAGE) else {}) | st.query_params.to_dict()
    if before.get(name) != text:
        after = {key: value for key, value in (before | {name: text}).items() if value is not None}
        st.session_state[SHOWN] = (page, after)
        st.query_params.from_dict(after)


def _kept() -> dict[str, str]:
    kept: dict[str, str] = st.session_state.setdefault(KEPT, {})
    return kept
