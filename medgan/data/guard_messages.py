"""What the guard and its workers say to each other: plain values as JSON, arrays as the bytes they are.

Nothing is ever unpickled: a worker that hostile bytes took over can answer with wrong numbers, and no more.
"""

import json
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
NUMBERS = "biuf"  # kinds of dtype: truth, whole numbers with and without sign, fractions
HEADER_BYTES = 8
LONGEST_HEADER = 16 * 2**20


def send(stream: IO[bytes], value: Any) -> None:
    """Write a value of None, truth, numbers, texts, paths, bytes, arrays, and lists, tuples and dicts of these.

    Raises TypeError for anything else.
    """
    arrays: list[Array] = []
    packed = _pack(value, arrays)
    shapes = [[array.dtype.str, array.shape] for array in arrays]
    header = json.dumps([packed, shapes]).encode()
    stream.write(len(header).to_bytes(HEADER_BYTES, "little"))
    stream.write(header)
    for array in arrays:
        stream.write(array.data)
    stream.flush()


def receive(stream: IO[bytes], most_bytes: int) -> Any:
    """Read a value that `send` wrote; its arrays are new and writable.

    Raises EOFError where the stream ends before, ValueError for arrays of more bytes than allowed or of no numbers.
    """
    length = int.from_bytes(_exactly(stream, HEADER_BYTES), "little")
    if length > LONGEST_HEADER:
        raise ValueError("an answer that is too long")
    packed, shapes = json.loads(_exactly(stream, length))
    kinds = [(np.dtype(dtype), tuple(int(side) for side in shape)) for dtype, shape in shapes]
    if any(dtype.kind not in NUMBERS for dtype, _ in kinds):
        raise ValueError("an answer that holds no numbers")
    if sum(dtype.itemsize * _count(shape) for dtype, shape in kinds) > most_bytes:
        raise ValueError(f"an answer of more than {most_bytes // 2**20} MiB")
    return _unpack(packed, [_array(stream, dtype, shape) for dtype, shape in kinds])


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for side in shape:
        count *= side
    return count


def _exactly(stream: IO[bytes], length: int) -> bytes:
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return content


def _array(stream: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    array = np.empty(shape, dtype)
    free = memoryview(array.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
    while len(free):
        read = stream.readinto(free)  # type: ignore[attr-defined]
        if not read:
            raise EOFError
        free = free[read:]
    return array


def _pack(value: Any, arrays: list[Array]) -> Any:
    """The value for JSON: what JSON lacks becomes a pair of a word and its content; arrays are set aside."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        arrays.append(np.frombuffer(value, np.uint8))
        return ["bytes", len(arrays) - 1]
    if isinstance(value, np.ndarray) and value.dtype.kind in NUMBERS:
        arrays.append(np.ascontiguousarray(value).reshape(value.shape))
        return ["array", len(arrays) - 1]
    if isinstance(value, Path):
        return ["path", str(value)]
    if isinstance(value, list | tuple):
        return ["list" if isinstance(value, list) else "tuple", [_pack(part, arrays) for part in value]]
    if isinstance(value, dict):
        return ["dict", [[_pack(key, arrays), _pack(part, arrays)] for key, part in value.items()]]
    raise TypeError(f"a {type(value).__name__} cannot be handed to or by a guarded function")


def _unpack(packed: Any, arrays: list[Array]) -> Any:
    if not isinstance(packed, list):
        return packed
    word, content = packed
    match word:
        case "bytes":
            return arrays[content].tobytes()
        case "array":
            return arrays[content]
        case "path":
            return Path(content)
        case "list":
            return [_unpack(part, arrays) for part in content]
        case "tuple":
            return tuple(_unpack(part, arrays) for part in content)
        case "dict":
            return {_unpack(key, arrays): _unpack(part, arrays) for key, part in content}
    raise ValueError(f"an answer of an unknown kind, {word!r:.40}")
