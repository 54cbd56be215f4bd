"""The sources that each measured figure depends on, and their digest: a figure with a different digest was measured on older
code.

SOURCES names for each row of the documents' tables what it depends on: a dotted module means its file and all files of this
repository that it imports, directly or not; a path means a file, or all sources below a folder. Imports are read from the
text, also those inside functions. Modules that a row starts as a separate process, or imports by a computed name, are named
here. Comments and docstrings of Python modules do not count, nor do TEXTS where only decisions are measured: modules that read
the core and return words (tests/host/house/test_figures.py checks that they set nothing). On drawn sites a judge of their own
decides, and RIG_JUDGE does not count (tests/drawn/test_life.py plays sites without it).
"""

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterable
from functools import cache
from pathlib import Path

THIS = Path(__file__).resolve()  # measures nothing: no figure depends on it
ROOT = THIS.parents[1]
PLACES = {"ampacity": ROOT / "firmware", "ampacity_host": ROOT / "host", "tests": ROOT, "tools": ROOT}
ENDINGS = (".py", ".toml", ".json", ".csv")
DIGITS = 8

FIRMWARE = "firmware/ampacity"
RIG = "host/ampacity_host/rig"
TEXTS = ("firmware/ampacity/circuit/explain.py", "firmware/ampacity/circuit/missing.py", "firmware/ampacity/circuit/uncontrolled_load.py")
RIG_JUDGE = tuple(f"{RIG}/plant/{name}.py" for name in ("overload_allowance", "may_draw", "interruptions"))
# only a process with ports of its own loads them; tests/drawn/test_life.py plays a site without them
MACHINE = tuple(f"{FIRMWARE}/ports/{name}.py" for name in ("linux", "linux_board", "serial_over_tcp"))
DECISIONS = ("worlds", "rules", "policy")  # figures of the core without a word of it
# what a controller on the rig's virtual clock runs; of the rooms that it leaves out the modules count that it imports
PLAYED = (*[f"{FIRMWARE}/{room}" for room in ("base", "bus", "circuit", "console", "evse", "net", "ocpp", "profiles", "roles")], RIG)
SOURCES: dict[str, tuple[str, ...]] = {
    # the safety case (tests/proof/case.py)
    "worlds": ("tests.proof.worlds", "tests.proof.search", "tests.proof.walks", "firmware/ampacity/circuit"),
    "rules": ("tests.proof.mutants", "tests.proof.search", "firmware/ampacity/circuit"),
    "policy": ("tests.proof.anypolicy", "firmware/ampacity/circuit"),
    "oracle": ("tests.proof.oracle",),
    "trees": ("tests.proof.trees", "tests/host/stateful", *PLAYED),
    "drawn": ("tests.drawn.run", *PLAYED, *[f"host/ampacity_host/configure/{room}" for room in ("analysis", "compiler", "site_file")]),
    "soak": ("tests.proof.soak", *PLAYED),
    "same": ("tests.proof.soak_same", *PLAYED),
    "replay": ("tests.proof.replay", *PLAYED),
    "fuzz": ("tests.fuzz.run", "tests/fuzz", "firmware/ampacity/bus", "firmware/ampacity/profiles"),
    "tests": ("tests/", "tools/", "sites/", FIRMWARE, "host/ampacity_host"),
    "mutants": ("tools/mutants", "tools/mutants/equivalent.txt", "tools/trusted.py", "tests/circuit", "firmware/ampacity/circuit"),
    # figures in prose: <!-- of: NAME CODE -->
    "fuzz-day": ("tests.fuzz.day", *PLAYED),
    "lying-meters": (
        "tests/circuit/helper_meter.py", "tests/circuit/helper_circuit.py", "tests/circuit/test_meter_trust.py",
        "tests/circuit/measure_lying_meters.py", "firmware/ampacity/circuit",
    ),  # fmt: skip
    "soak-same": ("tests.proof.soak_same", *PLAYED),
    # the benchmarks (tools/bench)
    "allocate": ("tools.bench.allocate", "tools.bench.probes.decide", "tools/bench/probes/decide_m3.py", "firmware/ampacity/circuit"),
    "bus-cycle": ("tools.bench.bus",),
    "bus-pymodbus": ("tools.bench.bus",),
    "shed": ("tools.bench.bus", "firmware/ampacity/circuit"),
    "crypto": ("tools.bench.crypto", "tools.bench.probes.verify"),
    "energy": ("tools.bench.energy", "tools.bench.unused", *PLAYED),
    "heap": ("tools.bench.heap", "tools/bench/probes", "boards/frozen_names.py", FIRMWARE),
    "heap-site": ("tools.bench.heap_site", "tools/bench/probes", "boards/frozen_names.py", FIRMWARE),
    "image": ("tools.bench.image", FIRMWARE),
    "journal": ("tools.bench.journal",),
    "mounted": (
        "tools.bench.mounted", "tools/bench/probes/mounted.py", "tools/bench/probes/image_blocks.py", "boards/boot", "boards/rooms.py", FIRMWARE,
    ),  # fmt: skip
    "ocpp-block": ("tools.bench.ocpp_blocks", "tools/bench/probes/own_imports.py", FIRMWARE),
    "ocpp-calls": ("tools.bench.ocpp_calls", "firmware/ampacity/ocpp"),
    "ocpp-report": ("tools.bench.ocpp_report", "tools/bench/probes/report.py", FIRMWARE),
    "ocpp-to-bus": ("tools.bench.ocpp_to_bus", FIRMWARE, RIG),
    "safe": ("tools.bench.safe", FIRMWARE, RIG),
    "simulate": ("tools.bench.simulate", *PLAYED),
    "stall": ("tools.bench.stall", "tools/bench/probes", FIRMWARE),
    "start": ("tools.bench.start", FIRMWARE),
}


