"""The language of texts, if it is one of Neptune's five fastText languages.

The script tells Chinese and Hindi; their most frequent little words tell English, Spanish and
French apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LANGUAGES = ("en", "zh", "hi", "es", "fr")

_LITTLE_WORDS = {
    "en": "the of and to in is that it was for on are with as at be this have from or had by not "
    "but what all were we when your can there an which she do their if will up about out them he",
    "es": "de la que el en y los se del las un por con una su para es lo como más pero sus le ha "
    "me si sin sobre este ya entre cuando todo esta ser son dos también fue había era muy",
    "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce "
    "il sont avec ou son lui nous comme mais leur y être aux d cette ont ses elle fait été",
}
_SCRIPTS = {"zh": re.compile(r"[\u4e00-\u9fff]"), "hi": re.compile(r"[\u0900-\u097f]")}
_WORD = re.compile(r"[^\W\d_]+")
ENOUGH = 0.1
"""Share of the words or letters that have to speak for a language."""


def language_of(texts: Sequence[str]) -> str | None:
    """Return `en`, `zh`, `hi`, `es`, `fr`, or `None` for another language."""
    joined = " ".join(texts).lower()
    letters = sum(map(str.isalpha, joined))
    if not letters:
        return None
    for language, script in _SCRIPTS.items():
        if len(script.findall(joined)) > letters / 2:
            return language
    words = _WORD.findall(joined)
    found = {
        language: sum(word in little for word in words) for language, little in _sets().items()
    }
    best = max(found, key=lambda language: found[language])
    return best if found[best] > ENOUGH * len(words) else None


def _sets() -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in _LITTLE_WORDS.items()}
