"""Memory-mapped safetensors: read-only, and shared by all processes that map the file.

The format is eight bytes with the length of a JSON header, which has type, shape and position of
each tensor, then the tensors (https://github.com/huggingface/safetensors#format). Safetensors' own
reader for NumPy copies. Shortening a mapped file kills its readers; artifacts in a store are
replaced as whole directories, never written to.
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LENGTH = 8
_TYPES = {
    "BOOL": np.bool_,
    "U8": np.uint8,
    "I8": np.int8,
    "U16": np.uint16,
    "I16": np.int16,
    "F16": np.float16,
    "U32": np.uint32,
    "I32": np.int32,
    "F32": np.float32,
    "U64": np.uint64,
    "I64": np.int64,
    "F64": np.float64,
}


def map_file(path: Path) -> mmap.mmap:
    """Map a file into memory. Raises OSError, and ValueError for an empty one."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def read_tensors(content: mmap.mmap) -> Mapping[str, NDArray[Any]]:
    """Return the tensors of a file by name, all read-only. Raises ValueError."""
    length = int.from_bytes(content[:_LENGTH], "little")
    begin = _LENGTH + length
    if begin > len(content):
        raise ValueError("its header is longer than the file")
    header = json.loads(content[_LENGTH:begin])
    header.pop("__metadata__", None)
    return {name: _tensor(content, begin, about) for name, about in header.items()}


def _tensor(content: mmap.mmap, begin: int, about: dict[str, Any]) -> NDArray[Any]:
    try:
        dtype = np.dtype(_TYPES[about["dtype"]]).newbyteorder("<")
        shape = tuple(int(size) for size in about["shape"])
        first, last = about["data_offsets"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"a tensor is described as {about!r}") from error
    fits = 0 <= first <= last <= len(content) - begin
    if not fits or min(shape, default=0) < 0 or last - first != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"a tensor has another size than it should: {about!r}")
    tensor: NDArray[Any] = np.ndarray(shape, dtype, content, begin + first)
    return tensor
