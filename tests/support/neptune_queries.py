"""Queries of Neptune ML's user guide and sample notebooks, and what each has to answer.

Names of properties are MovieLens's own: `year` for `revenue`, `scale` for `knows_by`; the sample
about employees asks for users. Each query is written as text, and in gremlinpython's words where
these can say it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gremlin_python.process.graph_traversal import GraphTraversalSource, __
from gremlin_python.process.traversal import P, T
from movielens_graph import ROLE
from oracle import Oracle
from plain_results import edge_property, path, vertex, vertex_property
from ways import Write

ENDPOINT, IAM_ROLE = "Neptune#ml.endpoint", "Neptune#ml.iamRoleArn"
LIMIT, THRESHOLD, SCORE = "Neptune#ml.limit", "Neptune#ml.threshold", "Neptune#ml.score"
CLASSES, NUMBERS, LINKS = (
    "Neptune#ml.classification",
    "Neptune#ml.regression",
    "Neptune#ml.prediction",
)
FILMS = ("movie_1", "movie_2", "movie_3")
ADDRESS = "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/rated/invocations"
EDGES = ("user_1-rated-movie_1", "user_1-rated-movie_2", "user_1-rated-movie_3")


@dataclass(frozen=True)
class Query:
    """A query. `expected` tells the results as `plain_results.plain` makes them.

    `ordered` says whether the database fixes their order, `repeats` that some are equal: bytecode
    gets equal results together, at the place of the first. `proxy` is the one to ask.
    """

    name: str
    script: str
    write: Write | None
    expected: Callable[[Oracle], list[Any]]
    ordered: bool = True
    repeats: bool = False
    proxy: str = "plain"

    def __str__(self) -> str:
        return self.name


def _text(endpoint: str) -> str:
    """The beginning of the user guide's queries."""
    return f'g.with("{ENDPOINT}","{endpoint}").with("{IAM_ROLE}","{ROLE}")'


def _source(g: GraphTraversalSource, endpoint: str) -> GraphTraversalSource:
    return g.with_(ENDPOINT, endpoint).with_(IAM_ROLE, ROLE)


def _short(endpoint: str) -> str:
    """The beginning of the notebooks' queries."""
    return f'g.with("{ENDPOINT}","{endpoint}")'


V3 = 'V("movie_1","movie_2","movie_3")'
E3 = f"E({','.join(map(repr, EDGES))})"


_Property = Callable[[str, object], object]


def _properties(
    key: str, found: Sequence[tuple[Any, float]], made: _Property = vertex_property
) -> list[Any]:
    return [made(key, value) for value, _ in found]


def _with_scores(
    key: str, found: Sequence[tuple[Any, float]], made: _Property = vertex_property
) -> list[Any]:
    return [
        property for value, score in found for property in (made(key, value), made(SCORE, score))
    ]


def _genres_of(oracle: Oracle, *films: str, **options: Any) -> list[Any]:
    return [value for value, _ in oracle.classes("genre", *films, **options)]


def _stored(oracle: Oracle, film: str) -> list[Any]:
    return [
        vertex_property("genre", value) for value in oracle.ask("g.V(it).values('genre')", it=film)
    ]


