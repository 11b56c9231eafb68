"""What happens on the wire when an inference is tried in one query."""

from __future__ import annotations

import pytest
from playbook import (
    Asks,
    Passed,
    Playbook,
    Predicts,
    Tells,
    answered,
    client,
    database,
    friends,
    friends_script,
    links,
    lost,
    predicted,
    request,
    response,
    rows,
    whole_frame,
)

from gremlink.grammar.traversal import Entries, Literal, step
from gremlink.proxy.inference.commands import Guess, GuessLinks, PredictLinks, PrepareLinks
from gremlink.proxy.inference.errors import CancelledByUser
from gremlink.proxy.relay.websocket import backoff
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3, TEXT_FRAME, Format, format_of
from gremlink.proxy.wire.request import RequestMessage
from gremlink.proxy.wire.response import read_response

PLAIN = "g.V().count()"
GUESS = Guess((Literal.string("b"), Literal.string("c")), (Literal.string("k"),))
NAME = [Literal.string("Bill")]
UNTYPED = format_of("application/vnd.gremlin-v3.0+json;types=false")
STEPS = ["V", "filter", "not", "filter", "V", "hasLabel", "values"]


@pytest.fixture
def play():
    book = Playbook(guessing=True)
    plain = request(PLAIN)
    book >> client(plain)
    book.commands.clear()
    reply = response(plain.request_id)
    book >> database(reply) << Passed(reply)  # the database has let this client in
    yield book
    book.end()


def tried(play, query, format: Format = GRAPHBINARY) -> Asks:
    """Send a query, have a guess, and see it tried."""
    play >> client(query) << (guesses := Predicts(GuessLinks))
    play >> predicted(guesses, GUESS) << (tries := Asks(format))
    return tries


def nothing_open(play) -> None:
    assert not play.conversation.open
    assert not play.conversation.ours


@pytest.mark.parametrize("format", [GRAPHBINARY, GRAPHSON_3, TEXT_FRAME])
def test_results_of_the_attempt_are_the_clients(play, format):
    if format == TEXT_FRAME:  # which JSON the database has there it has not shown yet
        first = request(friends(), format=format)
        play >> client(first) << (admission := Asks(format))
        play >> answered(admission) << (guesses := Predicts(GuessLinks))
        play >> predicted(guesses, GUESS) << (tries := Asks(format))
        play >> answered(tries, NAME) << Tells(first.request_id, 200)
    query = request(friends(), format=format)
    tries = tried(play, query, format)
    assert tries.steps == STEPS
    play >> answered(tries, NAME) << (told := Tells(query.request_id, 200))
    assert told
    nothing_open(play)
    assert play.conversation.table.endings[200] == 2 + (format == TEXT_FRAME)


def test_all_parts_are_passed_on_under_the_clients_id(play):
    query = request(friends())
    tries = tried(play, query)
    play >> answered(tries, NAME, code=206) << Tells(query.request_id, 206)
    play >> answered(tries, NAME, code=206) << Tells(query.request_id, 206)
    assert play.conversation.open
    play >> answered(tries, NAME) << Tells(query.request_id, 200)
    nothing_open(play)


def test_nothing_of_a_result_is_changed_but_its_id(play):
    query = request(friends())
    tries = tried(play, query)
    raw = response(tries.request.request_id, NAME, message="told")
    event = database(raw)
    play >> event
    (sent,) = play.commands
    play.commands.clear()
    payload = whole_frame(sent.data)[1]
    told, theirs = read_response(payload), read_response(whole_frame(raw)[1])
    assert (told.request_id, told.results, told.message) == (query.request_id, tuple(NAME), "told")
    assert payload == whole_frame(raw)[1].replace(theirs.request_id.bytes, query.request_id.bytes)


@pytest.mark.parametrize(
    ("code", "message"), [(204, ""), (200, ""), (500, "no such thing"), (597, "no such step")]
)
def test_an_attempt_without_results_is_followed_by_the_two_queries(play, code, message):
    query = request(friends())
    tries = tried(play, query)
    play >> answered(tries, code=code, message=message) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << (asks := Asks())
    play >> answered(asks, rows("a", known=["b"])) << (predicts := Predicts(PredictLinks))
    play >> predicted(predicts, links("c")) << (final := Asks(request_id=query.request_id))
    assert final.steps == ["V", "hasLabel", "values"]
    reply = response(query.request_id, NAME)
    play >> database(reply) << Passed(reply)
    nothing_open(play)


def test_an_empty_part_is_not_passed_on(play):
    query = request(friends())
    tries = tried(play, query)
    play >> answered(tries, code=206)
    play >> answered(tries, NAME) << Tells(query.request_id, 200)
    nothing_open(play)


def test_an_error_behind_results_is_the_clients(play):
    query = request(friends())
    tries = tried(play, query)
    play >> answered(tries, NAME, code=206) << Tells(query.request_id, 206)
    play >> answered(tries, code=500, message="broken") << Tells(query.request_id, 500, "broken")
    nothing_open(play)


