"""Properties of some edges of a training, in a file beside its report: what drift compares.

The file is no part of the model, and a model without it is as good.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from gremlink.proxy.learning.features.encoding import Encoding
from gremlink.proxy.learning.features.encodings import from_document, to_document
from gremlink.proxy.learning.features.matrix import blocks_of
from gremlink.proxy.learning.graph import Features, Floats, Relation
from gremlink.proxy.messages.system_errors import reason_of
from gremlink.proxy.store.artifacts import DamagedArtifact
from gremlink.proxy.store.documents import json_bytes
from gremlink.proxy.store.mmap_tensors import map_file, read_tensors

FILE = "edge-features.safetensors"

SAMPLE = 1000
"""Edges of each relation: as many as are read of the live graph to compare them with."""

EdgeFeatures = Mapping[Relation, tuple[Sequence[Encoding], Floats]]
"""Encodings of the properties of a relation's edges, and float32 `[edges, width]`."""


def edge_sample(found: EdgeFeatures, seed: int) -> bytes:
    """Return the content of the file: some edges of each relation, by chance."""
    random = np.random.default_rng(seed)
    about = [
        {"relation": list(relation), "encodings": [to_document(each) for each in encodings]}
        for relation, (encodings, _) in found.items()
    ]
    tensors = {"about": np.frombuffer(json_bytes(about), np.uint8)}
    for place, (_, values) in enumerate(found.values()):
        some = random.permutation(len(values))[:SAMPLE]
        tensors[str(place)] = np.ascontiguousarray(values[np.sort(some)], np.float32)
    return bytes(save(tensors))


def read_edge_sample(
    artifact: Path,
) -> dict[Relation, tuple[Sequence[Encoding], Features]]:
    """Return encodings and features of the edges beside a model; none where there is no file.

    Raises `DamagedArtifact`.
    """
    try:
        tensors = read_tensors(map_file(artifact / FILE))
        found: dict[Relation, tuple[Sequence[Encoding], Features]] = {}
        for place, each in enumerate(json.loads(tensors["about"].tobytes())):
            encodings = [from_document(document) for document in each["encodings"]]
            features = Features(tensors[str(place)], blocks_of(encodings))
            if features.values.shape[1:] != (sum(len(each.columns) for each in encodings),):
                raise ValueError("its columns are not those of its encodings")
            found[Relation(*each["relation"])] = encodings, features
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DamagedArtifact(artifact, f"{FILE} cannot be read: {reason_of(error)}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedArtifact(artifact, f"{FILE} is not as it was written: {error}") from error
    return found
