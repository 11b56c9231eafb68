"""Steps tell whether they lead to vertices, to edges or to something else."""

import pytest

from gremlink.grammar import script
from gremlink.proxy.inference.analysis.output_types import EDGE, OTHER, VERTEX, Listed, output_type


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('g.V("a")', VERTEX),
        ('g.V("a").outE().inV()', VERTEX),
        ('g.V("a").outE("x").has("since", 1).dedup()', EDGE),
        ('g.V().has("name", "Ann").fold()', Listed(VERTEX)),
        ('g.V().has("name", "Ann").fold().coalesce(unfold(), addV("User"))', VERTEX),
        ('g.V("a").outE("x").fold().coalesce(unfold(), V("a").addE("x").to(V("b")))', EDGE),
        ('g.V("a").coalesce(outE("x"), addE("x").to(V("b")))', EDGE),
        ('g.V("a").coalesce(outE("x"), out("x"))', None),
        ('g.V("a").union(identity(), addV("b"))', VERTEX),
        ('g.V("a").union(identity(), outE())', None),
        ('g.V("a").optional(property("x", 1))', VERTEX),
        ('g.V("a").optional(outE())', None),
        ('g.V("a").choose(has("x"), out(), in())', VERTEX),
        ('g.V("a").choose(has("x"), outE(), inE())', EDGE),
        ('g.V("a").choose(has("x"), outE())', None),
        ('g.V("a").choose(values("x")).option("y", out()).option(none, addV("z"))', VERTEX),
        ('g.V("a").choose(values("x")).option("y", outE())', None),
        ('g.V("a").local(outE().inV())', VERTEX),
        ('g.V("a").flatMap(outE())', EDGE),
        ('g.V("a").map(values("x"))', OTHER),
        ('g.V("a").repeat(out("x")).times(2).emit()', VERTEX),
        ('g.V("a").repeat(outE("x")).times(2)', None),
        ('g.V("a").as("v").outE().select("v")', VERTEX),
        ('g.V("a").as("v").outE().as("v").select("v")', None),
        ('g.V("a").as("v").outE().as("e").select("v", "e")', None),
        ("g.mergeE([:]).option(onCreate, [:]).outV()", VERTEX),
        ('g.V("a").values("name")', OTHER),
        ('g.V("a").project("x").by(out()).select("x")', None),
        ('g.V("a").aggregate("x").cap("x").unfold()', None),
        ('g.V("a").property("x", 1).property(list, "y", 2).sideEffect(drop())', VERTEX),
        ("g.inject(1)", None),
        ('g.call("service")', None),
    ],
)
def test_kinds(text, kind):
    traversal = script.parse(text).single
    assert output_type(traversal.steps) == kind
