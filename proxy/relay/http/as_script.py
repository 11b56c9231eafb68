"""Bytecode over HTTP as the script that a Gremlin Server makes of it anyway.

The server translates bytecode that comes over HTTP to Groovy, and what it writes for a property or
for more than 255 arguments does not compile. Answers to scripts travel as bindings, which it takes
as they are; the driver still gets the traversers that it expects of bytecode.
"""

from __future__ import annotations

from gremlink.grammar import script
from gremlink.grammar.errors import GremlinError
from gremlink.grammar.traversal import Kind, Literal, Traversal
from gremlink.proxy.wire.request import RequestMessage

_TRAVERSER = "org.apache.tinkerpop.gremlin.process.remote.traversal.DefaultRemoteTraverser"


def as_script(request: RequestMessage) -> RequestMessage:
    """Turn a request of bytecode into one of a script.

    Any other request, and one with a value that no script can write, is returned as it is.
    """
    traversal = request.args.get("gremlin")
    if request.op != "bytecode" or not isinstance(traversal, Traversal):
        return request
    try:
        text = script.write(traversal)
    except GremlinError:
        return request
    args = {
        **request.args,
        "gremlin": Literal.string(text),
        "language": Literal.string("gremlin-groovy"),
    }
    return RequestMessage(request.format, request.request_id, "eval", "", args)


def with_traversers(request: RequestMessage) -> RequestMessage:
    """Wrap a script so that its results are traversers, as those of bytecode are."""
    match request.args.get("gremlin"):
        case Literal(Kind.STRING, str(text)):
            wrapped = f"{text}.toList().collect {{ new {_TRAVERSER}(it, 1L) }}"
            return request.derive(
                request_id=request.request_id, args={"gremlin": Literal.string(wrapped)}
            )
    return request
