"""Keys that are ours but for their spelling are found, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from answering import as_bytecode, as_script, drive

from gremlink.proxy.inference.analysis.options import PREFIX, SCORE
from gremlink.proxy.inference.analysis.spelling import nearly_ours
from gremlink.proxy.inference.errors import InferenceError
from gremlink.proxy.wire.request import RequestMessage

PREDICTION = "Neptune#ml.prediction"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("neptune#ml.prediction", PREDICTION),
        ("Neptune#ML.prediction", PREDICTION),
        ("NEPTUNE#ML.PREDICTION", PREDICTION),
        ("Neptune.ml.prediction", PREDICTION),
        ("Neptune #ml.prediction", PREDICTION),
        ("Neptune# ml.prediction", PREDICTION),
        ("Neptune#ml:prediction", PREDICTION),
        ("Neptune#ml_prediction", PREDICTION),
        ("Neptune#mlprediction", PREDICTION),
        ("Neptune/ml/prediction", PREDICTION),
        ("neptune-ml-prediction", PREDICTION),
        ("neptune_ml_prediction", PREDICTION),
        ("NeptuneML.prediction", PREDICTION),
        ("Neptuneml.prediction", PREDICTION),
        ("Neptune\uff03ml.prediction", PREDICTION),  # a full-width sign
        ("N\u0435\u0440tune#ml.prediction", PREDICTION),  # Cyrillic letters
        ("Neptune#\u043cl.prediction", PREDICTION),
        ("Neptune#m1.prediction", PREDICTION),
        ("Neptun#ml.prediction", PREDICTION),
        ("Neptune\u00a0#ml.prediction", PREDICTION),
        (r"neptune\u0023ml.prediction", PREDICTION),
        ("Neptune%23ml.prediction", PREDICTION),
        ("neptune#ml.limit", "Neptune#ml.limit"),
        ("neptune#ml.ENDPOINT", "Neptune#ml.endpoint"),
        ("neptune#ml.iamrolearn", "Neptune#ml.iamRoleArn"),
        ("Neptune.ml.filterexistingedges", "Neptune#ml.filterExistingEdges"),
        ("Neptune.ml.score", "Neptune#ml.score"),
        ("neptune#ml.predicton", PREFIX),
        ("neptune#ml", PREFIX),
        ("Neptune#ml", PREFIX),
    ],
)
def test_other_spellings(text: str, key: str) -> None:
    for around in ("{}", 'g.V().out("F").with("{}").values("name")', "\0\0\0\x15{}\0\0"):
        assert nearly_ours(around.format(text).encode()) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        PREDICTION,
        f'g.V().with("{PREDICTION}").with("Neptune#ml.limit", 3)',
        "Neptune",
        "Neptune is a planet, and ml. stands for millilitres",
        "neptune and machine learning",
        "http://example.org/neptune#orbit",
        "#ml",
        "html#mlk",
        "Neptune moons limit",
        "the limit of Neptune",
    ],
)
def test_what_is_no_key_of_ours(text: str) -> None:
    assert nearly_ours(text.encode()) is None


G = 'g.with("Neptune#ml.endpoint", "e")'
ML = '.with("Neptune#ml.prediction")'


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        (f'{G}.V("a").out("F").with("neptune#ml.prediction").hasLabel("U")', PREDICTION),
        (f'{G}.V("a").out("F").with("Neptune#ml.Prediction").hasLabel("U")', PREDICTION),
        (f'{G}.V("a").out("F").with("Neptune.ml.prediction").hasLabel("U")', PREDICTION),
        (f'{G}.V("a").local(__.out("F").with("Neptune #ml.prediction").hasLabel("U"))', PREDICTION),
        (f'{G}.V("a").out("F").with("neptune#ml").hasLabel("U")', "there are"),
        (f'{G}.V("a").out("F").with(" Neptune#ml.prediction").hasLabel("U")', PREDICTION),
        (f'{G}.V("a").out("F").with("Neptune#ml.prediction ").hasLabel("U")', PREDICTION),
        (f'{G}.V("a").out("F").with("\\tNeptune#ml.prediction").hasLabel("U")', PREDICTION),
        (f'{G}.V("a").out("F").with("aws:Neptune#ml.prediction").hasLabel("U")', PREDICTION),
        (f'{G}.V("a").out("F").with("Neptune%23ml.prediction").hasLabel("U")', PREDICTION),
        (f'{G}.V("a").out("F"){ML}.with(" Neptune#ml.limit", 3).hasLabel("U")', "Neptune#ml.limit"),
        (f'{G}.with(" Neptune#ml.limit", 3).V("a").out("F"){ML}.hasLabel("U")', "Neptune#ml.limit"),
        (f'{G}.V("a").out("F"){ML}.hasLabel("U").values(" Neptune#ml.score")', SCORE),
        (f'{G}.with("neptune#ml.limit", 3).V("a").out("F"){ML}.hasLabel("U")', "Neptune#ml.limit"),
        (f'{G}.with("Neptune#ml.Limit", 3).V("a").out("F"){ML}.hasLabel("U")', "Neptune#ml.limit"),
        (
            f'{G}.V("a").out("F"){ML}.with("neptune#ml.threshold", 3).hasLabel("U")',
            "Neptune#ml.threshold",
        ),
        (f'{G}.V("a").out("F"){ML}.hasLabel("U").values("Neptune#ml.Score")', SCORE),
        (f'{G}.V("a").out("F"){ML}.hasLabel("U").values("neptune#ml.score")', SCORE),
        (f'{G}.V("a").out("F"){ML}.hasLabel("U").order().by("neptune#ml.score")', SCORE),
        (f'{G}.V("a").out("F"){ML}.hasLabel("U").has("Neptune#ML.score", gt(0.5))', SCORE),
        (
            f'{G}.V("a").properties("g", "neptune#ml.score").with("Neptune#ml.classification")',
            "one property key",
        ),
    ],
)
@pytest.mark.parametrize("make", [as_script, as_bytecode])
def test_beside_a_key_of_ours_they_are_refused(
    query: str, meant: str, make: Callable[[str], RequestMessage]
) -> None:
    with pytest.raises(InferenceError) as refused:
        drive(make(query), [])
    said = str(refused.value)
    assert meant in said
    assert not meant.startswith(PREFIX) or f'"{meant}" meant?' in said or "write values" in said
