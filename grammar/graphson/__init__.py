"""GraphSON 2.0 and 3.0: JSON values ⇄ `grammar.traversal`."""

from grammar.graphson.read import Node, read_bytecode, read_value
from grammar.graphson.write import write_bytecode, write_value
from grammar.lossless_json import MAX_DEPTH, Number, dumps, loads

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
