"""Columns for neighbours of which there are few: books, their topics, and very many readers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from reading import Links, Read, Vertex, name
from written_export import Kind, write_export

from gremlink.grammar.traversal import Literal
from gremlink.proxy.learning.properties.columns import around, named_types
from gremlink.proxy.learning.properties.dataset import load_property
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.learning.workflows.transform import transform

BOOKS = 120
QUICK = TrainingSettings(cross_validate_up_to=0)
SHELVES = ("low", "high")


def shelf(book: int) -> str:
    """Two topics stand low, two high; what readers read says nothing of it."""
    return SHELVES[book % 4 // 2]


def write_books(directory: Path, *, more: bool = False) -> Path:
    """Every fifth book tells no shelf. `more` is a later state: a fifth topic, and a book."""
    random = np.random.default_rng(1)
    books = [{"~id": f"b{book}", "shelf": shelf(book) if book % 5 else ""} for book in range(BOOKS)]
    topics = [{"~id": f"t{topic}"} for topic in range(4)]
    about = [{"~id": f"a{book}", "~from": f"b{book}", "~to": f"t{book % 4}"}
             for book in range(BOOKS)]  # fmt: skip
    reads = [
        {"~id": f"r{reader}-{book}", "~from": f"p{reader}", "~to": f"b{book}"}
        for reader in range(200)
        for book in random.choice(BOOKS, 20, replace=False).tolist()
    ]
    if more:
        books.append({"~id": "late", "shelf": ""})
        topics.append({"~id": "t4"})
        about += [
            {"~id": "a-late", "~from": "late", "~to": "t3"},
            {"~id": "a-late-4", "~from": "late", "~to": "t4"},
        ]
    label = {"label": ["shelf", "classification"], "split_rate": [0.7, 0.15, 0.15]}
    return write_export(
        directory,
        {
            "Book": Kind(books, [], [label], {"shelf": "String"}),
            "Topic": Kind(topics),
            "Person": Kind([{"~id": f"p{reader}"} for reader in range(200)]),
        },
        {
            ("Book", "about", "Topic"): Kind(about),
            ("Person", "reads", "Book"): Kind(reads),
        },
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of a model of the first state."""
    directory = tmp_path_factory.mktemp("books")
    export = write_books(directory / "export")
    train(export, directory / "model", model="boosting+neighbours", settings=QUICK)
    return directory / "model"


def said(artifact: Path, books: list[str]) -> list[str]:
    predictor = PropertyPredictor.load(artifact)
    answers = predictor.predict([Literal.string(book) for book in books], 1)
    return [str(best.value.value) for (best,) in answers]


def test_a_column_for_each_of_few_neighbours(tmp_path: Path) -> None:
    dataset = load_property(write_books(tmp_path / "export"))
    graph = dataset.graph
    named = named_types(graph, ("Book",))
    assert named == {"Topic": 4}
    (table,) = around(graph, ("Book",), named).ends
    (without,) = around(graph, ("Book",), {}).ends
    assert table.shape[1] == without.shape[1] + 4
    numbers = [int(str(book.value)[1:]) for book in dataset.ids["Book"]]
    topics = [str(topic.value) for topic in dataset.ids["Topic"]]
    places = [topics.index(f"t{book % 4}") for book in numbers]
    assert any(
        (table[:, start : start + 4] == np.eye(4)[places]).all()
        for start in range(table.shape[1] - 3)
    )


def test_many_other_neighbours_drown_nothing(trained: Path) -> None:
    silent = [book for book in range(BOOKS) if book % 5 == 0]
    found = said(trained, [f"b{book}" for book in silent])
    assert found == [shelf(book) for book in silent]


def test_what_comes_later_moves_no_column(trained: Path, tmp_path: Path) -> None:
    transform(trained, write_books(tmp_path / "now", more=True), tmp_path / "moved")
    books = [f"b{book}" for book in range(BOOKS)]
    assert said(tmp_path / "moved", books) == said(trained, books)
    assert said(tmp_path / "moved", ["late"]) == ["high"]


def test_a_book_that_came_later_is_known_by_its_topics(trained: Path) -> None:
    """Inductively: one of its topics is new, too."""
    predictor = PropertyPredictor.load(trained)
    for topic, expected in (("t1", "low"), ("t3", "high")):
        read = Read(
            [
                Vertex(name("late"), "Book"),
                Vertex(name(topic), "Topic"),
                Vertex(name("t4"), "Topic"),
            ],
            [Links(name("late"), "about", "out", [name("t4"), name(topic)])],
        )
        late = [name("late")]
        ((best,),) = predictor.extended(read, late).predict(late, 1)
        assert best.value.value == expected
