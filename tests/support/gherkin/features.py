"""The scenarios of TinkerPop's feature files, which the jar `gremlin-test` carries."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from gremlink.proxy.embedded.jars import resolve_jars

JAR = "org.apache.tinkerpop:gremlin-test:3.7.5"
_FOLDER = "org/apache/tinkerpop/gremlin/test/features/"


@dataclass
class Scenario:
    """`parameters` are texts by name; `counts` are numbers, each with its query."""

    feature: str
    name: str
    graph: str = ""
    initializer: str = ""
    traversal: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    counts: list[tuple[int, str]] = field(default_factory=list)
    raises: bool = False
    size: int | None = None
    unsupported: bool = False

    def step(self, text: str, argument: str) -> None:
        """Take up one step of the scenario; `argument` is its doc string."""
        if found := re.fullmatch(r"the (\w+) graph", text):
            self.graph = found[1]
        elif text == "the graph initializer of":
            self.initializer = argument
        elif text == "the traversal of":
            self.traversal = argument
        elif found := re.fullmatch(r'using the parameter (\w+) defined as "(.*)"', text):
            self.parameters[found[1]] = found[2].replace('\\"', '"')
        elif found := re.fullmatch(r'using the parameter (\w+) of P\.(\w+)\("(.*)"\)', text):
            self.parameters[found[1]] = f"P.{found[2]} {found[3]}"
        elif found := re.fullmatch(r'the graph should return (\d+) for count of "(.*)"', text):
            self.counts.append((int(found[1]), found[2].replace('\\"', '"')))
        elif found := re.fullmatch(r"the result should have a count of (\d+)", text):
            self.size = int(found[1])
        elif text == "the result should be empty":
            self.size = 0
        elif text.startswith("the traversal will raise an error"):
            self.raises = True
        elif text == "an unsupported test":
            self.unsupported = True
        elif not re.match(r"iterated |the result should be |nothing should happen", text):
            raise ValueError(f"{self.name}: an unknown step: {text}")


def scenarios() -> Iterator[Scenario]:
    """All of them, in the order of the files. Fetches the jar once."""
    (jar,) = resolve_jars((JAR,), alone=True)
    with zipfile.ZipFile(jar) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith(_FOLDER) and name.endswith(".feature"):
                yield from read(name.removeprefix(_FOLDER), archive.read(name).decode())


def read(feature: str, text: str) -> Iterator[Scenario]:
    """The scenarios of one file. Tables are left out: results are compared, not looked up."""
    scenario: Scenario | None = None
    step = ""
    quoted: list[str] | None = None
    for line in text.splitlines():
        words = line.strip()
        if words == '"""':
            if quoted is not None and scenario is not None:
                scenario.step(step, "\n".join(quoted))
            quoted = [] if quoted is None else None
        elif quoted is not None:
            quoted.append(words)
        elif words.startswith("Scenario:"):
            if scenario is not None:
                yield scenario
            scenario = Scenario(feature, words.removeprefix("Scenario:").strip())
        elif found := re.match(r"(?:Given|When|Then|And) (.*)", words):
            step = found[1].partition("# Licensed")[0].strip()
            if scenario is not None and not step.endswith(" of"):
                scenario.step(step, "")
    if scenario is not None:
        yield scenario
