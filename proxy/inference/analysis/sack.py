"""The traverser's sack, where a query leaves it to us.

A database hands equal results of bytecode to the client together, at the place of the first, and
with them the order is lost in which a class is followed by its score. A traverser with a sack is
never put together with another, so long as nobody says how two sacks become one.
"""

from __future__ import annotations

from gremlink.grammar.traversal import EnumConstant, Instruction, Traversal, anonymous, step, walk

KEEPING_APART: tuple[Instruction, ...] = (
    step("sack", EnumConstant("Operator", "assign")),
    step("by", anonymous(step("constant", True))),
)
"""The steps behind which traversers stay single, in their order."""


def is_free(traversal: Traversal) -> bool:
    """Whether a query does not use the sack itself."""
    uses = any(instruction.name == "sack" for _, instruction in walk(traversal))
    starts = any(instruction.name == "withSack" for instruction in traversal.source)
    return not uses and not starts
