"""Codes for patients: equal for one patient, and telling nobody who it is.

A patient's number in a DICOM header is kept nowhere. What stands in a data set is its keyed hash; the key is a random
file in the workspace, made once, so that nobody can try numbers out without it.
"""

import hashlib
import hmac
import os
import secrets
from functools import lru_cache
from pathlib import Path

from filelock import FileLock

from medgan.common.artefact import atomic_path
from medgan.common.errors import BadInput
from medgan.common.home import patient_key_file

KEY_BYTES = 32
CODE_DIGITS = 16


def patient_code(patient: str) -> str:
    """The code of a patient's number in this workspace: `p-` and 16 hexadecimal digits; "" for no number.

    HMAC-SHA256 (RFC 2104). Raises BadInput where the workspace's key is damaged or cannot be read or made.
    """
    if not patient.strip():
        return ""
    digest = hmac.new(_key(patient_key_file()), patient.strip().encode("utf-8", "replace"), hashlib.sha256)
    return f"p-{digest.hexdigest()[:CODE_DIGITS]}"


@lru_cache(maxsize=4)
def _key(path: Path) -> bytes:
    try:
        if not path.exists():
            _make_once(path)
        key = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: the key for patients' codes cannot be read or made ({error.strerror})") from None
    if len(key) != KEY_BYTES:
        raise BadInput(f"{path}: damaged; delete it, and a new key is made (patients then get other codes)")
    return key


def _make_once(path: Path) -> None:
    """Write a new key that only this user may read; of several processes, one does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock")):
        if path.exists():
            return
        with atomic_path(path) as temporary:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as stream:
                stream.write(secrets.token_bytes(KEY_BYTES))
