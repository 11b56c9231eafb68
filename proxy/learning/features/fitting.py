"""Learning the encodings of all features of a file, which is read piece by piece."""

from __future__ import annotations

from collections.abc import Sequence

from gremlink.proxy.graph.errors import BadCell
from gremlink.proxy.graph.files.export_files import Feature
from gremlink.proxy.graph.files.export_rows import Chunk
from gremlink.proxy.learning.features.encoding import Encoding, Fitter, Undecided, UnfitCell
from gremlink.proxy.learning.features.inference import AutoFitter
from gremlink.proxy.learning.features.specs import BadFeature, FeatureSpec, Shared, fitter_for
from gremlink.proxy.learning.features.terms import TermEncoding, TermFitter, term_fitter
from gremlink.proxy.learning.features.text_models import NoTextModel


class FileFits:
    """The features of a file on their way to encodings; `owner` is its label, for messages.

    See every chunk, then conclude, as long as it asks for another round. With `terms` the terms of
    the properties are learned, too. `reasons` of the choice, or of being left out, are by column.
    """

    def __init__(
        self, owner: str, features: Sequence[Feature], shared: Shared, *, terms: bool = False
    ) -> None:
        """Begin with nothing learned. Raises ValueError (`BadFeature`, `NoTextModel`)."""
        self._owner = owner
        self._found: dict[int, Encoding] = {}
        self._fitters: dict[int, tuple[str, Fitter]] = {}
        self._terms: dict[int, TermEncoding] = {}
        self._term_fitters: dict[int, TermFitter] = {}
        self._wants_terms = terms
        self.warnings: list[str] = []
        self.reasons: dict[str, str] = {}
        before = len(shared.notes)
        for place, feature in enumerate(features):
            spec = FeatureSpec(feature.column, feature.type, feature.options)
            try:
                self._fitters[place] = feature.column, fitter_for(spec, shared)
            except Undecided as reason:
                self._leave_out(feature.column, reason)
            except (BadFeature, NoTextModel) as error:
                error.args = (f"{owner}: {error}",)
                raise
        self.warnings += [f"{owner}: {note}" for note in shared.notes[before:]]
        self._shared = shared
        self._begin_terms()

    @property
    def columns(self) -> set[str]:
        """Those that have to be seen in the next round."""
        return {column for column, _ in self._fitters.values()}

    @property
    def encodings(self) -> tuple[Encoding, ...]:
        """Learned encodings, in the order of the configuration."""
        return tuple(self._found[place] for place in sorted(self._found))

    @property
    def terms(self) -> tuple[TermEncoding, ...]:
        """Learned terms, also of properties that have no encoding, in the same order."""
        return tuple(self._terms[place] for place in sorted(self._terms))

    def see(self, chunk: Chunk) -> None:
        """Read some rows. Raises `BadCell`, `BadExport`."""
        for column, fitter in self._fitters.values():
            try:
                fitter.see(chunk.require(column))
            except UnfitCell as error:
                raise cell_problem(chunk, self._owner, error) from None
        for counter in self._term_fitters.values():
            counter.see(chunk.require(counter.name))

    def conclude(self) -> bool:
        """End a round; return whether an encoding needs all chunks once more."""
        for place, counter in self._term_fitters.items():
            terms = counter.fitted()
            if terms is not None:
                self._terms[place] = terms
        again: dict[int, tuple[str, Fitter]] = {}
        before = len(self._shared.notes)
        for place, (column, fitter) in self._fitters.items():
            try:
                found = fitter.fitted()
            except Undecided as reason:
                self._leave_out(column, reason)
                continue
            if isinstance(fitter, AutoFitter):
                self.reasons[column] = fitter.why
            if isinstance(found, Fitter):
                again[place] = column, found
            else:
                self._found[place] = found
        self.warnings += [f"{self._owner}: {note}" for note in self._shared.notes[before:]]
        self._fitters = again
        self._begin_terms()
        return bool(again)

    def _begin_terms(self) -> None:
        found = {
            place: term_fitter(fitter)
            for place, (_, fitter) in self._fitters.items()
            if self._wants_terms
        }
        self._term_fitters = {place: each for place, each in found.items() if each is not None}

    def _leave_out(self, column: str, reason: Undecided) -> None:
        self.reasons[column] = str(reason)
        self.warnings.append(f"{self._owner}: property {column!r} is left out: {reason}")


def cell_problem(chunk: Chunk, owner: str, error: UnfitCell) -> BadCell:
    """Return the error with its place."""
    return chunk.problem(error.row, error.name, f"{owner}: {error}")
