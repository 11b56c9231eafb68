"""Random queries in SPARQL with blocks of Neptune ML at any place where a group may be."""

from __future__ import annotations

from random import Random

PREFIXES = """PREFIX : <http://o/>
PREFIX r: <http://r#>
PREFIX ml: <http://aws.amazon.com/neptune/vocab/v01/services/ml#>
"""
CLASSIFIES = "ml:config ml:modelType 'OBJECT_CLASSIFICATION' ; ml:predicate :genre ; ml:limit 3 "
PREDICTS = (
    "ml:config ml:modelType 'OBJECT_PREDICTION' ; ml:predicate :likes ; ml:limit 3 ;"
    " ml:outputClass :Movie "
)
VARIABLES = "abcd"
TITLES = ('"A"', '"B"', '"C"')


class Writer:
    """Writes one query. `blocks` are left to be placed; `inputs` and `outputs` are theirs."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.blocks = random.choice((1, 1, 1, 2))
        self.placed = 0
        self.bound = 0

    def variable(self) -> str:
        return f"?{self.random.choice(VARIABLES)}"

    def query(self) -> str:
        where = self.group(3)
        while self.blocks:
            where = f"{{ {self.triple()} {where} {self.block()} }}"
        pick = self.random.random()
        if pick < 0.6:
            text = f"SELECT * WHERE {where}"
        elif pick < 0.75:
            names = self.random.sample(VARIABLES, 2)
            text = f"SELECT DISTINCT ?{names[0]} ?{names[1]} {where}"
        elif pick < 0.9:
            name = self.variable()
            text = f"SELECT {name} (COUNT(*) AS ?n) {where} GROUP BY {name}"
        else:
            text = f"ASK {where}"
        if self.random.random() < 0.1 and not text.startswith("ASK"):
            text += f" VALUES {self.variable()} {{ r:m1 r:m2 r:u1 }}"
        return PREFIXES + text

    def group(self, depth: int) -> str:
        parts = [self.triple() for _ in range(self.random.choice((0, 1, 1, 2)))]
        parts += [self.element(depth) for _ in range(self.random.choice((0, 1, 1, 2, 2)))]
        if self.blocks and self.random.random() < 0.35:
            parts.append(self.block())
        if self.random.random() < 0.4:
            self.random.shuffle(parts)
        return f"{{ {' '.join(parts)} }}"

    def triple(self) -> str:
        subject = self.random.choice([self.variable()] * 5 + ["r:m1", "r:u1"])
        pick = self.random.randrange(9)
        match pick:
            case 0 | 1:
                return f"{subject} a {self.random.choice((':Movie', ':User', ':Movie'))} ."
            case 2:
                return f"{subject} :title {self.random.choice([self.variable(), *TITLES])} ."
            case 3:
                return f"{subject} :genre {self.variable()} ."
            case 4:
                return f"{subject} :likes {self.variable()} ; a :User ."
            case 5:
                return f"{subject} :title {self.variable()} ; :genre {self.variable()} , ?x ."
            case 6:
                return f"{subject} ^:likes|:next {self.variable()} ."
            case 7:
                return f"{subject} :next+ {self.variable()} ."
        return f"[ :likes {subject} ] a :User ."

    def element(self, depth: int) -> str:
        if depth == 0:
            return self.filter(0)
        pick = self.random.randrange(14)
        match pick:
            case 0 | 1 | 2:
                return f"OPTIONAL {self.group(depth - 1)}"
            case 3:
                return f"{self.group(depth - 1)} UNION {self.group(depth - 1)}"
            case 4:
                return f"MINUS {self.group(depth - 1)}"
            case 5 | 6 | 7:
                return self.filter(depth)
            case 8:
                self.bound += 1
                value = self.random.choice(("r:m1", "r:u1", '"A"', f"STR({self.variable()})"))
                target = self.random.choice([f"?b{self.bound}", self.variable()])
                return f"BIND({value} AS {target})"
            case 9:
                value = self.random.choice(("r:m1 r:m2", "r:u1", '"A" r:m3', "UNDEF r:m1"))
                return f"VALUES {self.variable()} {{ {value} }}"
            case 10:
                graph = self.random.choice(("?g", ":g1"))
                return f"GRAPH {graph} {self.group(depth - 1)}"
            case 11:
                return self.sub_select(depth)
        return self.group(depth - 1)

    def sub_select(self, depth: int) -> str:
        inner = self.group(depth - 1)
        names = [f"?{name}" for name in self.random.sample(VARIABLES, 2)]
        pick = self.random.randrange(5)
        if pick == 0:
            return f"{{ SELECT * {inner} }}"
        if pick == 1:
            return f"{{ SELECT {names[0]} (COUNT(*) AS ?n) {inner} GROUP BY {names[0]} }}"
        if pick == 2:
            both = " ".join(names)
            return f"{{ SELECT DISTINCT {both} {inner} ORDER BY {both} LIMIT 3 }}"
        if pick == 3:
            return f"{{ SELECT (MAX({names[0]}) AS {names[1]}) {inner} }}"
        return f"{{ SELECT {' '.join(names)} {inner} }}"

    def filter(self, depth: int) -> str:
        pick = self.random.randrange(7)
        one, two = self.variable(), self.variable()
        if pick < 2:
            return f"FILTER({one} = {two})"
        if pick == 2:
            return f"FILTER(BOUND({one}))"
        if pick == 3:
            return f"FILTER(!BOUND({one}))"
        if pick == 4:
            return f"FILTER({one} != {self.random.choice(('r:m1', 'r:u1'))})"
        word = self.random.choice(("EXISTS", "NOT EXISTS"))
        return f"FILTER {word} {self.group(depth - 1 if depth else 0)}"

    def block(self) -> str:
        self.blocks -= 1
        self.placed += 1
        number = self.placed
        input = self.random.choice([self.variable()] * 6 + ["r:m1", "r:u1"])
        names = [f"?{name}" for name in VARIABLES if f"?{name}" != input]
        output = self.random.choice([*names, f"?o{number}"])
        score = f" ; ml:outputScore ?s{number}" if self.random.random() < 0.3 else ""
        task = self.random.choice((CLASSIFIES, PREDICTS))
        return f"SERVICE ml:inference {{ {task} ; ml:input {input} ; ml:output {output}{score} }}"
