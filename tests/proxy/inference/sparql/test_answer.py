"""The way of a request: what is asked of the store, of the model, and the text that comes of it."""

from __future__ import annotations

import time

import pyoxigraph as ox
import pytest
from sparql_answering import ML, SETTINGS, Answered, Model, answered, solutions

from gremlink.grammar.sparql.terms import XSD, to_ntriples
from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import (
    Inspect,
    Inspected,
    PredictLinks,
    PredictProperty,
    PrepareLinks,
    PrepareProperty,
)
from gremlink.proxy.inference.errors import (
    BadRequest,
    CancelledByUser,
    MalformedQuery,
    TimeLimitExceeded,
    TooManyRequests,
    UnsupportedOperation,
)
from gremlink.proxy.inference.sparql.answer import rewritten, steps
from gremlink.proxy.inference.sparql.commands import AskSparql
from gremlink.proxy.inference.sparql.plan import analyse_sparql
from gremlink.proxy.inference.sparql.values import inline_data

PREFIXES = f"PREFIX : <http://o/> PREFIX r: <http://r#> PREFIX ml: <{ML}>"
DATA = """
@prefix : <http://o/> . @prefix r: <http://r#> .
r:m1 a :Movie ; :title "A" ; :genre "Drama" . r:m2 a :Movie ; :title "B" ; :genre "Comedy" .
r:m3 a :Movie ; :title "C" . _:m4 a :Movie .
r:u1 a :User ; :likes r:m1 . r:u2 a :User .
"""
DOUBLE = "^^<http://www.w3.org/2001/XMLSchema#double>"


def values(*found: str) -> list[tuple[Literal, float]]:
    return [(Literal.string(each), round(0.9 - place / 5, 1)) for place, each in enumerate(found)]


GENRES = {
    "http://r#m1": values('"Drama"', '"War"'),
    "http://r#m2": values('"Drame"@fr'),
    "http://r#m3": values("<http://o/Horror>"),
}
MOVIES = {
    "http://r#u1": values("http://r#m1", "http://r#m2"),
    "http://r#u2": values("_:m4", "http://r#m3"),
}
USERS = {"http://r#m1": values("http://r#u1", "http://r#u2")}

CLASSIFIES = "ml:config ml:modelType 'OBJECT_CLASSIFICATION' ; ml:predicate :genre"
GENRE = f"SERVICE ml:inference {{ {CLASSIFIES} ; ml:input ?m ; ml:output ?g }}"
LIKES = (
    "SERVICE ml:inference { ml:config ml:modelType 'OBJECT_PREDICTION' ; ml:predicate :likes ;"
    " ml:outputClass :Movie ; ml:input ?u ; ml:output ?m }"
)


@pytest.fixture(scope="module")
def store() -> ox.Store:
    found = ox.Store()
    found.load(DATA.encode(), format=ox.RdfFormat.TURTLE)
    return found


def ask(text: str, store: ox.Store, model: Model | None = None, **options: bool) -> Answered:
    found = answered(f"{PREFIXES} {text}", model or Model(GENRES), store, **options)
    assert found.text is not None
    assert found.text.startswith(PREFIXES)
    return Answered(found.text.removeprefix(f"{PREFIXES} "), found.commands)


def question(found: Answered) -> str:
    (only,) = found.questions
    return only.removeprefix(f"{PREFIXES}\n")


def test_classification(store: ox.Store) -> None:
    found = ask(f"SELECT * {{ ?m a :Movie . {GENRE} }}", store)
    assert question(found) == "SELECT DISTINCT ?m WHERE { ?m a :Movie . } LIMIT 10001"
    asked, prepared, inspected, predicted = found.commands
    assert isinstance(asked, AskSparql)
    assert prepared == PrepareProperty("films", "classification", "http://o/genre")
    assert inspected == Inspect("films", ())
    assert isinstance(predicted, PredictProperty)
    assert {each.value for each in predicted.inputs} == set(GENRES)
    assert (predicted.limit, predicted.threshold) == (1, None)
    assert found.text is not None
    assert found.text.startswith("SELECT * { ?m a :Movie . VALUES (?m ?g) { (")
    assert '(<http://r#m2> "Drame"@fr)' in found.text
    assert "(<http://r#m3> <http://o/Horror>)" in found.text


