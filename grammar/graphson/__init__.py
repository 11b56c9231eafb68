"""GraphSON 2.0 and 3.0: JSON values ⇄ `gremlink.grammar.traversal`."""

from gremlink.grammar.graphson.read import Node, read_bytecode, read_value
from gremlink.grammar.graphson.write import write_bytecode, write_value
from gremlink.grammar.lossless_json import MAX_DEPTH, Number, dumps, loads

__all__ = [
    "MAX_DEPTH",
    "Node",
    "Number",
    "dumps",
    "loads",
    "read_bytecode",
    "read_value",
    "write_bytecode",
    "write_value",
]