NODE_CLASSIFICATION = [
    Query(
        "limit and threshold",
        f'{_text("genre")}.with("{LIMIT}",2).with("{THRESHOLD}",0.5D)'
        f'.{V3}.properties("genre").with("{CLASSES}")',
        lambda g: (
            _source(g, "genre")
            .with_(LIMIT, 2)
            .with_(THRESHOLD, 0.5)
            .V(*FILMS)
            .properties("genre")
            .with_(CLASSES)
        ),
        lambda oracle: _properties(
            "genre", oracle.classes("genre", *FILMS, limit=2, threshold=0.5)
        ),
    ),
    Query(
        "endpoint of the settings",
        f'g.{V3}.properties("genre").with("{CLASSES}")',
        lambda g: g.V(*FILMS).properties("genre").with_(CLASSES),
        lambda oracle: _properties("genre", oracle.classes("genre", *FILMS)),
        proxy="settled",
    ),
    Query(
        "predicted and stored in a union",
        f'{_text("genre")}.{V3}.union(properties("genre").with("{CLASSES}"), properties("genre"))',
        lambda g: (
            _source(g, "genre")
            .V(*FILMS)
            .union(__.properties("genre").with_(CLASSES), __.properties("genre"))
        ),
        lambda oracle: [
            property
            for film in FILMS
            for property in (
                *_properties("genre", oracle.classes("genre", film)),
                *_stored(oracle, film),
            )
        ],
        ordered=False,
    ),
    Query(
        "all vertices",
        f'{_text("genre")}.V().properties("genre").with("{CLASSES}")',
        lambda g: _source(g, "genre").V().properties("genre").with_(CLASSES),
        lambda oracle: _properties("genre", oracle.classes("genre", *oracle.titles)),
        ordered=False,
    ),
    Query(
        "labels before and behind",
        f'{_text("genre")}.{V3}.as("vertex").properties("genre").with("{CLASSES}")'
        '.as("properties").select("vertex","properties")',
        lambda g: (
            _source(g, "genre")
            .V(*FILMS)
            .as_("vertex")
            .properties("genre")
            .with_(CLASSES)
            .as_("properties")
            .select("vertex", "properties")
        ),
        lambda oracle: [
            {
                "vertex": vertex(film, "movie"),
                "properties": vertex_property("genre", *_genres_of(oracle, film)),
            }
            for film in FILMS
        ],
    ),
    Query(
        "has(value, a value)",
        f'{_text("genre")}.with("{LIMIT}",3).{V3}.properties("genre").with("{CLASSES}")'
        '.has(value,"Comedy")',
        lambda g: (
            _source(g, "genre")
            .with_(LIMIT, 3)
            .V(*FILMS)
            .properties("genre")
            .with_(CLASSES)
            .has(T.value, "Comedy")
        ),
        lambda oracle: [
            vertex_property("genre", genre)
            for genre in _genres_of(oracle, *FILMS, limit=3)
            if genre == "Comedy"
        ],
    ),
    Query(
        "has(value, P.eq)",
        f'{_text("genre")}.with("{LIMIT}",3).{V3}.properties("genre").with("{CLASSES}")'
        '.has(value,P.eq("Comedy"))',
        lambda g: (
            _source(g, "genre")
            .with_(LIMIT, 3)
            .V(*FILMS)
            .properties("genre")
            .with_(CLASSES)
            .has(T.value, P.eq("Comedy"))
        ),
        lambda oracle: [
            vertex_property("genre", genre)
            for genre in _genres_of(oracle, *FILMS, limit=3)
            if genre == "Comedy"
        ],
    ),
    Query(
        "has(value, P.within)",
        f'{_text("genre")}.with("{LIMIT}",3).{V3}.properties("genre").with("{CLASSES}")'
        '.has(value,P.within("Action","Comedy"))',
        lambda g: (
            _source(g, "genre")
            .with_(LIMIT, 3)
            .V(*FILMS)
            .properties("genre")
            .with_(CLASSES)
            .has(T.value, P.within("Action", "Comedy"))
        ),
        lambda oracle: [
            vertex_property("genre", genre)
            for genre in _genres_of(oracle, *FILMS, limit=3)
            if genre in ("Action", "Comedy")
        ],
    ),
    Query(
        "hasValue",
        f'{_text("genre")}.with("{LIMIT}",3).{V3}.properties("genre").with("{CLASSES}")'
        '.hasValue("Comedy","Thriller")',
        lambda g: (
            _source(g, "genre")
            .with_(LIMIT, 3)
            .V(*FILMS)
            .properties("genre")
            .with_(CLASSES)
            .has_value("Comedy", "Thriller")
        ),
        lambda oracle: [
            vertex_property("genre", genre)
            for genre in _genres_of(oracle, *FILMS, limit=3)
            if genre in ("Comedy", "Thriller")
        ],
    ),
    Query(
        "value",
        f'{_text("genre")}.with("{LIMIT}",3).{V3}.properties("genre").with("{CLASSES}").value()',
        lambda g: (
            _source(g, "genre").with_(LIMIT, 3).V(*FILMS).properties("genre").with_(CLASSES).value()
        ),
        lambda oracle: _genres_of(oracle, *FILMS, limit=3),
        repeats=True,
    ),
    Query(
        "value and is",
        f'{_text("genre")}.with("{LIMIT}",3).{V3}.properties("genre").with("{CLASSES}")'
        '.value().is("Comedy")',
        lambda g: (
            _source(g, "genre")
            .with_(LIMIT, 3)
            .V(*FILMS)
            .properties("genre")
            .with_(CLASSES)
            .value()
            .is_("Comedy")
        ),
        lambda oracle: [
            genre for genre in _genres_of(oracle, *FILMS, limit=3) if genre == "Comedy"
        ],
    ),
    Query(
        "key",
        f'{_text("genre")}.{V3}.properties("genre").with("{CLASSES}").key()',
        lambda g: _source(g, "genre").V(*FILMS).properties("genre").with_(CLASSES).key(),
        lambda oracle: ["genre"] * 3,
    ),
    Query(
        "key and is",
        f'{_text("genre")}.{V3}.properties("genre","{SCORE}").with("{CLASSES}").key().is("{SCORE}")',
        lambda g: (
            _source(g, "genre").V(*FILMS).properties("genre", SCORE).with_(CLASSES).key().is_(SCORE)
        ),
        lambda oracle: [SCORE] * 3,
    ),
    Query(
        "hasKey",
        f'{_text("genre")}.{V3}.properties("genre","{SCORE}").with("{CLASSES}").hasKey("genre")',
        lambda g: (
            _source(g, "genre").V(*FILMS).properties("genre", SCORE).with_(CLASSES).has_key("genre")
        ),
        lambda oracle: _properties("genre", oracle.classes("genre", *FILMS)),
    ),
    Query(
        "has(key, a key)",
        f'{_text("genre")}.{V3}.properties("genre","{SCORE}").with("{CLASSES}").has(key,"{SCORE}")',
        lambda g: (
            _source(g, "genre")
            .V(*FILMS)
            .properties("genre", SCORE)
            .with_(CLASSES)
            .has(T.key, SCORE)
        ),
        lambda oracle: [
            vertex_property(SCORE, score) for _, score in oracle.classes("genre", *FILMS)
        ],
    ),
    Query(
        "path",
        f'{_text("genre")}.{V3}.properties("genre").with("{CLASSES}").path()',
        lambda g: _source(g, "genre").V(*FILMS).properties("genre").with_(CLASSES).path(),
        lambda oracle: [
            path(vertex(film, "movie"), vertex_property("genre", *_genres_of(oracle, film)))
            for film in FILMS
        ],
    ),
    Query(
        "scores",
        f'{_text("genre")}.with("{LIMIT}",3).{V3}.properties("genre","{SCORE}").with("{CLASSES}")',
        lambda g: (
            _source(g, "genre").with_(LIMIT, 3).V(*FILMS).properties("genre", SCORE).with_(CLASSES)
        ),
        lambda oracle: _with_scores("genre", oracle.classes("genre", *FILMS, limit=3)),
    ),
    Query(
        "values and scores",
        f'{_text("genre")}.{V3}.properties("genre","{SCORE}").with("{CLASSES}").value()',
        lambda g: _source(g, "genre").V(*FILMS).properties("genre", SCORE).with_(CLASSES).value(),
        lambda oracle: [
            value for genre, score in oracle.classes("genre", *FILMS) for value in (genre, score)
        ],
    ),
]