def test_scores_limits_and_thresholds(store: ox.Store) -> None:
    block = GENRE.replace("?g }", "?g ; ml:limit '3' ; ml:outputScore ?s ; ml:threshold '0.7D' }")
    found = ask(f"SELECT * {{ BIND(r:m1 AS ?m) {block} }}", store)
    assert found.text == (
        "SELECT * { BIND(r:m1 AS ?m) VALUES (?m ?g ?s)"
        f' {{ (<http://r#m1> "Drama" "0.9"{DOUBLE}) (<http://r#m1> "War" "0.7"{DOUBLE}) }} }}'
    )


def test_links_that_exist_are_no_answers(store: ox.Store) -> None:
    found = ask(f"SELECT * {{ ?u a :User . {LIKES} ?m :title ?t }}", store, Model(MOVIES))
    assert question(found) == (
        "SELECT ?u ?gremlink_known WHERE { { SELECT DISTINCT ?u WHERE { ?u a :User . } LIMIT 10001"
        " } OPTIONAL { ?u <http://o/likes> ?gremlink_known } }"
    )
    _, prepared, predicted = found.commands
    assert prepared == PrepareLinks("films", "http://o/likes", "out", "http://o/Movie")
    assert isinstance(predicted, PredictLinks)
    hidden = dict(zip((each.value for each in predicted.inputs), predicted.known, strict=True))
    assert hidden == {
        "http://r#u1": frozenset((Literal.string("http://r#m1"),)),
        "http://r#u2": frozenset(),
    }
    assert "VALUES (?u ?m) { (<http://r#u1> <http://r#m2>) }" in str(found.text)


def test_subjects_are_predicted_the_other_way_round(store: ox.Store) -> None:
    text = (
        "SELECT * { BIND(r:m1 AS ?movie) SERVICE ml:inference { ml:config"
        " ml:modelType 'SUBJECT_PREDICTION' ; ml:predicate :likes ; ml:input ?movie ;"
        " ml:output ?user ; ml:outputClass :User } }"
    )
    found = ask(text, store, Model(USERS))
    assert "OPTIONAL { ?gremlink_known <http://o/likes> ?movie }" in question(found)
    assert found.commands[1] == PrepareLinks("films", "http://o/likes", "in", "http://o/User")
    assert "VALUES (?movie ?user) { (<http://r#m1> <http://r#u2>) }" in str(found.text)


