"""What may follow predicted properties, and where inferences may stand: queries on MovieLens."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from gremlin_python.process.graph_traversal import GraphTraversalSource, __
from gremlin_python.process.traversal import Order, P, T
from neptune_queries import CLASSES, EDGES, ENDPOINT, FILMS, LIMIT, LINKS, NUMBERS, SCORE, Query
from oracle import Oracle
from plain_results import path, vertex, vertex_property

E3 = f"E({','.join(map(repr, EDGES))})"
V3 = "V('movie_1','movie_2','movie_3')"
GENRE = f"properties('genre').with('{CLASSES}')"
YEAR = f"properties('year').with('{NUMBERS}')"
NEXT_FILM = f"out('rated').with('{LINKS}').hasLabel('movie')"
UNTOLD, TOLD = "movie_28", "movie_1"
"""A film whose genre the graph does not tell, and one of which it does."""


def _g(endpoint: str) -> str:
    return f"g.with('{ENDPOINT}','{endpoint}')"


def _three(g: GraphTraversalSource) -> Any:
    """Three genres of each of three films."""
    films = g.with_(ENDPOINT, "genre").with_(LIMIT, 3).V(*FILMS)
    return films.properties("genre").with_(CLASSES)


THREE = f"{_g('genre')}.with('{LIMIT}',3).{V3}.{GENRE}"


def _genre(oracle: Oracle, film: str = "", limit: int = 1) -> list[Any]:
    films = [film] if film else FILMS
    return [value for value, _ in oracle.classes("genre", *films, limit=limit)]


def _genre_step() -> Any:
    return __.properties("genre").with_(CLASSES)


def _stored(oracle: Oracle, film: str) -> list[Any]:
    return oracle.ask("g.V(it).values('genre')", it=film)


BEHIND = [
    Query(
        "fold",
        f"{THREE}.fold()",
        lambda g: _three(g).fold(),
        lambda oracle: [[vertex_property("genre", value) for value in _genre(oracle, limit=3)]],
    ),
    Query(
        "order by value",
        f"{THREE}.order().by(value, desc).value()",
        lambda g: _three(g).order().by(T.value, Order.desc).value(),
        lambda oracle: sorted(_genre(oracle, limit=3), reverse=True),
    ),
    Query(
        "order by a traversal",
        f"{THREE}.order().by(__.value(), asc).value()",
        lambda g: _three(g).order().by(__.value(), Order.asc).value(),
        lambda oracle: sorted(_genre(oracle, limit=3)),
    ),
    Query(
        "group by value",
        f"{THREE}.group().by(value).by(count())",
        lambda g: _three(g).group().by(T.value).by(__.count()),
        lambda oracle: [dict(Counter(_genre(oracle, limit=3)))],
    ),
    Query(
        "group by key",
        f"{THREE}.group().by(key).by(value().fold())",
        lambda g: _three(g).group().by(T.key).by(__.value().fold()),
        lambda oracle: [{"genre": _genre(oracle, limit=3)}],
    ),
    Query(
        "count by value",
        f"{THREE}.groupCount().by(value)",
        lambda g: _three(g).group_count().by(T.value),
        lambda oracle: [dict(Counter(_genre(oracle, limit=3)))],
    ),
    Query(
        "project",
        f"{THREE}.project('k','v').by(key).by(value)",
        lambda g: _three(g).project("k", "v").by(T.key).by(T.value),
        lambda oracle: [{"k": "genre", "v": value} for value in _genre(oracle, limit=3)],
        repeats=True,
    ),
    Query(
        "select with by",
        f"{_g('genre')}.{V3}.as('v').{GENRE}.as('p').select('v','p').by(id).by(value)",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V(*FILMS)
            .as_("v")
            .properties("genre")
            .with_(CLASSES)
            .as_("p")
            .select("v", "p")
            .by(T.id)
            .by(T.value)
        ),
        lambda oracle: [{"v": film, "p": _genre(oracle, film)[0]} for film in FILMS],
    ),
    Query(
        "path with by",
        f"{_g('genre')}.{V3}.{GENRE}.path().by(id).by(value)",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V(*FILMS)
            .properties("genre")
            .with_(CLASSES)
            .path()
            .by(T.id)
            .by(T.value)
        ),
        lambda oracle: [path(film, _genre(oracle, film)[0]) for film in FILMS],
    ),
    Query(
        "where and not",
        f"{THREE}.where(value().is(neq('Comedy'))).not(hasValue('Thriller')).value()",
        lambda g: (
            _three(g).where(__.value().is_(P.neq("Comedy"))).not_(__.has_value("Thriller")).value()
        ),
        lambda oracle: [
            value for value in _genre(oracle, limit=3) if value not in ("Comedy", "Thriller")
        ],
        repeats=True,
    ),
    Query(
        "dedup, count, limit, tail",
        f"{THREE}.dedup().by(value).limit(4).tail(3).count()",
        lambda g: _three(g).dedup().by(T.value).limit(4).tail(3).count(),
        lambda oracle: [min(3, len(set(_genre(oracle, limit=3))))],
    ),
    Query(
        "every property is one of its own",
        f"{THREE}.dedup().count()",
        lambda g: _three(g).dedup().count(),
        lambda oracle: [len(_genre(oracle, limit=3))],
    ),
    Query(
        "scores above a half",
        f"{_g('genre')}.with('{LIMIT}',3).{V3}.properties('genre','{SCORE}').with('{CLASSES}')"
        f".hasKey('{SCORE}').value().is(gt(0.5))",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .with_(LIMIT, 3)
            .V(*FILMS)
            .properties("genre", SCORE)
            .with_(CLASSES)
            .has_key(SCORE)
            .value()
            .is_(P.gt(0.5))
        ),
        lambda oracle: [
            score for _, score in oracle.classes("genre", *FILMS, limit=3) if score > 0.5
        ],
    ),
    Query(
        "numbers can be reckoned with",
        f"{_g('year')}.{V3}.{YEAR}.value().fold().project('min','max','mean')"
        ".by(min(local)).by(max(local)).by(mean(local))",
        None,
        lambda oracle: [_reckoned(oracle.numbers("year", *FILMS))],
    ),
    Query(
        "properties of edges",
        f"{_g('scale')}.{E3}.as('e').properties('scale').with('{CLASSES}').as('p')"
        ".project('e','k','v').by(select('e').id()).by(key).by(value)",
        lambda g: (
            g.with_(ENDPOINT, "scale")
            .E(*EDGES)
            .as_("e")
            .properties("scale")
            .with_(CLASSES)
            .as_("p")
            .project("e", "k", "v")
            .by(__.select("e").id_())
            .by(T.key)
            .by(T.value)
        ),
        lambda oracle: [
            {"e": edge, "k": "scale", "v": oracle.classes("scale", edge)[0][0]} for edge in EDGES
        ],
    ),
]
"""After `properties(...)`."""


def _reckoned(numbers: list[float]) -> dict[str, float]:
    return {"min": min(numbers), "max": max(numbers), "mean": sum(numbers) / len(numbers)}


PLACES = [
    Query(
        "group().by()",
        f"{_g('genre')}.V().hasLabel('movie').hasNot('genre').group().by({GENRE}.value()).by(id)",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V()
            .has_label("movie")
            .has_not("genre")
            .group()
            .by(_genre_step().value())
            .by(T.id)
        ),
        lambda oracle: [_by_genre(oracle)],
    ),
    Query(
        "order().by()",
        f"{_g('year')}.V().hasLabel('movie').order().by({YEAR}.value(), desc).limit(5).id()",
        lambda g: (
            g.with_(ENDPOINT, "year")
            .V()
            .has_label("movie")
            .order()
            .by(__.properties("year").with_(NUMBERS).value(), Order.desc)
            .limit(5)
            .id_()
        ),
        lambda oracle: _newest(oracle, 5),
    ),
    Query(
        "coalesce",
        f"{_g('genre')}.V('{UNTOLD}','{TOLD}').coalesce(properties('genre'),{GENRE}).value()",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V(UNTOLD, TOLD)
            .coalesce(__.properties("genre"), _genre_step())
            .value()
        ),
        lambda oracle: [*_genre(oracle, UNTOLD), *_stored(oracle, TOLD)],
        repeats=True,
    ),
    Query(
        "choose",
        f"{_g('genre')}.V('{UNTOLD}','{TOLD}').choose(hasNot('genre'),{GENRE},properties('genre'))"
        ".value()",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V(UNTOLD, TOLD)
            .choose(__.has_not("genre"), _genre_step(), __.properties("genre"))
            .value()
        ),
        lambda oracle: [*_genre(oracle, UNTOLD), *_stored(oracle, TOLD)],
        repeats=True,
    ),
    Query(
        "local",
        f"{_g('genre')}.with('{LIMIT}',3).{V3}.local({GENRE}.limit(2)).value()",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .with_(LIMIT, 3)
            .V(*FILMS)
            .local(_genre_step().limit(2))
            .value()
        ),
        lambda oracle: _genre(oracle, limit=2),
        repeats=True,
    ),
    Query(
        "flatMap",
        f"{_g('genre')}.with('{LIMIT}',2).{V3}.flatMap({GENRE}).value()",
        lambda g: (
            g.with_(ENDPOINT, "genre").with_(LIMIT, 2).V(*FILMS).flat_map(_genre_step()).value()
        ),
        lambda oracle: _genre(oracle, limit=2),
        repeats=True,
    ),
    Query(
        "map",
        f"{_g('genre')}.with('{LIMIT}',2).{V3}.map({GENRE}).value()",
        lambda g: g.with_(ENDPOINT, "genre").with_(LIMIT, 2).V(*FILMS).map(_genre_step()).value(),
        _genre,
        repeats=True,
    ),
    Query(
        "optional",
        f"{_g('genre')}.V('user_1','{TOLD}').optional({GENRE})",
        lambda g: g.with_(ENDPOINT, "genre").V("user_1", TOLD).optional(_genre_step()),
        lambda oracle: [vertex("user_1", "user"), vertex_property("genre", *_genre(oracle, TOLD))],
    ),
    Query(
        "where",
        f"{_g('genre')}.V().hasLabel('movie').hasNot('genre').where({GENRE}.hasValue('Drama')).id()",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V()
            .has_label("movie")
            .has_not("genre")
            .where(_genre_step().has_value("Drama"))
            .id_()
        ),
        lambda oracle: _by_genre(oracle)["Drama"],
    ),
    Query(
        "not, and a predicted number in filter",
        f"{_g('year')}.V().hasLabel('movie').not({YEAR}.value().is(lt(1990)))"
        f".filter({YEAR}.value().is(lt(1991))).count()",
        lambda g: (
            g.with_(ENDPOINT, "year")
            .V()
            .has_label("movie")
            .not_(__.properties("year").with_(NUMBERS).value().is_(P.lt(1990)))
            .filter_(__.properties("year").with_(NUMBERS).value().is_(P.lt(1991)))
            .count()
        ),
        lambda oracle: [
            sum(1990 <= year < 1991 for year in oracle.numbers("year", *oracle.titles))
        ],
    ),
    Query(
        "steps before the inference in a child",
        f"{_g('genre')}.V('user_1','user_2').project('user','genres').by(id)"
        f".by(out('rated').has('year',1996).{GENRE}.value().groupCount())",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V("user_1", "user_2")
            .project("user", "genres")
            .by(T.id)
            .by(
                __.out("rated")
                .has("year", 1996)
                .properties("genre")
                .with_(CLASSES)
                .value()
                .group_count()
            )
        ),
        lambda oracle: [
            {"user": user, "genres": _genres_of_1996(oracle, user)} for user in ("user_1", "user_2")
        ],
    ),
    Query(
        "several endpoints in one query",
        f"{_g('genre')}.V('{UNTOLD}').project('genre','year','who')"
        f".by({GENRE}.value()).by({YEAR}.with('{ENDPOINT}','year').value())"
        f".by(__.in('rated').with('{LINKS}').with('{ENDPOINT}','rated').with('{LIMIT}',3)"
        ".hasLabel('user').id().fold())",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V(UNTOLD)
            .project("genre", "year", "who")
            .by(_genre_step().value())
            .by(__.properties("year").with_(NUMBERS).with_(ENDPOINT, "year").value())
            .by(
                __.in_("rated")
                .with_(LINKS)
                .with_(ENDPOINT, "rated")
                .with_(LIMIT, 3)
                .has_label("user")
                .id_()
                .fold()
            )
        ),
        lambda oracle: [
            {
                "genre": _genre(oracle, UNTOLD)[0],
                "year": oracle.numbers("year", UNTOLD)[0],
                "who": oracle.targets(UNTOLD, "in", 3),
            }
        ],
    ),
    Query(
        "a prediction, and the class of what is predicted",
        f"{_g('rated')}.with('{LIMIT}',4).V('user_1').{NEXT_FILM}.as('film')"
        f".{GENRE}.with('{ENDPOINT}','genre').with('{LIMIT}',1).as('genre')"
        ".select('film','genre').by(id).by(value)",
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .with_(LIMIT, 4)
            .V("user_1")
            .out("rated")
            .with_(LINKS)
            .has_label("movie")
            .as_("film")
            .properties("genre")
            .with_(CLASSES)
            .with_(ENDPOINT, "genre")
            .with_(LIMIT, 1)
            .as_("genre")
            .select("film", "genre")
            .by(T.id)
            .by(T.value)
        ),
        lambda oracle: [
            {"film": film, "genre": _genre(oracle, film)[0]}
            for film in oracle.targets("user_1", "out", 4)
        ],
    ),
    Query(
        "a prediction behind a prediction",
        f"{_g('rated')}.V('user_1').{NEXT_FILM}.in('rated').with('{LINKS}').hasLabel('user').path()"
        ".by(id)",
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .V("user_1")
            .out("rated")
            .with_(LINKS)
            .has_label("movie")
            .in_("rated")
            .with_(LINKS)
            .has_label("user")
            .path()
            .by(T.id)
        ),
        lambda oracle: [
            path("user_1", film, *oracle.targets(film, "in"))
            for film in oracle.targets("user_1", "out")
        ],
    ),
    Query(
        "predicted and stored links in a union",
        f"{_g('rated')}.with('{LIMIT}',3).V('user_2').union({NEXT_FILM},out('rated')).id()",
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .with_(LIMIT, 3)
            .V("user_2")
            .union(__.out("rated").with_(LINKS).has_label("movie"), __.out("rated"))
            .id_()
        ),
        lambda oracle: [
            *oracle.targets("user_2", "out", 3),
            *oracle.ask("g.V('user_2').out('rated').id()"),
        ],
    ),
    Query(
        "links where",
        f"{_g('rated')}.V().hasLabel('user').where({NEXT_FILM}.has('title',lt('N'))).id()",
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .V()
            .has_label("user")
            .where(__.out("rated").with_(LINKS).has_label("movie").has("title", P.lt("N")))
            .id_()
        ),
        lambda oracle: [
            user.id
            for user in oracle.data.users
            if oracle.title(*oracle.targets(user.id, "out")) < "N"
        ],
        ordered=False,
    ),
    Query(
        "several statements",
        f"g.V().count().next(); {_g('genre')}.{V3}.{GENRE}.value()",
        None,
        _genre,
    ),
]
"""Where an inference may stand."""


def _by_genre(oracle: Oracle) -> dict[str, list[str]]:
    """Films that tell no genre, by the predicted one."""
    groups = defaultdict(list)
    for film in oracle.ask("g.V().hasLabel('movie').hasNot('genre').id()"):
        groups[_genre(oracle, film)[0]].append(film)
    return dict(groups)


def _newest(oracle: Oracle, count: int) -> list[str]:
    years = dict(zip(oracle.titles, oracle.numbers("year", *oracle.titles), strict=True))
    return sorted(years, key=lambda film: -years[film])[:count]


def _genres_of_1996(oracle: Oracle, user: str) -> dict[str, int]:
    films = oracle.ask("g.V(it).out('rated').has('year',1996).id()", it=user)
    return dict(Counter(value for value, _ in oracle.classes("genre", *films)))