NODE_REGRESSION = [
    Query(
        "numbers of vertices",
        f'{_text("year")}.{V3}.properties("year").with("{NUMBERS}")',
        lambda g: _source(g, "year").V(*FILMS).properties("year").with_(NUMBERS),
        lambda oracle: [
            vertex_property("year", number) for number in oracle.numbers("year", *FILMS)
        ],
    ),
    Query(
        "numbers of vertices, value and is",
        f'{_text("year")}.V().hasLabel("movie").properties("year").with("{NUMBERS}")'
        ".value().is(P.gte(1990))",
        lambda g: (
            _source(g, "year")
            .V()
            .has_label("movie")
            .properties("year")
            .with_(NUMBERS)
            .value()
            .is_(P.gte(1990))
        ),
        lambda oracle: [
            number for number in oracle.numbers("year", *oracle.titles) if number >= 1990
        ],
        ordered=False,
    ),
    Query(
        "numbers of vertices, hasValue",
        f'{_text("year")}.V().hasLabel("movie").properties("year").with("{NUMBERS}")'
        ".hasValue(P.lte(1990D))",
        lambda g: (
            _source(g, "year")
            .V()
            .has_label("movie")
            .properties("year")
            .with_(NUMBERS)
            .has_value(P.lte(1990.0))
        ),
        lambda oracle: [
            vertex_property("year", number)
            for number in oracle.numbers("year", *oracle.titles)
            if number <= 1990
        ],
        ordered=False,
    ),
]