@pytest.mark.parametrize(
    ("where", "asked"),
    [
        # the notebooks' shapes
        (
            "BIND(r:m1 AS ?m) ?m a :Movie ; :title ?t . @",
            "BIND(r:m1 AS ?m)\n?m a :Movie .\n?m :title ?t .",
        ),
        ("?m a :Movie OPTIONAL { ?m :genre ?g } @", "?m a :Movie ."),
        ("?m a :Movie MINUS { ?m :genre ?x } @", "?m a :Movie .\nMINUS { ?m :genre ?x }"),
        ("?m :genre ?e . @ FILTER(?g = ?e)", "?m :genre ?e ."),
        ("BIND('A' AS ?t) ?m :title ?t . @", "BIND('A' AS ?t)\n?m :title ?t ."),
        # where the input is bound
        ("@ ?m a :Movie", "?m a :Movie ."),
        ("@ . ?m a :Movie ; :genre ?g", "?m a :Movie ."),
        ("?m :genre ?g . @", "?m :genre ?g ."),
        ("VALUES ?m { r:m1 } @", "VALUES ?m { r:m1 }"),
        ("@ VALUES (?m ?g) { (r:m1 1) }", "VALUES (?m ?g) { (r:m1 1) }"),
        (
            "{ SELECT ?m (COUNT(*) AS ?n) { ?m ?p ?o } GROUP BY ?m } @",
            "{ SELECT ?m (COUNT(*) AS ?n) { ?m ?p ?o } GROUP BY ?m }",
        ),
        ("{ { ?m a :X } UNION { ?m a :Y } } @", "{ { ?m a :X } UNION { ?m a :Y } }"),
        # other groups
        ("?m a :Movie OPTIONAL { @ }", "?m a :Movie ."),
        ("?m a :Movie { @ }", "?m a :Movie ."),
        ("{ @ } ?m a :Movie", "?m a :Movie ."),
        ("{ ?x a :X } UNION { ?m a :Movie . @ }", "{ ?m a :Movie . }"),
        ("?m a :Movie MINUS { @ }", "?m a :Movie ."),
        ("?m a :Movie FILTER NOT EXISTS { ?m :p ?o . @ }", "?m a :Movie .\n{ ?m :p ?o . }"),
        ("FILTER(EXISTS { @ } && true) ?m a :Movie", "?m a :Movie ."),
        ("?m a :Movie BIND(EXISTS { @ } AS ?b)", "?m a :Movie ."),
        ("GRAPH ?n { ?m a :Movie . @ }", "GRAPH ?n { ?m a :Movie . }"),
        ("GRAPH r:n { OPTIONAL { ?m a :Movie { @ } } }", "GRAPH r:n { { ?m a :Movie . } }"),
        ("{ SELECT * { ?m a :Movie . @ } } ?m ?p ?o", "?m a :Movie ."),
        ("{ SELECT ?m ?g { @ } } ?m a :Movie", "?m a :Movie ."),
        ("SERVICE <http://x/> { ?m a :Movie . @ }", "SERVICE <http://x/> { ?m a :Movie . }"),
        # what is left out
        ("?m a :Movie . ?x a :User . @", "?m a :Movie ."),
        ("?m a :Movie . @ ?g :p ?d . ?d :q ?e FILTER(?e > 3)", "?m a :Movie ."),
        (
            "?m a :Movie ; :t ?t FILTER(?t = 1) BIND(?g AS ?h) FILTER(?h = 1) @",
            "?m a :Movie .\n?m :t ?t .\nFILTER(?t = 1)",
        ),
        ("?m a :Movie . SERVICE <http://other/> { ?m ?p ?o } @", "?m a :Movie ."),
        ("?m a :Movie OPTIONAL { ?m :x ?x } @", "?m a :Movie ."),
        (
            "?m a :Movie OPTIONAL { ?m :x ?x } FILTER(!BOUND(?x)) @",
            "?m a :Movie .\nOPTIONAL { ?m :x ?x }\nFILTER(!BOUND(?x))",
        ),
        # places of triples
        ("?m a :Movie, :Film ; :p [ :q ?y ] ; @", "?m a :Movie .\n?m a :Film .\n?m :p [ :q ?y ] ."),
        ("[ :made ?m ] a :Studio @", "[ :made ?m ] a :Studio ."),
        ("(?m 1) :p/^:q* +5 @", "(?m 1) :p/^:q* +5 ."),
    ],
)
def test_questions(where: str, asked: str) -> None:
    text = f"{PREFIXES} SELECT * {{ {where.replace('@', GENRE)} }}"
    analysed = analyse_sparql(text, SETTINGS)
    assert analysed is not None
    (step,) = steps(analysed, {})
    expected = f"{PREFIXES}\nSELECT DISTINCT ?m WHERE {{ {asked} }} LIMIT 10001"
    assert step.question == expected
    ox.Store().query(expected)
    ox.Store().query(rewritten(analysed, {step.block.element: inline_data(("m", "g"), [])}))


