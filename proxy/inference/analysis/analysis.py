"""A traversal and the answers to what is asked about it: each is found once, when it is needed.

Reading, planning, asking and rewriting share one `Analysis`. A traversal that has been rewritten is
another one, and gets its own.
"""

from __future__ import annotations

from functools import cached_property

from gremlink.grammar.traversal import Instruction, Path, Traversal
from gremlink.proxy.inference.analysis import sack, side_effects
from gremlink.proxy.inference.analysis.input_steps import host_index, input_steps
from gremlink.proxy.inference.analysis.locate import Inference, find_inferences
from gremlink.proxy.inference.analysis.misplaced import misplaced_options, misplaced_steps
from gremlink.proxy.inference.analysis.output_types import OutputType, output_type
from gremlink.proxy.inference.analysis.score_reads import ScoreRead, score_reads


class Analysis:
    """The analysis of a traversal; all but `traversal` is found when it is first asked for."""

    def __init__(self, traversal: Traversal) -> None:
        self.traversal = traversal
        self._runs_once: dict[int, bool] = {}
        self._cuts: dict[int, int] = {}
        self._types: dict[int, OutputType] = {}
        self._looking_back: dict[int, Instruction | None] = {}
        self._surroundings: dict[Path, Surroundings] = {}

    def of_another_start(self, traversal: Traversal) -> Analysis:
        """Return the analysis of a traversal that differs in nothing but the id in its `V(id)`.

        All that has been found is true of it as well, but the steps that lead to an inference.
        """
        other = Analysis.__new__(Analysis)
        other.__dict__.update(self.__dict__)
        other.traversal = traversal
        other._surroundings = {
            path: around.in_another(other) for path, around in list(self._surroundings.items())
        }
        return other

    @cached_property
    def inferences(self) -> tuple[Inference, ...]:
        """All inferences, in order."""
        return tuple(find_inferences(self.traversal))

    @cached_property
    def score_reads(self) -> tuple[ScoreRead, ...]:
        """All steps that read something about a predicted link."""
        return tuple(score_reads(self.traversal.steps))

    @cached_property
    def misplaced_option(self) -> str | None:
        """The first key of Neptune ML behind `g` that is no option, if there is one."""
        return next(misplaced_options(self.traversal), None)

    @cached_property
    def misplaced_step(self) -> Instruction | None:
        """The first step with a key of Neptune ML that belongs to no inference, if there is one."""
        return next(misplaced_steps(self.traversal, self.inferences, self.score_reads), None)

    @property
    def is_plain(self) -> bool:
        """True if nothing in the traversal means anything to Neptune ML."""
        return not self.inferences and self.misplaced_step is None and self.misplaced_option is None

    @cached_property
    def sack_is_free(self) -> bool:
        """True if the traversal does not use the sack itself."""
        return sack.is_free(self.traversal)

    @property
    def runs_once(self) -> bool:
        """True if any step writes, or may give something else the second time."""
        return any(map(self._runs_once_at, range(self.traversal.length)))

    def cut_before(self, index: int) -> int:
        """Return how many of the steps before the one at `index` must run only once.

        With the last of them go its modulators, but for labels at their end: the steps behind can
        have those, too. If steps behind them look back, all steps before `index` run once.
        """
        steps = self.traversal.steps
        end = host_index(steps, index)
        if end not in self._cuts:
            last = max(filter(self._runs_once_at, range(end)), default=None)
            self._cuts[end] = 0 if last is None else side_effects.cut_behind(steps, last, end)
        return self._cuts[end]

    def type_before(self, index: int) -> OutputType:
        """Return the type of what the steps before the one at `index` lead to."""
        if index not in self._types:
            self._types[index] = output_type(self.traversal.steps[:index])
        return self._types[index]

    def looking_back_from(self, index: int) -> Instruction | None:
        """Return the first step from `index` on that may need those before, if there is one."""
        if index not in self._looking_back:
            behind = self.traversal.steps[index:]
            self._looking_back[index] = side_effects.needs_path(behind, frozenset())
        return self._looking_back[index]

    def around(self, inference: Inference) -> Surroundings:
        """Return the surroundings of one of the inferences."""
        found = self._surroundings.get(inference.path)
        if found is None:
            found = self._surroundings[inference.path] = Surroundings(self, inference)
        return found

    def _runs_once_at(self, index: int) -> bool:
        if index not in self._runs_once:
            self._runs_once[index] = side_effects.runs_once((self.traversal.steps[index],))
        return self._runs_once[index]


class Surroundings:
    """The steps before and behind an inference, and what is known of them."""

    def __init__(self, analysis: Analysis, inference: Inference) -> None:
        self.analysis = analysis
        self.inference = inference

    def in_another(self, analysis: Analysis) -> Surroundings:
        """Return the same in a traversal that differs in nothing but the id in its `V(id)`."""
        other = Surroundings.__new__(Surroundings)
        other.__dict__.update(self.__dict__)
        other.analysis = analysis
        other.__dict__.pop("input_steps", None)
        return other

    @cached_property
    def input_steps(self) -> list[Instruction]:
        """The steps that lead to the inputs. Raises `UnsupportedOperation` where none are known."""
        return input_steps(self.analysis.traversal, self.inference)

    @cached_property
    def input_type(self) -> OutputType:
        """The type of the inputs."""
        index, *nested = self.inference.path
        return output_type(self.input_steps) if nested else self.analysis.type_before(index)

    @cached_property
    def inputs_are_unique(self) -> bool:
        """True if the steps lead to every element at most once, and to nothing else."""
        return side_effects.is_unique(self.input_steps)

    @cached_property
    def following(self) -> tuple[Instruction, ...]:
        """The steps behind the inference and its modifiers, in the same traversal."""
        return self.inference.following(self.analysis.traversal)

    @cached_property
    def looks_back(self) -> bool:
        """True if a step behind may look at the path, labels or side effects of those before."""
        return side_effects.needs_path(self.following) is not None

    @property
    def may_start(self) -> bool:
        """True if the query may begin with the answers: this saves the server the tree."""
        return len(self.inference.path) == 1 and self.inputs_are_unique and not self.looks_back

    @property
    def cut(self) -> int:
        """The number of steps of the main traversal that must run only once."""
        return self.analysis.cut_before(self.inference.path[0])

    @cached_property
    def score_reads(self) -> tuple[ScoreRead, ...]:
        """The steps that read something about the targets of this inference."""
        path = self.inference.path
        return tuple(each for each in self.analysis.score_reads if each.inference == path)
