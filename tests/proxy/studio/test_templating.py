"""Every template with hostile values: no element and no attribute comes from data."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment, meta

from gremlink.proxy.studio.templating import environment

BENIGN = "a word"
MARK = "\u2042"
"""A sign that no template has: attributes with it are made of data alone where it comes first."""

PIECES = (
    *("<", ">", '"', "'", "`", "=", "&", "/", " ", "\n", "\t", "\0", "\x0b", "{{", "%}", "\\"),
    *(
        "<script>",
        "</script>",
        "</div>",
        "</title>",
        "</textarea>",
        "<!--",
        "]]>",
        "<svg/onload=x>",
    ),
    *('" onfocus="x', "' onfocus='x", " onfocus=x ", "&quot;", "&#34;", "&#x3c;", "javascript:x"),
    *("\u202e", "\u2066", "\u2028", "\x85", "\ufeff", "\U0001f600", "e\u0301", "\u00e9" * 500),
)
"""Texts that break out of elements, attributes and comments, that turn the direction of writing,
that end lines, and long ones."""

TEXTS = st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8"), max_size=8).map("".join)

ADDRESSES = frozenset({"href", "src", "action", "formaction", "hx-get", "hx-post"})
WHOLE = frozenset({"address", "again", "expanded", "refresh"})
"""Values that pages make as whole addresses, out of quoted parts."""

TRIPLES = frozenset({"reasons.methods", "beside.about"})
"""Values whose items are unpacked into three."""


class Anything:
    """A value with all attributes, items and results, each of which is written as `text`.

    Truth and comparisons are those of `chance`: templates take their branches by them.
    """

    def __init__(self, text: str, chance: random.Random, name: str = "") -> None:
        self._text, self._chance, self._name = text, chance, name

    def __getattr__(self, name: str) -> Anything:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, key: object) -> Anything:
        return Anything(self._text, self._chance, f"{self._name}.{key}")

    def __call__(self, *_: object, **__: object) -> Anything:
        return self

    def __iter__(self) -> Iterator[Anything]:
        """Yield two, or three parts of an item of `TRIPLES`."""
        count = 3 if self._name.removesuffix(".each") in TRIPLES - {self._name} else 2
        return iter([self["each"]] * count)

    def __len__(self) -> int:
        return 2

    def __str__(self) -> str:
        return f"/{self._text}" if self._name.rpartition(".")[2] in WHOLE else f"{MARK}{self._text}"

    def __format__(self, _: str) -> str:
        return str(self)

    def _decided(self, *_: object) -> bool:
        return self._chance.random() < 0.5

    __bool__ = __eq__ = __ne__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = _decided
    __hash__ = object.__hash__

    def _number(self, *_: object) -> float:
        return 7.0

    __float__ = __abs__ = __add__ = __sub__ = __mul__ = __truediv__ = __neg__ = _number
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = _number

    def _whole(self, *_: object) -> int:
        return 7

    __int__ = __index__ = __round__ = _whole


class Built(HTMLParser):
    """The elements of a page, each with the names of its attributes; `foreign` are addresses that
    begin with data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.foreign: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))
        self.foreign += [
            f"<{tag} {name}={value[:40]!r}"
            for name, value in attrs
            if name in ADDRESSES and value and not value.startswith(("/", "#", "?"))
        ]

    def handle_endtag(self, tag: str) -> None:
        self.elements.append((f"/{tag}",))

    def handle_comment(self, data: str) -> None:
        self.elements.append(("!", data))

    def handle_decl(self, decl: str) -> None:
        self.elements.append(("!", decl))


def names_of(templates: Environment) -> frozenset[str]:
    """Names that templates take from pages."""
    assert templates.loader is not None
    found: set[str] = set()
    for name in templates.list_templates():
        source = templates.loader.get_source(templates, name)[0]
        found |= meta.find_undeclared_variables(templates.parse(source))
    return frozenset(found - set(templates.globals))


TEMPLATES = environment("/studio/static", [("/", "Home"), ("/studio/ask", "Ask")])
TEMPLATES.policies["json.dumps_kwargs"] = {"default": str}
NAMES = names_of(TEMPLATES)
for each in ("local", "short_iris"):  # they take texts apart
    TEMPLATES.filters[each] = lambda value, cut=TEMPLATES.filters[each]: cut(str(value))


def item_of(owner: Any, key: Any, found: Callable[[Any, Any], Any] = TEMPLATES.getitem) -> Any:
    """Look up an item, in tables of our own words any."""
    if isinstance(owner, dict) and isinstance(key, Anything):
        return next(iter(owner.values()))
    return found(owner, key)


TEMPLATES.getitem = item_of  # type: ignore[method-assign,assignment]


def built(template: str, text: str, seed: int) -> Built:
    """Render a template, all of whose values are written as `text`."""
    chance = random.Random(f"{template} {seed}")
    values: dict[str, Any] = {name: Anything(text, chance, name) for name in NAMES}
    values["part"] = "ask/why.html"
    return Built(TEMPLATES.get_template(template).render(values))


@settings(max_examples=15)
@given(text=TEXTS, seed=st.integers(0, 10**6))
def test_no_element_and_no_attribute_comes_from_data(text: str, seed: int) -> None:
    offenders = {}
    for template in TEMPLATES.list_templates():
        benign, hostile = (built(template, each, seed) for each in (BENIGN, text))
        if benign.elements != hostile.elements or hostile.foreign:
            offenders[template] = (
                hostile.foreign
                or [
                    (ours, theirs)
                    for ours, theirs in zip(benign.elements, hostile.elements, strict=False)
                    if ours != theirs
                ][:1]
            )
    assert not offenders