@pytest.mark.parametrize(
    "where",
    [
        "@",
        "?x a :Movie . @",
        "FILTER(BOUND(?m)) @",
        "@ FILTER(?m = r:m1)",
        "@ MINUS { ?m a :Movie }",
        "{ SELECT ?x { ?m a :Movie } } @",
        "?x a :X MINUS { ?m a :Movie } @",
        "{ SELECT ?g { @ } } ?m a :Movie",
        "{ SELECT ?m ?g { @ } LIMIT 3 } ?m a :Movie",
        "{ SELECT ?m (COUNT(?g) AS ?n) { @ } GROUP BY ?m } ?m a :Movie",
    ],
)
def test_inputs_that_nothing_binds(where: str, store: ox.Store) -> None:
    with pytest.raises(BadRequest, match=r"expects the input \?m to be bound, found: a variable"):
        ask(f"SELECT * {{ {where.replace('@', GENRE)} }}", store)


@pytest.mark.parametrize(
    "where",
    [
        "?x :title ?t OPTIONAL { ?x :genre 'Drama' . BIND(?x AS ?m) } @",
        "{ ?m a :Movie } UNION { ?x a :User } @",
        "BIND(IRI(?x) AS ?m) @",
        "VALUES ?m { r:m1 UNDEF } @",
    ],
)
def test_inputs_that_are_bound_in_some_solutions_only(where: str, store: ox.Store) -> None:
    with pytest.raises(BadRequest, match="found: solutions in which it is unbound"):
        ask(f"SELECT * {{ {where.replace('@', GENRE)} }}", store)


def test_blank_nodes_and_literals_are_no_inputs_and_no_answers(store: ox.Store) -> None:
    found = ask(f"SELECT * {{ ?m ?p ?o . {GENRE.replace('?m', '?o')} }}", store)
    predicted = found.commands[-1]
    assert isinstance(predicted, PredictProperty)
    assert {each.value for each in predicted.inputs} == {
        *("http://o/Movie", "http://o/User", "http://r#m1")
    }
    links = ask(
        f"SELECT * {{ BIND(r:u2 AS ?u) {LIKES.replace('?m }', '?m ; ml:limit 2 }')} }}",
        store,
        Model(MOVIES),
    )
    assert "VALUES (?u ?m) { (<http://r#u2> <http://r#m3>) }" in str(links.text)


def test_nothing_predicted_is_no_solution(store: ox.Store) -> None:
    found = ask(f"SELECT * {{ ?m a :User . {GENRE} }}", store)
    assert "VALUES (?m ?g) {  }" in str(found.text)
    assert not solutions(store, f"{PREFIXES} {found.text}").rows


def test_constant_inputs(store: ox.Store) -> None:
    found = ask(f"SELECT * {{ {GENRE.replace('?m', 'r:m1, r:m2')} }}", store)
    assert found.questions == ["SELECT (1 AS ?access) WHERE { }"]
    assert found.text == 'SELECT * { VALUES (?g) { ("Drama") ("Drame"@fr) } }'
    links = ask(f"SELECT * {{ {LIKES.replace('?u', 'r:u1')} }}", store, Model(MOVIES))
    assert question(links) == (
        "SELECT ?gremlink_input ?gremlink_known WHERE { VALUES ?gremlink_input { <http://r#u1> }"
        " ?gremlink_input <http://o/likes> ?gremlink_known }"
    )
    assert links.text == "SELECT * { VALUES (?m) { (<http://r#m2>) } }"


def test_the_store_is_asked_before_any_model(store: ox.Store) -> None:
    for where in (
        f"?m a :Movie . {GENRE}",
        GENRE.replace("?m", "r:m1"),
        LIKES.replace("?u", "r:u1"),
    ):
        found = ask(f"SELECT * {{ {where} }}", store)
        assert isinstance(found.commands[0], AskSparql)


def test_one_output_is_the_input_of_another(store: ox.Store) -> None:
    class Both(Model):
        def reply(self, command):  # type: ignore[no-untyped-def]
            self.predicted = MOVIES if isinstance(command, PredictLinks) else GENRES
            return super().reply(command)

    for where in (f"?u a :User . {LIKES} {GENRE}", f"{GENRE} {LIKES} ?u a :User ."):
        found = ask(f"SELECT * {{ {where} }}", store, Both())
        assert "VALUES (?u ?m) { (<http://r#u1> <http://r#m2>) }" in found.questions[1]
        (row,) = solutions(store, f"{PREFIXES} {found.text}").rows
        assert set(map(to_ntriples, filter(None, row))) == {
            *("<http://r#u1>", "<http://r#m2>", '"Drame"@fr')
        }


