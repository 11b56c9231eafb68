"""`gremlink parse`: the proxy's reading of a query, and its plan."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gremlink.proxy.cli.output.console import Failure, output
from gremlink.proxy.cli.output.sparql_blocks import described_blocks, looks_like_sparql
from gremlink.proxy.messages.controls import escaped

if TYPE_CHECKING:
    from rich.tree import Tree

    from gremlink.grammar.script import Script
    from gremlink.grammar.traversal import Instruction, Traversal
    from gremlink.proxy.wire.request import RequestMessage

ENCODINGS = ("text", "graphson", "graphbinary")
SPARQL = "sparql"
_QUALIFIED_BYTECODE = b"\x15\x00"


@click.command()
@click.argument(
    "file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-"
)
@click.option(
    "--from", "encoding", type=click.Choice((*ENCODINGS, SPARQL)), help="How FILE is written."
)
@click.option("--to", "target", type=click.Choice(ENCODINGS), help="Print it in this encoding.")
def parse(file: Path, encoding: str | None, target: str | None) -> None:
    """Show the traversal in FILE as a tree, mark its inferences, say what the proxy will do.

    FILE holds a query or a whole request message: Gremlin text, GraphSON, or GraphBinary as bytes
    or hexadecimal digits. Of a request in SPARQL its blocks are shown, with the questions that the
    proxy asks for each. `-` and nothing read standard input.

    \b
      echo 'g.V("a").out("FRIEND").with("Neptune#ml.prediction").hasLabel("User")' |
        gremlink parse
    """
    data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    encoding = encoding or guess(data)
    if encoding == SPARQL:
        if target is not None:
            raise Failure("a request in SPARQL has no other encoding: leave --to away")
        for line in described_blocks(_decoded(data)):
            click.echo(escaped(line))
        return
    request = read(data, encoding)
    if target is not None:
        click.echo(converted(request, target))
        return
    console = output()
    for number, (tree, remark) in enumerate(described(request)):
        if number:
            console.print()
        console.print(tree, highlight=False)
        console.print(f"  {remark}", highlight=False, soft_wrap=True)


# -- reading


def guess(data: bytes) -> str:
    """Return the encoding that the first bytes look like."""
    begin = data.lstrip()[:1]
    if begin == b"{":
        return "graphson"
    if data[:1] in (b"\x81", b"\x15") or (
        data and 0 < data[0] < 0x80 and b"graphbinary" in data[:64]
    ):
        return "graphbinary"
    if data and data[0] < 0x80 and b"+json" in data[1:64]:
        return "graphson"
    if begin and not set(data.lower()) - set(b"0123456789abcdef \r\n\t"):
        return "graphbinary"
    return SPARQL if looks_like_sparql(data[:4096].decode(errors="replace")) else "text"


def read(data: bytes, encoding: str) -> RequestMessage:
    """Return the request in a file; a query alone becomes the request that would carry it.

    Raises `GremlinError`, `MessageError` or `Failure`.
    """
    match encoding:
        case "graphbinary":
            return _read_graphbinary(data)
        case "graphson":
            return _read_graphson(data)
    return _request(_decoded(data))


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Failure("the query is not UTF-8 text; name its encoding with --from") from None


def _read_graphbinary(data: bytes) -> RequestMessage:
    from gremlink.grammar import graphbinary
    from gremlink.proxy.wire.frames import Opcode
    from gremlink.proxy.wire.request import read_request

    if not set(data.lower()) - set(b"0123456789abcdef \r\n\t"):
        try:
            data = bytes.fromhex(data.decode("ascii"))
        except ValueError:
            raise Failure("half a byte is missing in the hexadecimal digits") from None
    if data[:1] == b"\x81":
        mime = b"application/vnd.graphbinary-v1.0"
        return read_request(Opcode.BINARY, bytes([len(mime)]) + mime + data)
    if data[:2] == _QUALIFIED_BYTECODE:
        traversal, end = graphbinary.read_bytecode(data, 2)
        if end != len(data):
            raise Failure(f"{len(data) - end} bytes follow the bytecode")
        return _request(traversal)
    return read_request(Opcode.BINARY, data)


def _read_graphson(data: bytes) -> RequestMessage:
    from gremlink.grammar import graphson
    from gremlink.proxy.wire.frames import Opcode
    from gremlink.proxy.wire.request import read_request

    if data[:1] and 0 < data[0] < 0x80 and data.lstrip()[:1] != b"{":
        return read_request(Opcode.BINARY, data)
    json = graphson.loads(data)
    if isinstance(json, dict) and ("requestId" in json or "op" in json):
        return read_request(Opcode.TEXT, data)
    return _request(graphson.read_bytecode(json))


def _request(gremlin: Traversal | str) -> RequestMessage:
    from gremlink.grammar.traversal import Literal
    from gremlink.proxy.wire.mime import TEXT_FRAME
    from gremlink.proxy.wire.request import RequestMessage

    if isinstance(gremlin, str):
        args: dict[str, Any] = {"gremlin": Literal.string(gremlin)}
        return RequestMessage(TEXT_FRAME, uuid.uuid4(), "eval", "", args)
    args = {"gremlin": gremlin}
    return RequestMessage(TEXT_FRAME, uuid.uuid4(), "bytecode", "traversal", args)


# -- contents


def content(request: RequestMessage) -> Traversal | Script:
    """Return the bytecode of a request, or its script."""
    from gremlink.grammar import script
    from gremlink.grammar.traversal import Kind, Literal, Traversal

    match request.args.get("gremlin"):
        case Traversal() as traversal:
            return traversal
        case Literal(Kind.STRING, str(text)):
            return script.parse(text, request.bindings)
    raise Failure(f"the request {request.op!r} holds no query")


def converted(request: RequestMessage, target: str) -> str:
    """Return the only traversal of a request in another encoding; GraphBinary in hexadecimal."""
    from gremlink.grammar import graphbinary, graphson, script
    from gremlink.grammar.traversal import Traversal

    found = content(request)
    if not isinstance(found, Traversal):
        if target == "text":
            return found.text
        if found.single is None:
            raise Failure(
                "only a script that is a single traversal can be bytecode, and this one is not"
            )
        found = found.single
    match target:
        case "graphbinary":
            return (_QUALIFIED_BYTECODE + graphbinary.write_bytecode(found)).hex()
        case "graphson":
            return graphson.dumps(graphson.write_bytecode(found))
    return script.write(found)


def described(request: RequestMessage) -> list[tuple[Tree | str, str]]:
    """Return each traversal as a tree, with the proxy's plan for it."""
    from gremlink.grammar.traversal import Traversal
    from gremlink.proxy.inference.errors import InferenceError
    from gremlink.proxy.inference.queries.query import read_query

    found = content(request)
    traversals = (found,) if isinstance(found, Traversal) else found.traversals
    try:
        query = read_query(request)
        refused = None
    except InferenceError as error:
        query, refused = None, f"The proxy refuses the request: {error}"
    rows: list[tuple[Tree | str, str]] = []
    for number, traversal in enumerate(traversals):
        remark = "The proxy leaves it as it is."
        if query is not None and number in query.concerned:
            remark = outcome(query.traversals[number])
        rows.append((tree(traversal), refused or remark))
    if not isinstance(found, Traversal):
        for fragment in found.fragments:
            remark = "A piece of a traversal: the proxy looks at it, and cannot rewrite it."
            rows.append((tree(fragment), refused or remark))
        if not rows:
            rows.append(
                (
                    found.text.replace("\n", "\n  "),
                    "No traversal in it: the proxy forwards it as it is.",
                )
            )
    return rows


