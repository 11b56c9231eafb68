"""The words of the house: docstrings begin with a verb or a noun, and nobody tells stories.

CONTRIBUTING.md has the rule. Functions begin with a verb ("Return", "Rank"), data with a noun.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).parent.parent

CLAUSES = {"what", "whether", "how", "who", "whose", "whom", "where", "which", "when", "why"}
"""First words of clauses: no docstring begins with one."""
NO_VERBS = CLAUSES | set(
    "a an the this that these those its their our each every all both some any no none one two "
    "several many more most half same other not only nothing it they there here "
    "if from as in on at by of for to with without within beyond behind before after over under "
    "and or so because while until than".split()
)
"""First words that are no verbs: articles, pronouns, prepositions."""
UNWANTED = re.compile(
    r"\b(whoever|whatever|nobody|somebody|someone|strangers?|told|stands?|takes nothing)\b", re.I
)


def sources() -> Iterator[Path]:
    for package in ("grammar", "proxy"):
        yield from sorted((TOP / package).rglob("*.py"))
    for folder in (TOP / "gremlink", TOP / "gremlink" / "api"):
        yield from sorted(folder.glob("*.py"))


def first_words(tree: ast.Module) -> Iterator[tuple[int, str, set[str]]]:
    """Line, first word and the first words that are not allowed there, for each docstring."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                data = any("property" in ast.dump(each) for each in node.decorator_list)
                forbidden = CLAUSES if data else NO_VERBS
            case ast.ClassDef() | ast.Module():
                forbidden = CLAUSES
            case _:
                continue
        if text := ast.get_docstring(node):
            word = re.match(r"\W*(\w+)", text)
            yield getattr(node, "lineno", 1), word[1].lower() if word else "", forbidden


def test_docstrings_begin_with_verbs_and_nouns() -> None:
    offenders = [
        f"{file.relative_to(TOP)}:{line} begins with {word!r}"
        for file in sources()
        for line, word, forbidden in first_words(ast.parse(file.read_text(encoding="utf-8")))
        if word in forbidden
    ]
    assert not offenders, "\n".join(offenders)


def prose(file: Path) -> Iterator[tuple[int, str]]:
    """Comments and docstrings of a source with their lines; of a document all lines."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        yield from enumerate(text.splitlines(), 1)
        return
    statement = True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and statement):
            yield token.start[0], token.string
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            statement = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)


def test_prose_is_plain() -> None:
    documents = [TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted((TOP / "docs").glob("*.md"))]
    offenders = [
        f"{file.relative_to(TOP)}:{line}: {found[0]!r}"
        for file in [*sources(), *documents]
        for line, text in prose(file)
        for found in UNWANTED.finditer(re.sub(r"`[^`]*`", "", text))
    ]
    assert not offenders, "\n".join(offenders)
