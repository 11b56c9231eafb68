"""The shape of the house: who may import whom, who touches the outside, what loads late."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

TOP = Path(__file__).parent.parent

FLOORS = [
    {"gremlink.errors"},
    {"grammar", "proxy.messages"},
    {"proxy.wire", "proxy.graph", "proxy.store", "proxy.config"},
    {"proxy.inference", "proxy.learning"},
    {"proxy.serving"},
    {"proxy.relay", "proxy.management", "proxy.embedded"},
    {"proxy.studio"},
    {"gremlink.api"},
    {"proxy.cli"},
    {"gremlink"},
]
"""From the ground up. A part imports from the floors below its own, and from itself."""

INSIDE: dict[str, list[set[str]]] = {
    "grammar": [{"."}, {"graphbinary", "graphson", "script", "sparql"}],
    "proxy.graph": [
        {"."},
        {"server"},
        {"files"},
        {"export", "load"},
        {"rdf"},
        {"reading"},
    ],
    "proxy.inference": [
        {"."},
        {"analysis"},
        {"queries"},
        {"rewrite"},
        {"analysed_request", "payload", "sparql"},
        {"answer", "invocation", "query_cache"},
    ],
    "proxy.studio": [
        {"."},
        {"asking", "plane", "runs", "training"},
        {"neighbours"},
        {"pages"},
        {"application"},
    ],
    "proxy.learning": [
        {"."},
        {"features"},
        {"trained"},
        {"inductive", "processing", "segments"},
        {"models", "search"},
        {"links", "properties"},
        {"comparison", "predictions", "reports"},
        {"workflows"},
    ],
    "proxy.learning.models": [{"gnn"}, {"."}, {"knowledge"}],
    "proxy.learning.links": [{"."}, {"evaluation"}, {"scorers"}, {"prediction"}, {"training"}],
    "proxy.learning.links.scorers": [{"heuristics", "recommenders"}, {"."}],
    "proxy.learning.properties": [{"."}, {"methods"}, {"prediction"}, {"training"}],
}
"""The same inside of parts, folder by folder; `.` stands for a folder's own modules, but those that
have a name here. What a package exports is free."""

WITHOUT_IO = ("grammar", "proxy.messages", "proxy.wire", "proxy.inference")
IO_MODULES = {
    "aiohttp",
    "asyncio",
    "http",
    "multiprocessing",
    "requests",
    "select",
    "selectors",
    "shutil",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "urllib.request",
    "uvloop",
}
UNSAFE_MODULES = {"pickle", "shelve", "marshal", "dill", "cloudpickle", "joblib"}
HEAVY = ("torch", "dgl", "sklearn", "optuna", "scipy.stats")


def module_name(file: Path) -> str:
    """The module's name, without the `gremlink.` of `gremlink.proxy` and `gremlink.grammar`."""
    parts = file.relative_to(TOP).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module_name(file): ast.parse(file.read_text(encoding="utf-8"), str(file))
    for package in ("grammar", "proxy", "gremlink")
    for file in sorted((TOP / package).rglob("*.py"))
    if (TOP / "gremlink" / "proxy") not in file.parents
    and (TOP / "gremlink" / "grammar") not in file.parents
}


def inside(name: str) -> str:
    """An imported name as `SOURCES` has it."""
    return name.removeprefix("gremlink.")


def part_of(module: str) -> str:
    """The part of the house that a module belongs to: `proxy.relay` for `proxy.relay.server`."""
    names = module.split(".")
    is_part = names[0] == "proxy" or module.startswith(("gremlink.api", "gremlink.errors"))
    return ".".join(names[:2]) if is_part else names[0]


def imports(tree: ast.AST, module: str) -> Iterator[str]:
    """Absolute names of everything imported anywhere in a module, functions included.

    `from a.b import c` counts as `a.b.c` if that is a module, else as `a.b`.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (inside(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            assert node.module is not None
            for alias in node.names:
                full = inside(f"{node.module}.{alias.name}")
                yield full if full in SOURCES else inside(node.module)


def at_import_time(tree: ast.Module) -> Iterator[ast.AST]:
    """The statements that run when a module is imported: no function bodies, no type checking."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting += node.orelse
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def floor_of(part: str) -> int:
    (floor,) = [number for number, parts in enumerate(FLOORS) if part in parts]
    return floor


def test_sources_were_found() -> None:
    assert {"grammar.traversal", "proxy.config", "proxy.cli"} <= SOURCES.keys()


def test_every_part_has_a_floor() -> None:
    known = set().union(*FLOORS) | {"proxy"}
    assert {part_of(module) for module in SOURCES} <= known


