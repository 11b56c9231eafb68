"""Requests of the SPARQL 1.1 protocol: queries and updates in addresses, forms and bodies.

Beside the specification two habits are read: forms that are not percent-encoded, as AWS's own
examples with `curl` send them, and forms without a content type.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus, unquote_plus, urlencode

from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.http import FORM

QUERY, UPDATE = "application/sparql-query", "application/sparql-update"
"""The content types of bodies that are the text itself."""

LONGEST_ADDRESS = 6000
"""Characters of a path with its parameters, up to which a query is sent by GET: servers take 8 kB
and less."""

_NAMES = (b"query", b"update")
_DATASET = {
    "default-graph-uri": "default-graph-uri",
    "named-graph-uri": "named-graph-uri",
    "using-graph-uri": "default-graph-uri",
    "using-named-graph-uri": "named-graph-uri",
}
"""Parameters that name a dataset, and their names in a query."""
_NOT_ASKED = {"query", "update", "explain", "queryId", "format", "output", "results", "callback"}
"""Parameters that a query of the proxy's own does not repeat: text, name and form of the result."""

_UNENCODED = re.compile(rb"[\x00-\x20{}<>\"?|^`\x7f-\xff]")
"""A byte that no encoder leaves in a form."""
_PARAMETER = re.compile(rb"[A-Za-z][A-Za-z0-9_.-]*=")


@dataclass(frozen=True, slots=True)
class SparqlMessage:
    """A query or an update, as a request carries it.

    `pieces` are the parameters of `place`, `"address"` or `"form"`, as they are written, and the
    text is that of number `index`; of a `"body"` there are none. `beside` are those of a form
    beside an address with the text. `charset` is that of the text, `parameters` are all others,
    decoded, in their order.
    """

    text: str
    is_update: bool
    place: str
    charset: str = "utf-8"
    parameters: tuple[tuple[str, str], ...] = ()
    pieces: tuple[bytes, ...] = ()
    index: int = 0
    beside: tuple[bytes, ...] = ()

    def parameter(self, name: str) -> str | None:
        """Return the first value of a parameter, `None` without one."""
        return next((value for key, value in self.parameters if key == name), None)

    def form_to_ask(self, query: str) -> bytes:
        """Return the form of another query on the same dataset."""
        asked = [("query", query)]
        for name, value in self.parameters:
            if name in _DATASET:
                asked.append((_DATASET[name], value))
            elif name not in _NOT_ASKED:
                asked.append((name, value))
        return urlencode(asked).encode()

    def with_text(self, text: str) -> Rewritten:
        """Return the request with another text."""
        if self.place == "body":
            try:
                return Rewritten(None, text.encode(self.charset), None)
            except UnicodeEncodeError:
                kind = UPDATE if self.is_update else QUERY
                return Rewritten(None, text.encode(), f"{kind}; charset=utf-8")
        name = "update" if self.is_update else "query"
        pieces = list(self.pieces)
        if self.place == "form":
            try:
                written = quote_plus(text, encoding=self.charset, errors="strict")
            except UnicodeEncodeError:
                anew = [_decoded(piece, self.charset) for piece in pieces]
                anew[self.index] = name, text
                return Rewritten(None, urlencode(anew).encode(), f"{FORM}; charset=utf-8")
            pieces[self.index] = f"{name}={written}".encode()
            return Rewritten(None, b"&".join(pieces), None)
        pieces[self.index] = f"{name}={quote_plus(text)}".encode()
        address = b"&".join(pieces)
        if len(address) <= LONGEST_ADDRESS:
            return Rewritten(address.decode("ascii", "replace"), None, None)
        form = b"&".join((*self.beside, pieces.pop(self.index)))
        return Rewritten(b"&".join(pieces).decode("ascii", "replace"), form, FORM)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """Changes of a request: its query string, its body, the content type of that.

    `None` stays as it was; a body where there was none makes it a POST.
    """

    query_string: str | None
    body: bytes | None
    content_type: str | None


def read_sparql(
    content_type: str, query_string: str, body: bytes, *, has_body: bool = True
) -> SparqlMessage:
    """Read a request, of which `query_string` is as it was written. Raises `MessageError`.

    Without `has_body`, as with GET, only the address counts.
    """
    mime = _mime(content_type)
    address = _pieces(query_string.encode("utf-8", "surrogateescape"))
    if has_body and mime in (QUERY, UPDATE):
        charset = _charset(content_type)
        others = tuple(_decoded(piece, "utf-8") for piece in address)
        return SparqlMessage(_text(body, charset), mime == UPDATE, "body", charset, others)
    if has_body and body and is_form(content_type, body):
        charset = _charset(content_type)
        return _of_form(_pieces(body), "form", charset, address)
    if has_body and body and mime:
        raise MessageError(
            f"a body of the type {mime!r} is read neither as a query nor as an update: send it as"
            f" {FORM}, {QUERY} or {UPDATE}"
        )
    return _of_form(address, "address", "utf-8", ())


