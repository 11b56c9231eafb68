"""Files of RDF, plain or packed: their formats, their statements, and the places of mistakes.

A blank node means something within its document only, so a store makes a new one of it at each
load. Here it becomes an IRI (RDF 1.1 Concepts, 3.5: skolemization) that the content of the document
and the node's label or number tell: loading the same document again changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

import pyoxigraph as ox

from gremlink.proxy.graph.errors import FileProblem
from gremlink.proxy.graph.files.compressed import Foreign, TooMuch, open_bytes, plain_name
from gremlink.proxy.graph.files.folder import LeftOut, sorted_out
from gremlink.proxy.messages.system_errors import reason_of

OnProblem = Callable[[FileProblem], None]

SKOLEM = "urn:gremlink:genid:"
"""Beginning of the IRIs of blank nodes."""
DOCUMENT_LENGTH = 20
"""Hexadecimal digits that tell a document; those of 80 bits."""
_HEAD = 64 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class RdfFormat:
    """A format: its name in commands and requests, its title, suffixes of files, its parser.

    `reads` are the formats that are a part of it.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    parser: Any = field(repr=False)
    reads: frozenset[str] = frozenset()

    def takes(self, other: RdfFormat) -> bool:
        """Return True if a file in the other format is one in this format, too."""
        return other.name == self.name or other.name in self.reads