EDGE_TASKS = [
    Query(
        "classes of edges",
        f'{_text("scale")}.{E3}.properties("scale").with("{CLASSES}")',
        lambda g: _source(g, "scale").E(*EDGES).properties("scale").with_(CLASSES),
        lambda oracle: _properties("scale", oracle.classes("scale", *EDGES), edge_property),
    ),
    Query(
        "classes of edges with scores",
        f'{_text("scale")}.with("{LIMIT}",2).{E3}.properties("scale","{SCORE}").with("{CLASSES}")',
        lambda g: (
            _source(g, "scale").with_(LIMIT, 2).E(*EDGES).properties("scale", SCORE).with_(CLASSES)
        ),
        lambda oracle: _with_scores(
            "scale", oracle.classes("scale", *EDGES, limit=2), edge_property
        ),
    ),
    Query(
        "numbers of edges",
        f'{_text("score")}.{E3}.properties("score").with("{NUMBERS}")',
        lambda g: _source(g, "score").E(*EDGES).properties("score").with_(NUMBERS),
        lambda oracle: [
            edge_property("score", number) for number in oracle.numbers("score", *EDGES)
        ],
    ),
    Query(
        "numbers of edges named by their ids, value and is",
        f'{_text("score")}.{E3}.properties("score").with("{NUMBERS}").value().is(P.gte(3))',
        lambda g: (
            _source(g, "score").E(*EDGES).properties("score").with_(NUMBERS).value().is_(P.gte(3))
        ),
        lambda oracle: [number for number in oracle.numbers("score", *EDGES) if number >= 3],
    ),
    Query(
        "numbers of edges, value and is",
        f'{_text("score")}.V("user_1").outE("rated").properties("score").with("{NUMBERS}")'
        ".value().is(P.gte(4))",
        lambda g: (
            _source(g, "score")
            .V("user_1")
            .out_e("rated")
            .properties("score")
            .with_(NUMBERS)
            .value()
            .is_(P.gte(4))
        ),
        lambda oracle: [
            number
            for rated in oracle.ratings("user_1")
            for number in oracle.numbers("score", rated.edge)
            if number >= 4
        ],
    ),
]