def is_form(content_type: str, body: bytes) -> bool:
    """Return `True` for a form, also for one that does not say that it is one."""
    return _mime(content_type) == FORM or (not content_type and body.startswith(_STARTS))


_STARTS = tuple(name + b"=" for name in _NAMES)


def is_update(content_type: str, query_string: str, body: bytes) -> bool | None:
    """Tell whether a request is an update, by the beginning of its body; `None` if it is neither
    an update nor a query.
    """
    mime = _mime(content_type)
    if mime in (QUERY, UPDATE):
        return mime == UPDATE
    if body and is_form(content_type, body) and (found := _first_name(body)) is not None:
        return found == b"update"
    found = _first_name(query_string.encode("utf-8", "surrogateescape"))
    return None if found is None else found == b"update"


def is_sparql_at_root(content_type: str, query_string: str, body: bytes) -> bool:
    """Tell whether a request to the root is in SPARQL, and not in Gremlin."""
    if _mime(content_type) in (QUERY, UPDATE):
        return True
    form = body if body and is_form(content_type, body) else b""
    if body and not form:
        return False
    address = query_string.encode("utf-8", "surrogateescape")
    return is_update(content_type, query_string, form) is not None and not any(
        piece.startswith(b"gremlin=") for part in (form, address) for piece in part.split(b"&")
    )


def _first_name(form: bytes) -> bytes | None:
    start = 0
    while start >= 0:
        if form.startswith(_STARTS, start):
            return form[start : form.index(b"=", start)]
        start = form.find(b"&", start) + 1 or -1
    return None


def _pieces(form: bytes) -> list[bytes]:
    """Return the parameters of a form as they are written.

    An `&` in a text that is not encoded belongs to the text, unless a name and `=` follow.
    """
    if _UNENCODED.search(form) is None:
        return form.split(b"&") if form else []
    pieces: list[bytes] = []
    for piece in form.split(b"&"):
        if pieces and not _PARAMETER.match(piece) and _UNENCODED.search(pieces[-1]) is not None:
            pieces[-1] += b"&" + piece
        else:
            pieces.append(piece)
    return pieces


def _of_form(
    pieces: Sequence[bytes], place: str, charset: str, beside: Sequence[bytes]
) -> SparqlMessage:
    found = [number for number, piece in enumerate(pieces) if piece.startswith(_STARTS)]
    if not found and place == "form":
        return _of_form(beside, "address", "utf-8", pieces)
    if not found:
        raise MessageError("there is neither a query nor an update in it")
    if len(found) > 1:
        raise MessageError("there is more than one query or update in it")
    (index,) = found
    name, text = _decoded(pieces[index], charset)
    others = [_decoded(piece, charset) for number, piece in enumerate(pieces) if number != index]
    others += [_decoded(piece, "utf-8") for piece in beside]
    return SparqlMessage(
        text, name == "update", place, charset, tuple(others), tuple(pieces), index, tuple(beside)
    )


def _decoded(piece: bytes, charset: str) -> tuple[str, str]:
    name, _, value = piece.partition(b"=")
    return name.decode("latin-1"), _text(_unquoted(value), charset)


def _unquoted(value: bytes) -> bytes:
    text = value.decode("latin-1")
    return unquote_plus(text, encoding="latin-1").encode("latin-1")


def _name(piece: bytes) -> str:
    return piece.partition(b"=")[0].decode("latin-1")


def _text(content: bytes, charset: str) -> str:
    try:
        return content.decode("utf-8-sig" if charset == "utf-8" else charset)
    except UnicodeDecodeError as error:
        raise MessageError(f"the text is not in {charset}: {error.reason}") from error
    except LookupError:
        raise MessageError(f"{charset!r} is no charset of texts") from None


def _mime(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _charset(content_type: str) -> str:
    """Return the charset of a content type, UTF-8 without one. Raises `MessageError`."""
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
            try:
                codecs.lookup(charset)
            except (LookupError, ValueError):
                raise MessageError(f"the charset {charset[:50]!r} is not known") from None
            return "utf-8" if charset.replace("_", "-") in ("utf-8", "utf8") else charset
    return "utf-8"