def test_a_time_out_of_the_attempt_is_the_clients(play):
    query = request(friends())
    tries = tried(play, query)
    play >> answered(tries, code=598, message="too long") << Tells(query.request_id, 598, "long")
    nothing_open(play)


def test_no_guess_means_two_queries(play):
    query = request(friends())
    play >> client(query) << (guesses := Predicts(GuessLinks))
    play >> predicted(guesses, None) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << Asks()


def test_what_is_cancelled_gets_no_results(play):
    query = request(friends())
    tries = tried(play, query)
    play >> answered(tries, NAME, code=206) << Tells(query.request_id, 206)
    play >> (lambda play: play.conversation.cancel(query.request_id, CancelledByUser("enough")))
    play << Tells(query.request_id, 500, "enough")
    play >> answered(tries, NAME, code=206)
    play >> answered(tries, NAME)
    nothing_open(play)


def test_what_is_cancelled_before_any_results_gets_none(play):
    query = request(friends())
    tries = tried(play, query)
    play >> (lambda play: play.conversation.cancel(query.request_id, CancelledByUser("enough")))
    play << Tells(query.request_id, 500, "enough")
    play >> answered(tries, NAME)
    nothing_open(play)


def test_an_attempt_that_takes_too_long_is_ended_once(play):
    query = request(friends())
    tries = tried(play, query)
    play >> (lambda play: play.conversation.expired(play.watched[-1]))
    play << Tells(query.request_id, 598, "threshold")
    play >> answered(tries, NAME)
    nothing_open(play)


def test_the_end_of_the_database_is_told_once(play):
    query = request(friends())
    tries = tried(play, query)
    play >> answered(tries, NAME, code=206) << Tells(query.request_id, 206)
    play >> lost("gone") << Tells(query.request_id, 500, "gone")
    play.commands.clear()  # the close frame


@pytest.mark.parametrize(
    "asked",
    [
        request(friends(), processor="session", session=Literal.string("s")),
        request(friends_script(), format=UNTYPED),
    ],
    ids=["session", "untyped"],
)
def test_sessions_and_formats_that_cannot_be_read_are_not_tried(play, asked):
    play >> client(asked) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << Asks()


def test_after_failures_less_and_less_is_tried(play):
    tries = []
    for _ in range(40):
        query = request(friends())
        play >> client(query)
        guessed = isinstance(play.commands[0].work, GuessLinks)
        tries.append(guessed)
        if guessed:
            play << (guesses := Predicts(GuessLinks))
            play >> predicted(guesses, GUESS) << (tried := Asks())
            play >> answered(tried, code=204)
        play << (prepare := Predicts(PrepareLinks))
        play >> predicted(prepare) << (asks := Asks())
        play >> answered(asks, code=204) << Asks(request_id=query.request_id)
        reply = response(query.request_id)
        play >> database(reply) << Passed(reply)
    assert [place for place, guessed in enumerate(tries) if guessed] == [0, 2, 5, 10, 19, 36]


def test_guesses_that_there_are_none_of_are_asked_for_less_and_less(play):
    guessed = []
    for _ in range(8):
        query = request(friends())
        play >> client(query)
        guessed.append(isinstance(play.commands[0].work, GuessLinks))
        if guessed[-1]:
            play << (guesses := Predicts(GuessLinks))
            play >> predicted(guesses, None)
        play << (prepare := Predicts(PrepareLinks))
        play >> predicted(prepare) << Asks()
    assert guessed == [True, False, True, False, False, True, False, False]


def test_patience_ends_and_comes_back():
    waits = backoff.Backoff()
    gaps = []
    for _ in range(10):
        waits.failed()
        gaps.append(sum(1 for _ in iter(waits.is_due, True)))
    assert gaps == [1, 2, 4, 8, 16, 32, 64, 64, 64, 64]
    waits.failed()
    waits.succeeded()
    assert waits.is_due()
    assert waits.is_due()


def of_vertex(vertex: str, *, script: bool) -> RequestMessage:
    """A friend for a vertex; a script gets it in a binding."""
    if not script:
        _, *rest = friends().steps
        return request(friends().with_steps([step("V", vertex), *rest]))
    bindings = Entries(((Literal.string("who"), Literal.string(vertex)),))
    return request(friends_script().replace("'a'", "who"), bindings=bindings)


@pytest.mark.parametrize("script", [False, True], ids=["bytecode", "script"])
def test_the_second_request_of_a_shape_asks_for_its_own_vertex(play, script):
    """It was read with the first one."""
    for vertex in ("a", "bb", "Ä"):
        query = of_vertex(vertex, script=script)
        play >> client(query) << (guesses := Predicts(GuessLinks))
        assert guesses.command.work.input == Literal.string(vertex)
        play >> predicted(guesses, GUESS) << (tries := Asks())
        if script:
            assert tries.request.bindings["who"] == Literal.string(vertex)
        else:
            assert tries.request.args["gremlin"].steps[0] == step("V", vertex)
        play >> answered(tries, NAME) << Tells(query.request_id, 200)
    nothing_open(play)
