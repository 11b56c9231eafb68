"""All predictions of a model: rows to iterate, a file, or edges and properties in the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from gremlink.api import progress as listening
from gremlink.api.arguments import PathLike, path_of, rdf_store_of, server_of
from gremlink.api.progress import Progress
from gremlink.api.running import beside_the_loop
from gremlink.errors import WrongArgument
from gremlink.proxy.config import Sparql, Upstream
from gremlink.proxy.graph import Server
from gremlink.proxy.graph.load.write_back import Written
from gremlink.proxy.graph.rdf.client import RdfStore
from gremlink.proxy.learning.predictions.rows import Row
from gremlink.proxy.learning.workflows.predict import (
    Inputs,
    Predictions,
)
from gremlink.proxy.learning.workflows.predict import (
    remove_predictions as remove,
)

Shown = TypeVar("Shown", bound=tuple[Any, ...])


@dataclass(frozen=True, repr=False)
class AllPredictions(Generic[Shown]):
    """Predictions for many elements; each way of reading them asks the model anew.

    Iterating gives named tuples of the `columns`, best first for each element, with a few thousand
    elements at a time in memory.
    """

    _found: Predictions
    _inputs: Inputs
    _made: Callable[[Any, Any, Any], Shown]
    columns: tuple[str, ...]

    @property
    def inputs(self) -> int:
        """The number of elements that are asked about."""
        return len(self._inputs)

    def __iter__(self) -> Iterator[Shown]:
        for rows in self._found.batches(self._inputs):
            yield from map(self._shown, rows)

    def write(self, path: PathLike, *, progress: Progress = False) -> int:
        """Write them into a file: `.csv`, `.jsonl` (both also with `.gz`), or `.parquet`.

        Args:
            path: The file; one that is there is replaced as a whole.
            progress: `True`, or a function that is called with lines of text.

        Returns:
            The number of predictions.

        Raises:
            UnknownFormat: The name tells no format.
            NotInstalled: Parquet needs pyarrow, which is not installed.
            OutputUnwritable: The file cannot be written.
        """
        file, tell = path_of(path, "path"), _counting(progress)
        return beside_the_loop(lambda: self._found.write_file(file, self._inputs, tell))

    def write_back(
        self,
        url: str | Upstream | Sparql,
        name: str,
        *,
        dry_run: bool = False,
        progress: Progress = False,
    ) -> Written:
        """Write them into the graph: links as edges of a label, values as a property.

        Each has score, model and time. Writing again changes nothing, a later model's replace them,
        and `remove_predictions` takes them away.

        Args:
            url: Address of the database, as in `ws://localhost:8183/gremlin`, or an `Upstream`; of
                an RDF store, for a model of RDF, as in `http://localhost:7878`, or a `Sparql`.
            name: The label or the key, of RDF an IRI, which the graph must not use for data of its
                own.
            dry_run: Count them, and write nothing.
            progress: `True`, or a function that is called with lines of text.

        Returns:
            `written`, `removed` (earlier ones) and `left_out` (about vertices that are gone).

        Raises:
            NothingToPredict: Predictions of this kind are not written.
            GraphError: The graph uses the name, or the database refuses.
        """
        if not isinstance(name, str) or not name:
            raise WrongArgument(f"name is {name!r}: write the label or the key")
        is_rdf = self._found.predictor.is_rdf
        server = _database_of(url, is_rdf=is_rdf or isinstance(url, Sparql))
        tell = _counting(progress)
        if dry_run:
            count = beside_the_loop(lambda: self._found.count_written(self._inputs, tell))
            return Written(count, 0, 0)
        origin = self._found.artifact.name
        return beside_the_loop(
            lambda: self._found.write_back(server, name, self._inputs, origin, tell)
        )

    def _shown(self, row: Row) -> Shown:
        if self._found.is_links:
            return self._made(row.source.value, row.predicted.value, row.score)
        id = row.source.value if row.end is None else (row.source.value, row.end.value)
        return self._made(id, row.predicted.value, 1.0 if row.score is None else row.score)

    def __repr__(self) -> str:
        return f"AllPredictions(for {len(self._inputs)} elements: {', '.join(self.columns)})"


def remove_predictions(
    url: str | Upstream | Sparql, name: str, *, dry_run: bool = False
) -> tuple[int, int]:
    """Remove the predicted edges and values of a name from the graph, and nothing else.

    Args:
        url: Address of the database, as in `ws://localhost:8183/gremlin`, or an `Upstream`; for an
            RDF store a `Sparql`.
        name: The label or the key, of RDF the IRI, that they were written under.
        dry_run: Count them, and remove nothing.

    Returns:
        The numbers of edges and of values; of an RDF store that of all predictions, and 0.

    Raises:
        GraphError: The database refuses.
    """
    server = _database_of(url, is_rdf=isinstance(url, Sparql))
    return beside_the_loop(lambda: remove(server, name, dry_run=dry_run))


def _database_of(url: str | Upstream | Sparql, *, is_rdf: bool) -> Server | RdfStore:
    """Return a database, or an RDF store. Raises `WrongArgument`, `TlsError`."""
    if is_rdf and not isinstance(url, Upstream):
        return rdf_store_of(url, "url")
    return server_of(cast("str | Upstream", url), "url")


def _counting(progress: Progress) -> Any:
    tell = listening.of_graph(progress)
    return None if tell is None else lambda done, total: tell("predictions for", done, total)
