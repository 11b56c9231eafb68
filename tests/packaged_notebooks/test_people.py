"""People Analytics: who will leave, and which role suits whom; its data are beside the notebook."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from packaged_notebooks import expected, installed, opened

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
        stay = Counter(people[number]["Attrition"] for number in said)
        accuracy = run.figures("training_job_name")["metrics"]["accuracy"]
        print(f"  attrition: {right} of 50 right, truth {dict(stay)}; report {accuracy:.3f}")
        assert right >= expected(accuracy, 50)

        ranked: dict[int, list[str]] = {}
        for employee, role in run.found[62]:
            ranked.setdefault(int(employee["EmployeeNumber"]), []).append(role["Name"])
        assert len(ranked) == 50
        assert all(len(roles) == 5 for roles in ranked.values())
        first = sum(people[number]["JobRole"] == roles[0] for number, roles in ranked.items())
        five = sum(people[number]["JobRole"] in roles for number, roles in ranked.items())
        metrics = run.figures("training_job_name_link")["metrics"]
        promised = {name: round(metrics[name], 3) for name in ("hits@1", "hits@3", "hits@10")}
        print(f"  removed role: first for {first} of 50, among five for {five}; report {promised}")
        assert first >= expected(metrics["hits@1"], 50)
        assert five >= expected(metrics["hits@3"], 50)