def upward(module: str) -> Iterator[str]:
    """Modules that one imports though they are not below it."""
    part = part_of(module)
    for imported in imports(SOURCES[module], module):
        if imported.partition(".")[0] not in ("grammar", "proxy", "gremlink"):
            continue
        if imported in ("proxy", "gremlink"):
            continue
        other = part_of(imported)
        if other != part and floor_of(other) >= floor_of(part):
            yield imported


def test_imports_point_down() -> None:
    offenders = [
        f"{module} imports {imported}, which is not below it"
        for module in SOURCES
        if module != "proxy"
        for imported in upward(module)
    ]
    assert not offenders, "\n".join(offenders)


def room_in(folder: str, module: str) -> str:
    """The name under which a module, or one of the folders it is in, has a place in a folder."""
    name = module.removeprefix(folder).lstrip(".").partition(".")[0]
    has_a_name = any(name in floor for floor in INSIDE[folder])
    is_a_folder = any(each.startswith(f"{folder}.{name}.") for each in SOURCES)
    return name if has_a_name or is_a_folder else "."


def test_imports_point_down_inside_of_parts() -> None:
    offenders = []
    for module in SOURCES:
        for imported in set(imports(SOURCES[module], module)):
            both = f"{module}.", f"{imported}."
            inner = [each for each in INSIDE if all(name.startswith(f"{each}.") for name in both)]
            if not inner:
                continue
            folder = max(inner, key=len)
            if module == folder:  # what a package exports
                continue
            rooms = [room_in(folder, each) for each in (module, imported)]
            own, other = (
                next(floor for floor, names in enumerate(INSIDE[folder]) if room in names)
                for room in rooms
            )
            if rooms[0] != rooms[1] and own <= other:
                offenders.append(f"{module} imports {imported}, which is not below it")
    assert not offenders, "\n".join(offenders)


def test_every_folder_inside_of_parts_has_a_floor() -> None:
    for folder, floors in INSIDE.items():
        found = {room_in(folder, each) for each in SOURCES if each.startswith(f"{folder}.")}
        assert found - {"."} == set().union(*floors) - {"."}, folder


MOST_MODULES = 15


def test_a_folder_has_few_modules() -> None:
    packages = {name.rpartition(".")[0] for name in SOURCES}
    folders = Counter(name.rpartition(".")[0] for name in SOURCES if name not in packages)
    large = {folder: count for folder, count in folders.items() if count > MOST_MODULES}
    assert not large, "split what is not alike into folders"


def test_names_of_methods_need_nothing() -> None:
    names = "proxy.learning.methods"
    assert set(imports(SOURCES[names], names)) == {"__future__"}


def test_the_top_package_imports_nothing() -> None:
    assert list(imports(SOURCES["proxy"], "proxy")) == []


def imported_of(module: str, forbidden: Collection[str]) -> set[str]:
    """The forbidden modules that one imports, itself or a part of it."""
    imported = set(imports(SOURCES[module], module))
    return (imported | {name.partition(".")[0] for name in imported}) & set(forbidden)


def test_codecs_and_inference_do_no_input_or_output() -> None:
    offenders = [
        f"{module} imports {name}"
        for module in SOURCES
        if part_of(module) in WITHOUT_IO
        for name in imported_of(module, IO_MODULES)
    ]
    assert not offenders, "\n".join(offenders)


def unsafe_calls(module: str) -> Iterator[str]:
    """Calls that run what they are given, with their lines."""
    for node in ast.walk(SOURCES[module]):
        match node:
            case ast.Call(func=ast.Name(id="eval" | "exec" | "compile" | "__import__" as name)):
                yield f"{module}:{node.lineno} calls {name}"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr="load")):
                yield f"{module}:{node.lineno} calls torch.load"


def test_nothing_is_unpickled_or_evaluated() -> None:
    offenders = [call for module in SOURCES for call in unsafe_calls(module)]
    offenders += [
        f"{module} imports {name}"
        for module in SOURCES
        for name in imported_of(module, UNSAFE_MODULES)
    ]
    assert not offenders, "\n".join(offenders)


def test_the_relay_knows_no_models() -> None:
    offenders = {
        module
        for module, tree in SOURCES.items()
        if part_of(module) == "proxy.relay"
        and any(name.startswith("proxy.learning") for name in imports(tree, module))
    }
    assert not offenders, f"{offenders} import proxy.learning: ask proxy.serving instead"


def test_websocket_and_http_are_apart() -> None:
    ways = ("proxy.relay.websocket", "proxy.relay.http")
    offenders = [
        f"{module} imports {name}"
        for module, tree in SOURCES.items()
        for own, other in (ways, ways[::-1])
        if module.startswith(own)
        for name in imports(tree, module)
        if name.startswith(other)
    ]
    assert not offenders, "\n".join(offenders)