def test_named_graphs_of_the_question_and_of_known_links(store: ox.Store) -> None:
    text = f"SELECT * FROM r:g FROM NAMED r:h {{ ?u a :User . {LIKES} }}"
    found = ask(text, ox.Store(), union=False)
    assert question(found) == (
        "SELECT ?u ?gremlink_known FROM r:g FROM NAMED r:h WHERE { { SELECT DISTINCT ?u WHERE {"
        " ?u a :User . } LIMIT 10001 } OPTIONAL { { ?u <http://o/likes> ?gremlink_known } UNION {"
        " GRAPH ?gremlink_graph { ?u <http://o/likes> ?gremlink_known } } } }"
    )


def test_updates(store: ox.Store) -> None:
    where = f"WHERE {{ ?m a :Movie . {GENRE} }}"
    asked = "SELECT DISTINCT ?m WHERE { ?m a :Movie . } LIMIT 10001"
    for head, expected in (
        ("INSERT { ?m :predicted ?g }", asked),
        ("DELETE { ?m :genre ?x } INSERT { ?m :predicted ?g }", asked),
        ("DELETE { ?m :genre ?x }", asked),
        (
            "WITH r:g INSERT { ?m :p ?g }",
            asked.replace("{ ?m", "{ GRAPH r:g { ?m").replace(". }", ". } }"),
        ),
        ("WITH r:g DELETE { ?m :p ?g } USING r:h", asked.replace("?m W", "?m FROM r:h W")),
        ("INSERT { ?m :p ?g } USING NAMED r:h", asked.replace("?m W", "?m FROM NAMED r:h W")),
        ("INSERT DATA { r:m9 :seen 1 } ; INSERT { ?m :p ?g }", asked),
        ("CREATE GRAPH r:g ; DELETE WHERE { r:m9 a :User } ; INSERT { ?m :p ?g }", asked),
    ):
        found = ask(f"{head} {where}", store, is_update=True)
        assert question(found) == expected
        assert str(found.text).startswith(f"{head} WHERE {{ ?m a :Movie . VALUES (?m ?g) {{ ")
        ox.Store().update(f"{PREFIXES} {found.text}")


@pytest.mark.parametrize(
    "earlier",
    [
        "INSERT DATA { r:m9 a :Movie }",
        "DELETE { ?x a :Movie } WHERE { ?x ?y ?z }",
        "CLEAR ALL",
        "INSERT { ?x ?y ?z } WHERE { ?x ?y ?z }",
        "INSERT DATA { GRAPH r:g { r:m9 a :Movie } }",
        "INSERT { ?m a ?c } WHERE { ?m :class ?c }",
        "LOAD <http://x/>",
        "DELETE WHERE { ?m a ?c }",
    ],
)
def test_updates_that_depend_on_earlier_ones(earlier: str, store: ox.Store) -> None:
    text = f"{earlier} ; INSERT {{ ?m :p ?g }} WHERE {{ ?m a :Movie . {GENRE} }}"
    with pytest.raises(BadRequest, match="that an earlier update of the same request changes"):
        ask(text, store, is_update=True)


def test_prefixes_between_updates(store: ox.Store) -> None:
    found = answered(
        f"PREFIX ml: <{ML}x> BASE <http://o/> DELETE DATA {{ <a> <b> 'ml:inference' }} ;\n"
        f"PREFIX n: <{ML}> PREFIX : <> INSERT {{ ?m :p ?g }} WHERE {{ ?m a <Movie> . # ml\n"
        f" {GENRE.replace('ml:', 'n:')} }}",
        Model(GENRES),
        store,
        is_update=True,
    )
    assert "BASE <http://o/>" in found.questions[0]
    assert "?m a <Movie> ." in found.questions[0]
    assert found.commands[1] == PrepareProperty("films", "classification", "http://o/genre")


