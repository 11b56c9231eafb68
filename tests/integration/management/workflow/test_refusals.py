"""What ends otherwise: queries that Neptune ML refuses, as boto3's exceptions; a cancelled load."""

from __future__ import annotations

from typing import Any

import pytest
from api_requests import LOAD
from managed_proxy import wait_for

FRIENDS = 'g.with("Neptune#ml.endpoint", "{endpoint}").V().{step}.with("Neptune#ml.prediction")'


@pytest.mark.parametrize(
    ("asked", "step", "exception", "said"),
    [
        ("none", 'out("FRIEND")', "BadRequestException", "Endpoint none not found."),
        ("people", "out()", "MissingParameterException", "Edge label needs to be specified"),
        ("people", 'both("FRIEND")', "UnsupportedOperationException", "both() step"),
        (
            "people",
            'out("FRIEND", "OTHER")',
            "InvalidParameterException",
            "only with one edge label",
        ),
    ],
)
@pytest.mark.parametrize("how", ["", "explain_", "profile_"])
def test_queries(
    neptune: Any, endpoint: str, asked: str, step: str, exception: str, said: str, how: str
) -> None:
    query = FRIENDS.format(endpoint=asked, step=step) + '.hasLabel("User")'
    with pytest.raises(getattr(neptune.exceptions, exception)) as caught:
        getattr(neptune, f"execute_gremlin_{how}query")(gremlinQuery=query)
    assert said in caught.value.response["detailedMessage"]


def test_a_load_that_waits_is_cancelled(neptune: Any, bucket: str, loaded: str) -> None:
    source = {"source": f"{bucket}/friends", "queueRequest": True, **LOAD}
    first = neptune.start_loader_job(**source)["payload"]["loadId"]
    second = neptune.start_loader_job(dependencies=[first], **source)["payload"]["loadId"]
    assert neptune.cancel_loader_job(loadId=second)["status"] == "200 OK"

    def status(id: str) -> Any:
        return neptune.get_loader_job_status(loadId=id)["payload"]["overallStatus"]

    assert status(second)["status"] == "LOAD_CANCELLED_BY_USER"
    wait_for(lambda: status(first), "LOAD_COMPLETED")