LINK_PREDICTION = [
    Query(
        "five sources for each of three",
        f'{_text("rated")}.with("{LIMIT}",5).{V3}.in("rated").with("{LINKS}").hasLabel("user")',
        lambda g: (
            _source(g, "rated")
            .with_(LIMIT, 5)
            .V(*FILMS)
            .in_("rated")
            .with_(LINKS)
            .has_label("user")
        ),
        lambda oracle: [
            vertex(user, "user") for film in FILMS for user in oracle.targets(film, "in", 5)
        ],
        repeats=True,
    ),
    Query(
        "the endpoint as an address of SageMaker",
        f'{_text(ADDRESS)}.V("user_1").out("rated").with("{LINKS}").hasLabel("movie")',
        lambda g: _source(g, ADDRESS).V("user_1").out("rated").with_(LINKS).has_label("movie"),
        lambda oracle: [vertex(film, "movie") for film in oracle.targets("user_1", "out")],
    ),
    Query(
        "the best target",
        f'{_text("rated")}.V("user_1").out("rated").with("{LINKS}").hasLabel("movie")',
        lambda g: _source(g, "rated").V("user_1").out("rated").with_(LINKS).has_label("movie"),
        lambda oracle: [vertex(film, "movie") for film in oracle.targets("user_1", "out")],
    ),
    Query(
        "source and target",
        f'{_text("rated")}.V("movie_1").as("source").in("rated").with("{LINKS}")'
        '.hasLabel("user").as("target").select("source","target")',
        lambda g: (
            _source(g, "rated")
            .V("movie_1")
            .as_("source")
            .in_("rated")
            .with_(LINKS)
            .has_label("user")
            .as_("target")
            .select("source", "target")
        ),
        lambda oracle: [
            {"source": vertex("movie_1", "movie"), "target": vertex(user, "user")}
            for user in oracle.targets("movie_1", "in")
        ],
    ),
    Query(
        "a threshold",
        f'{_text("rated")}.with("{LIMIT}",50).with("{THRESHOLD}",0.5D).V("user_1").out("rated")'
        f'.with("{LINKS}").hasLabel("movie").id()',
        lambda g: (
            _source(g, "rated")
            .with_(LIMIT, 50)
            .with_(THRESHOLD, 0.5)
            .V("user_1")
            .out("rated")
            .with_(LINKS)
            .has_label("movie")
            .id_()
        ),
        lambda oracle: [film for film, _ in oracle.links("user_1", "out", limit=50, threshold=0.5)],
    ),
]

INDUCTIVE, DETERMINISTIC = "Neptune#ml.inductiveInference", "Neptune#ml.deterministic"
NO_CACHE = "Neptune#ml.disableInductiveInferenceMetadataCache"

