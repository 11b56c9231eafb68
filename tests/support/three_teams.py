"""A graph of three teams, and for each task that there is an endpoint which learns it."""

from __future__ import annotations

import random
from typing import Any

from gremlin_python.driver.client import Client

from gremlink.proxy.learning.settings import TrainingSettings

PEOPLE = 60
TEAMS = ("red", "green", "blue")
QUICK = TrainingSettings(epochs=10, networks=1, folds=2)
KNOWS = ["Person", "knows", "Person"]
TARGETS: dict[str, tuple[dict[str, Any], str]] = {
    "teams": ({"node": "Person", "property": "team", "type": "classification"}, "auto"),
    "levels": ({"node": "Person", "property": "level", "type": "classification"}, "neighbours"),
    "ages": ({"node": "Person", "property": "age", "type": "regression"}, "linear"),
    "close": ({"edge": KNOWS, "property": "close", "type": "classification"}, "boosting"),
    "weights": ({"edge": KNOWS, "property": "weight", "type": "regression"}, "auto"),
    "friends": ({"edge": KNOWS, "type": "link_prediction"}, "common-neighbours"),
    "near": ({"edge": KNOWS, "type": "link_prediction"}, "rgcn"),
}
"""By endpoint: what it predicts, and by which method."""


def fill(client: Client) -> None:
    """Three teams that know each other well and others little; every fourth tells no team.

    `level`, a Long, goes with the team, `age` with `shoe`; an edge is `close`, and heavy, inside a
    team alone.
    """
    chance = random.Random(1)
    team = [number % 3 for number in range(PEOPLE)]
    client.submit("g.V().drop().iterate()").all().result()
    for number in range(PEOPLE):
        told = f".property('team', '{TEAMS[team[number]]}')" if number % 4 else ""
        script = (
            f"g.addV('Person').property(id, 'p{number}').property('level', {team[number]}L)"
            f".property('shoe', {number}).property('age', {20 + number}).property('size', {number})"
            f".property('side', '{'abc'[team[number]]}'){told}.iterate()"
        )
        client.submit(script).all().result()
    for number in range(PEOPLE):
        for other in chance.sample(range(PEOPLE), 6):
            same = team[number] == team[other]
            if other == number or (not same and chance.random() < 0.7):
                continue
            weight = 5.0 if same else 1.0
            script = (
                f"g.V('p{number}').addE('knows').to(__.V('p{other}'))"
                f".property('close', {str(same).lower()}).property('weight', {weight}d).iterate()"
            )
            client.submit(script).all().result()
