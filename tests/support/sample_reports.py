"""Reports of a link and of a property training whose texts would like to be markup."""

from __future__ import annotations

from typing import Any

from gremlink.proxy.learning.curves import Curve
from gremlink.proxy.learning.links.evaluation.reliability import Bin
from gremlink.proxy.learning.links.training.networks import History
from gremlink.proxy.learning.properties.training.importance import (
    FeatureImportance,
    Importance,
)
from gremlink.proxy.learning.reports.link_report import BlendRow, Example, LinkReport, LinkRow
from gremlink.proxy.learning.reports.property_details import ClassRow, Details, HeldExample
from gremlink.proxy.learning.reports.property_report import PropertyReport
from gremlink.proxy.learning.reports.report import MethodRow
from gremlink.proxy.learning.search.search import TrialRow
from gremlink.proxy.learning.search.tuning import SearchReport

EVIL = "</td><script>alert(1)</script><i>{{ 1 + 1 }}"
"""A label, an id, a class or a path that would like to be more than a text."""
POINTS = ((0.0, 0.5), (1.0, 0.25))
FIGURES = dict.fromkeys(
    ("mrr", "hits@1", "hits@3", "hits@10", "hits@100", "ndcg@10", "recall@10", "recall@20"), 0.5
)
TRIALS = (
    TrialRow(0, {EVIL: 1}, 0.5, "complete", 1.0),
    TrialRow(1, {EVIL: 2}, None, "failed", 1.0, EVIL),
)
COMMON: dict[str, Any] = {
    "model": EVIL,
    "protocol": EVIL,
    "warnings": (EVIL,),
    "graph": {"vertices": 1234, "edges": 2},
    "vertex_types": {EVIL: 1234},
    "edge_types": {EVIL: 2},
    "picture": {EVIL: POINTS},
    "search": SearchReport(EVIL, EVIL, {EVIL: 1}, TRIALS, 1, 2.0),
    "seed": 0,
    "device": EVIL,
    "budget": 1.0,
    "planned": 1.0,
    "seconds": 1.0,
    "parts": {EVIL: 1.0},
}
LINKS = LinkReport(
    **COMMON,
    rows=tuple(
        LinkRow(
            method=name,
            metrics=FIGURES,
            seconds=1.0,
            intervals={"mrr": (0.4, 0.6)},
            by_direction={EVIL: FIGURES},
        )
        for name in (EVIL, f"other {EVIL}")
    ),
    chance={"mrr": 0.1},
    blend=(BlendRow(EVIL, "out", {EVIL: 1.0}, (EVIL,)),),
    epochs={},
    networks={},
    courses={EVIL: History({1: 0.5, 2: 0.25}, {2: 0.5})},
    rank_counts={EVIL: (1, 2, 3, 4, 5, 6, 7)},
    reliability=(Bin(0.5, 0.5, 1.0),),
    examples=(Example(EVIL, EVIL, "out", ((EVIL, 0.5),)),),
    curves={EVIL: Curve(POINTS, POINTS, 0.75, 0.5, 0.01)},
)
PROPERTY = PropertyReport(
    **COMMON,
    rows=(MethodRow(EVIL, {"accuracy": 0.5, "macro_f1": 0.5}, 1.0),),
    task="node_classification",
    target=EVIL,
    metric="macro_f1",
    weights={EVIL: 1.0},
    classes={EVIL: 1, f"other {EVIL}": 2},
    balance=0.5,
    thresholds={EVIL: 0.5},
    confusion=[[1, 0], [0, 2]],
    labelled=3,
    epochs=1,
    remembers=True,
    networks=1,
    importance=Importance(
        "macro_f1", 0.5, 1234, (FeatureImportance(EVIL, EVIL, 0.25, 0.1, 5),), untried=3
    ),
    details=Details(
        intervals={EVIL: (0.4, 0.6)},
        classes=(ClassRow(EVIL, 1, 0.5, 0.5, 0.5, None),),
        reliability=POINTS,
        points=POINTS,
        examples=(HeldExample(EVIL, EVIL, EVIL),),
        losses={EVIL: POINTS},
        held_losses={EVIL: POINTS},
    ),
)