def outcome(traversal: Traversal) -> str:
    """Return the proxy's plan for a traversal that may hold inferences."""
    from gremlink.proxy.inference.analysis.analysis import Analysis
    from gremlink.proxy.inference.analysis.options import Settings
    from gremlink.proxy.inference.analysis.plan import plan_all
    from gremlink.proxy.inference.errors import InferenceError

    try:
        plans = plan_all(Analysis(traversal), Settings(default_endpoint="the default endpoint"))
    except InferenceError as error:
        return f"The proxy refuses it: {error}"
    return "\n  ".join(["The proxy answers it:", *[f"- {_plan(plan)}" for plan in plans]])


def _plan(plan: Any) -> str:
    from gremlink.proxy.inference.analysis.options import EXPLAIN, SCORE
    from gremlink.proxy.inference.analysis.plan import LinkPlan

    most = f"at most {plan.limit} for each input"
    score = "" if plan.threshold is None else f", with a score of {plan.threshold} or more"
    if isinstance(plan, LinkPlan):
        hidden = {
            None: "",
            "both": f", without those that {plan.edge_label} already links in either direction",
        }.get(plan.hide, f", without those that {plan.edge_label} already links")
        return (
            f"asks {plan.endpoint} for the {plan.target_label} vertices that {plan.edge_label}"
            f" should lead {'to' if plan.direction == 'out' else 'from'}, {most}{score}{hidden}"
        )
    names = {SCORE: "scores", EXPLAIN: "reasons"}
    beside = "".join(f" and {names[key]}" for key in plan.beside)
    return f"asks {plan.endpoint} for values{beside} of {plan.key}, {most}{score}"


# -- the tree


def tree(traversal: Traversal) -> Tree:
    """Return the traversal as a tree: a line for each step, nested traversals below theirs."""
    from rich.text import Text
    from rich.tree import Tree

    from gremlink.proxy.inference.analysis.locate import find_inferences

    marked: dict[tuple[int, ...], str] = {}
    for inference in find_inferences(traversal):
        *parent, index = inference.path
        name = ", ".join(inference.tasks).replace("Neptune#ml.", "")
        marked[inference.path] = f"  ◀ {name}"
        for offset in range(1, inference.width):
            modifier = (*parent, index + offset)
            marked[modifier] = "  ◀"
    root = Tree(traversal.root or "__")
    for instruction in traversal.source:
        root.add(Text(escaped(_line(instruction)), style="dim"))
    _add_steps(root, traversal, (), marked)
    return root


def _add_steps(
    branch: Tree, traversal: Traversal, path: tuple[int, ...], marked: dict[tuple[int, ...], str]
) -> None:
    from rich.text import Text

    from gremlink.grammar.traversal import children

    for index, instruction in enumerate(traversal.steps):
        here = (*path, index)
        shown = Text(escaped(_line(instruction))).append(marked.get(here, ""), style="bold")
        line = branch.add(shown)
        for number, child in enumerate(children(instruction)):
            below = line.add(child.root or "__")
            _add_steps(below, child, (*here, number), marked)


def _line(instruction: Instruction) -> str:
    """Return an instruction in one line; traversals in it are shown below."""
    from gremlink.grammar.traversal import Traversal

    words = [
        "…" if isinstance(argument, Traversal) else _shortened(repr(argument))
        for argument in instruction.arguments
    ]
    return f"{instruction.name}({', '.join(words)})"


def _shortened(text: str, width: int = 120) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
