"""A request with a key that is nearly ours is the database's, and the log tells of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest
from gremlin_python.driver.client import Client
from running_proxy import Model, RunningProxy
from ways import WAYS, Refused, Speakers

from gremlink.grammar.traversal import Literal
from gremlink.proxy.relay.misspelt_keys import MISSPELT_KEYS

KEYS = ("neptune#ml.prediction", "Neptune#ML.prediction", "Neptune.ml.prediction")

ASKED = [(key, way) for key in KEYS for way in (WAYS if key is KEYS[0] else WAYS[::4])]
"""One key in every way, the others in some."""


@pytest.fixture(scope="module")
def speakers(graph_url: str) -> Iterator[Speakers]:
    with closing(Client(graph_url, "g")) as client:
        for script in (
            "g.V().drop().iterate()",
            "g.addV('User').property(T.id, 'a').as('a').addV('User').property(T.id, 'b')"
            ".addE('FRIEND').from('a').iterate()",
        ):
            client.submit(script).all().result()
    model = Model("friends", {Literal.string("a"): [Literal.string("a")]})
    with RunningProxy(graph_url, model) as proxy, closing(Speakers(proxy.url)) as speakers:
        yield speakers


@pytest.mark.parametrize(("key", "way"), ASKED)
def test_alone_it_passes_with_a_warning(
    key: str,
    way: str,
    speakers: Speakers,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(MISSPELT_KEYS, "_silent_until", 0.0)
    monkeypatch.setattr(MISSPELT_KEYS, "due", 0.0)
    caplog.set_level(logging.WARNING)
    found = speakers.ask(
        way,
        f'g.with("{key.replace("prediction", "endpoint")}", "friends")'
        f'.V("a").out("FRIEND").with("{key}").hasLabel("User").id()',
        lambda g: g.V("a").out("FRIEND").with_(key).has_label("User").id_(),
    )
    assert found == ["b"]
    lines = [
        each.getMessage()
        for each in caplog.records
        if each.name == "gremlink.proxy.relay.misspelt_keys"
    ]
    assert len(lines) == 1
    assert "without any prediction" in lines[0]
    assert "FRIEND" not in lines[0]


@pytest.mark.parametrize(("key", "way"), ASKED)
def test_beside_a_key_of_ours_it_is_refused(key: str, way: str, speakers: Speakers) -> None:
    with pytest.raises(Refused, match=r'is \\*"Neptune#ml\.prediction\\*" meant'):
        speakers.ask(
            way,
            'g.with("Neptune#ml.endpoint", "friends")'
            f'.V("a").out("FRIEND").with("{key}").hasLabel("User").id()',
            lambda g: (
                g.with_("Neptune#ml.endpoint", "friends")
                .V("a")
                .out("FRIEND")
                .with_(key)
                .has_label("User")
                .id_()
            ),
        )