INDUCTIVE_INFERENCE = [
    Query(
        "a class, inductive",
        f'{_text("genre")}.V(\'movie_1\').properties("genre","{SCORE}").with("{CLASSES}")'
        f'.with("{INDUCTIVE}")',
        lambda g: (
            _source(g, "genre")
            .V("movie_1")
            .properties("genre", SCORE)
            .with_(CLASSES)
            .with_(INDUCTIVE)
        ),
        lambda oracle: _with_scores("genre", oracle.classes("genre", "movie_1")),
    ),
    Query(
        "a class, deterministic",
        f'{_text("genre")}.V(\'movie_1\').properties("genre","{SCORE}").with("{CLASSES}")'
        f'.with("{INDUCTIVE}").with("{DETERMINISTIC}")',
        lambda g: (
            _source(g, "genre")
            .V("movie_1")
            .properties("genre", SCORE)
            .with_(CLASSES)
            .with_(INDUCTIVE)
            .with_(DETERMINISTIC)
        ),
        lambda oracle: _with_scores("genre", oracle.classes("genre", "movie_1")),
    ),
    Query(
        "a number, inductive",
        f'{_text("year")}.V(\'movie_1\').properties("year").with("{NUMBERS}").with("{INDUCTIVE}")',
        lambda g: (
            _source(g, "year").V("movie_1").properties("year").with_(NUMBERS).with_(INDUCTIVE)
        ),
        lambda oracle: [
            vertex_property("year", number) for number in oracle.numbers("year", "movie_1")
        ],
    ),
    Query(
        "a number, deterministic",
        f'{_text("year")}.V(\'movie_1\').properties("year").with("{NUMBERS}")'
        f'.with("{INDUCTIVE}").with("{DETERMINISTIC}")',
        lambda g: (
            _source(g, "year")
            .V("movie_1")
            .properties("year")
            .with_(NUMBERS)
            .with_(INDUCTIVE)
            .with_(DETERMINISTIC)
        ),
        lambda oracle: [
            vertex_property("year", number) for number in oracle.numbers("year", "movie_1")
        ],
    ),
    Query(
        "a number, inductive, without the metadata cache",
        f'{_text("year")}.with("{NO_CACHE}").V(\'movie_1\').properties("year")'
        f'.with("{NUMBERS}").with("{INDUCTIVE}")',
        lambda g: (
            _source(g, "year")
            .with_(NO_CACHE)
            .V("movie_1")
            .properties("year")
            .with_(NUMBERS)
            .with_(INDUCTIVE)
        ),
        lambda oracle: [
            vertex_property("year", number) for number in oracle.numbers("year", "movie_1")
        ],
    ),
    Query(
        "a class of an edge, inductive",
        f'{_text("scale")}.E(\'{EDGES[0]}\').properties("scale","{SCORE}").with("{CLASSES}")'
        f'.with("{INDUCTIVE}")',
        lambda g: (
            _source(g, "scale")
            .E(EDGES[0])
            .properties("scale", SCORE)
            .with_(CLASSES)
            .with_(INDUCTIVE)
        ),
        lambda oracle: _with_scores("scale", oracle.classes("scale", EDGES[0]), edge_property),
    ),
    Query(
        "a class of an edge, deterministic",
        f'{_text("scale")}.E(\'{EDGES[0]}\').properties("scale","{SCORE}").with("{CLASSES}")'
        f'.with("{INDUCTIVE}").with("{DETERMINISTIC}")',
        lambda g: (
            _source(g, "scale")
            .E(EDGES[0])
            .properties("scale", SCORE)
            .with_(CLASSES)
            .with_(INDUCTIVE)
            .with_(DETERMINISTIC)
        ),
        lambda oracle: _with_scores("scale", oracle.classes("scale", EDGES[0]), edge_property),
    ),
    Query(
        "a number of an edge, inductive",
        f'{_text("score")}.E(\'{EDGES[0]}\').properties("score").with("{NUMBERS}")'
        f'.with("{INDUCTIVE}")',
        lambda g: (
            _source(g, "score").E(EDGES[0]).properties("score").with_(NUMBERS).with_(INDUCTIVE)
        ),
        lambda oracle: [
            edge_property("score", number) for number in oracle.numbers("score", EDGES[0])
        ],
    ),
    Query(
        "a number of an edge, deterministic",
        f'{_text("score")}.E(\'{EDGES[0]}\').properties("score").with("{NUMBERS}")'
        f'.with("{INDUCTIVE}").with("{DETERMINISTIC}")',
        lambda g: (
            _source(g, "score")
            .E(EDGES[0])
            .properties("score")
            .with_(NUMBERS)
            .with_(INDUCTIVE)
            .with_(DETERMINISTIC)
        ),
        lambda oracle: [
            edge_property("score", number) for number in oracle.numbers("score", EDGES[0])
        ],
    ),
    Query(
        "a target, inductive",
        f'{_text("rated")}.V(\'user_1\').out("rated").with("{LINKS}").with("{INDUCTIVE}")'
        '.hasLabel("movie")',
        lambda g: (
            _source(g, "rated")
            .V("user_1")
            .out("rated")
            .with_(LINKS)
            .with_(INDUCTIVE)
            .has_label("movie")
        ),
        lambda oracle: [vertex(film, "movie") for film in oracle.targets("user_1", "out")],
    ),
    Query(
        "a source, inductive",
        f'{_text("rated")}.V(\'movie_1\').in("rated").with("{LINKS}").with("{INDUCTIVE}")'
        '.hasLabel("user")',
        lambda g: (
            _source(g, "rated")
            .V("movie_1")
            .in_("rated")
            .with_(LINKS)
            .with_(INDUCTIVE)
            .has_label("user")
        ),
        lambda oracle: [vertex(user, "user") for user in oracle.targets("movie_1", "in")],
    ),
]
"""Where nothing has changed since training: the answers of the stored model."""

DOCUMENTED = [
    *NODE_CLASSIFICATION,
    *NODE_REGRESSION,
    *EDGE_TASKS,
    *LINK_PREDICTION,
    *INDUCTIVE_INFERENCE,
]
"""The user guide's."""
