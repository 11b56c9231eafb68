"""Text as the vector of a model: the types `text_word2vec`, `text_fasttext`, `text_sbert`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gremlink.proxy.learning.features.text_models import (
    FASTTEXT,
    SENTENCES,
    SPACY,
    default_model,
    is_installed,
    load_model,
)
from gremlink.proxy.learning.graph import Floats

WORD2VEC_MODEL = "en_core_web_lg"
"""Neptune's model for `text_word2vec`."""

LONGEST = {"text_sbert": 128, "text_sbert128": 128, "text_sbert512": 512}
"""Tokens after which a text is cut."""


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """The vector of a text, of length 1; 0 for a missing one.

    `type` is the configured type, `model` what `load_model` takes. Texts are cut after `longest`
    tokens.
    """

    kind: ClassVar[str] = "text"

    name: str
    type: str
    model: str
    width: int
    longest: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Numbered."""
        return tuple(f"{self.name}#{number}" for number in range(self.width))

    def encode(self, cells: Sequence[str]) -> Floats:
        """See `Encoding.encode`. Raises `NoTextModel`."""
        encoded = np.zeros((len(cells), self.width), np.float32)
        there = [row for row, cell in enumerate(cells) if cell]
        # Equal texts are asked about once.
        distinct = list(dict.fromkeys(cells[row] for row in there))
        vectors = load_model(self.model, self.longest).vectors(distinct)
        places = {text: place for place, text in enumerate(distinct)}
        encoded[there] = vectors[[places[cells[row]] for row in there]]
        return encoded


class TextFitter:
    """Has nothing to learn from the texts; chooses the model.

    `notes` gets a sentence where the model is another than Neptune's.
    """

    def __init__(self, name: str, type_: str, options: Mapping[str, Any], notes: list[str]) -> None:
        model = chosen_model(type_, options)
        longest = LONGEST.get(type_, options.get("max_length"))
        self.name = name
        self._encoding = TextEncoding(name, type_, model, load_model(model, longest).width, longest)
        if ":" not in model:
            notes.append(
                f"property {name!r}: {type_} uses the word vectors of {model}, because no model "
                "of your own is installed or named"
            )

    def see(self, cells: Sequence[str]) -> None:
        """See `Fitter.see`."""

    def fitted(self) -> TextEncoding:
        """See `Fitter.fitted`."""
        return self._encoding


def chosen_model(type_: str, options: Mapping[str, Any]) -> str:
    """Return a user's own model where there is one for this type, else the default. Raises
    `NoTextModel`.

    `model` in the options names one: a spaCy pipeline, the path of a fastText file, the directory
    or name of a sentence-transformers model. For `text_word2vec` the `language` does so, too.
    """
    named = options.get("model")
    if type_ == "text_word2vec":
        languages = options.get("language", WORD2VEC_MODEL)
        language = languages[0] if isinstance(languages, list) and languages else languages
        if named or (is_installed("spacy") and is_installed(str(language))):
            return f"{SPACY}:{named or language}"
    elif named:
        return f"{FASTTEXT if type_ == 'text_fasttext' else SENTENCES}:{named}"
    return default_model()
