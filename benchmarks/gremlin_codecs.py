"""Reading and printing scripts and bytecode, beside ANTLR and beside a plain walk and copy.

    python benchmarks/gremlin_codecs.py [--repeat 5] [--quick]

Scripts: the query of the tutorial, a hundred steps, 10 kB, 100 kB and 1 MB of chained steps, and
1 MB of ids; processor time for each parse, each print, and each parse by the official grammar. That
one runs on ANTLR's Python runtime: the sources of `gremlin-language` on Maven Central carry its
transition network but not its text, so the network is walked by the runtime itself, which does what
a generated parser makes it do: predict, synchronise, match, build the parse tree. It takes some
minutes for the two megabytes; `--quick` leaves them out.

Bytecode: about 1 MB of GraphBinary in several shapes, and a query of three steps. Rewriting reads
it, finds the inference, replaces it by another step, and prints; for comparison there are the
proxy's skipping of the same bytes, and one copy of them. The time of the query of three steps is
the part that does not depend on the size. Where a few strings are the whole megabyte, skipping and
copying take no longer than that; so the ratio is also printed without this part.

The runtime and the jar are kept in the user's cache.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gremlink.grammar import graphbinary
from gremlink.grammar.script import parse
from gremlink.grammar.traversal import (
    Instruction,
    Kind,
    Literal,
    Predicate,
    Traversal,
    anonymous,
    step,
)
from gremlink.proxy.embedded.jars import cache_directory
from gremlink.proxy.inference.analysis.locate import find_inferences
from gremlink.proxy.inference.splice import splice

GRAMMAR = ("org.apache.tinkerpop", "gremlin-language", "3.7.5")
RUNTIME = "antlr4-python3-runtime==4.9.3"
"""The newest runtime that reads networks of ANTLR 4.9, with which the grammar is built."""

STORY = (
    'g.with("Neptune#ml.endpoint","friends").with("Neptune#ml.limit",8).\n'
    '  V().hasLabel("User").has("name","Henry").\n'
    '  out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")'
)
ROUND = '.has("name","marko").out("knows").where(__.in("created").count().is(P.gt(1)))'
INFERENCE = '.out("FRIEND").with("Neptune#ml.prediction")'
LARGE = 50_000
"""Characters from which on one run is enough, and ANTLR is left out of a quick run."""


def rounds(size: int) -> str:
    """A script of about so many characters, in many steps."""
    return "g.V()" + ROUND * (size // len(ROUND)) + INFERENCE


def ids(size: int) -> str:
    """A script of about so many characters, nearly all of them ids."""
    return "g.V(" + ",".join(f'"user_{n}"' for n in range(size // 13)) + ")" + INFERENCE


SCRIPTS = {
    "the tutorial's query": STORY,
    "100 steps": "g.V()" + ROUND * 33,
    "10 kB of steps": rounds(10_000),
    "100 kB of steps": rounds(100_000),
    "1 MB of steps": rounds(1_000_000),
    "1 MB of ids": ids(1_000_000),
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--repeat", type=int, default=5)
    arguments.add_argument("--quick", action="store_true", help="no large script for ANTLR")
    options = arguments.parse_args()
    console = Console(width=120)
    official = OfficialGrammar(cache_directory().parent / "antlr")
    console.print(scripts(official, options.repeat, options.quick))
    console.print(bytecode(options.repeat))


def seconds(run: Callable[[], Any], repeat: int) -> float:
    """The least processor time of a run."""
    run()
    least = float("inf")
    for _ in range(repeat):
        gc.collect()
        begun = time.process_time()
        count = 0
        while count == 0 or time.process_time() - begun < 0.05:
            run()
            count += 1
        least = min(least, (time.process_time() - begun) / count)
    return least


def once(run: Callable[[], Any]) -> float:
    """The processor time of a single run."""
    begun = time.process_time()
    run()
    return time.process_time() - begun


def scripts(official: OfficialGrammar, repeat: int, quick: bool) -> Table:
    table = Table("Script", "Characters", "Parse ms", "ns/char", "Print ms", "ANTLR ms", "Ratio")
    for name, text in SCRIPTS.items():
        reading = seconds(lambda text=text: parse(text), repeat)
        script = parse(text)
        found = script.traversals[0]
        changed = found.with_steps([*found.steps[:-1], step("count")])
        printing = seconds(lambda s=script, c=changed: s.replace(0, c).text, repeat)
        slow = antlr(official, name, text, repeat, quick)
        table.add_row(
            name,
            str(len(text)),
            f"{reading * 1e3:.2f}",
            f"{reading / len(text) * 1e9:.0f}",
            f"{printing * 1e3:.3f}",
            "-" if slow is None else f"{slow * 1e3:.2f}",
            "-" if slow is None else f"{slow / reading:.1f}",
        )
    return table


def antlr(
    official: OfficialGrammar, name: str, text: str, repeat: int, quick: bool
) -> float | None:
    """The official grammar's time; large scripts are read once, by warm tables."""
    if len(text) < LARGE:
        return seconds(lambda: official.parse(text), repeat)
    if quick:
        return None
    print(f"ANTLR reads {name} ...", file=sys.stderr, flush=True)
    return once(lambda: official.parse(text))


