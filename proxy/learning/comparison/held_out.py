"""Results of each held-out element, in a file beside the report: what pairs two trainings.

An element is known by a hash of what it is in the graph, so the file has neither ids nor places.
The file is no part of the model: artifacts without it are as good, and nothing is predicted from
it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.trained.target import Form
from gremlink.proxy.messages.system_errors import reason_of
from gremlink.proxy.store.artifacts import DamagedArtifact
from gremlink.proxy.store.documents import json_bytes
from gremlink.proxy.store.mmap_tensors import map_file, read_tensors

FILE = "held-out.safetensors"

MOST_BYTES = 4 * 2**20
"""Bytes of a file, about: of more elements it has a sample.

With twenty methods these are 40,000 links. The interval of 95 % around a share of so many is half a
percentage point wide on either side at most, before it is paired.
"""

Keys = NDArray[np.uint64]
Answers = NDArray[Any]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Results of the held-out elements that are kept, ordered by key.

    `keys`, uint64 `[elements]`, tell the elements apart, `units` those that belong together: the
    links of one source, or each element alone. `answers` are those of each method: ranks of links,
    float32 `[elements]` (then `form` is `None`); places of classes, int32 `[elements]`; bits of
    classes, uint8 `[elements, bytes]`; or numbers, float64 `[elements]`. `truth` is like them, and
    empty for links. `elements` counts what was held out, `split` is the same for equal splits.
    """

    form: Form | None
    keys: Keys
    units: Keys
    answers: Mapping[str, Answers]
    truth: Answers
    classes: tuple[str, ...]
    elements: int
    split: str

    @classmethod
    def of(
        cls,
        form: Form | None,
        keys: Keys,
        units: Keys,
        answers: Mapping[str, Answers],
        truth: Answers,
        classes: tuple[str, ...] = (),
    ) -> HeldOut:
        """Take the results of all held-out elements, and keep as many as the file has room for.

        A sample has whole units, those with the least hashes: of equal splits the same ones.
        """
        split = f"{len(keys)}-{int(np.bitwise_xor.reduce(keys, initial=np.uint64(0))):016x}"
        whole = cls(form, keys, units, answers, truth, classes, len(keys), split)
        bytes_each = 16 + sum(
            each.itemsize * (each.shape[1] if each.ndim > 1 else 1)
            for each in (*answers.values(), truth)
        )
        order = np.lexsort((keys, units))
        if len(keys) * bytes_each > MOST_BYTES:
            room = MOST_BYTES // bytes_each
            ordered = units[order]
            inside = ordered < ordered[min(room, len(order) - 1)]
            order = order[inside] if inside.any() else order[:room]
        return whole.select(order[np.argsort(keys[order], kind="stable")])

    def select(self, places: NDArray[np.int64]) -> HeldOut:
        """Select elements by their places."""
        return replace(
            self,
            keys=self.keys[places],
            units=self.units[places],
            answers={name: each[places] for name, each in self.answers.items()},
            truth=self.truth[places] if len(self.truth) else self.truth,
        )

    def to_bytes(self) -> bytes:
        """Return the content of the file."""
        about = {
            "form": None if self.form is None else self.form.value,
            "classes": list(self.classes),
            "elements": self.elements,
            "split": self.split,
            "methods": list(self.answers),
        }
        tensors: dict[str, Answers] = {
            "about": np.frombuffer(json_bytes(about), np.uint8),
            "keys": self.keys,
            "units": self.units,
            "truth": self.truth,
        }
        for place, each in enumerate(self.answers.values()):
            tensors[f"answers.{place}"] = each
        return bytes(save({name: np.ascontiguousarray(each) for name, each in tensors.items()}))


def read_held_out(artifact: Path) -> HeldOut | None:
    """Return the results that lie beside a model; `None` where the training kept none.

    Raises `DamagedArtifact` where the file cannot be read.
    """
    path = artifact / FILE
    try:
        tensors = read_tensors(map_file(path))
        about = json.loads(tensors["about"].tobytes())
        found = HeldOut(
            None if about["form"] is None else Form(about["form"]),
            tensors["keys"],
            tensors["units"],
            {name: tensors[f"answers.{place}"] for place, name in enumerate(about["methods"])},
            tensors["truth"],
            tuple(map(str, about["classes"])),
            int(about["elements"]),
            str(about["split"]),
        )
        _check(found)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DamagedArtifact(artifact, f"{FILE} cannot be read: {reason_of(error)}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedArtifact(artifact, f"{FILE} is not as it was written: {error}") from error
    return found


def _check(found: HeldOut) -> None:
    """Raise ValueError for parts that do not fit together: the file has no checksum."""
    count = len(found.keys)
    shape: tuple[int, ...] = (count,)
    if found.form is Form.SEVERAL_CLASSES:
        shape = count, -(-len(found.classes) // 8)
    answers = [*found.answers.values(), *([] if found.form is None else [found.truth])]
    if found.units.shape != (count,) or any(each.shape != shape for each in answers):
        raise ValueError("its parts do not fit together")
    known = range(len(found.classes))
    if found.form is Form.ONE_CLASS and not {*np.unique(np.concatenate(answers))} <= {*known}:
        raise ValueError("it has a class that there is not")


def hash_of(*texts: str) -> int:
    """Return a hash of texts, 64 bits; surrogates may be among them."""
    digest = blake2b(digest_size=8)
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "little") + encoded)
    return int.from_bytes(digest.digest(), "little")


def hashes_of(vertex_type: str, ids: Iterable[Literal]) -> Keys:
    """Return hashes of vertices by their type and id: uint64 `[ids]`."""
    return np.fromiter(
        (hash_of(vertex_type, each.kind.name, str(each.value)) for each in ids), np.uint64
    )


def mixed(*parts: Keys) -> Keys:
    """Return a hash of hashes, by place; their order counts.

    The mixing is that of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014).
    """
    found: Keys = np.zeros(1, np.uint64)
    for part in parts:
        found = (found ^ part) + np.uint64(0x9E3779B97F4A7C15)
        found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        found = found ^ (found >> np.uint64(31))
    return np.asarray(found, np.uint64)


def numbered(keys: Keys) -> Keys:
    """Return keys that are all different: equal ones get numbers in their order."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    _, first, inverse = np.unique(ordered, return_index=True, return_inverse=True)
    number = np.arange(len(keys)) - first[inverse.reshape(-1)]
    found: Keys = keys.copy()
    again = order[number > 0]
    found[again] = mixed(keys[again], number[number > 0].astype(np.uint64))
    return found
