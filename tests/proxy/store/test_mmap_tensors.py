"""Tensors that are read where they lie, beside safetensors' own reader."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from gremlink.proxy.store.mmap_tensors import map_file, read_tensors

TYPES = ("bool", "uint8", "int8", "int16", "float16", "int32", "float32", "int64", "float64")
SHAPES = ((), (0,), (3,), (2, 0, 4), (5, 7))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "x.safetensors"


def test_they_are_those_of_the_formats_own_reader(file):
    random = np.random.default_rng(1)
    tensors = {
        f"{name}.{number}": random.integers(0, 2, shape).astype(name)
        for name in TYPES
        for number, shape in enumerate(SHAPES)
    }
    file.write_bytes(save(tensors))
    expected, found = load(file.read_bytes()), read_tensors(map_file(file))
    assert found.keys() == expected.keys() == tensors.keys()
    for name, tensor in found.items():
        assert tensor.dtype == expected[name].dtype
        assert not tensor.flags.writeable
        assert tensor.flags.aligned
        np.testing.assert_array_equal(tensor, expected[name])


def test_they_stay_when_their_file_is_replaced(file, tmp_path):
    file.write_bytes(save({"a": np.arange(5)}))
    found = read_tensors(map_file(file))["a"]
    file.unlink()
    file.write_bytes(b"else")
    assert found.tolist() == [0, 1, 2, 3, 4]


def test_an_empty_file_has_none(file):
    file.write_bytes(b"")
    with pytest.raises(ValueError, match="empty"):
        map_file(file)


@given(content=st.binary(min_size=1, max_size=200))
@settings(max_examples=50)
def test_any_bytes_are_refused(content, tmp_path_factory):
    file = tmp_path_factory.mktemp("mapped") / "x.safetensors"
    file.write_bytes(content)
    with pytest.raises((ValueError, AttributeError)):
        read_tensors(map_file(file))


@pytest.mark.parametrize(
    "about",
    [
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 80]},
        {"dtype": "F32", "shape": [-1], "data_offsets": [4, 0]},
        {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]},
        {"dtype": "F9", "shape": [1], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1]},
        [],
    ],
)
def test_headers_that_lie_are_refused(file, about):
    header = json.dumps({"a": about}).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    with pytest.raises(ValueError, match="tensor"):
        read_tensors(map_file(file))
