from __future__ import annotations

import json
import socket
from typing import Any

import numpy as np
import pytest

from gremlink.proxy.learning.features import text_models
from gremlink.proxy.learning.features.encoding import fit
from gremlink.proxy.learning.features.encodings import from_document, to_document
from gremlink.proxy.learning.features.language import language_of
from gremlink.proxy.learning.features.text_models import NoTextModel, load_model
from gremlink.proxy.learning.features.text_vectors import TextFitter, chosen_model

CELLS = ["a romantic film", "", "una película romántica", "the engine of a truck", "!"]


def test_vectors_mean_something_and_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a connection"))
    load_model.cache_clear()
    notes: list[str] = []
    encoding = fit(TextFitter("plot", "text_fasttext", {"language": "en"}, notes), CELLS)
    values = encoding.encode(CELLS)
    assert values.shape == (5, len(encoding.columns))
    assert np.linalg.norm(values, axis=1)[[0, 2, 3]] == pytest.approx(np.ones(3), abs=1e-5)
    assert not values[1].any()
    assert values[0] @ values[2] > 0.3 > values[0] @ values[3]
    assert "wordllama" in notes[0]


def test_encodings_survive_json() -> None:
    encoding = fit(TextFitter("plot", "text_sbert512", {}, []), CELLS)
    document = json.loads(json.dumps(to_document(encoding)))
    assert document["longest"] == 512
    again = from_document(document)
    assert again == encoding
    assert np.array_equal(again.encode(CELLS), encoding.encode(CELLS))


def test_texts_are_cut() -> None:
    encoding = fit(TextFitter("plot", "text_fasttext", {"max_length": 2}, []), CELLS)
    long, short = encoding.encode(["red fox and the hen", "red fox"])
    assert long @ short > 0.99


def test_a_users_own_model_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        chosen_model("text_sbert", {"model": "/models/mini"})
        == "sentence-transformers:/models/mini"
    )
    assert chosen_model("text_fasttext", {"model": "cc.en.bin"}) == "fasttext:cc.en.bin"
    assert chosen_model("text_word2vec", {"language": ["en_core_web_lg"]}) == "wordllama"
    monkeypatch.setattr(
        "gremlink.proxy.learning.features.text_vectors.is_installed", lambda _: True
    )
    options: dict[str, Any] = {"language": ["en_core_web_lg"]}
    assert chosen_model("text_word2vec", options) == "spacy:en_core_web_lg"


def test_without_any_model_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_models, "is_installed", lambda _: False)
    with pytest.raises(NoTextModel, match=r"gremlink\[text\].*text_tfidf"):
        chosen_model("text_sbert", {})


@pytest.mark.parametrize("name", ["spacy:none", "sentence-transformers:/none", "fasttext:none"])
def test_a_model_that_is_not_there_any_more(name: str) -> None:
    with pytest.raises(NoTextModel, match="cannot be loaded"):
        load_model(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat sat on the mat and it was happy with all of this", "en"),
        ("El gato está en la casa y no quiere salir de ella", "es"),
        ("Le chat est dans la maison et il ne veut pas sortir", "fr"),
        ("这只猫坐在垫子上非常高兴", "zh"),
        ("बिल्ली चटाई पर बैठी है और बहुत खुश है", "hi"),
        ("Die Katze sitzt auf der Matte und freut sich sehr darüber", None),
        ("12 34", None),
    ],
)
def test_languages(text: str, expected: str | None) -> None:
    assert language_of([text]) == expected
