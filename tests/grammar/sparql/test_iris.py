"""References are resolved as RFC 3986, section 5.4, has them."""

import pytest

from gremlink.grammar.sparql.iris import resolve

BASE = "http://a/b/c/d;p?q"
EXAMPLES = """g:h g:h | g http://a/b/c/g | ./g http://a/b/c/g | g/ http://a/b/c/g/ | /g http://a/g
//g http://g | ?y http://a/b/c/d;p?y | g?y http://a/b/c/g?y | #s http://a/b/c/d;p?q#s
g#s http://a/b/c/g#s | g?y#s http://a/b/c/g?y#s | ;x http://a/b/c/;x | g;x http://a/b/c/g;x
g;x?y#s http://a/b/c/g;x?y#s | . http://a/b/c/ | ./ http://a/b/c/ | .. http://a/b/
../ http://a/b/ | ../g http://a/b/g | ../.. http://a/ | ../../ http://a/ | ../../g http://a/g
../../../g http://a/g | /./g http://a/g | /../g http://a/g | g. http://a/b/c/g. | ..g http://a/b/c/..g
./../g http://a/b/g | g/./h http://a/b/c/g/h | g/../h http://a/b/c/h | g?y/./x http://a/b/c/g?y/./x
# http://a/b/c/d;p?q# | d# http://a/b/c/d#"""
PAIRS = [pair.split() for pair in EXAMPLES.replace("\n", " | ").split(" | ")]


@pytest.mark.parametrize(("reference", "iri"), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_references(reference: str, iri: str) -> None:
    assert resolve(BASE, reference) == iri


def test_other_bases() -> None:
    assert resolve(BASE, "") == BASE
    assert resolve("http://a", "b") == "http://a/b"
    assert resolve("urn:x:y", "#z") == "urn:x:y#z"
    assert resolve("http://a/b#c", "#") == "http://a/b#"