FORMATS = {
    each.name: each
    for each in (
        RdfFormat("ntriples", "N-Triples", (".nt", ".ntriples"), ox.RdfFormat.N_TRIPLES),
        RdfFormat(
            "nquads", "N-Quads", (".nq", ".nquads"), ox.RdfFormat.N_QUADS, frozenset({"ntriples"})
        ),
        RdfFormat(
            "turtle",
            "Turtle",
            (".ttl", ".turtle", ".n3"),
            ox.RdfFormat.TURTLE,
            frozenset({"ntriples"}),
        ),
        RdfFormat("trig", "TriG", (".trig",), ox.RdfFormat.TRIG, frozenset({"ntriples", "turtle"})),
        RdfFormat("rdfxml", "RDF/XML", (".rdf", ".owl", ".rdfs", ".xml"), ox.RdfFormat.RDF_XML),
    )
}
"""The formats by name."""
_BY_SUFFIX = {suffix: each for each in FORMATS.values() for suffix in each.suffixes}
_OTHERS = {
    ".jsonld": "JSON-LD",
    ".hdt": "HDT",
    ".trix": "TriX",
    ".brf": "RDF4J's binary format",
}
_XML = re.compile(rb"\s*(?:<\?xml|<!--|<!DOCTYPE|<rdf:RDF|<[A-Za-z][\w.-]*(?::[\w.-]+)?\s+xmlns)")
_RDF_NAMESPACE = b"http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_COMMENTS = re.compile(rb"(?:\s+|#[^\n]*\n)*")
_DIRECTIVE = re.compile(rb"@(?:prefix|base)\s|(?:prefix|base)\s+[^\n]*<", re.IGNORECASE)
_STATEMENT = re.compile(
    rb"(?:<[^<>\"{}|^`\s]*>|_:\S+)[ \t]+<[^<>\"{}|^`\s]*>[ \t]+(?:<|_:|\")[^\n]*\.[ \t]*"
    rb"(?:#[^\n]*)?(?:\r?\n|$)"
)
_PLACE = re.compile(
    r"^Parser error (?:at line \d+ (?:column \d+|between columns \d+ and \d+)"
    r"|between line \d+ column \d+ and line \d+ column \d+): "
)


class Statement(NamedTuple):
    """A triple as a line of N-Triples, and the graph that it names, if any."""

    line: str
    graph: str | None


@dataclass(frozen=True, slots=True)
class RdfFile:
    """A file to read. `base` is what its relative IRIs are relative to."""

    path: Path
    form: RdfFormat
    base: str | None = None

    def digest(self, see: Callable[[ox.Quad], None], on_problem: OnProblem | None) -> str:
        """Read the whole file and return what tells its content.

        With `on_problem` a wrong statement is reported and left out. Raises `FileProblem`.
        """
        found = hashlib.sha256()
        for quad in self._quads(on_problem, found.update):
            see(quad)
        return found.hexdigest()[:DOCUMENT_LENGTH]

    def statements(self, digest: str, on_problem: OnProblem | None = None) -> Iterator[Statement]:
        """Yield the statements, their blank nodes as IRIs. Raises `FileProblem`."""
        name = _Names(digest, self.form)
        for quad in self._quads(on_problem, None):
            subject, target, graph = quad.subject, quad.object, quad.graph_name
            first = name(subject) if isinstance(subject, ox.BlankNode) else str(subject)
            last = name(target) if isinstance(target, ox.BlankNode) else str(target)
            if isinstance(graph, ox.DefaultGraph):
                place = None
            elif isinstance(graph, ox.BlankNode):
                place = name(graph)[1:-1]
            else:
                place = graph.value
            yield Statement(f"{first} {quad.predicate} {last} .\n", place)

    def quads(self) -> Iterator[ox.Quad]:
        """Yield the statements as they are, also those that only RDF 1.2 knows.

        Raises `FileProblem`.
        """
        return self._quads(None, None, every=True)

    def _quads(
        self,
        on_problem: OnProblem | None,
        see: Callable[[bytes], None] | None,
        *,
        every: bool = False,
    ) -> Iterator[ox.Quad]:
        with self._opened() as file:
            reader = _Reader(file, see)
            try:
                parser = ox.parse(
                    reader,  # type: ignore[arg-type]
                    format=self.form.parser,
                    base_iri=self.base,
                )
                last = 0
                while True:
                    try:
                        quad = next(parser)
                    except StopIteration:
                        return
                    except SyntaxError as error:
                        # The rest of a wrong line is wrong as well.
                        if not error.lineno or error.lineno != last:
                            self._report(self._problem(error), on_problem)
                        last = error.lineno or 0
                        continue
                    if not every and (reason := _unfit(quad)) is not None:
                        self._report(self._unfit_problem(reason), on_problem)
                        continue
                    yield quad
            except ValueError as error:
                raise FileProblem(self.path, 0, 0, str(error)) from None

    @contextmanager
    def _opened(self) -> Iterator[BufferedReader]:
        try:
            with open_bytes(self.path) as file:
                if file.peek(3).startswith(_BYTE_ORDER_MARK):
                    file.read(3)
                yield file
        except TooMuch as much:
            raise FileProblem(self.path, much.line, 0, str(much)) from None
        except OSError as error:
            raise FileProblem(self.path, 0, 0, reason_of(error)) from None

    def _report(self, problem: FileProblem, on_problem: OnProblem | None) -> None:
        if on_problem is None:
            raise problem
        on_problem(problem)

    def _problem(self, error: SyntaxError) -> FileProblem:
        line, column = error.lineno or 0, error.offset or 0
        if not line:
            line, column = self._place()
        text = _PLACE.sub("", error.msg).rstrip(".")
        return FileProblem(self.path, line, column, f"{text}. {_advice(text, self.form)}")

    def _unfit_problem(self, reason: str) -> FileProblem:
        return FileProblem(self.path, self._line_of(_SIGNS[reason]), 0, reason)

    def _place(self) -> tuple[int, int]:
        """Return line and column of a mistake whose parser does not know them.

        The parser gets one line at a time, then the line with the mistake byte by byte.
        """
        found = self._slow_place(None)
        return self._slow_place(found[0])

    def _slow_place(self, slow: int | None) -> tuple[int, int]:
        """Return the place that the parser has come to, when `slow` is the line read by bytes."""
        with self._opened() as file:
            reader = _Slow(file, slow)
            with suppress(SyntaxError, ValueError):
                for _ in ox.parse(
                    reader,  # type: ignore[arg-type]
                    format=self.form.parser,
                    base_iri=self.base,
                ):
                    pass
            return reader.line, reader.column

    def _line_of(self, sign: bytes) -> int:
        with self._opened() as file:
            for number, line in enumerate(file, 1):
                if sign in line:
                    return number
        return 0


class _Reader:
    """The file for the parser, in pieces, each shown to a function."""

    def __init__(self, file: BufferedReader, see: Callable[[bytes], None] | None) -> None:
        self._file = file
        self._see = see

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        data = self._file.read1(size)
        if self._see is not None and data:
            self._see(data)
        return data


class _Slow:
    """The file for the parser, line by line, and one line byte by byte."""

    def __init__(self, file: BufferedReader, slow: int | None) -> None:
        self._file = file
        self._slow = slow
        self.line, self.column = 0, 0
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Return a line, or as much of it as may be."""
        if not self._rest:
            self._rest = self._file.readline()
            self.line += bool(self._rest)
            self.column = 0
        most = 1 if self.line == self._slow else max(size, 1)
        data, self._rest = self._rest[:most], self._rest[most:]
        self.column += len(data)
        return data


class _Names:
    """IRIs for the blank nodes of one document, as N-Triples have them.

    The parsers name nodes without a label at random; these get numbers as they come, and a label
    never begins with the `-` before those.
    """

    _RANDOM = re.compile(r"[0-9a-f]{24,32}")

    def __init__(self, digest: str, form: RdfFormat) -> None:
        self._start = f"<{SKOLEM}{digest}:"
        self._labels_only = form.name in ("ntriples", "nquads")
        self._numbers: dict[str, int] = {}

    def __call__(self, node: ox.BlankNode) -> str:
        label = node.value
        if not self._labels_only and self._RANDOM.fullmatch(label):
            label = f"-{self._numbers.setdefault(label, len(self._numbers))}"
        return f"{self._start}{label}>"


_TRIPLE_TERM = (
    "a triple as a term (RDF 1.2), which few stores take. Write the statement about it with "
    "rdf:Statement, rdf:subject, rdf:predicate and rdf:object"
)
_DIRECTION = "a text with a direction (RDF 1.2), which few stores take. Leave --ltr or --rtl out"
_SIGNS = {_TRIPLE_TERM: b"<<", _DIRECTION: b"--"}


def _unfit(quad: ox.Quad) -> str | None:
    """Return the reason why a statement is none of RDF 1.1."""
    target = quad.object
    if isinstance(target, ox.Triple) or isinstance(quad.subject, ox.Triple):
        return _TRIPLE_TERM
    if isinstance(target, ox.Literal) and target.direction is not None:
        return _DIRECTION
    return None


def _advice(text: str, form: RdfFormat) -> str:
    """Return a sentence about the way out of a mistake."""
    lower = text.lower()
    if "no scheme found" in lower or "relative iri" in lower:
        return "Relative IRIs need a base: name it with --base, or as baseUri of a load's request"
    if "prefix" in lower and ("unknown" in lower or "not been declared" in lower):
        return (
            "Declare it at the beginning of the file"
            if form.name != "rdfxml"
            else "Declare it with xmlns in the first element"
        )
    if "utf-8" in lower:
        return "Save the file as UTF-8"
    return f"Correct it, or name another format if the file is no {form.title}"


def checked_iri(text: str) -> str:
    """Return the text if it is an absolute IRI. Raises `ValueError`."""
    try:
        quad = next(ox.parse(f"<{text}> <{text}> <{text}> .", format=ox.RdfFormat.N_QUADS))
    except (SyntaxError, StopIteration):
        quad = None
    if quad is None or getattr(quad.subject, "value", None) != text:
        raise ValueError(f"{text!r} is no absolute IRI, such as http://example.org/graph")
    return text


def format_of(path: Path) -> RdfFormat | None:
    """Return the format of a file by its first bytes and its name, if it is RDF.

    Raises OSError.
    """
    suffix = Path(plain_name(path)).suffix.lower()
    named = _BY_SUFFIX.get(suffix)
    with open_bytes(path) as file:
        head = file.read(_HEAD)
    head = head.removeprefix(_BYTE_ORDER_MARK)
    if _XML.match(head):
        named_so = named is FORMATS["rdfxml"] and suffix != ".xml"
        return FORMATS["rdfxml"] if named_so or _RDF_NAMESPACE in head else None
    if named is not None and named is not FORMATS["rdfxml"]:
        return named
    return _format_of_text(head)


def _format_of_text(head: bytes) -> RdfFormat | None:
    """Return the widest format that a text looks like: TriG reads Turtle, N-Quads N-Triples."""
    comments = _COMMENTS.match(head)
    begin = head[comments.end() if comments else 0 :]
    if _DIRECTIVE.match(begin):
        return FORMATS["trig"]
    return FORMATS["nquads"] if _STATEMENT.match(begin) else None


def is_rdf(path: Path) -> bool:
    """Return True if a file is RDF, or a folder holds some."""
    if path.is_dir():
        return bool(_sorted(path, None)[0])
    try:
        return format_of(path) is not None
    except OSError:
        return Path(plain_name(path)).suffix.lower() in _BY_SUFFIX


def rdf_files(
    path: Path, form: RdfFormat | None, base: str | None = None
) -> tuple[list[RdfFile], list[LeftOut]]:
    """Return the files of RDF in a folder, and those left out, in the order of their names.

    `form` is their format, if not that of each file; a file that is named itself is taken in it.
    Raises `FileProblem` if there are none, or nothing at all.
    """
    if path.is_file():
        return [RdfFile(path, form or _must_be_known(path), base)], []
    taken, left = _sorted(path, form)
    if not taken:
        listing = "".join(f"\n{each}" for each in left)
        what = "RDF" if form is None else form.title
        raise FileProblem(path, 0, 0, f"there are no files of {what} here{listing}")
    return [RdfFile(each, form or _must_be_known(each), base) for each in taken], left


def _must_be_known(path: Path) -> RdfFormat:
    try:
        found = format_of(path)
    except Foreign as foreign:
        raise FileProblem(path, 0, 0, str(foreign)) from None
    except OSError:
        # Reading it will report why it cannot be read.
        found = _BY_SUFFIX.get(Path(plain_name(path)).suffix.lower())
    if found is None:
        names = ", ".join(FORMATS)
        raise FileProblem(
            path, 0, 0, f"neither its name nor its first bytes tell a format: name one of {names}"
        )
    return found


def _sorted(path: Path, form: RdfFormat | None) -> tuple[Sequence[Path], list[LeftOut]]:
    def unfit(file: Path) -> str | None:
        suffix = Path(plain_name(file)).suffix.lower()
        if suffix in _OTHERS:
            return f"{_OTHERS[suffix]} is not read here: convert it to Turtle or N-Quads"
        try:
            found = format_of(file)
        except Foreign as foreign:
            return None if suffix in _BY_SUFFIX else str(foreign)
        except OSError:
            return None if suffix in _BY_SUFFIX else "no RDF"  # reading it reports why
        if found is None:
            return "no RDF"
        if form is not None and not form.takes(found) and not _may_be(form, found, suffix):
            return f"{found.title}, and not {form.title}"
        return None

    return sorted_out(path, unfit)


def _may_be(form: RdfFormat, found: RdfFormat, suffix: str) -> bool:
    """Return True if a text without a telling name was taken for more than it may be."""
    return suffix not in _BY_SUFFIX and found.takes(form)
