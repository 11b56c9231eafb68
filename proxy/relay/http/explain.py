"""`explain` shows what the proxy would do with a query, `profile` does it and measures.

The database itself explains or profiles a query without an inference.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from uuid import uuid4

from aiohttp import web

from gremlink.grammar import script
from gremlink.grammar.traversal import Instruction, Kind, Literal, step
from gremlink.proxy.inference.analysed_request import analyse
from gremlink.proxy.inference.analysis.analysis import Analysis
from gremlink.proxy.inference.analysis.options import Inductive
from gremlink.proxy.inference.analysis.plan import LinkPlan, Plan
from gremlink.proxy.inference.analysis.strip_options import without_options
from gremlink.proxy.inference.commands import (
    FOR_INPUTS,
    Ask,
    CheckAccess,
    Command,
    Describe,
    ExplainLinks,
    PredictLinks,
    PredictProperty,
    PrepareInductive,
    PrepareLinks,
    PrepareProperty,
    Reply,
    Results,
)
from gremlink.proxy.inference.errors import UnsupportedOperation
from gremlink.proxy.inference.live_graph import Scope
from gremlink.proxy.inference.queries.inputs import input_query, unfolded
from gremlink.proxy.inference.queries.models import model_of
from gremlink.proxy.inference.queries.neighbourhood import NEIGHBOURHOOD
from gremlink.proxy.relay.http.pages import milliseconds, page, section, shortened
from gremlink.proxy.relay.http.relay import HttpRelay
from gremlink.proxy.relay.queries import text_of
from gremlink.proxy.wire.request import RequestMessage


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains and profiles over the connections of an `HttpRelay`."""

    relay: HttpRelay

    async def explain(self, request: web.Request) -> web.StreamResponse:
        """Answer `GET` or `POST /gremlin/explain` with a query's plan, without running it."""
        return await self.relay.answer(
            request, await request.read(), lambda message: self._explain(request, message)
        )

    async def profile(self, request: web.Request) -> web.StreamResponse:
        """Answer `GET` or `POST /gremlin/profile`: run a query and show the time of each step."""
        return await self.relay.answer(
            request, await request.read(), lambda message: self._profile(request, message)
        )

    async def _explain(self, request: web.Request, message: RequestMessage) -> web.Response:
        title = "Neptune Gremlin Explain"
        analysed = analyse(message, self.relay.settings)
        if analysed is None:
            return await self._by_database(request, message, title, step("explain"))
        query, plans = analysed.query, analysed.planned
        parts = [section("Query String", [text_of(message)])]
        if any(query.analyses[number].runs_once for number in plans):
            await self.relay.ask(request, query.admission(uuid4()))
            done = ["Not run: steps of the query write, or are random."]
            final = "the inference replaced by choose(id()) with an option for each input"
        else:
            profile, answered = await self._answered(request, message)
            assert answered is not None
            done, final = profile.lines, _sent(answered)
        for number, found in plans.items():
            for plan in found:
                lines = _plan(query.analyses[number], plan)
                if plan.inductive is not None:
                    lines.append(await self._reading(plan, plan.inductive))
                parts.append(section(f"Inference {plan.inference}", lines))
        parts += [
            section("Models", await self._models(plans)),
            section("Runtime (ms)", done),
            section("Final Query", [final]),
        ]
        return page(title, parts)

    async def _profile(self, request: web.Request, message: RequestMessage) -> web.Response:
        title = "Neptune Gremlin Profile"
        started = time.perf_counter()
        profile, final = await self._answered(request, message)
        if final is None:
            return await self._by_database(request, message, title, step("profile"))
        before = time.perf_counter()
        results = await self.relay.ask(request, final)
        ended = time.perf_counter()
        profile.lines.append(f"final query: {len(results)} results, {milliseconds(ended - before)}")
        analysed = analyse(message, self.relay.settings)
        plans = {} if analysed is None else analysed.planned
        return page(
            title,
            [
                section("Query String", [text_of(message)]),
                section("Models", await self._models(plans)),
                section("Inference", profile.lines),
                section("Final Query", [_sent(final)]),
                section(
                    "Runtime (ms)",
                    [f"Query Execution: {(ended - started) * 1000:.3f}", f"Count: {len(results)}"],
                ),
            ],
        )

    async def _answered(
        self, request: web.Request, message: RequestMessage
    ) -> tuple[_Profile, RequestMessage | None]:
        """Answer the inferences of a query; the rewritten query is not sent."""
        profile = _Profile()

        async def perform(command: Command) -> Reply:
            started = time.perf_counter()
            reply = await self.relay.perform(request, command)
            profile.note(command, reply, time.perf_counter() - started)
            return reply

        size = len(await request.read())
        return profile, await self.relay.run_inference(message, size, perform)

    async def _models(self, plans: _Plans) -> list[str]:
        models = dict.fromkeys(model_of(plan) for found in plans.values() for plan in found)
        return [str(await self.relay.predict(Describe(model))) for model in models]

    async def _reading(self, plan: Plan, inductive: Inductive) -> str:
        """Describe what an inductive inference will read."""
        model = model_of(plan)
        await self.relay.predict(model)
        scope = await self.relay.predict(PrepareInductive(model, inductive.fresh))
        assert isinstance(scope, Scope)
        most = ", then ".join(f"{number:,}" for number in scope.fan_outs)
        chosen = "the first by their ids" if inductive.deterministic else "at random"
        return (
            f"neighbourhood: {scope.hops} hops along {', '.join(scope.edge_labels)} both ways, for"
            f" each label and way at most {most} neighbours ({chosen}), with the properties"
            f" {', '.join(scope.keys) or 'none'}"
        )

    async def _by_database(
        self, request: web.Request, message: RequestMessage, title: str, ending: Instruction
    ) -> web.Response:
        """Let the database explain or profile a single traversal.

        The text of its answer comes from Groovy. What is text to gremlin-lang might be code there.
        """
        if message.language != "gremlin-groovy" and "$" in text_of(message):
            raise UnsupportedOperation(
                f"A {message.language} script with a $ in it cannot be explained: write it in"
                " gremlin-groovy."
            )
        read = None
        match message.args["gremlin"]:
            case Literal(Kind.STRING, str(text)):
                read = script.parse(text, message.bindings)
        if read is None or read.single is None:
            raise UnsupportedOperation("Only a script of one traversal can be explained.")
        asked = read.single.with_steps([*read.single.steps, ending])
        args = {"gremlin": Literal.string(f"{script.write(asked)}.toString()")}
        if ending.name == "profile":
            args = {"gremlin": Literal.string(f"{script.write(asked)}.next().toString()")}
        args["language"] = Literal.string("gremlin-groovy")
        results = await self.relay.ask(
            request, message.derive(request_id=message.request_id, args=args)
        )
        lines = [str(item.value) for item in results if isinstance(item, Literal)]
        return page(title, [section("Query String", [text_of(message)]), *lines])