def test_an_error_of_the_model_is_silent_where_it_is_asked_to_be(store: ox.Store) -> None:
    silent = GENRE.replace("SERVICE", "SERVICE SILENT")
    broken = Model(error=BadRequest("Endpoint films not found."))
    found = ask(f"SELECT * {{ ?m a :Movie . {silent} }}", store, broken)
    assert "VALUES (?m ?g) { (UNDEF UNDEF) }" in str(found.text)
    assert len(solutions(store, f"{PREFIXES} {found.text}").rows) == 4
    with pytest.raises(BadRequest, match="not found"):
        ask(f"SELECT * {{ ?m a :Movie . {GENRE} }}", store, broken)
    for error in (TimeLimitExceeded(5, "q"), CancelledByUser("cancelled")):
        with pytest.raises(type(error)):
            ask(f"SELECT * {{ ?m a :Movie . {silent} }}", store, Model(error=error))
    found = ask(f"SELECT * {{ ?m a :Movie . {silent} }}", store, Model(error=TooManyRequests("x")))
    assert "UNDEF" in str(found.text)
    with pytest.raises(BadRequest, match="at least 1 value"):
        ask(f"SELECT * {{ {silent.replace('ml:output ?g', '')} }}", store)


def test_roles_are_looked_at_when_the_store_has_answered(store: ox.Store) -> None:
    settings = Settings("films", roles={"arn:aws:iam::1:role/r": ("other*",)})
    role = GENRE.replace("?g }", "?g ; ml:iamRoleArn 'arn:aws:iam::1:role/%s' }")
    for name, message in (("x", "Unable to load credentials"), ("r", "is not authorized to")):
        with pytest.raises(BadRequest, match=message):
            answered(
                f"{PREFIXES} SELECT * {{ ?m a :Movie . {role % name} }}",
                Model(),
                store,
                settings=settings,
            )


def test_batches(store: ox.Store) -> None:
    block = GENRE.replace("?g }", "?g ; ml:batchSize 2 }")
    found = ask(f"SELECT * {{ ?m a :Movie . {block} }}", store)
    sizes = [len(each.inputs) for each in found.commands if isinstance(each, PredictProperty)]
    assert sizes == [2, 1]
    assert str(found.text).count("(<http") == 3


def test_too_many_inputs() -> None:
    data = ox.Store()
    data.load(
        "".join(f"<http://r#{n}> <http://o/p> 1 .\n" for n in range(10_001)).encode(),
        format=ox.RdfFormat.TURTLE,
    )
    with pytest.raises(UnsupportedOperation, match="more than 10000 inputs: narrow the patterns"):
        ask(f"SELECT * {{ ?m :p ?o . {GENRE} }}", data)


def test_the_number_of_lines_stays(store: ox.Store) -> None:
    block = GENRE.replace(" ; ", " ;\n").replace("{ ml", "{ # a comment\r\n ml")
    text = f"SELECT * {{\n ?m a :Movie .\n {block}\n}}"
    assert str(ask(text, store).text).count("\n") == text.count("\n")


def test_many_answers_are_a_sub_select(store: ox.Store) -> None:
    many = {f"http://r#m{n}": values(*(f'"{n}"' for n in range(100))) for n in range(1, 4)}
    found = ask(
        f"SELECT * {{ ?m a :Movie . {GENRE.replace('?g }', '?g ; ml:limit 100 }')} }}",
        store,
        Model(many),
    )
    assert "{ ?m a :Movie . { SELECT * WHERE { VALUES (?m ?g) { (" in str(found.text)
    assert len(solutions(store, f"{PREFIXES} {found.text}").rows) == 300


INTEGERS = Inspected("regression", "", (), rdf=True, datatype=f"{XSD}integer")


