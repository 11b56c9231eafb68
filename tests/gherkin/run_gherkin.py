"""TinkerPop's own feature suite, beside the proxy and through it: `make gherkin`.

    python tests/gherkin/run_gherkin.py [--only NAME]

Each scenario's traversal is asked of a real Gremlin Server directly and through the proxy, on a
graph that is made anew both times, as a script and, where it is one traversal, as bytecode. All
frames of the answers, and of the counts that a scenario asks for behind it, have to be the same
bytes. Where they are not, the server is asked directly again: some answers differ each time. Ends
with 1 for anything else.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS.parent), str(TESTS / "support")]

from gherkin.features import Scenario, scenarios  # noqa: E402
from gherkin.parameters import Unsayable  # noqa: E402
from gherkin.stage import SERVER, Played, Stage  # noqa: E402
from gremlin_python.driver.protocol import GremlinServerError  # noqa: E402
from running_proxy import Model, RunningProxy  # noqa: E402

from gremlink.proxy.embedded import EmbeddedServer  # noqa: E402

SUCCESS = (200, 204)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="scenarios with this in their names")
    options = parser.parse_args()
    chosen = [each for each in scenarios() if options.only in each.name]
    started = time.monotonic()
    told: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    different: list[str] = []
    with (
        EmbeddedServer(port=0, settings=SERVER) as server,
        RunningProxy(server.url, Model("friends", {})) as proxy,
    ):
        stage = Stage(server.url)
        for scenario in chosen:
            try:
                play(stage, (server.url, proxy.url), scenario, told, different)
            except Unsayable as reason:
                skipped[str(reason)] += 1
            except TimeoutError:
                print(f"{scenario.name}: no answer within a minute", flush=True)
                skipped["no answer within a minute"] += 1
            except (GremlinServerError, TypeError, ValueError, AttributeError) as error:
                print(f"{scenario.name}: cannot be set up: {str(error)[:300]}", flush=True)
                skipped["the graph or a parameter cannot be made"] += 1
        stage.close()
    print(f"{len(chosen)} scenarios, {time.monotonic() - started:.0f} s")
    for what, number in sorted(told.items()):
        print(f"{number:6} {what}")
    for reason, number in skipped.most_common():
        print(f"{number:6} skipped: {reason}")
    for each in different:
        print("DIFFERENT:", each)
    return 1 if different else 0


def play(
    stage: Stage,
    urls: tuple[str, str],
    scenario: Scenario,
    told: Counter[str],
    different: list[str],
) -> None:
    """Both ways, as script and as bytecode."""
    if scenario.unsupported:
        raise Unsayable("TinkerPop itself says that it is not supported")
    for bytecode in (False, True):
        kind = "as bytecode" if bytecode else "as a script"
        direct = asked(stage, urls[0], scenario, bytecode=bytecode)
        if direct is None:
            told["not asked as bytecode: more than one traversal, or a value without a form"] += 1
            continue
        through = asked(stage, urls[1], scenario, bytecode=bytecode)
        assert through is not None
        if direct == through:
            told[f"{kind}: the same bytes"] += 1
        elif varies(stage, urls[0], scenario, direct, bytecode=bytecode):
            ends = "same" if direct.code == through.code else "other"
            told[f"{kind}: the server's own bytes differ each time, {ends} status"] += 1
        else:
            what = f"{scenario.feature} {scenario.name} {kind}: {direct} {through}"
            different.append(what[:1500])
        for way, played in (("directly", direct), ("through", through)):
            right = expected(scenario, played)
            told[f"{kind} {way}: {'as the scenario expects' if right else 'otherwise'}"] += 1


def asked(stage: Stage, url: str, scenario: Scenario, *, bytecode: bool) -> Played | None:
    """The scenario on its own graph."""
    return stage.play(url, scenario, stage.prepare(scenario), bytecode=bytecode)


def varies(stage: Stage, url: str, scenario: Scenario, first: Played, *, bytecode: bool) -> bool:
    """Whether the server answers differently when it is asked again."""
    return any(asked(stage, url, scenario, bytecode=bytecode) != first for _ in range(4))


def expected(scenario: Scenario, played: Played) -> bool:
    """Whether error, number of results and counts are as the scenario says."""
    if scenario.raises or played.code not in SUCCESS:
        return scenario.raises and played.code not in SUCCESS
    counts = tuple((number,) for number, _ in scenario.counts)
    return counts == played.counts and scenario.size in (None, played.size)


if __name__ == "__main__":
    sys.exit(main())
