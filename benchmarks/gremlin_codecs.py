"""Reading and printing scripts and bytecode, beside ANTLR and beside a plain copy.

    python benchmarks/gremlin_codecs.py [--repeat 5] [--without-antlr]

Scripts: the query of the tutorial, a hundred steps, 100 kB and 1 MB, in processor time for each
parse, each print, and each parse by the official grammar. That one runs on ANTLR's Python runtime:
the sources of `gremlin-language` on Maven Central carry its transition network but not its text,
so the network is walked by the runtime itself, which does what a generated parser makes it do:
predict, synchronise, match, build the parse tree.

Bytecode: rewriting one step of 1 MB of GraphBinary, beside walking it and copying it, and beside
reading it and copying it.

The runtime and the jar are kept in the user's cache.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from grammar import graphbinary
from grammar.script import parse
from grammar.traversal import step
from proxy.embedded.jars import cache_directory

GRAMMAR = ("org.apache.tinkerpop", "gremlin-language", "3.7.5")
RUNTIME = "antlr4-python3-runtime==4.9.3"
"""The newest runtime that reads networks of ANTLR 4.9, with which the grammar is built."""

STORY = (
    'g.with("Neptune#ml.endpoint","friends").with("Neptune#ml.limit",8).\n'
    '  V().hasLabel("User").has("name","Henry").\n'
    '  out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")'
)
ROUND = '.has("name","marko").out("knows").where(__.in("created").count().is(P.gt(1)))'
HUNDRED = "g.V()" + ROUND * 33
SCRIPTS = {
    "the tutorial's query": STORY,
    "100 steps": HUNDRED,
    "100 kB": "g.V()" + ROUND * (100_000 // len(ROUND)),
    "1 MB": "g.V()" + ROUND * (1_000_000 // len(ROUND)),
}
MOST_FOR_ANTLR = 20_000
"""Characters of the largest script that ANTLR is given: it takes a minute for a megabyte."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--repeat", type=int, default=5)
    arguments.add_argument("--without-antlr", action="store_true")
    options = arguments.parse_args()
    console = Console(width=120)
    official = (
        None if options.without_antlr else OfficialGrammar(cache_directory().parent / "antlr")
    )
    console.print(scripts(official, options.repeat))
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


def scripts(official: OfficialGrammar | None, repeat: int) -> Table:
    table = Table("Script", "Characters", "Parse ms", "µs/char", "Print ms", "ANTLR ms", "Ratio")
    for name, text in SCRIPTS.items():
        reading = seconds(lambda text=text: parse(text), repeat)
        script = parse(text)
        found = script.traversals[0]
        changed = found.with_steps([*found.steps[:-1], step("count")])
        printing = seconds(lambda s=script, c=changed: s.replace(0, c).text, repeat)
        theirs, ratio = "-", "-"
        if official is not None and len(text) <= MOST_FOR_ANTLR:
            official.parse(text)
            slow = seconds(lambda text=text: official.parse(text), repeat)
            theirs, ratio = f"{slow * 1e3:.2f}", f"{slow / reading:.1f}"
        table.add_row(
            name,
            str(len(text)),
            f"{reading * 1e3:.2f}",
            f"{reading / len(text) * 1e6:.2f}",
            f"{printing * 1e3:.3f}",
            theirs,
            ratio,
        )
    return table


def bytecode(repeat: int) -> Table:
    text = "g.V()" + (ROUND + '.has("age", 29).by([a: 1, b: [1, 2L, 3.5d]])') * 4200
    traversal = parse(text).traversals[0]
    data = graphbinary.write_bytecode(traversal)
    value = b"\x15\x00" + data

    def walk_and_copy() -> None:
        graphbinary.skip_value(value)
        bytearray(data)

    def read_and_copy() -> None:
        graphbinary.read_bytecode(data)
        bytearray(data)

    def rewrite() -> None:
        read, _ = graphbinary.read_bytecode(data)
        graphbinary.write_bytecode(read.with_steps([*read.steps[:-1], step("count")]))

    runs = {"walk, copy": walk_and_copy, "read, copy": read_and_copy, "rewrite": rewrite}
    times = {name: seconds(run, repeat) for name, run in runs.items()}
    table = Table(f"GraphBinary, {len(data)} bytes", "ms", "Rewriting takes")
    for name, took in times.items():
        table.add_row(name, f"{took * 1e3:.1f}", f"{times['rewrite'] / took:.2f} times")
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
