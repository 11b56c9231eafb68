"""The traverser's sack, where a query does not use it itself.

A database merges equal results of bytecode, at the place of the first, and with them the order is
lost in which a class is followed by its score. Traversers with a sack are not merged, as long as
the query does not define how two sacks become one.
"""

from __future__ import annotations

from gremlink.grammar.traversal import EnumConstant, Instruction, Traversal, anonymous, step, walk

KEEPING_APART: tuple[Instruction, ...] = (
    step("sack", EnumConstant("Operator", "assign")),
    step("by", anonymous(step("constant", True))),
)
"""The steps behind which traversers stay single, in their order."""


def is_free(traversal: Traversal) -> bool:
    """Return whether a query does not use the sack itself."""
    uses = any(instruction.name == "sack" for _, instruction in walk(traversal))
    starts = any(instruction.name == "withSack" for instruction in traversal.source)
    return not uses and not starts
