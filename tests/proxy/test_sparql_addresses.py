"""Addresses of RDF stores: each kind by its base and by each of its three addresses."""

import pytest

from gremlink.proxy import config
from gremlink.proxy.config import Addresses, ConfigurationError, Sparql

NEPTUNE = "https://db.cluster-x.eu-west-1.neptune.amazonaws.com:8182"
STORES = [
    (
        ["http://h:7878", "http://h:7878/", "http://h:7878/query", "http://h:7878/update",
         "http://h:7878/store", "http://h:7878/store/"],
        ("http://h:7878/query", "http://h:7878/update", "http://h:7878/store"),
    ),
    (
        ["http://h:3030/ds", "http://h:3030/ds/", "http://h:3030/ds/sparql",
         "http://h:3030/ds/query", "http://h:3030/ds/update", "http://h:3030/ds/data"],
        ("http://h:3030/ds/sparql", "http://h:3030/ds/update", "http://h:3030/ds/data"),
    ),
    (
        ["https://h/rdf4j-server/repositories/r", "https://h/rdf4j-server/repositories/r/statements",
         "https://h/rdf4j-server/repositories/r/rdf-graphs/service"],
        ("https://h/rdf4j-server/repositories/r",
         "https://h/rdf4j-server/repositories/r/statements",
         "https://h/rdf4j-server/repositories/r/rdf-graphs/service"),
    ),
    (
        ["http://h:7200/repositories/r"],
        ("http://h:7200/repositories/r", "http://h:7200/repositories/r/statements",
         "http://h:7200/repositories/r/rdf-graphs/service"),
    ),
    (
        [NEPTUNE, f"{NEPTUNE}/", f"{NEPTUNE}/sparql", f"{NEPTUNE}/sparql/gsp/"],
        (f"{NEPTUNE}/sparql", f"{NEPTUNE}/sparql", f"{NEPTUNE}/sparql/gsp/"),
    ),
    (
        ["http://h:8890/sparql", "http://h:8890/sparql/"],
        ("http://h:8890/sparql", "http://h:8890/sparql", "http://h:8890/sparql/gsp/"),
    ),
    (["http://h:9999/blazegraph/sparql"], ("http://h:9999/blazegraph/sparql",) * 3),
    (
        ["http://h/bigdata/namespace/kb/sparql"],
        ("http://h/bigdata/namespace/kb/sparql",) * 3,
    ),
    (["http://h/a/b/endpoint"], ("http://h/a/b/endpoint",) * 3),
    (["http://u:p%40@h:1/ds"], ("http://u:p%40@h:1/ds/sparql", "http://u:p%40@h:1/ds/update",
                                "http://u:p%40@h:1/ds/data")),
]  # fmt: skip


@pytest.mark.parametrize(("given", "addresses"), STORES)
def test_one_address_tells_the_others(given, addresses):
    for url in given:
        assert Sparql(url=url).addresses() == Addresses(*addresses)
        assert Sparql(query=url).addresses() == Addresses(url, *addresses[1:])


def test_what_is_set_counts_more():
    settings = Sparql(url="http://h:1/ds", store="http://other/x", update="http://u:2/up")
    assert settings.addresses() == Addresses(
        "http://h:1/ds/sparql", "http://u:2/up", "http://other/x"
    )


def test_without_a_store():
    assert not Sparql().is_set
    with pytest.raises(ValueError, match=r"sparql\.url is not set"):
        Sparql().addresses()


def test_the_token_reaches_processes_of_the_proxy_and_no_eye():
    settings = Sparql(url="http://h", token="t" * 20)
    assert "t" * 20 not in repr(settings)
    handed = Sparql.model_validate_json(settings.model_dump_json())
    assert handed.token is not None
    assert handed.token.get_secret_value() == "t" * 20
    assert Sparql.model_validate_json(Sparql().model_dump_json()) == Sparql()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("sparql.url", "ws://h/x", "http://host:port/path"),
        ("sparql.url", "http://u@h/x", "go together"),
        ("sparql.update", "http://h/x?default-graph-uri=y", "nothing behind the path"),
        ("sparql.token", "x" * 16, "token needs url"),
        ("upstream.sparql", "http://h:1/sparql", "is written as url below [sparql]"),
    ],
)
def test_what_cannot_be_used_says_why(key, value, said):
    with pytest.raises(ConfigurationError) as caught:
        config.load({key: value}, environment={})
    assert said in str(caught.value)
