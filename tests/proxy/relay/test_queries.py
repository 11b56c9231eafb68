"""What is told of the queries in flight, and how much of them is kept."""

from playbook import Playbook, client, frame_of, request
from sockets import both_loops, relay

from gremlink.grammar.traversal import Literal
from gremlink.proxy.relay.websocket.fast_path import request_fast_path
from gremlink.proxy.relay.websocket.open_requests import KEPT, RequestTable
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3
from gremlink.proxy.wire.request import write_request


@both_loops
async def test_of_a_long_query_its_beginning_is_told():
    async with relay() as world:
        peer, database = await world.pair()
        texts = [f"g.V('{number}').is('" + "x" * size + "')" for number, size in enumerate(SIZES)]
        for text in texts:
            for format in (GRAPHBINARY, GRAPHSON_3):
                frame = frame_of(request(text, format=format))
                peer.send(frame)
                assert await database.read(len(frame)) == frame
        told = [query.text() for query in await world.server.queries.open()]
        expected = [text for text in texts for _ in range(2)]
        assert all(whole.startswith(text) for text, whole in zip(told, expected, strict=True))
        for text, whole in zip(told, expected, strict=True):
            assert text == whole or KEPT - 600 < len(text) <= KEPT


SIZES = (10, 5_000, 20_000, 70_000)


def test_no_more_than_so_much_of_a_request_is_kept():
    table, play = RequestTable(), Playbook()
    sent = request("g.V()", bindings=Literal.string("x" * 50_000))
    frame = frame_of(sent)
    table.fast_request_limit = 10
    passed: list[bytes] = []
    request_fast_path(table, passed.append, passed.clear)(frame)
    assert passed == [frame]
    play >> client(frame)
    _, payload = write_request(sent)
    for kept in (table, play.conversation.table):
        ((_, each),) = kept.open()
        assert KEPT - 8 <= len(each.payload) <= KEPT
        assert payload.startswith(each.payload)