def test_dgl_is_behind_one_seam() -> None:
    users = [
        module
        for module, tree in SOURCES.items()
        if any(name.partition(".")[0] == "dgl" for name in imports(tree, module))
    ]
    assert len(users) <= 1, f"DGL is imported by {users}"
    assert all(user.startswith("proxy.learning.") for user in users)


IN_A_JOB = "proxy.management.tasks"
"""What only the process of a job imports."""
LIGHT = [
    name
    for name in SOURCES
    if part_of(name)
    in (
        *("gremlink", "gremlink.api", "proxy.cli", "proxy.relay", "proxy.serving"),
        *("proxy.management", "proxy.studio", *WITHOUT_IO),
    )
    and not name.startswith(f"{IN_A_JOB}.")
]


def test_import_does_not_name_torch_or_dgl() -> None:
    """The place of an import in its file; the next test asks what really gets loaded."""
    offenders = [
        f"{module}:{node.lineno}"
        for module in LIGHT
        for node in at_import_time(SOURCES[module])
        if isinstance(node, ast.Import | ast.ImportFrom)
        and {name.partition(".")[0] for name in imports(node, module)} & set(HEAVY)
    ]
    assert not offenders, "\n".join(offenders)


def test_commands_and_relay_start_without_torch_and_dgl() -> None:
    program = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, *LIGHT], capture_output=True, text=True, timeout=120
    )
    assert result.stderr == ""
    assert result.stdout.strip() == "[]"


SYSTEM_ERRORS = {"OSError", "IOError", "ClientError", "SSLError", "gaierror", "URLError"}
"""What carries numbers and texts of the operating system, of TLS, of name look-ups."""


def names_in(node: ast.expr | None) -> Iterator[str]:
    """The last parts of the classes that an `except` names."""
    for part in ast.walk(node) if node is not None else ():
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr


def told_raw(handler: ast.ExceptHandler) -> Iterator[int]:
    """Lines where the caught error becomes text as it is: `{error}`, `str(error)`, a log's `%s`."""
    for node in ast.walk(handler):
        match node:
            case ast.FormattedValue(value=ast.Name(id=name)):
                asked = [name]
            case ast.Call(func=ast.Name(id="str" | "repr"), args=[ast.Name(id=name)]):
                asked = [name]
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log")), args=args):
                asked = [arg.id for arg in args if isinstance(arg, ast.Name)]
            case ast.Attribute(value=ast.Name(id=name), attr="strerror"):
                asked = [name]
            case _:
                continue
        if handler.name in asked:
            yield node.lineno


def test_errors_of_the_system_are_told_by_one_module() -> None:
    offenders = [
        f"{module}:{line} shows a system's error as it is"
        for module in SOURCES
        if module != "proxy.messages.system_errors"
        for node in ast.walk(SOURCES[module])
        if isinstance(node, ast.ExceptHandler) and SYSTEM_ERRORS & set(names_in(node.type))
        for line in told_raw(node)
    ]
    assert not offenders, "\n".join(offenders)


def test_every_module_says_what_it_is_for() -> None:
    assert [module for module, tree in SOURCES.items() if not ast.get_docstring(tree)] == []


DOCUMENT = (TOP / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_no_program_hides_a_package() -> None:
    """`python benchmarks/x.py` looks for modules beside the program first."""
    programs = {file.stem for file in (TOP / "benchmarks").glob("*.py")}
    assert not programs & {*sys.stdlib_module_names, "grammar", "proxy"}


def test_document_shows_the_tree_as_it_is() -> None:
    tree = DOCUMENT.split("```")[1]
    lines = [line.split()[0] for line in tree.splitlines() if line.strip()]
    shown = {line.rstrip("/").removesuffix(".py") for line in lines}
    parts = {part_of(module).rpartition(".")[2] for module in SOURCES}
    assert parts - {"config"} <= shown
    for line in tree.splitlines():
        name = line.strip().split(" ")[0]
        if name.endswith("/"):
            above = (
                "",
                "grammar",
                "gremlink",
                "gremlink/api",
                "proxy",
                "proxy/graph",
                "proxy/inference",
                "proxy/learning",
                "proxy/relay",
            )
            assert any((TOP / folder / name).is_dir() for folder in above), f"there is no {name}"


def drawn(drawing: str) -> list[set[str]]:
    """The floors of a drawing, the highest first."""
    lines = drawing.splitlines()
    return [set(line.split()) for line in lines if "│" not in line and line.strip()]


def test_document_shows_the_arrows_as_they_are() -> None:
    assert drawn(DOCUMENT.split("```")[3]) == FLOORS[-2::-1]


def test_document_shows_the_arrows_inside_of_learning() -> None:
    drawing = DOCUMENT.split("Inside `proxy.learning`")[1].split("```")[1]
    assert drawn(drawing) == INSIDE["proxy.learning"][:0:-1]
