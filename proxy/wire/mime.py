"""The mime types of Gremlin messages (TinkerPop IO reference; the first bytes of a request)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Encoding(Enum):
    """Encodings of a message body."""

    GRAPHBINARY = "graphbinary"
    GRAPHSON = "graphson"


@dataclass(frozen=True, slots=True)
class Format:
    """A serializer as the mime type names it.

    `name` is empty for the body of a text frame, which names none. `version` is GraphSON's;
    `typed` is false where numbers lose their types; `stringd` where results become strings.
    """

    name: str
    encoding: Encoding
    version: int = 3
    typed: bool = True
    stringd: bool = False

    @property
    def keeps_types(self) -> bool:
        """Return `True` if values keep their types; in a `stringd` format results are text."""
        return self.encoding is Encoding.GRAPHBINARY or (self.typed and self.version > 1)

    @property
    def readable(self) -> Format:
        """Return the format of the proxy's own queries, whose results have to keep the types of
        values.

        A Gremlin Server has GraphBinary built in, with any configuration.
        """
        if self.stringd or not self.keeps_types:
            return GRAPHBINARY
        return self


GRAPHBINARY = Format("application/vnd.graphbinary-v1.0", Encoding.GRAPHBINARY)
GRAPHSON_3 = Format("application/vnd.gremlin-v3.0+json", Encoding.GRAPHSON)
GRAPHSON_2 = Format("application/vnd.gremlin-v2.0+json", Encoding.GRAPHSON, version=2)
TEXT_FRAME = Format("", Encoding.GRAPHSON)

_FORMATS = {
    known.name: known
    for known in (
        GRAPHBINARY,
        replace(GRAPHBINARY, name="application/vnd.graphbinary-v1.0-stringd", stringd=True),
        GRAPHSON_3,
        GRAPHSON_2,
        Format("application/vnd.gremlin-v1.0+json", Encoding.GRAPHSON, version=1),
        Format("application/json", Encoding.GRAPHSON),
        *(
            Format(
                f"application/vnd.gremlin-v{version}.0+json;types=false",
                Encoding.GRAPHSON,
                version=version,
                typed=False,
            )
            for version in (1, 2, 3)
        ),
    )
}


def format_of(mime: str) -> Format | None:
    """Return the format of a mime type, `None` for an unknown one."""
    return _FORMATS.get(mime)
