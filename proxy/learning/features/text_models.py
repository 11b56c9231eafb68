"""Models of language that are on this machine: texts in, vectors out. Nothing is ever downloaded.

A user's own models are used where they are installed or named; else the static word vectors that
the package `wordllama` carries (MIT licence, 256 columns, several languages).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gremlink.errors import Error
from gremlink.proxy.learning.graph import Floats
from gremlink.proxy.messages.system_errors import reason_of

WORDLLAMA = "wordllama"
SPACY = "spacy"
FASTTEXT = "fasttext"
SENTENCES = "sentence-transformers"
EXTRA = "text"
"""The optional dependencies of this package that bring word vectors."""


class NoTextModel(Error, ValueError):
    """Text is to become vectors, and there is no model that could do it."""


class TextModel(Protocol):
    """A loaded model."""

    @property
    def width(self) -> int:
        """Columns."""
        ...

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Embed texts: float32 `[texts, width]`, of length 1; 0 for a text without a known word."""
        ...


def is_installed(package: str) -> bool:
    """Return whether a package can be imported, without importing it."""
    return importlib.util.find_spec(package) is not None


def default_model() -> str:
    """Return the model that comes with the optional dependencies. Raises `NoTextModel`."""
    if not is_installed("wordllama"):
        raise NoTextModel(
            "text needs word vectors, and there are none on this machine: install them with "
            f"`pip install 'gremlink[{EXTRA}]'`, or use the type text_tfidf, which needs none"
        )
    return WORDLLAMA


@lru_cache(maxsize=8)
def load_model(name: str, longest: int | None = None) -> TextModel:
    """Load the model that an encoding names: `package`, or `package:model` for a user's own.

    Texts are cut after `longest` tokens. Raises `NoTextModel`.
    """
    package, _, model = name.partition(":")
    try:
        match package:
            case "wordllama":
                return _Wordllama(longest)
            case "spacy":
                return _Spacy(model, longest)
            case "fasttext":
                return _FastText(model, longest)
            case "sentence-transformers":
                return _Sentences(model, longest)
    except (ImportError, OSError, ValueError) as error:
        raise NoTextModel(
            f"the text model {name!r} cannot be loaded: {reason_of(error)}. Text has to be encoded "
            "by the model that it was encoded by in training: install it again, or train anew"
        ) from error
    raise NoTextModel(f"unknown text model {name!r}")


class _Wordllama:
    """Means of static word vectors."""

    def __init__(self, longest: int | None) -> None:
        import wordllama

        # Its tokenizer lies in the package, but it looks there only for files of a cache.
        packaged = Path(wordllama.__file__).parent
        self._model = wordllama.WordLlama.load(dim=256, cache_dir=packaged, disable_download=True)
        if longest is not None:
            self._model.tokenizer.enable_truncation(longest)
        self.width = int(self._model.embedding.shape[1])

    def vectors(self, texts: Sequence[str]) -> Floats:
        """See `TextModel.vectors`."""
        if not texts:
            return np.zeros((0, self.width), np.float32)
        return _unit(self._model.embed(list(texts), norm=False))


class _Spacy:
    """Means of the word vectors of a spaCy pipeline."""

    def __init__(self, model: str, longest: int | None) -> None:
        import spacy

        self._model = spacy.load(model, disable=["tagger", "parser", "ner", "lemmatizer"])
        self._longest = longest
        self.width = int(self._model.vocab.vectors_length)
        if not self.width:
            raise ValueError("it has no word vectors")

    def vectors(self, texts: Sequence[str]) -> Floats:
        """See `TextModel.vectors`."""
        found = [self._model.make_doc(text)[: self._longest].vector for text in texts]
        return _unit(np.array(found, np.float32).reshape(len(texts), self.width))


class _FastText:
    """Means of fastText's word vectors, made of parts of words."""

    def __init__(self, path: str, longest: int | None) -> None:
        import fasttext

        self._model = fasttext.load_model(path)
        self._longest = longest
        self.width = int(self._model.get_dimension())

    def vectors(self, texts: Sequence[str]) -> Floats:
        """See `TextModel.vectors`."""
        found = np.zeros((len(texts), self.width), np.float32)
        for row, text in enumerate(texts):
            words = text.split()[: self._longest]
            if words:
                found[row] = np.mean([self._model.get_word_vector(word) for word in words], axis=0)
        return _unit(found)


class _Sentences:
    """A sentence encoder that lies in a local directory or cache."""

    def __init__(self, model: str, longest: int | None) -> None:
        from sentence_transformers import SentenceTransformer

        self._model: Any = SentenceTransformer(
            model, device="cpu", local_files_only=True, model_kwargs={"use_safetensors": True}
        )
        if longest is not None:
            own = self._model.max_seq_length
            self._model.max_seq_length = min(longest, own or longest)
        self.width = int(self._model.get_sentence_embedding_dimension())

    def vectors(self, texts: Sequence[str]) -> Floats:
        """See `TextModel.vectors`."""
        if not texts:
            return np.zeros((0, self.width), np.float32)
        return _unit(self._model.encode(list(texts), show_progress_bar=False))


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1.0), np.float32)
