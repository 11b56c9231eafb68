"""People Analytics: who will leave, and which role suits whom; its data are beside the notebook."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

from packaged_notebooks import installed, opened

FOLDER = "03-Sample-Applications/01-People-Analytics"
NOTEBOOK = f"{FOLDER}/People-Analytics-using-Neptune-ML.ipynb"
DATA = "WA_Fn-UseC_-HR-Employee-Attrition.csv"


def test_people_analytics(tmp_path: Path) -> None:
    with (installed() / FOLDER / DATA).open(encoding="utf-8-sig", newline="") as file:
        people = {int(row["EmployeeNumber"]): row for row in csv.DictReader(file)}
    print()
    with opened(tmp_path) as desk, desk.run(NOTEBOOK) as run:
        leaving = {each: numbers for group in run.found[41] for each, numbers in group.items()}
        said = {int(number): each for each, numbers in leaving.items() for number in numbers}
        assert len(said) == 50
        assert sum(sum(group.values()) for group in run.found[43]) == 50
        right = sum(people[number]["Attrition"] == each for number, each in said.items())
        most, stay = Counter(people[number]["Attrition"] for number in said).most_common(1)[0]
        print(f"attrition of 50: {right} right; {stay} are {most!r}")

        names = {}
        ranked: dict[int, list[str]] = {}
        for path in run.found[62]:
            employee, role = json.loads(json.dumps(path))
            ranked.setdefault(int(employee["EmployeeNumber"]), []).append(role["Name"])
            names[role["Name"]] = True
        assert len(ranked) == 50
        assert all(len(roles) == 5 for roles in ranked.values())
        first = sum(people[number]["JobRole"] == roles[0] for number, roles in ranked.items())
        five = sum(people[number]["JobRole"] in roles for number, roles in ranked.items())
        print(f"removed role of 50: first {first}, among five {five}")
        assert right >= 0.7 * 50
        assert five >= 0.5 * 50
