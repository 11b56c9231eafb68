"""Requests of SageMaker's operations, with the fields and defaults of Amazon's model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from gremlink.proxy.management.errors import InvalidParameter
from gremlink.proxy.management.requests import Document


class NamedEndpoint(Document):
    """`DescribeEndpoint` and `DeleteEndpoint`."""

    EndpointName: str


class NamedConfiguration(Document):
    """`DescribeEndpointConfig` and `DeleteEndpointConfig`."""

    EndpointConfigName: str


class ListEndpoints(Document):
    """`ListEndpoints`; times are seconds since 1970."""

    SortBy: Literal["Name", "CreationTime", "Status"] = "CreationTime"
    SortOrder: Literal["Ascending", "Descending"] = "Descending"
    NextToken: str | None = None
    MaxResults: Annotated[int, Field(ge=1, le=100)] = 10
    NameContains: str | None = None
    CreationTimeBefore: float | None = None
    CreationTimeAfter: float | None = None
    LastModifiedTimeBefore: float | None = None
    LastModifiedTimeAfter: float | None = None
    StatusEquals: str | None = None

    def page(self, summaries: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], str | None]:
        """Return the requested endpoints, in order, and the token of the next page.

        Raises `InvalidParameter` for a token that was not given out.
        """
        start = 0
        if self.NextToken is not None:
            if not self.NextToken.isdecimal() or len(self.NextToken) > 9:
                raise InvalidParameter("The NextToken is none that a list has given.")
            start = int(self.NextToken)
        found = [each for each in summaries if self._wants(each)]
        key = "CreationTime" if self.SortBy == "CreationTime" else f"Endpoint{self.SortBy}"
        found.sort(
            key=lambda each: (each[key], each["EndpointName"]),
            reverse=self.SortOrder == "Descending",
        )
        end = start + self.MaxResults
        return found[start:end], str(end) if end < len(found) else None

    def _wants(self, summary: dict[str, Any]) -> bool:
        created, changed = summary["CreationTime"], summary["LastModifiedTime"]
        return (
            (self.NameContains or "").lower() in summary["EndpointName"].lower()
            and self.StatusEquals in (None, summary["EndpointStatus"])
            and (self.CreationTimeBefore is None or created < self.CreationTimeBefore)
            and (self.CreationTimeAfter is None or created > self.CreationTimeAfter)
            and (self.LastModifiedTimeBefore is None or changed < self.LastModifiedTimeBefore)
            and (self.LastModifiedTimeAfter is None or changed > self.LastModifiedTimeAfter)
        )