def inferring(*steps: Instruction) -> Traversal:
    """These steps, and an inference."""
    source = step("with", "Neptune#ml.endpoint", "friends")
    inference = (step("out", "FRIEND"), step("with", "Neptune#ml.prediction"))
    return Traversal((source,), (*steps, *inference))


def shapes() -> Iterator[tuple[str, Traversal]]:
    """Traversals whose bytecode is about a megabyte, by what it is made of."""

    numbers = [Literal(Kind.LONG, n) for n in range(100_000)]
    yield "V() with 100,000 numbers", inferring(step("V", *numbers))
    yield "V() with 60,000 strings", inferring(step("V", *[f"user_{n}" for n in range(60_000)]))
    yield "100 strings of 10 kB", inferring(step("V", *["x" * 10_000] * 100))
    yield "one string", inferring(step("has", "name", "x" * 1_000_000))
    within = Predicate("P", "within", tuple(Literal.of(n) for n in range(160_000)))
    yield "one within() of 160,000", inferring(step("has", "age", within))
    text = "a text of the length that descriptions often have, {}"
    yield (
        "10,000 steps",
        inferring(
            step("addV", "User"),
            *[step("property", f"name_{n}", text.format(n), "since", n) for n in range(10_000)],
        ),
    )
    yield (
        "30,000 steps, a third nested",
        inferring(*parse("g.V()" + ROUND * 5_200).traversals[0].steps),
    )
    deep = anonymous(step("out", "a"))
    for _ in range(40):
        deep = anonymous(step("where", deep), step("out", "b"))
    yield "400 times 40 levels deep", inferring(*[step("where", deep)] * 400)


def bytecode(repeat: int) -> Table:
    headings = ("Bytes", "Walk, copy ms", "Rewrite ms", "Ratio", "without the constant part")
    table = Table("GraphBinary", *headings)
    constant = 0.0
    for name, traversal in [("three steps", inferring(step("V", "a"))), *shapes()]:
        data = graphbinary.write_bytecode(traversal)
        value = b"\x15\x00" + data

        def walk_and_copy(value: bytes = value) -> None:
            graphbinary.skip_value(value)
            bytearray(value)

        def rewrite(data: bytes = data) -> None:
            read, _ = graphbinary.read_bytecode(data)
            (inference,) = find_inferences(read)
            answered = [step("V", "a", "b")]
            graphbinary.write_bytecode(splice(read, inference.path, inference.width, answered))

        walking, rewriting = seconds(walk_and_copy, repeat), seconds(rewrite, repeat)
        constant = constant or rewriting - walking
        table.add_row(
            name,
            str(len(data)),
            f"{walking * 1e3:.3f}",
            f"{rewriting * 1e3:.3f}",
            f"{rewriting / walking:.2f}",
            f"{(rewriting - constant) / walking:.2f}",
        )
    return table