@pytest.mark.parametrize(
    ("inspected", "value", "expected"),
    [
        (INTEGERS, 4.0, f'"4"^^<{XSD}integer>'),
        (INTEGERS, 4.5, f'"4.5"{DOUBLE}'),
        (Inspected("regression", "", (), rdf=True), 4.0, f'"4.0"{DOUBLE}'),
        (Inspected("classification", "", ()), "Drama", '"Drama"'),
        (Inspected("classification", "", ()), '"Drama"@en', '"\\"Drama\\"@en"'),
        (Inspected("classification", "", (), rdf=True), '"Drama"@en', '"Drama"@en'),
        (Inspected("classification", "", (), rdf=True), "_:b", None),
    ],
)
def test_terms_of_values(
    inspected: Inspected, value: object, expected: str | None, store: ox.Store
) -> None:
    literal = Literal(Kind.DOUBLE if isinstance(value, float) else Kind.STRING, value)
    model = Model({"http://r#m1": [(literal, 0.5)]}, inspected)
    found = ask(f"SELECT * {{ {GENRE.replace('?m', 'r:m1')} }}", store, model)
    row = "" if expected is None else f"({expected})"
    assert found.text == f"SELECT * {{ VALUES (?g) {{ {row} }} }}"


def test_what_cannot_be_read_is_refused_with_the_marker_and_passes_without(store: ox.Store) -> None:
    for text in ("SELECT * {", "SELECT * { ?s ?p 'o }", "SELECT * { FOO { } }", "\\u0022"):
        assert answered(text, Model(), store).text is None
        with pytest.raises(MalformedQuery, match="line 1, column"):
            answered(f"{PREFIXES} SELECT * {{ {GENRE} }} ; {text}", Model(), store)


def test_too_many_blocks(store: ox.Store) -> None:
    many = " ".join([GENRE] * 33)
    with pytest.raises(UnsupportedOperation, match=r"has 33 blocks .* at most 32 are answered"):
        ask(f"SELECT * {{ ?m a :Movie . {many} }}", store)


@pytest.mark.parametrize(
    "parts",
    [
        [f"?m :p{n} ?v{n} . " for n in range(4000)],
        [f"FILTER(?m != :p{n}) FILTER(?x{n} != ?m) " for n in range(4000)],
        [f"BIND(?v{n + 1} AS ?v{n}) OPTIONAL {{ ?m :p ?v{n} }} " for n in range(4000)],
        [f"?v{n + 1} :p ?v{n} . " for n in reversed(range(4000))],
    ],
    ids=["triples", "filters", "binds", "chain"],
)
def test_long_queries_take_linear_time(parts: list[str], store: ox.Store) -> None:
    def seconds(count: int) -> float:
        started = time.process_time()
        analysed = analyse_sparql(
            f"{PREFIXES} SELECT * {{ ?m a :Movie . {''.join(parts[:count])} {GENRE} }}", SETTINGS
        )
        assert analysed is not None
        assert next(steps(analysed, {})).question
        return time.process_time() - started

    few = min(seconds(500) for _ in range(3))
    assert seconds(4000) < 30 * max(few, 0.02)  # 8 times as long, or 64


def test_triples_about_triples_are_not_taken_apart() -> None:
    text = f"{PREFIXES} SELECT * {{ ?m :p ?o {{| :by ?x |}} . << ?m :q ?r >> :s 1 . {GENRE} }}"
    analysed = analyse_sparql(text, SETTINGS)
    assert analysed is not None
    (step,) = steps(analysed, {})
    assert "?m :p ?o {| :by ?x |} . << ?m :q ?r >> :s 1 ." in str(step.question)


def test_requests_that_are_too_long(store: ox.Store) -> None:
    data = f"{PREFIXES} INSERT DATA {{ {':a :b :c . ' * 110_000} }}"
    assert answered(data, Model(), store, is_update=True).text is None
    text = f"{data} ; INSERT {{ ?m :p ?g }} WHERE {{ ?m a :Movie . {GENRE} }}"
    with pytest.raises(UnsupportedOperation, match="at most 1048576 are read"):
        answered(text, Model(), store, is_update=True)
