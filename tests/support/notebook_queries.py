"""The inference queries of AWS's sample notebooks on MovieLens, and what each has to answer.

Those of the notebook about employees ask for films and users here; the rest is as it stands there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import Column, Order, Scope
from movielens_graph import LONELY_USER
from neptune_queries import CLASSES, ENDPOINT, LIMIT, LINKS, NUMBERS, SCORE, THRESHOLD, Query
from oracle import Oracle
from plain_results import path, plain, vertex


def _g(endpoint: str) -> str:
    return f'g.with("{ENDPOINT}","{endpoint}")'


def _unclassified(oracle: Oracle) -> list[str]:
    found: list[str] = oracle.ask("g.V().hasLabel('movie').hasNot('genre').id()")
    assert len(found) > 100
    return found


def _genres(oracle: Oracle, film: str, **options: Any) -> list[Any]:
    return [value for value, _ in oracle.classes("genre", film, **options)]


def _number(oracle: Oracle, endpoint: str, id: str) -> float:
    (number,) = oracle.numbers(endpoint, id)
    return number


def _written(oracle: Oracle) -> list[tuple[str, str]]:
    """The ratings that user_1 wrote, and the films that they are about."""
    rows = oracle.ask("g.V('user_1').out('wrote').project('r', 'm').by(id).by(out('about').id())")
    return [(row["r"], row["m"]) for row in rows]


def _scored_films(oracle: Oracle) -> list[Any]:
    return [
        {"movie": oracle.title(film), "score": _number(oracle, "rating", rating)}
        for rating, film in _written(oracle)
    ]


def _scored_edges(oracle: Oracle) -> list[Any]:
    rated = oracle.ratings("user_2")
    numbers = oracle.numbers("score", *(each.edge for each in rated))
    return [
        {"title": oracle.title(each.movie), "predicted_score": number}
        for each, number in zip(rated, numbers, strict=True)
    ]


def _best(rows: list[Any], key: str, count: int) -> list[Any]:
    ranked = sorted(rows, key=lambda row: -row[key])
    assert len({row[key] for row in ranked[: count + 1]}) == count + 1, "no ties to argue about"
    return ranked[:count]


def _judged(oracle: Oracle, user: str, threshold: float | None = None) -> list[tuple[str, Any]]:
    """The titles of what a user has rated, and the best class of each rating."""
    rated = oracle.ratings(user)
    every = oracle.classes_of_each("scale", [each.edge for each in rated], threshold=threshold)
    return [
        (oracle.title(each.movie), ranked[0][0])
        for each, ranked in zip(rated, every, strict=True)
        if ranked
    ]


def _loved(oracle: Oracle, user: str, threshold: float | None = None) -> list[str]:
    return [title for title, judged in _judged(oracle, user, threshold) if judged == "Love"]


FORREST_GUMP, APOLLO_13 = "movie_69", "movie_28"


def _grouped(oracle: Oracle) -> list[Any]:
    groups = defaultdict(list)
    for film in _unclassified(oracle):
        groups[_genres(oracle, film)[0]].append(oracle.title(film))
    return [{genre: titles} for genre, titles in groups.items()]


NODE_CLASSIFICATION = [
    Query(
        "the genre of Forrest Gump",
        f"""{_g("genre")}.
  V().has('title', 'Forrest Gump (1994)').properties("genre").with("{CLASSES}").value()""",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V()
            .has("title", "Forrest Gump (1994)")
            .properties("genre")
            .with_(CLASSES)
            .value()
        ),
        lambda oracle: _genres(oracle, FORREST_GUMP),
    ),
    Query(
        "three genres",
        f"""{_g("genre")}.
  with("{LIMIT}",3).
  V().has('title', 'Forrest Gump (1994)').properties("genre").with("{CLASSES}").value()""",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .with_(LIMIT, 3)
            .V()
            .has("title", "Forrest Gump (1994)")
            .properties("genre")
            .with_(CLASSES)
            .value()
        ),
        lambda oracle: _genres(oracle, FORREST_GUMP, limit=3),
    ),
    *(
        Query(
            f"a ladder of thresholds, {threshold}",
            f"""{_g("genre")}.
  with("{LIMIT}",3).
  with("{THRESHOLD}",{threshold}D).
  V().has('title', 'Apollo 13 (1995)').properties("genre").with("{CLASSES}").value()""",
            lambda g, threshold=threshold: (
                g.with_(ENDPOINT, "genre")
                .with_(LIMIT, 3)
                .with_(THRESHOLD, threshold)
                .V()
                .has("title", "Apollo 13 (1995)")
                .properties("genre")
                .with_(CLASSES)
                .value()
            ),
            lambda oracle, threshold=threshold: _genres(
                oracle, APOLLO_13, limit=3, threshold=threshold
            ),
        )
        for threshold in (0.6, 0.3, 0.1)
    ),
    Query(
        "a map for each film without a genre",
        f"""{_g("genre")}.
    V().hasLabel('movie').hasNot('genre').
    project('title', 'predicted_genre').
        by('title').
        by( properties("genre").with("{CLASSES}").value()).
    order(local).by(keys, desc)""",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V()
            .has_label("movie")
            .has_not("genre")
            .project("title", "predicted_genre")
            .by("title")
            .by(__.properties("genre").with_(CLASSES).value())
            .order(Scope.local)
            .by(Column.keys, Order.desc)
        ),
        lambda oracle: [
            {"title": oracle.title(film), "predicted_genre": _genres(oracle, film)[0]}
            for film in _unclassified(oracle)
        ],
        ordered=False,
    ),
    Query(
        "a list for each film without a genre",
        f"""{_g("genre")}.with("{LIMIT}",3).with("{THRESHOLD}",0.2D).V().hasLabel('movie')"""
        """.hasNot('genre').project('title','predicted_genre').by('title')"""
        f""".by(properties("genre").with("{CLASSES}").value().fold()).order(local).by(keys,desc)""",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .with_(LIMIT, 3)
            .with_(THRESHOLD, 0.2)
            .V()
            .has_label("movie")
            .has_not("genre")
            .project("title", "predicted_genre")
            .by("title")
            .by(__.properties("genre").with_(CLASSES).value().fold())
            .order(Scope.local)
            .by(Column.keys, Order.desc)
        ),
        lambda oracle: [
            {
                "title": oracle.title(film),
                "predicted_genre": _genres(oracle, film, limit=3, threshold=0.2),
            }
            for film in _unclassified(oracle)
        ],
        ordered=False,
    ),
    Query(
        "real and predicted",
        f"""{_g("genre")}.
    with("{LIMIT}", 3).
  V().hasLabel('movie').hasNot('genre').
  project('title', 'real', 'predicted').
    by('title').
    by(out('included_in').id().fold()).
    by(
      properties("genre").with("{CLASSES}").
      value().fold()).
    order(local).by(keys, desc)""",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .with_(LIMIT, 3)
            .V()
            .has_label("movie")
            .has_not("genre")
            .project("title", "real", "predicted")
            .by("title")
            .by(__.out("included_in").id_().fold())
            .by(__.properties("genre").with_(CLASSES).value().fold())
            .order(Scope.local)
            .by(Column.keys, Order.desc)
        ),
        lambda oracle: [
            {
                "title": oracle.title(film),
                "real": oracle.ask("g.V(it).out('included_in').id()", it=film),
                "predicted": _genres(oracle, film, limit=3),
            }
            for film in _unclassified(oracle)
        ],
        ordered=False,
    ),
    Query(
        "a value and its score",
        f"""{_g("genre")}
    .V('movie_28').properties('genre', '{SCORE}')
    .with("{CLASSES}")
    .value()""",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V("movie_28")
            .properties("genre", SCORE)
            .with_(CLASSES)
            .value()
        ),
        lambda oracle: [value for pair in oracle.classes("genre", APOLLO_13) for value in pair],
    ),
    Query(
        "groups of a predicted class",
        f"""{_g("genre")}.
  V().
  hasLabel('movie').
  hasNot('genre').
  project('title', 'genre').
    by('title').
    by(
      properties("genre").with("{CLASSES}").value()).
  group().by('genre').by('title').
  unfold()""",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V()
            .has_label("movie")
            .has_not("genre")
            .project("title", "genre")
            .by("title")
            .by(__.properties("genre").with_(CLASSES).value())
            .group()
            .by("genre")
            .by("title")
            .unfold()
        ),
        _grouped,
        ordered=False,
    ),
    Query(
        "counts of a predicted class",
        f"""{_g("genre")}.V().hasLabel('movie').hasNot('genre').project('title','genre')"""
        f""".by('title').by(properties("genre").with("{CLASSES}").value())"""
        """.groupCount().by('genre').unfold()""",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V()
            .has_label("movie")
            .has_not("genre")
            .project("title", "genre")
            .by("title")
            .by(__.properties("genre").with_(CLASSES).value())
            .group_count()
            .by("genre")
            .unfold()
        ),
        lambda oracle: [
            {genre: count}
            for genre, count in Counter(
                _genres(oracle, film)[0] for film in _unclassified(oracle)
            ).items()
        ],
        ordered=False,
    ),
    Query(
        "what those of a predicted class are linked to",
        f"""{_g("genre")}.
  V().
  hasLabel('movie').
  hasNot('genre').as('e').
  properties("genre").with("{CLASSES}").
  value().
  is('Drama').
  select('e').
  out('included_in').
  values('name').
  groupCount().
  unfold().
  order().by(values, desc)""",
        lambda g: (
            g.with_(ENDPOINT, "genre")
            .V()
            .has_label("movie")
            .has_not("genre")
            .as_("e")
            .properties("genre")
            .with_(CLASSES)
            .value()
            .is_("Drama")
            .select("e")
            .out("included_in")
            .values("name")
            .group_count()
            .unfold()
            .order()
            .by(Column.values, Order.desc)
        ),
        lambda oracle: [
            {genre: count}
            for genre, count in Counter(
                genre
                for film in _unclassified(oracle)
                if _genres(oracle, film) == ["Drama"]
                for genre in oracle.ask("g.V(it).out('included_in').values('name')", it=film)
            ).items()
        ],
        ordered=False,
    ),
]


NODE_REGRESSION = [
    Query(
        "a number for each rating",
        f"""{_g("rating")}.
  V('user_1').out('wrote').
    project('movie', 'score').
        by(out('about').values('title')).
        by(properties("score").with("{NUMBERS}").value())""",
        lambda g: (
            g.with_(ENDPOINT, "rating")
            .V("user_1")
            .out("wrote")
            .project("movie", "score")
            .by(__.out("about").values("title"))
            .by(__.properties("score").with_(NUMBERS).value())
        ),
        _scored_films,
        repeats=True,
    ),
    Query(
        "the ten highest numbers",
        f"""{_g("rating")}.V('user_1').out('wrote').project('movie','score')"""
        f""".by(out('about').values('title')).by(properties("score").with("{NUMBERS}").value())"""
        """.order().by('score',desc).limit(10)""",
        lambda g: (
            g.with_(ENDPOINT, "rating")
            .V("user_1")
            .out("wrote")
            .project("movie", "score")
            .by(__.out("about").values("title"))
            .by(__.properties("score").with_(NUMBERS).value())
            .order()
            .by("score", Order.desc)
            .limit(10)
        ),
        lambda oracle: _best(_scored_films(oracle), "score", 10),
    ),
    Query(
        "predicted and actual numbers",
        f"""{_g("rating")}.
  V('user_2').out('wrote').as('r').out('about').
    project('movie', 'predicted_score', 'actual_score').
        by(values('title')).
        by(select('r').properties("score").with("{NUMBERS}").value()).
        by(inE('rated').where(outV().hasId('user_2')).values('score')).
    order().by('predicted_score', desc).limit(10)""",
        lambda g: (
            g.with_(ENDPOINT, "rating")
            .V("user_2")
            .out("wrote")
            .as_("r")
            .out("about")
            .project("movie", "predicted_score", "actual_score")
            .by(__.values("title"))
            .by(__.select("r").properties("score").with_(NUMBERS).value())
            .by(__.in_e("rated").where(__.out_v().has_id("user_2")).values("score"))
            .order()
            .by("predicted_score", Order.desc)
            .limit(10)
        ),
        lambda oracle: _best(
            [
                {
                    "movie": oracle.title(rating.movie),
                    "predicted_score": _number(oracle, "rating", f"{rating.user}:{rating.movie}"),
                    "actual_score": rating.score,
                }
                for rating in oracle.data.ratings
                if rating.user == "user_2"
            ],
            "predicted_score",
            10,
        ),
    ),
]

LINK_PREDICTION = [
    Query(
        "the title of the best film",
        f"""{_g("rated")}.
    V('user_1').out('rated').with("{LINKS}").hasLabel('movie').valueMap('title')""",
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .V("user_1")
            .out("rated")
            .with_(LINKS)
            .has_label("movie")
            .value_map("title")
        ),
        lambda oracle: [
            {"title": [oracle.title(film)]} for film in oracle.targets("user_1", "out")
        ],
    ),
    Query(
        "ten users",
        f"""{_g("rated")}.
    with("{LIMIT}",10).
      V().has('title', 'Forrest Gump (1994)').
        in('rated').with("{LINKS}").hasLabel('user').id()""",
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .with_(LIMIT, 10)
            .V()
            .has("title", "Forrest Gump (1994)")
            .in_("rated")
            .with_(LINKS)
            .has_label("user")
            .id_()
        ),
        lambda oracle: oracle.targets(FORREST_GUMP, "in", 10),
    ),
    Query(
        "on through real edges",
        f"""{_g("rated")}.V('user_1').out('rated').with("{LINKS}").hasLabel('movie')"""
        """.out('included_in').path().by(id()).by(values('title')).by(id())""",
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .V("user_1")
            .out("rated")
            .with_(LINKS)
            .has_label("movie")
            .out("included_in")
            .path()
            .by(__.id_())
            .by(__.values("title"))
            .by(__.id_())
        ),
        lambda oracle: [
            path("user_1", oracle.title(film), genre)
            for film in oracle.targets("user_1", "out")
            for genre in oracle.ask("g.V(it).out('included_in').id()", it=film)
        ],
        ordered=False,
    ),
    Query(
        "five for who has no edge",
        f"""{_g("rated")}.with("{LIMIT}",5).V().hasLabel('user')"""
        f""".where(outE('rated').count().is(0)).out('rated').with("{LINKS}").hasLabel('movie')"""
        """.path().by(elementMap())""",
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .with_(LIMIT, 5)
            .V()
            .has_label("user")
            .where(__.out_e("rated").count().is_(0))
            .out("rated")
            .with_(LINKS)
            .has_label("movie")
            .path()
            .by(__.element_map())
        ),
        lambda oracle: [
            path(_element_map(oracle, LONELY_USER), _element_map(oracle, film))
            for film in oracle.targets(LONELY_USER, "out", 5)
        ],
    ),
    Query(
        "counts over the targets of all",
        f"""{_g("rated")}.
    V().hasLabel('user').out('rated').
    with("{LINKS}").hasLabel('movie').groupCount().by('title').unfold()""",
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .V()
            .has_label("user")
            .out("rated")
            .with_(LINKS)
            .has_label("movie")
            .group_count()
            .by("title")
            .unfold()
        ),
        lambda oracle: [
            {title: count}
            for title, count in Counter(
                oracle.title(film)
                for user in oracle.data.users
                for film in oracle.targets(user.id, "out")
            ).items()
        ],
        ordered=False,
    ),
    Query(
        "no existing edges of either direction",
        f"""{_g("rated")}
