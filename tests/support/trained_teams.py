"""Predictors of the teams' properties by methods really trained, and the whole graph as if read."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from reading import Links, Read, Vertex, name
from teams import PEOPLE, write_teams

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.models.fit_settings import FitSettings
from gremlink.proxy.learning.models.gnn.rgcn import EncoderSettings
from gremlink.proxy.learning.models.property_network import fit_property
from gremlink.proxy.learning.properties.dataset import load_property
from gremlink.proxy.learning.properties.methods.method import BaseModel
from gremlink.proxy.learning.properties.methods.networks import Networks
from gremlink.proxy.learning.properties.prediction.artifact import to_artifact
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor
from gremlink.proxy.learning.properties.thresholds import Decision
from gremlink.proxy.learning.properties.training.candidates import Candidates
from gremlink.proxy.learning.workflows.train_properties import model_of
from gremlink.proxy.store.artifacts import write_artifact

NETWORK = FitSettings(EncoderSettings(width=32), epochs=40)


@dataclass
class Edge:
    id: Literal
    label: str
    source: Literal
    target: Literal
    values: Mapping[str, Sequence[str]] | None = None


def rows_of(export: Path, file: str) -> list[dict[str, str]]:
    with (export / file).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def everything(export: Path, *, valued: str | None = None) -> Read:
    """The whole graph of the export, as if it had been read and nothing had changed.

    `valued` is the property of lending with which links were read.
    """
    vertices = [
        Vertex(
            name(row["~id"]),
            "Person",
            {key: value.split(";") for key, value in row.items() if key[0] != "~" and value},
        )
        for row in rows_of(export, "Person.csv")
    ]
    links = []
    for label in ("knows", "lends"):
        ends: dict[tuple[str, str], list[tuple[str, list[str]]]] = {}
        for row in rows_of(export, f"Person-{label}-Person.csv"):
            said = [row[valued]] if label == "lends" and valued else []
            ends.setdefault((row["~from"], "out"), []).append((row["~to"], said))
            ends.setdefault((row["~to"], "in"), []).append((row["~from"], said))
        for person in range(PEOPLE):
            for direction in ("out", "in"):
                found = ends.get((f"p{person}", direction), [])
                others, values = [name(other) for other, _ in found], [said for _, said in found]
                read = values if label == "lends" and valued else ()
                links.append(Links(name(f"p{person}"), label, direction, others, values=read))
    return Read(vertices, links)


def trained(directory: Path, *methods: str, **target: Any) -> tuple[PropertyPredictor, Path]:
    """A predictor by methods of equal weight, fitted, written and read again."""
    export = write_teams(directory / "export", **target)
    dataset = load_property(export)
    rows = dataset.labelled
    members: list[tuple[float, BaseModel]] = []
    for method in methods:
        if method == "rgcn":
            known, truth = dataset.subjects.select(rows), dataset.truth[rows]
            form, ends = dataset.target.form, dataset.target.ends
            epochs = fit_property(
                dataset.graph, ends, known, truth, form, NETWORK, 0, remembers=True
            )
            (last,) = deque(epochs, maxlen=1)
            member: BaseModel = Networks(form, (last.head(),) * 2, (last.encoder(),) * 2)
        else:
            member = Candidates(dataset, 0).fit(method, rows)
        members.append((1.0 / len(methods), member))
    shares = dataset.truth[rows].mean(axis=0, dtype=np.float64)
    write_artifact(
        directory / "artifact",
        to_artifact(model_of(dataset, members, Decision(shares, 0.25)), {}),
    )
    return PropertyPredictor.load(directory / "artifact"), export
