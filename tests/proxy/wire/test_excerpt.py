"""Scripts in requests that were cut off anywhere."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playbook import request

from gremlink.grammar.traversal import Traversal, step
from gremlink.proxy.wire.excerpt import script_excerpt
from gremlink.proxy.wire.mime import GRAPHBINARY, GRAPHSON_3, TEXT_FRAME
from gremlink.proxy.wire.request import write_request

SCRIPT = 'g.V().has("name", "Zo\u00eb \u4e2d\\n").count()'


@pytest.mark.parametrize("format", [GRAPHBINARY, GRAPHSON_3, TEXT_FRAME])
def test_every_cut_leaves_a_beginning(format):
    _, payload = write_request(request(SCRIPT, format=format))
    found = [script_excerpt(payload[:end]) for end in range(len(payload) + 1)]
    assert all(SCRIPT.startswith(text) for text in found)
    assert found[-1] == SCRIPT
    assert len(set(found)) >= len(SCRIPT) - 8  # not within an escape


def test_bytecode_has_none():
    _, payload = write_request(request(Traversal((), (step("V"),))))
    assert script_excerpt(payload) == ""


@given(payload=st.binary(max_size=100), lead=st.sampled_from([b"", b'"gremlin":"']))
@settings(max_examples=200)
def test_anything_is_looked_at(payload, lead):
    assert isinstance(script_excerpt(lead + payload), str)