class OfficialGrammar:
    """The grammar of gremlin-lang 3.7 on ANTLR's Python runtime."""

    def __init__(self, cache: Path) -> None:
        runtime = cache / RUNTIME
        if not runtime.is_dir():
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(runtime)]
            subprocess.run([*command, RUNTIME], check=True)
        sys.path.insert(0, str(runtime))
        with zipfile.ZipFile(self._sources()) as archive:
            self.lexer = self._network(archive.read("GremlinLexer.interp").decode())
            self.parser = self._network(archive.read("Gremlin.interp").decode())
        self.rules = self.parser["rule names"]
        self._prepare()

    def _sources(self) -> Path:
        from jgo.config import GlobalSettings
        from jgo.constants import MAVEN_CENTRAL_URL
        from jgo.maven import MavenContext

        repository = cache_directory() / "repository"
        repository.mkdir(parents=True, exist_ok=True)
        mirrors = GlobalSettings.load().repositories
        context = MavenContext(
            repo_cache=repository, remote_repos={"central": MAVEN_CENTRAL_URL, **mirrors}
        )
        group, artifact, version = GRAMMAR
        component = context.project(group, artifact).at_version(version)
        return Path(component.artifact(classifier="sources").resolve())

    def _network(self, text: str) -> dict[str, Any]:
        """The sections of an `.interp` file; `atn` as ANTLR's object."""
        from antlr4.atn.ATNDeserializer import ATNDeserializer

        sections: dict[str, Any] = {}
        name = ""
        for line in text.splitlines():
            if line.endswith(":") and (line == "atn:" or line.endswith("names:")):
                name = line[:-1]
                sections[name] = []
            elif line:
                sections[name].append(line)
        numbers = sections["atn"][0].strip("[]").split(",")
        serialized = "".join(chr(int(number)) for number in numbers)
        sections["atn"] = ATNDeserializer().deserialize(serialized)
        return sections

    def _prepare(self) -> None:
        from antlr4 import Lexer, Parser
        from antlr4.atn.LexerATNSimulator import LexerATNSimulator
        from antlr4.atn.ParserATNSimulator import ParserATNSimulator
        from antlr4.dfa.DFA import DFA
        from antlr4.PredictionContext import PredictionContextCache

        lexing, parsing = self.lexer["atn"], self.parser["atn"]
        lexer_tables = [DFA(state, n) for n, state in enumerate(lexing.decisionToState)]
        parser_tables = [DFA(state, n) for n, state in enumerate(parsing.decisionToState)]
        contexts = PredictionContextCache(), PredictionContextCache()

        class GremlinLexer(Lexer):
            def __init__(self, text: Any) -> None:
                super().__init__(text)
                self._interp = LexerATNSimulator(self, lexing, lexer_tables, contexts[0])

        class GremlinParser(Parser):
            atn = parsing

            def __init__(self, tokens: Any) -> None:
                super().__init__(tokens)
                self._interp = ParserATNSimulator(self, parsing, parser_tables, contexts[1])

        self.new_lexer, self.new_parser = GremlinLexer, GremlinParser

    def parse(self, text: str) -> int:
        """Recognise a script; the number of rules that were entered."""
        from antlr4 import CommonTokenStream, InputStream, ParserRuleContext, Token
        from antlr4.atn.ATNState import RuleStopState
        from antlr4.atn.Transition import Transition

        tokens = CommonTokenStream(self.new_lexer(InputStream(text)))
        parser = self.new_parser(tokens)
        network = parser.atn
        state = network.ruleToStartState[self.rules.index("queryList")]
        parser.enterRule(ParserRuleContext(None, -1), state.stateNumber, state.ruleIndex)
        entered = 0
        while True:
            parser.state = state.stateNumber
            if isinstance(state, RuleStopState):
                if network.ruleToStartState[state.ruleIndex].isPrecedenceRule:
                    parser._precedenceStack.pop()
                parser.exitRule()
                if parser._ctx is None:
                    return entered
                state = network.states[parser.state].transitions[0].followState
                continue
            choice = 1
            if len(state.transitions) > 1:
                parser._errHandler.sync(parser)
                choice = parser._interp.adaptivePredict(tokens, state.decision, parser._ctx)
            transition = state.transitions[choice - 1]
            if transition.serializationType == Transition.RULE:
                entered += 1
                target = transition.target
                context = ParserRuleContext(parser._ctx, state.stateNumber)
                parser.enterRule(context, target.stateNumber, target.ruleIndex)
                if target.isPrecedenceRule:
                    parser._precedenceStack.append(transition.precedence)
            elif not transition.isEpsilon:
                if not transition.matches(tokens.LA(1), Token.EOF, 65535):
                    raise ValueError(f"the official grammar refuses {tokens.LT(1).text!r}")
                parser.consume()
            state = transition.target


if __name__ == "__main__":
    main()
