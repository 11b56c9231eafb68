"""A page of HTML that needs nothing else: headings, paragraphs, tables and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Protocol

from gremlink.proxy.learning.reports import charts
from gremlink.proxy.learning.timeline import in_parts

STYLE = """
body{font:15px/1.45 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#222}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #ddd}
table{border-collapse:collapse;margin:.6rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .6rem;white-space:nowrap;border-bottom:1px solid #eee;text-align:right}
th:first-child,td:first-child{text-align:left}tr.own{font-weight:600;background:#eef5fb}
svg{width:100%;max-width:46rem;font:11px system-ui,sans-serif}svg .g{stroke:#e4e4e4}
.wide{overflow-x:auto}small{color:#666}
"""


class Told(Protocol):
    """What a training tells of itself, whatever it has learned."""

    @property
    def protocol(self) -> str:
        """How the methods were judged."""
        ...

    @property
    def device(self) -> str:
        """Where it was trained."""
        ...

    @property
    def seed(self) -> int:
        """Of the training."""
        ...

    @property
    def seconds(self) -> float:
        """The whole training."""
        ...

    @property
    def parts(self) -> Mapping[str, float]:
        """Seconds of each part of it."""
        ...

    @property
    def peak_memory(self) -> float:
        """MiB."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences."""
        ...

    @property
    def vertex_types(self) -> Mapping[str, int]:
        """Vertices by type."""
        ...

    @property
    def edge_types(self) -> Mapping[str, int]:
        """Edges by relation."""
        ...

    def verdict(self) -> str:
        """How the model stands beside the best method alone."""
        ...


def heading(text: str) -> str:
    """A section's title."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str) -> str:
    """Plain text."""
    return f"<p>{escape(text)}</p>"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], own: int | None = None) -> str:
    """Rows of plain text; row `own` stands out."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(
        f"<tr{' class=own' if number == own else ''}>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in row)
        + "</tr>"
        for number, row in enumerate(rows)
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def opening(about: str, report: Told, notes: Sequence[str] = ()) -> list[str]:
    """How every report begins, up to the table of methods; `about` tells of the data."""
    return [
        paragraph(
            f"{about} Protocol: {report.protocol}. {report.seconds:.1f} s on {report.device}, peak "
            f"memory {report.peak_memory:,.0f} MiB, seed {report.seed}."
        ),
        *([paragraph(f"Time: {in_parts(report.parts)}.")] if report.parts else []),
        paragraph(report.verdict()),
        *(paragraph(note) for note in notes),
        *(paragraph(f"Note: {warning}") for warning in report.warnings),
        heading("The graph"),
        table(("Type", "Vertices"), [(n, f"{c:,}") for n, c in report.vertex_types.items()]),
        table(("Relation", "Edges"), [(n, f"{c:,}") for n, c in report.edge_types.items()]),
        heading("Methods"),
    ]


def page(title: str, parts: Sequence[str]) -> str:
    """The whole document; `parts` are HTML."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>\n"
    )


def embedding_parts(picture: Mapping[str, charts.Points]) -> list[str]:
    """A section with vertices in a plane; nothing where there are none."""
    if not picture:
        return []
    return [
        heading("Embeddings"),
        paragraph(
            "Where the network has placed a sample of the vertices: the two axes along which their "
            "embeddings differ most (principal components)."
        ),
        charts.scatter(picture, "first axis", "second axis"),
    ]
