"""The properties of one file, read in rounds until they are features, and the target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gremlink.proxy.graph.files.csv_records import short_rows
from gremlink.proxy.graph.files.export_files import EdgeFile, NodeFile, Target
from gremlink.proxy.graph.files.export_rows import Chunk
from gremlink.proxy.learning.features.encoding import Encoding, UnfitCell
from gremlink.proxy.learning.features.fitting import FileFits, cell_problem
from gremlink.proxy.learning.features.matrix import Matrix
from gremlink.proxy.learning.features.specs import Shared
from gremlink.proxy.learning.features.terms import TermEncoding, TermMatrix
from gremlink.proxy.learning.graph import Features, Indexes, Terms
from gremlink.proxy.learning.processing.chunks import Chunks, target_cells


@dataclass(frozen=True, slots=True)
class Learned:
    """Encodings of a file's properties, and those of their terms."""

    encodings: tuple[Encoding, ...]
    terms: tuple[TermEncoding, ...] = ()


class Cells:
    """Property cells of a file of vertices or edges; `owner` names them in messages.

    `target` is a property that is to be predicted: its column is kept, and is no feature.
    `previous` was learned in an earlier processing, and stays. With `terms` the terms of the
    properties are kept, too.
    """

    def __init__(
        self,
        file: NodeFile | EdgeFile,
        owner: str,
        target: Target | None,
        shared: Shared,
        previous: Learned | None,
        *,
        terms: bool = False,
    ) -> None:
        """Begin with nothing read. Raises ValueError (`BadFeature`, `NoTextModel`)."""
        self._owner = owner
        self._target = target
        self._given = previous
        self._warnings: list[str] = []
        features = file.features
        if target is not None:
            features = tuple(each for each in features if each.column != target.column)
            if len(features) < len(file.features):
                self._warnings.append(
                    f"{owner}: the target {target.column!r} is left out of the features"
                )
        self._fits = FileFits(owner, features if previous is None else (), shared, terms=terms)
        columns = self._fits.columns
        if previous is not None:
            columns |= {each.name for each in previous.encodings}
            columns |= {each.name for each in previous.terms}
        if target is not None:
            columns |= {target.column}
        self.wanted = bool(columns)
        self._chunks = Chunks(file, columns)
        self._targets: list[str] = []

    def first_round(self) -> Iterator[Chunk]:
        """Yield all rows, which the caller reads, too. Raises `BadExport`, `UnusableExport`."""
        short = first = 0
        for chunk in self._chunks:
            short += len(chunk.short)
            first = first or next(iter(chunk.short), 0)
            self._fits.see(chunk)
            if self._target is not None:
                self._targets.extend(target_cells(chunk, self._target))
            yield chunk
        if short:
            self._warnings.append(short_rows(self._chunks.path, short, first))

    def again(self) -> Iterator[Chunk]:
        """Yield all rows once more. Raises `BadExport`."""
        return iter(self._chunks)

    def learn(self) -> bool:
        """End a round; return whether there has to be another. Raises `BadExport`."""
        if not self._fits.conclude():
            return False
        for chunk in self._chunks:
            self._fits.see(chunk)
        return True

    @property
    def encodings(self) -> tuple[Encoding, ...]:
        """Encodings of the properties."""
        return self._fits.encodings if self._given is None else self._given.encodings

    @property
    def term_encodings(self) -> tuple[TermEncoding, ...]:
        """Encodings of the terms of the properties."""
        return self._fits.terms if self._given is None else self._given.terms

    @property
    def warnings(self) -> Sequence[str]:
        """Properties that were left out, models that were chosen."""
        return (*self._warnings, *self._fits.warnings)

    def targets(self, order: Indexes) -> list[str]:
        """Return the target's cells, those of the file's row `order[i]` at place `i`; none without
        one."""
        return [self._targets[row] for row in order] if self._target is not None else []

    def features(self, places: Indexes) -> Features | None:
        """Encode in the last round; the file's row `i` comes to `places[i]`.

        `None` where there is nothing to encode. Raises `BadExport`, `NoTextModel`.
        """
        if not self.encodings or not len(places):
            return None
        matrix = Matrix(self.encodings, len(places))
        start = 0
        for chunk in self._chunks:
            for encoding in self.encodings:
                chunk.require(encoding.name)
            try:
                matrix.fill(chunk.columns, places[start : start + len(chunk)])
            except UnfitCell as error:
                raise cell_problem(chunk, self._owner, error) from None
            start += len(chunk)
        return matrix.features()

    def terms(self, places: Indexes) -> Terms | None:
        """Count terms in the last round, as `features` encodes. Raises `BadExport`."""
        if not self.term_encodings or not len(places):
            return None
        matrix = TermMatrix(self.term_encodings, len(places))
        start = 0
        for chunk in self._chunks:
            for encoding in self.term_encodings:
                chunk.require(encoding.name)
            matrix.fill(chunk.columns, places[start : start + len(chunk)])
            start += len(chunk)
        return matrix.terms()