.with("{LIMIT}",5)
.V("user_2")
.out("rated").with("{LINKS}").with("Neptune#ml.filterExistingEdges").hasLabel("movie")""",
        lambda g: (
            g.with_(ENDPOINT, "rated")
            .with_(LIMIT, 5)
            .V("user_2")
            .out("rated")
            .with_(LINKS)
            .with_("Neptune#ml.filterExistingEdges")
            .has_label("movie")
        ),
        lambda oracle: [vertex(film, "movie") for film in oracle.targets("user_2", "out", 5)],
    ),
]


def _element_map(oracle: Oracle, id: str) -> Any:
    (found,) = oracle.ask("g.V(it).elementMap()", it=id)
    return plain(found)


EDGE_CLASSIFICATION = [
    Query(
        "a class for each edge",
        f"""{_g("scale")}.
  V('user_2').
  outE('rated').
    project('title', 'predicted_scale').
        by(inV().values('title')).
        by(properties('scale').with("{CLASSES}").value())""",
        lambda g: (
            g.with_(ENDPOINT, "scale")
            .V("user_2")
            .out_e("rated")
            .project("title", "predicted_scale")
            .by(__.in_v().values("title"))
            .by(__.properties("scale").with_(CLASSES).value())
        ),
        lambda oracle: [
            {"title": title, "predicted_scale": judged}
            for title, judged in _judged(oracle, "user_2")
        ],
        repeats=True,
    ),
    Query(
        "films that will be loved",
        f"""{_g("scale")}.V('user_2').outE('rated').as('r')"""
        f""".properties('scale').with("{CLASSES}").value().is('Love')"""
        """.select('r').inV().values('title')""",
        lambda g: (
            g.with_(ENDPOINT, "scale")
            .V("user_2")
            .out_e("rated")
            .as_("r")
            .properties("scale")
            .with_(CLASSES)
            .value()
            .is_("Love")
            .select("r")
            .in_v()
            .values("title")
        ),
        lambda oracle: _loved(oracle, "user_2"),
        repeats=True,
    ),
    Query(
        "films that will surely be loved",
        f"""{_g("scale")}.
    with("{THRESHOLD}", 0.3D).
  V('user_1').
  outE('rated').as('r').
  properties('scale').with("{CLASSES}").
  value().
  is('Love').
  select('r').
  inV().
  values('title')""",
        lambda g: (
            g.with_(ENDPOINT, "scale")
            .with_(THRESHOLD, 0.3)
            .V("user_1")
            .out_e("rated")
            .as_("r")
            .properties("scale")
            .with_(CLASSES)
            .value()
            .is_("Love")
            .select("r")
            .in_v()
            .values("title")
        ),
        lambda oracle: _loved(oracle, "user_1", 0.3),
        repeats=True,
    ),
    Query(
        "the class of an edge that where finds",
        f"""{_g("scale")}.
    V('user_1').outE('rated').where(inV().has('title', 'Apollo 13 (1995)')).
    properties('scale').with("{CLASSES}").value()""",
        lambda g: (
            g.with_(ENDPOINT, "scale")
            .V("user_1")
            .out_e("rated")
            .where(__.in_v().has("title", "Apollo 13 (1995)"))
            .properties("scale")
            .with_(CLASSES)
            .value()
        ),
        lambda oracle: [value for value, _ in oracle.classes("scale", f"user_1-rated-{APOLLO_13}")],
    ),
]

EDGE_REGRESSION = [
    Query(
        "a number for each edge",
        f"""{_g("score")}.
  V('user_2').
  outE('rated').
    project('title', 'predicted_score').
        by(inV().values('title')).
        by(properties('score').with("{NUMBERS}").value())""",
        lambda g: (
            g.with_(ENDPOINT, "score")
            .V("user_2")
            .out_e("rated")
            .project("title", "predicted_score")
            .by(__.in_v().values("title"))
            .by(__.properties("score").with_(NUMBERS).value())
        ),
        _scored_edges,
        repeats=True,
    ),
    Query(
        "the ten edges of the highest numbers",
        f"""{_g("score")}.
  V('user_2').
  outE('rated').
    project('title', 'predicted_score').
        by(inV().values('title')).
        by(properties('score').with("{NUMBERS}").value()).
    order().by('predicted_score', desc).limit(10)""",
        lambda g: (
            g.with_(ENDPOINT, "score")
            .V("user_2")
            .out_e("rated")
            .project("title", "predicted_score")
            .by(__.in_v().values("title"))
            .by(__.properties("score").with_(NUMBERS).value())
            .order()
            .by("predicted_score", Order.desc)
            .limit(10)
        ),
        lambda oracle: _best(_scored_edges(oracle), "predicted_score", 10),
    ),
    Query(
        "numbers kept beside their edges",
        f"""{_g("score")}.V('user_2').outE('rated').as('r').properties('score')"""
        f""".with("{NUMBERS}").value().order().by(desc).limit(10).as('s').select('r').inV()"""
        """.project('title','predicted_score').by('title').by(select('s'))""",
        lambda g: (
            g.with_(ENDPOINT, "score")
            .V("user_2")
            .out_e("rated")
            .as_("r")
            .properties("score")
            .with_(NUMBERS)
            .value()
            .order()
            .by(Order.desc)
            .limit(10)
            .as_("s")
            .select("r")
            .in_v()
            .project("title", "predicted_score")
            .by("title")
            .by(__.select("s"))
        ),
        lambda oracle: _best(_scored_edges(oracle), "predicted_score", 10),
    ),
    Query(
        "the number of an edge that where finds",
        f"""{_g("score")}.
    V('user_1').outE('rated').where(inV().has('title', 'Apollo 13 (1995)')).
    properties('score').with("{NUMBERS}").value()""",
        lambda g: (
            g.with_(ENDPOINT, "score")
            .V("user_1")
            .out_e("rated")
            .where(__.in_v().has("title", "Apollo 13 (1995)"))
            .properties("score")
            .with_(NUMBERS)
            .value()
        ),
        lambda oracle: [_number(oracle, "score", f"user_1-rated-{APOLLO_13}")],
    ),
]

NOTEBOOKS = [
    *NODE_CLASSIFICATION,
    *NODE_REGRESSION,
    *LINK_PREDICTION,
    *EDGE_CLASSIFICATION,
    *EDGE_REGRESSION,
]
