"""Reading an export of either kind of graph: as typed files, of which training knows no more."""

from __future__ import annotations

from pathlib import Path

from gremlink.proxy.graph.errors import BadExport
from gremlink.proxy.graph.files.export_files import (
    CONFIGURATION,
    Export,
    read_csv_export,
    read_document,
)
from gremlink.proxy.graph.rdf.configuration import (
    ENGINE,
    RdfConfiguration,
    read_rdf_configuration,
)
from gremlink.proxy.graph.spelling import suggestion

_GREMLIN = "gremlin"


def read_export(directory: Path, configuration: str = CONFIGURATION) -> Export:
    """Read the configuration of an export; the rows are read when they are asked for.

    The statements of an RDF graph are read now. Raises `BadExport`.
    """
    path = directory / configuration
    found = read_rdf_targets(directory, configuration)
    if found is None:
        return read_csv_export(path, read_document(directory, configuration))
    # The parser of RDF takes time to load, and no other export needs it.
    from gremlink.proxy.graph.rdf.convert import typed_export

    return typed_export(found)


def read_rdf_targets(
    directory: Path, configuration: str = CONFIGURATION
) -> RdfConfiguration | None:
    """Read the configuration of an RDF export, and no statement; `None` for a property graph's.

    Raises `BadExport`.
    """
    path = directory / configuration
    document = read_document(directory, configuration)
    engine = document.get("query_engine", _GREMLIN)
    if engine not in (_GREMLIN, ENGINE):
        known = suggestion(str(engine), (_GREMLIN, ENGINE))
        raise BadExport(path, f"query_engine {engine!r} is not supported{known}")
    return read_rdf_configuration(path, document) if engine == ENGINE else None