_Plans = Mapping[int, Sequence[Plan]]
"""The inferences of a query, by the number of their traversal."""


@dataclass(slots=True)
class _Profile:
    """The steps of an inference, a line each."""

    lines: list[str] = field(default_factory=list)
    reading: float = 0.0
    """Seconds that reading neighbourhoods took since the last prediction."""

    def note(self, command: Command, reply: Reply, seconds: float) -> None:
        match command:
            case CheckAccess():
                what = "admitted by the database"
            case Ask(asked, purpose):
                rows = len(unfolded(cast(Results, reply)))
                noun = "inputs"
                if purpose != FOR_INPUTS:
                    noun = "vertices"
                if purpose.startswith(NEIGHBOURHOOD):
                    self.reading += seconds
                what = f"{purpose} {text_of(asked)}: {rows} {noun}"
            case PrepareInductive(model):
                what = f"endpoint {model.endpoint} says what to read"
            case PrepareLinks(endpoint) | PrepareProperty(endpoint):
                what = f"endpoint {endpoint} ready"
            case ExplainLinks(prediction, links):
                count = sum(map(len, links))
                what = f"model {prediction.model.endpoint}: {count} predictions explained"
            case PredictLinks(model, inputs) | PredictProperty(model, inputs):
                answers = sum(len(found) for found in _rows(reply) if isinstance(found, Sequence))
                what = (
                    f"model {model.endpoint}: {len(inputs)} inputs, {answers} predictions,"
                    f" limit {command.limit}, threshold {command.threshold}"
                )
                if command.neighbourhood is not None:
                    read = f"neighbourhood read: {command.neighbourhood}"
                    self.lines.append(f"{read}, {milliseconds(self.reading)}")
                    self.reading = 0.0
        self.lines.append(f"{what}, {milliseconds(seconds)}")


def _rows(reply: Reply) -> Sequence[object]:
    """Return the results of a query, or the predictions for each input."""
    return reply if isinstance(reply, Sequence) else ()


def _plan(analysis: Analysis, plan: Plan) -> list[str]:
    element = "node"
    inputs = input_query(analysis, plan, element)
    lines = [f"input query: {script.write(without_options(inputs))}", f"endpoint: {plan.endpoint}"]
    if isinstance(plan, LinkPlan):
        lines += [
            f"predicts: {plan.direction}({plan.edge_label!r}) to {plan.target_label!r}",
            f"known links hidden: {plan.hide or 'none'}",
        ]
    else:
        lines.append(f"predicts: {plan.key!r}")
    return [*lines, f"limit: {plan.limit}", f"threshold: {plan.threshold}"]


def _sent(message: RequestMessage) -> str:
    return shortened(text_of(message))
