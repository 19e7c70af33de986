"""What an artefact's folder holds, less what tells the time: equal for equal work."""

import hashlib
import json
from pathlib import Path
from typing import Any

from medgan.common.artefact import MANIFEST, sha256_of
from medgan.common.errors import BadInput
from medgan.common.tensors import checksum, read_tensors

Content = dict[str, str]
"""A hash for each file of a folder."""
OF_THE_TIME = {"created", "environment", "files", "seconds", "took_s", "content_sha256"}
"""Fields that differ between two times that the same is done; `files` and `content_sha256` repeat hashes of these."""


def content(folder: Path) -> Content:
    """A hash for each file that belongs to the artefact in a folder; empty where there is no folder."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    return {path.relative_to(folder).as_posix(): _hash(path) for path in paths}


def exact(folder: Path) -> Content:
    """The same with every byte counted, time included: for what must not be touched at all."""
    return {
        path.relative_to(folder).as_posix(): sha256_of(path) for path in sorted(folder.rglob("*")) if path.is_file()
    }


def differences(found: Content, expected: Content) -> list[str]:
    """Names of files that are missing, too many, or different."""
    return sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))


def _hash(path: Path) -> str:
    if path.suffix == ".safetensors":
        try:
            return checksum(read_tensors(path)[0], {})
        except BadInput as error:
            return str(error)
    if path.suffix == ".jsonl" or path.name == MANIFEST:
        text = path.read_text(errors="replace")
        return "\n".join(_timeless(part) for part in (text.splitlines() if path.suffix == ".jsonl" else [text]))
    return sha256_of(path)


def _timeless(text: str) -> str:
    try:
        return hashlib.sha256(json.dumps(_without_time(json.loads(text)), sort_keys=True).encode()).hexdigest()
    except json.JSONDecodeError:
        return f"no JSON: {text!r}"


def _without_time(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_time(inner) for name, inner in value.items() if name not in OF_THE_TIME}
    return value