def file_of(module: str) -> "Path | None":
    """The file of a module of this repository, or None for any other module."""
    place = PLACES.get(module.split(".")[0])
    if place is None:
        return None
    path = place.joinpath(*module.split("."))
    package = path / "__init__.py"
    return package if package.is_file() else path.with_suffix(".py") if path.with_suffix(".py").is_file() else None


@cache
def imported(path: Path) -> frozenset[str]:
    """Dotted names that a file imports anywhere; of `from a import b` both a and a.b, since b may be a module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def closure(modules: Iterable[str]) -> set[Path]:
    """The files of these modules and of all that they import."""
    found: set[Path] = set()
    waiting = list(modules)
    while waiting:
        path = file_of(waiting.pop())
        if path is not None and path not in found and path != THIS:
            found.add(path)
            waiting += imported(path)
    return found


def files_of(name: str) -> list[Path]:
    """All files that a figure depends on."""
    modules = [word for word in SOURCES[name] if "/" not in word]
    missing = [word for word in modules if file_of(word) is None] + [word for word in SOURCES[name] if "/" in word and not (ROOT / word).exists()]
    if missing:
        raise FileNotFoundError(f"tools/digests.py: {name} names {', '.join(missing)}, which is not there")
    found = closure(modules)
    for word in SOURCES[name]:
        if "/" in word:
            place = ROOT / word
            found |= {place} if place.is_file() else {path for path in place.rglob("*") if path.suffix in ENDINGS and "__pycache__" not in path.parts}
    left_out = TEXTS if name in DECISIONS else (*RIG_JUDGE, *MACHINE) if name == "drawn" else ()
    return sorted(found - {ROOT / text for text in left_out})


def executed(text: str) -> str:
    """The lines of a Python module without comments, docstrings and empty lines: what a figure can depend on."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline) if "#" in text else ():
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(node, clean=False) is not None:
            docstring = node.body[0]
            lines[docstring.lineno - 1 : docstring.end_lineno] = [""] * ((docstring.end_lineno or 0) - docstring.lineno + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


@cache
def _of(path: Path) -> bytes:
    content = executed(path.read_text()).encode() if path.suffix == ".py" else path.read_bytes()
    return path.relative_to(ROOT).as_posix().encode() + b"\0" + hashlib.sha256(content).digest()


@cache
def code(name: str) -> str:
    """The digest of a figure's sources as they are now, as a few hexadecimal digits."""
    return hashlib.sha256(b"".join(_of(path) for path in files_of(name))).hexdigest()[:DIGITS]


def codes(names: Iterable[str]) -> dict[str, str]:
    """Called before a run begins: edits made during the run were not measured."""
    return {name: code(name) for name in names}
