"""Whatever the order of events: each request of a client ends once, and nothing leaks."""

from __future__ import annotations

import random
import uuid

from hypothesis import given, settings
from hypothesis import strategies as st
from playbook import (
    LIMIT,
    frame_of,
    friends,
    refused,
    request,
    response,
    rows,
    sent_request,
    whole_frame,
)

from gremlink.grammar.traversal import Argument, Literal, Traversal, step
from gremlink.proxy.config import Limits
from gremlink.proxy.inference.analysis.locate import find_inferences
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import PredictLinks
from gremlink.proxy.inference.errors import BadRequest
from gremlink.proxy.relay.websocket.commands import (
    CloseClient,
    Command,
    Forward,
    Predict,
    ToClient,
    ToUpstream,
)
from gremlink.proxy.relay.websocket.conversation import Conversation
from gremlink.proxy.wire.frames import MessageReader, Opcode
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3, Format, format_of
from gremlink.proxy.wire.request import RequestMessage
from gremlink.proxy.wire.response import read_response
from gremlink.proxy.wire.response_stream import ResponseStream
from gremlink.proxy.wire.status import is_final

STRINGD = format_of("application/vnd.graphbinary-v1.0-stringd")
assert STRINGD is not None
PLAIN = Traversal((), (step("V"), step("count")))


class World:
    """A client, a database and models around a conversation; `choice` decides what happens."""

    def __init__(self, choice: random.Random, format: Format, session: bool, guarded: bool) -> None:
        self.choice = choice
        self.format = format
        self.session = session
        self.conversation = Conversation(Settings(), "ws://db", Limits(max_message_bytes=LIMIT))
        self.requests = MessageReader(LIMIT)
        self.responses = ResponseStream(self.conversation.ours)
        self.sent: list[uuid.UUID] = []
        self.endings: dict[uuid.UUID, int] = {}
        self.challenged: uuid.UUID | None = None
        self.at_database: list[RequestMessage] = []
        self.kept: list[RequestMessage] = []
        self.arrived: list[uuid.UUID] = []
        self.guarded = guarded
        self.predictions: list[Predict] = []
        self.closed = False

    # The client

    def client_sends(self) -> None:
        traversal = self.choice.choice([PLAIN, PLAIN, friends(), friends(), refused()])
        sent = request(
            traversal,
            format=self.format,
            processor="session" if self.session else "traversal",
        )
        self.sent.append(sent.request_id)
        self.endings[sent.request_id] = 0
        self._client(frame_of(sent))

    def client_answers_challenge(self) -> None:
        assert self.challenged is not None
        id = self.challenged if self.choice.random() < 0.5 else uuid.uuid4()
        self.challenged = None
        self._client(frame_of(request("", format=self.format, op="authentication", request_id=id)))

    def _client(self, frame: bytes) -> None:
        for message in self.requests.feed(frame):
            self.carry_out(self.conversation.client(message))

    def _client_gets(self, frame: bytes) -> None:
        assert not self.closed, "something behind a close frame"
        opcode, payload = whole_frame(frame)
        if opcode == Opcode.CLOSE:
            self.closed = True
            return
        got = read_response(payload)
        assert got.request_id in self.endings, "an id that the client never sent"
        assert self.endings[got.request_id] == 0, "a response behind the last one"
        if got.code == 407:
            self.challenged = got.request_id
        elif is_final(got.code):
            self.endings[got.request_id] += 1

    # The database

    def _database_gets(self, frame: bytes) -> None:
        got = sent_request(frame)
        gremlin = got.args["gremlin"]
        if isinstance(gremlin, Traversal):
            assert not list(find_inferences(gremlin)), "an inference at the database"
        if got.op == "authentication":
            self.guarded = False
            self.at_database += self.kept
            self.kept.clear()
            return
        if got.format != self.format and self.format is STRINGD:
            assert not self.at_database, "another format while answers are open"
            assert not self.kept
        self.arrived.append(got.request_id)
        if self.guarded:
            self.kept.append(got)
            if len(self.kept) == 1:
                self._database(response(got.request_id, code=407, format=got.format))
        else:
            self.at_database.append(got)

    def database_answers(self) -> None:
        index = 0 if self.session else self.choice.randrange(len(self.at_database))
        asked = self.at_database.pop(index)
        found: list[Argument] = rows("a", "b")
        outcome = self.choice.random()
        parts = [found, found, []][: self.choice.randint(0, 3)]
        if outcome < 0.2:
            self._database(response(asked.request_id, code=597, format=asked.format))
            return
        for part in parts:
            self._database(response(asked.request_id, part, code=206, format=asked.format))
        code = self.choice.choice([200, 204])
        self._database(response(asked.request_id, code=code, format=asked.format))

    def _database(self, frame: bytes) -> None:
        cut = self.choice.randint(0, len(frame))
        for data in (frame[:cut], frame[cut:]):
            for event in self.responses.feed(data):
                self.carry_out(self.conversation.upstream(event))

    # The models

    def model_replies(self) -> None:
        predict = self.predictions.pop(self.choice.randrange(len(self.predictions)))
        if self.choice.random() < 0.2:
            reply = BadRequest("Endpoint friends not found.")
        elif isinstance(predict.work, PredictLinks):
            reply = [[(Literal.string("t"), 0.5)] * self.choice.randint(0, 2)] * len(
                predict.work.inputs
            )
        else:
            reply = None
        self.carry_out(self.conversation.predicted(predict.pending, reply))

    # Between them

    def carry_out(self, commands) -> None:
        waiting: list[Command] = list(commands)
        for command in waiting:
            match command:
                case ToUpstream(data):
                    self._database_gets(data)
                case ToClient(data) | Forward(data):
                    self._client_gets(data)
                case Predict():
                    self.predictions.append(command)
                case CloseClient():
                    assert self.closed

    def possible(self) -> list:
        moves = []
        if self.at_database:
            moves.append(self.database_answers)
        if self.predictions:
            moves.append(self.model_replies)
        if self.challenged is not None and not self.closed:
            moves.append(self.client_answers_challenge)
        return moves


@settings(max_examples=150)
@given(
    st.randoms(use_true_random=False),
    st.sampled_from([GRAPHBINARY, GRAPHSON_3, STRINGD]),
    st.booleans(),
    st.booleans(),
    st.integers(1, 8),
    st.booleans(),
)
def test_every_request_ends_exactly_once(choice, format, session, guarded, count, breaks):
    world = World(choice, format, session, guarded)
    to_send = count
    breaking = choice.randint(0, 30) if breaks else None
    for turn in range(1000):
        if turn == breaking:
            world.carry_out(world.conversation.upstream_lost("gone"))
            assert world.closed
            break
        moves = world.possible()
        if to_send:
            moves.append(world.client_sends)
        if not moves:
            break
        move = choice.choice(moves)
        if move == world.client_sends:
            to_send -= 1
        move()
    assert world.endings == dict.fromkeys(world.sent, 1)
    assert not any(pending for pending in world.conversation.ours.values())
    assert world.conversation.backlog == 0
    if session:
        own = [id for id in world.arrived if id in world.endings]
        assert own == sorted(own, key=world.sent.index), "a session out of order"
