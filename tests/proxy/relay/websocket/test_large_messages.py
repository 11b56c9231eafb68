"""Long messages that may hold the marker: a thread looks, and others pass in their order."""

import pytest
from playbook import (
    Advances,
    Closes,
    Forwarded,
    Hangs,
    Passed,
    Playbook,
    Reads,
    Tells,
    client,
    database,
    friends_script,
    looked,
    lost,
    request,
    response,
)

from gremlink.grammar.traversal import Literal, Traversal, step
from gremlink.proxy.inference.errors import CancelledByUser, TooManyRequests
from gremlink.proxy.relay.offload import LONG
from gremlink.proxy.wire.frames import Opcode, encode_frame
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3, format_of
from gremlink.proxy.wire.request import write_request

PLAIN = Traversal((), (step("V"), step("count")))
LONG_INFERENCE = friends_script() + ".where(__.not(__.is('" + "x" * LONG + "')))"
ESCAPED = "g.V('" + r"\u0041" * (LONG // 4) + "')"
"""No inference, but its text has to be looked into."""


@pytest.fixture
def play():
    play = Playbook()
    yield play
    play.end()


@pytest.mark.parametrize("format", [GRAPHBINARY, GRAPHSON_3])
def test_others_pass_while_a_long_inference_is_read(play, format):
    asked, plain, reads = request(LONG_INFERENCE, format=format), request(PLAIN), Reads()
    play >> client(asked) << reads >> client(plain) << Forwarded(plain)
    play >> database(answer := response(plain.request_id)) << Passed(answer)
    play >> looked(reads) << Advances()


def test_what_holds_no_marker_goes_on_as_it_came(play):
    asked, reads = request(ESCAPED), Reads()
    play >> client(asked) << reads >> looked(reads) << Forwarded(asked)
    play >> database(answer := response(asked.request_id)) << Passed(answer)
    assert play.conversation.quiet


def test_another_request_under_the_same_id_may_end_meanwhile(play):
    asked, reads = request(LONG_INFERENCE), Reads()
    plain = request(PLAIN, request_id=asked.request_id)
    play >> client(asked) << reads >> client(plain) << Forwarded(plain)
    play >> database(answer := response(plain.request_id)) << Passed(answer)
    play >> looked(reads) << Advances()
    assert not play.conversation.quiet


def test_escapes_that_hide_the_marker_are_found(play):
    hidden = LONG_INFERENCE.replace("Neptune#ml", r"\u004eeptune\u0023ml")
    asked, reads = request(hidden), Reads()
    play >> client(asked) << reads >> looked(reads) << Advances()


def test_a_session_waits(play):
    session = {"processor": "session", "session": Literal.string("s")}
    asked, plain, reads = request(ESCAPED, **session), request(PLAIN, **session), Reads()
    play >> client(asked) << reads >> client(plain)
    assert not play.conversation.ordinary
    play >> looked(reads) << Forwarded(asked) << Forwarded(plain)
    assert play.conversation.ordinary


def test_a_format_in_which_the_proxy_does_not_ask_waits(play):
    untyped = format_of("application/vnd.gremlin-v3.0+json;types=false")
    asked, plain = request(ESCAPED, format=untyped), request("g.V()", format=untyped)
    reads = Reads()
    play >> client(asked) << reads >> client(plain)
    play >> looked(reads) << Forwarded(asked) << Forwarded(plain)


def test_cancelled_while_it_is_read(play):
    asked, reads = request(ESCAPED), Reads()
    play >> client(asked) << reads
    cancelled = CancelledByUser("cancelled")
    play >> (lambda play: play.conversation.cancel(asked.request_id, cancelled))
    play << Tells(asked.request_id, 500, "cancelled") >> looked(reads)
    assert play.conversation.quiet


def test_the_database_is_lost_while_it_is_read(play):
    asked, reads = request(LONG_INFERENCE), Reads()
    play >> client(asked) << reads >> lost()
    play << Tells(asked.request_id, 500) << Closes(1011) << Hangs() >> looked(reads)


def test_too_much_is_being_read_already(play):
    asked, reads = request(LONG_INFERENCE), Reads()
    play >> client(asked) << reads
    play >> (lambda play: play.conversation.read(reads.command.reading, TooManyRequests("later")))
    play << Tells(asked.request_id, 429, "later")
    assert play.conversation.quiet


def test_what_cannot_be_read_is_refused_once(play):
    asked, reads = request(LONG_INFERENCE), Reads()
    payload = write_request(asked)[1][:-20]
    play >> client(encode_frame(Opcode.BINARY, payload, masked=True)) << reads
    play >> looked(reads) << Tells(asked.request_id, 500, "cannot be read")
    assert play.conversation.quiet
