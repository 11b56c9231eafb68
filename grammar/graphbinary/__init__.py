"""GraphBinary 1.0: Bytecode and values ⇄ `gremlink.grammar.traversal`.

`read_bytecode` and `write_bytecode` take a Bytecode's value, `read_value`, `write_value` and
`skip_value` a qualified value: type code, flag, value.
"""

from gremlink.grammar.graphbinary.read import read_bytecode, read_value, skip_value
from gremlink.grammar.graphbinary.skip import MAX_DEPTH, MAX_VALUES, Slice
from gremlink.grammar.graphbinary.write import write_bytecode, write_value

__all__ = [
    "MAX_DEPTH",
    "MAX_VALUES",
    "Slice",
    "read_bytecode",
    "read_value",
    "skip_value",
    "write_bytecode",
    "write_value",
]
