"""Fetching a file by HTTP so that what broke off goes on, in one line where it does not."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from medgan import __version__
from medgan.common.errors import Cancelled, WorkFailed
from medgan.common.progress import Progress

MIB = 1 << 20
PATIENCE_S = 30.0
"""How long a server may be silent."""
AGAIN = "the same command goes on with it"


def fetch(url: str, file: Path, progress: Progress, words: str, otherwise: str = "") -> None:
    """Download to a file, going on from where it ends; what came of a transfer that failed is kept.

    words: what progress says; it counts MiB. otherwise: what else a person can do, for the error's end, as in "or
    download it on another machine". The server's mark of this version of its file (its ETag) is kept beside the file:
    a file that was replaced meanwhile comes whole, instead of in two halves that do not belong together. Raises
    WorkFailed where the server cannot be reached, has no such file or breaks off, Cancelled where it should stop.
    """
    for chunk, first, total in _chunks(url, file, otherwise):
        with open(file, "ab" if first else "wb") as stream:
            stream.write(chunk)
        progress.update((first + len(chunk)) // MIB, total // MIB, f"{words}, MiB")
        if progress.stop_requested():
            raise Cancelled(f"the download was stopped; {AGAIN}")
    file.touch()  # the answer may have been empty
    _mark_of(file).unlink(missing_ok=True)


def discard(file: Path) -> None:
    """Delete what was fetched, and the mark beside it, so that the next download begins anew."""
    file.unlink(missing_ok=True)
    _mark_of(file).unlink(missing_ok=True)


def _mark_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.etag")


def _request(url: str, file: Path) -> tuple[urllib.request.Request, int]:
    """What to ask for, and the number of its first byte."""
    first = file.stat().st_size if file.exists() else 0
    headers = {"User-Agent": f"medgan/{__version__}"}
    if first:
        headers["Range"] = f"bytes={first}-"
        if _mark_of(file).exists():
            headers["If-Range"] = _mark_of(file).read_text(encoding="utf-8")
    return urllib.request.Request(url, headers=headers), first  # noqa: S310  # of our tables, never a user's


def _chunks(url: str, file: Path, otherwise: str) -> Iterator[tuple[bytes, int, int]]:
    """The bytes of the server's file from where ours ends, or from 0 where the server sends only the whole.

    Piece by piece, each with the number of its first byte and the size of the whole (0: not told).
    """
    asked, first = _request(url, file)
    begun, total = False, 0
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:  # noqa: S310
            first = first if answer.status == HTTPStatus.PARTIAL_CONTENT else 0
            _check_range(answer.headers.get("Content-Range"), first)
            _keep_mark(file, answer.headers.get("ETag"))
            total = first + answer.length if answer.length else 0
            while chunk := answer.read(MIB):
                begun = True
                yield chunk, first, total
                first += len(chunk)
        if first < total:
            raise http.client.IncompleteRead(b"", total - first)
    except urllib.error.HTTPError as error:
        with error:  # it holds the connection
            if first and error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return  # there is no more: the checksum tells what this is
            refused = f"the server has no such file for us ({error.code} {error.reason}): try again later"
            raise WorkFailed(f"{url}: {refused}{_or(otherwise)}") from None
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        cause = getattr(error, "reason", error)  # URLError wraps what happened
        reason = getattr(cause, "strerror", None) or cause
        if begun:
            broken = f"broke off after {first} of {total} bytes ({reason}): {AGAIN}"
        else:
            broken = f"cannot be reached ({reason}): try again"
        raise WorkFailed(f"{url}: {broken}{_or(otherwise)}") from None


def _check_range(told: str | None, first: int) -> None:
    """Raise HTTPException where a server sends another part of its file than it was asked for."""
    if first and told and not told.startswith(f"bytes {first}-"):
        raise http.client.HTTPException(f"sent {told}, not from byte {first}")


def _keep_mark(file: Path, mark: str | None) -> None:
    """Keep the ETag; a weak one does not promise the same bytes."""
    if mark and not mark.startswith("W/"):
        _mark_of(file).write_text(mark, encoding="utf-8")
    else:
        _mark_of(file).unlink(missing_ok=True)


def _or(otherwise: str) -> str:
    return f", {otherwise}" if otherwise else ""
