"""What passes between a client, the database and the models, as scripts without a socket."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playbook import (
    LIMIT,
    Asks,
    Closes,
    Forwarded,
    Hangs,
    Passed,
    Playbook,
    Predicts,
    Tells,
    answered,
    client,
    database,
    frame_of,
    friends,
    friends_script,
    links,
    lost,
    predicted,
    refused,
    request,
    response,
    rows,
    whole_frame,
)

from gremlink.grammar import graphbinary, script
from gremlink.grammar.traversal import Bulked, Kind, Literal, Traversal, step
from gremlink.proxy.inference.commands import PredictLinks, PrepareLinks
from gremlink.proxy.inference.errors import BadRequest
from gremlink.proxy.wire.errors import FrameError
from gremlink.proxy.wire.frames import Opcode, encode_close, encode_frame
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3, TEXT_FRAME, Format, format_of

STRINGD = format_of("application/vnd.graphbinary-v1.0-stringd")
UNTYPED = format_of("application/vnd.gremlin-v3.0+json;types=false")
assert STRINGD is not None
assert UNTYPED is not None
PLAIN = Traversal((), (step("V"), step("count")))


@pytest.fixture
def play() -> Iterator[Playbook]:
    play = Playbook()
    yield play
    play.end()


def authentication(request_id: uuid.UUID, format: Format = GRAPHBINARY) -> bytes:
    """The frame with which a client answers a challenge."""
    return frame_of(
        request("", format=format, op="authentication", processor="", request_id=request_id)
    )


# Ordinary requests ------------------------------------------------------------------------------


@pytest.mark.parametrize("format", [GRAPHBINARY, STRINGD, GRAPHSON_3, TEXT_FRAME, UNTYPED])
def test_what_holds_no_marker_passes_as_it_came(play, format):
    plain = request("g.V().count()", format=format)
    play >> client(plain) << Forwarded(plain)
    part = response(plain.request_id, [Literal.string("x")], code=206, format=format)
    play >> database(part) << Passed(part)
    last = response(plain.request_id, [Literal.string("y")], format=format)
    play >> database(last) << Passed(last)


def test_messages_that_are_no_requests_pass_too(play):
    for payload in (b"", b"\x03abc???", b"hello"):
        frame = encode_frame(Opcode.BINARY, payload, masked=True)
        play >> client(frame) << Forwarded(frame)


def test_a_fragmented_message_passes_with_its_fragments(play):
    _, payload = whole_frame(frame_of(request("g.V()")))
    first = bytearray(encode_frame(Opcode.BINARY, payload[:40], masked=True))
    first[0] &= 0x7F
    rest = encode_frame(Opcode.CONTINUATION, payload[40:], masked=True)
    play >> client(bytes(first) + rest) << Forwarded(bytes(first) + rest)


def in_two_frames(frame: bytes, at: int) -> bytes:
    """The same message, cut before this byte of its payload."""
    opcode, payload = whole_frame(frame)
    first = bytearray(encode_frame(opcode, payload[:at], masked=True))
    first[0] &= 0x7F
    return bytes(first) + encode_frame(Opcode.CONTINUATION, payload[at:], masked=True)


@pytest.mark.parametrize("format", [GRAPHBINARY, GRAPHSON_3, TEXT_FRAME])
@pytest.mark.parametrize("inside", [1, 5, 10])
def test_an_inference_does_not_hide_in_a_cut_through_the_marker(play, format, inside):
    traversal = Traversal((), refused().steps)  # its only marker is that of the step
    hidden = request(script.write(traversal) if format is TEXT_FRAME else traversal, format=format)
    frame = frame_of(hidden)
    at = whole_frame(frame)[1].index(b"Neptune#ml.") + inside
    play >> client(in_two_frames(frame, at)) << Tells(hidden.request_id, 499, "both() step")
    query = request(friends(), format=GRAPHBINARY)
    frame = frame_of(query)
    at = whole_frame(frame)[1].rindex(b"Neptune#ml.") + inside
    play >> client(in_two_frames(frame, at)) << Asks(GRAPHBINARY)


def test_a_mention_that_is_no_step_passes_as_it_came(play):
    mention = request(
        Traversal(
            (step("with", "Neptune#ml.endpoint", "x"),),
            (step("V"), step("has", "note", "Neptune#ml.prediction")),
        )
    )
    play >> client(mention) << Forwarded(mention)
    reply = response(mention.request_id, code=204)
    play >> database(reply) << Passed(reply)


# An inference -----------------------------------------------------------------------------------


@pytest.mark.parametrize("format", [GRAPHBINARY, GRAPHSON_3])
def test_an_inference_is_asked_predicted_and_rewritten(play, format):
    query = request(friends(), format=format)
    play >> client(query) << (admit := Asks(format))
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << (asks := Asks(format))
    assert asks.request.request_id != admit.request.request_id
    play >> answered(asks, rows("a", known=["k"])) << (predicts := Predicts(PredictLinks))
    work = predicts.command.work
    assert work.inputs == [Literal.string("a")]
    assert work.known == [frozenset({Literal.string("k")})]
    assert work.limit == 2
    play >> predicted(predicts, links("b", "c")) << (final := Asks(format, query.request_id))
    assert final.steps == ["V", "hasLabel", "values"]
    reply = response(query.request_id, [Literal.string("Bill")], format=format)
    play >> database(reply) << Passed(reply)


def test_a_client_that_was_answered_before_need_not_be_admitted(play):
    plain, query = request(PLAIN), request(friends())
    play >> client(plain) << Forwarded(plain)
    reply = response(plain.request_id)
    play >> database(reply) << Passed(reply)
    play >> client(query) << Predicts(PrepareLinks)


def test_an_answer_in_several_parts_is_put_together(play):
    query = request(friends())
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << (asks := Asks())
    play >> answered(asks, [Bulked(rows("a")[0], 1)], code=206)
    play >> answered(asks, [Bulked(rows("b")[0], 1)], code=200)
    play << (predicts := Predicts(PredictLinks))
    assert predicts.command.work.inputs == [Literal.string("a"), Literal.string("b")]


def test_inputs_without_predictions_start_from_no_vertex_at_all(play):
    query = request(friends())
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << (asks := Asks())
    play >> answered(asks, rows("a")) << (predicts := Predicts(PredictLinks))
    play >> predicted(predicts, links()) << (final := Asks(request_id=query.request_id))
    assert final.steps == ["V", "not", "hasLabel", "values"]


def test_no_inputs_need_no_model(play):
    query = request(friends())
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << (asks := Asks())
    play >> answered(asks, code=204) << (final := Asks(request_id=query.request_id))
    assert final.steps == ["V", "not", "hasLabel", "values"]


def test_what_cannot_be_answered_is_refused_and_never_sent(play):
    query = request(refused())
    play >> client(query) << Tells(query.request_id, 499, "not supported with both() step")
    plain = request(PLAIN)
    play >> client(plain) << Forwarded(plain)


def test_an_unknown_endpoint_is_told_once_the_client_is_admitted(play):
    query = request(friends(endpoint="nobody"))
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    refusal = BadRequest("Endpoint nobody not found.")
    play >> predicted(prepare, refusal) << Tells(query.request_id, 499, "nobody not found")


FAILURES = [
    (401, "Failed to authorize: out is not for you"),
    (403, "not for you"),
    (429, "too busy"),
    (597, "no such property"),
    (598, "took too long"),
]


@pytest.mark.parametrize(("code", "message"), FAILURES)
def test_a_failure_of_the_query_for_inputs_is_the_client_s(play, code, message):
    query = request(friends())
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << (asks := Asks())
    play >> answered(asks, code=code, message=message)
    play << Tells(query.request_id, code, message)
    assert not play.conversation.open


@pytest.mark.parametrize(("code", "message"), FAILURES)
def test_whom_the_database_does_not_admit_is_told_its_reason_and_no_model_asked(
    play, code, message
):
    query = request(friends())
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=code, message=message) << Tells(query.request_id, code, message)
    assert not play.conversation.open


def test_requests_go_on_while_an_inference_is_answered(play):
    first, second, plain = request(friends()), request(friends()), request(PLAIN)
    play >> client(first) << (admit := Asks())
    play >> client(plain) << Forwarded(plain)
    play >> client(second) << (admit_second := Asks())
    reply = response(plain.request_id)
    play >> database(reply) << Passed(reply)
    play >> answered(admit_second, code=204) << (prepare_second := Predicts(PrepareLinks))
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare_second) << (asks_second := Asks())
    play >> predicted(prepare) << Asks()
    play >> answered(asks_second, rows("a")) << (predicts := Predicts(PredictLinks))
    play >> predicted(predicts, links("b")) << Asks(request_id=second.request_id)


def test_an_unreadable_answer_is_told_once_and_the_rest_of_it_dropped(play):
    query = request(friends())
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << (asks := Asks())
    good = response(asks.request.request_id, [Literal.string("x")], code=206)
    broken = good.replace(graphbinary.write_value(Literal.string("x")), b"\x77\x00\0\0\0\1x")
    play >> database(broken) << Tells(query.request_id, 500, "cannot be read")
    play >> database(good)
    play >> database(response(asks.request.request_id, code=200))
    plain = request(PLAIN)
    play >> client(plain) << Forwarded(plain)


def test_endless_inputs_are_given_up(play, monkeypatch):
    monkeypatch.setattr("gremlink.proxy.relay.own_queries.RESULT_LIMIT", 1000)
    query = request(friends())
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << (asks := Asks())
    play >> answered(asks, rows("a", known=["x" * 600]), code=206)
    play >> answered(asks, rows("b", known=["x" * 600]), code=206)
    play << Tells(query.request_id, 499, "more than 1000 bytes")
    play >> answered(asks, rows("c", known=["x" * 600]), code=206)
    play >> answered(asks, code=200)


def test_a_reply_of_a_model_that_comes_too_late_is_dropped(play):
    query = request(friends())
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> lost() << Tells(query.request_id, 500, "gone") << Closes(1011) << Hangs()
    play >> predicted(prepare)


def test_a_defect_in_an_inference_is_told_and_logged(play, caplog):
    query = request(friends())
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << (asks := Asks())
    play >> answered(asks, rows("a")) << (predicts := Predicts(PredictLinks))
    play >> predicted(predicts, [5]) << Tells(query.request_id, 500, "log says why")
    assert "inference failed" in caplog.text


def test_a_rewritten_query_that_nobody_would_take_is_refused(play):
    query = request(friends())
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << (asks := Asks())
    play >> answered(asks, rows("a")) << (predicts := Predicts(PredictLinks))
    many = links(*("x" * 100 + str(number) for number in range(LIMIT // 100)))
    play >> predicted(predicts, many) << Tells(query.request_id, 499, "more than the 100000")


# Authentication ---------------------------------------------------------------------------------


@pytest.mark.parametrize("same_id", [True, False], ids=["Python", "Java"])
@pytest.mark.parametrize("format", [GRAPHBINARY, STRINGD, GRAPHSON_3])
def test_a_challenge_comes_under_the_client_s_id(play, format, same_id):
    query = request(friends(), format=format)
    play >> client(query) << (admit := Asks(format.readable))
    play >> answered(admit, code=407) << Tells(query.request_id, 407)
    credentials = authentication(query.request_id if same_id else uuid.uuid4(), format)
    play >> client(credentials) << Forwarded(credentials)
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << Asks(format.readable)


def test_refused_credentials_are_told_once(play):
    query = request(friends())
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=407) << Tells(query.request_id, 407)
    credentials = authentication(query.request_id)
    play >> client(credentials) << Forwarded(credentials)
    play >> answered(admit, code=401, message="no") << Tells(query.request_id, 401, "no")
    play >> lost() << Closes(1011) << Hangs()


def test_credentials_may_be_refused_under_the_client_s_id(play):
    query = request(friends())
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=407) << Tells(query.request_id, 407)
    refusal = response(query.request_id, code=401)
    play >> database(refusal) << Passed(refusal)
    play >> answered(admit, code=401)
    play >> lost() << Closes(1011) << Hangs()


def test_only_credentials_pass_while_they_are_awaited(play):
    query, second = (request(friends(), format=STRINGD) for _ in range(2))
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=407) << Tells(query.request_id, 407)
    play >> client(second)
    credentials = authentication(query.request_id, STRINGD)
    play >> client(credentials) << Forwarded(credentials)


def test_credentials_never_count_as_a_request_to_be_answered(play):
    # Java's driver sends them under an id of their own, which the server never answers.
    plain, query = request("1+1", format=STRINGD), request(friends(), format=STRINGD)
    play >> client(plain) << Forwarded(plain)
    challenge = response(plain.request_id, code=407)
    play >> database(challenge) << Passed(challenge)
    credentials = authentication(uuid.uuid4(), STRINGD)
    play >> client(credentials) << Forwarded(credentials)
    reply = response(plain.request_id)
    play >> database(reply) << Passed(reply)
    play >> client(query) << Predicts(PrepareLinks)


# Order ------------------------------------------------------------------------------------------


def in_session(traversal: Traversal) -> object:
    return request(traversal, processor="session", session=Literal.string("s"))


def test_a_session_keeps_its_order_around_an_inference(play):
    query, second, plain = in_session(friends()), in_session(refused()), in_session(PLAIN)
    play >> client(query) << (admit := Asks())
    play >> client(second)
    play >> client(plain)
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << (asks := Asks())
    play >> answered(asks, rows("a")) << (predicts := Predicts(PredictLinks))
    play >> predicted(predicts, links("b"))
    play << Asks(request_id=query.request_id)
    play << Tells(second.request_id, 499)
    play << Forwarded(plain)


@pytest.mark.parametrize("format", [STRINGD, UNTYPED])
def test_an_inference_whose_results_lose_their_types_waits_for_open_answers(play, format):
    plain, query, behind = (
        request("1+1", format=format),
        request(friends_script(), format=format),
        request("2+2", format=format),
    )
    play >> client(plain) << Forwarded(plain)
    play >> client(query)
    play >> client(behind)
    part = response(plain.request_id, code=206, format=format)
    play >> database(part) << Passed(part)
    last = response(plain.request_id, format=format)
    play >> database(last) << Passed(last) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << (asks := Asks(format.readable))
    play >> answered(asks, rows("a")) << (predicts := Predicts(PredictLinks))
    play >> predicted(predicts, links("b"))
    play << (final := Asks(format, query.request_id)) << Forwarded(behind)
    script = final.request.args["gremlin"].value
    assert script == "g.V(gremlink_answers_0 as Object[]).hasLabel('User').values('name')"


def test_of_two_such_inferences_the_second_waits_for_the_answer_of_the_first(play):
    first, second = (request(friends(), format=STRINGD) for _ in range(2))
    play >> client(first) << (admit := Asks(GRAPHBINARY))
    play >> client(second)
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << (asks := Asks(GRAPHBINARY))
    play >> answered(asks, code=204) << Asks(STRINGD, first.request_id)
    reply = response(first.request_id)
    play >> database(reply) << Passed(reply) << Predicts(PrepareLinks)


def test_thousands_of_held_messages_are_taken_up_one_after_the_other(play):
    query = in_session(friends())
    play >> client(query) << (admit := Asks())
    waiting = [in_session(refused()) for _ in range(3000)]
    for each in waiting:
        play >> client(each)
    assert play.conversation.backlog == sum(len(frame_of(each)) for each in waiting)
    play >> answered(admit, code=597) << Tells(query.request_id, 597)
    for each in waiting:
        play << Tells(each.request_id, 499)
    assert play.conversation.backlog == 0


# Endings ----------------------------------------------------------------------------------------


def test_a_lost_database_ends_every_request_once(play):
    plain, query, stringd = request(PLAIN), request(friends()), request(friends(), format=STRINGD)
    play >> client(plain) << Forwarded(plain)
    play >> client(query) << Asks()
    play >> client(stringd)
    play >> lost("ws://database/gremlin was lost")
    for each in (plain, query, stringd):
        play << Tells(each.request_id, 500, "ws://database/gremlin was lost")
    play << Closes(1011, "was lost") << Hangs()


def test_behind_a_close_frame_comes_nothing(play):
    plain = request(PLAIN)
    play >> client(plain) << Forwarded(plain)
    play >> lost() << Tells(plain.request_id, 500) << Closes(1011) << Hangs()
    play >> client(request(PLAIN))
    play >> client(request(friends()))
    play >> database(response(plain.request_id))
    play >> lost() << Hangs()


def test_an_answered_request_gets_no_error_when_the_database_goes(play):
    plain = request(PLAIN)
    play >> client(plain) << Forwarded(plain)
    reply = response(plain.request_id, code=597)
    play >> database(reply) << Passed(reply)
    play >> lost() << Closes(1011) << Hangs()


@pytest.mark.parametrize("query", [PLAIN, friends(), refused()])
def test_without_a_database_the_first_request_is_told(play, query):
    play.conversation.refuse_all("nobody there")
    first = request(query)
    play >> client(first) << Tells(first.request_id, 500, "nobody there")
    play << Closes(1011, "nobody there") << Hangs()
    play >> client(request(query))


def test_a_close_frame_of_the_database_follows_the_errors(play):
    query = request(friends())
    play >> client(query) << Asks()
    close = encode_close(1000, "bye", masked=False)
    play >> database(close) << Tells(query.request_id, 500, "closed the connection")
    play << Passed(close) << Hangs()
    play >> client(request(PLAIN))
    play >> lost() << Hangs()


def test_a_broken_frame_of_the_client_ends_its_requests(play):
    plain = request(PLAIN)
    play >> client(plain) << Forwarded(plain)
    error = FrameError("message of more than 5 bytes", 1009)
    play >> (lambda play: play.conversation.broken(error))
    play << Tells(plain.request_id, 500, "more than 5 bytes") << Closes(1009, "more than")
    play << Hangs()


def test_a_stopping_proxy_says_so(play):
    plain = request(PLAIN)
    play >> client(plain) << Forwarded(plain)
    play >> (lambda play: play.conversation.going_away("The proxy is shutting down."))
    play << Tells(plain.request_id, 500, "shutting down") << Closes(1001) << Hangs()
    play >> (lambda play: play.conversation.going_away("The proxy is shutting down."))


def test_a_marker_in_an_unknown_format_closes_the_connection(play):
    frame = encode_frame(Opcode.BINARY, b"\x03abcNeptune#ml.prediction", masked=True)
    play >> client(frame) << Closes(1002, "cannot be read") << Hangs()


def test_a_marker_in_a_broken_request_is_told(play):
    query = request(friends())
    opcode, payload = whole_frame(frame_of(query))
    broken = encode_frame(opcode, payload[:-4], masked=True)
    play >> client(broken) << Tells(query.request_id, 500, "cannot be read")


def test_the_client_s_leaving_ends_its_inferences(play):
    query = request(friends())
    play >> client(query) << (admit := Asks())
    play.conversation.close()
    play >> answered(admit, code=204)


def test_ids_of_other_types_reach_the_model_as_they_are(play):
    ids = [
        Literal(Kind.LONG, 1),
        Literal(Kind.INT, 2),
        Literal(Kind.UUID, uuid.uuid4()),
        Literal.string("1"),
    ]
    query = request(friends())
    play >> client(query) << (admit := Asks())
    play >> answered(admit, code=204) << (prepare := Predicts(PrepareLinks))
    play >> predicted(prepare) << (asks := Asks())
    row = rows("a")[0]
    found = [replace(row, entries=((row.entries[0][0], id), row.entries[1])) for id in ids]
    play >> answered(asks, found) << (predicts := Predicts(PredictLinks))
    assert predicts.command.work.inputs == ids
