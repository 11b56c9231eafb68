"""Script text ⇄ `gremlink.grammar.traversal`: gremlin-lang, and the Groovy that people send.

>>> script = parse('g.V("a").out("FRIEND").toList()  // all of them')
>>> script.single.steps[1].name, script.tail
('out', '.toList()  // all of them')
>>> script.text == 'g.V("a").out("FRIEND").toList()  // all of them'
True
"""

from __future__ import annotations

from collections.abc import Mapping

from gremlink.grammar.gc_pause import without_collection
from gremlink.grammar.script.lalr import Token
from gremlink.grammar.script.read import Reader
from gremlink.grammar.script.shapes import Span
from gremlink.grammar.script.statements import Statement, plain_statements
from gremlink.grammar.script.tree import MAX_DEPTH, Operand, tree
from gremlink.grammar.script.write import write, write_value
from gremlink.grammar.traversal import Argument, Traversal


class Script:
    """A script and the traversals in it.

    `traversals` are the outermost ones that begin on a source, in order. `fragments` are the other
    chains of steps: anonymous ones outside of any traversal, steps on variables and behind methods
    that are not Gremlin, and those inside opaque arguments. They are for reading, and cannot be
    replaced. `statements` are its statements, if each could be sent alone (`statements`).
    """

    __slots__ = ("_alone", "_original", "_spans", "fragments", "statements", "traversals")

    def __init__(
        self,
        original: str,
        traversals: tuple[Traversal, ...],
        fragments: tuple[Traversal, ...],
        spans: tuple[Span, ...],
        alone: bool,
        statements: tuple[Statement, ...] = (),
    ) -> None:
        self._original = original
        self._spans = spans
        self._alone = alone
        self.traversals = traversals
        self.fragments = fragments
        self.statements = statements

    @property
    def text(self) -> str:
        """The script as it would be sent; without replacements exactly what was read."""
        return self.between(0, len(self._original))

    def between(self, start: int, end: int | None = None) -> str:
        """Return the text of some statements, from the beginning of the first to the end of the
        last."""
        pieces = []
        position = start
        end = len(self._original) if end is None else end
        for traversal, span in zip(self.traversals, self._spans, strict=True):
            if start <= span.start and span.end <= end:
                pieces.append(self._original[position : span.start])
                pieces.append(write(traversal))
                position = span.end
        pieces.append(self._original[position:end])
        return "".join(pieces)

    @property
    def single(self) -> Traversal | None:
        """The traversal, if the script is one statement that is nothing but this traversal and
        methods on its result."""
        return self.traversals[0] if self._alone else None

    @property
    def tail(self) -> str:
        """The text behind the last step of `single`: terminal methods, comments, blanks."""
        return self._original[self._spans[0].end :] if self._alone else ""

    def replace(self, index: int, traversal: Traversal) -> Script:
        """Return the script with another traversal in the place of `traversals[index]`."""
        changed = list(self.traversals)
        changed[index] = traversal
        return Script(
            self._original,
            tuple(changed),
            self.fragments,
            self._spans,
            self._alone,
            self.statements,
        )

    def __repr__(self) -> str:
        text = self.text
        return f"Script({text if len(text) <= 200 else text[:200] + '…'!r})"


def parse(text: str, bindings: Mapping[str, Argument] | None = None) -> Script:
    """Read a script. Names in `bindings` are read as their values, and printed as names.

    Raises `ScriptError` with the place, and `LimitExceeded`.
    """
    with without_collection():
        return _read(text, bindings or {})


def _read(text: str, bindings: Mapping[str, Argument]) -> Script:
    """Read the tree; no reference to it is left afterwards for the garbage collector to follow."""
    parts = tree(text)
    reader = Reader(text, bindings)
    reader.search(parts)
    traversals = tuple(reader.traversals)
    spans = tuple([traversal.origin for traversal in traversals])
    statements = [part for part in parts if not (isinstance(part, Token) and part == ";")]
    alone = (
        len(traversals) == 1
        and len(statements) == 1
        and isinstance(statements[0], Operand)
        and statements[0].start == spans[0].start
    )
    sent_alone = () if alone else plain_statements(text, parts, spans)
    return Script(text, traversals, tuple(reader.fragments), spans, alone, sent_alone)


__all__ = ["MAX_DEPTH", "Script", "Span", "Statement", "parse", "write", "write_value"]
