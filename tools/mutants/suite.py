"""Tests against one module that differs from its file: which statements each test reaches, and which tests fail.

Each mutant runs in a separate forked process, so that a mutant can neither reach the next one nor end the run. Tests and
firmware are imported once, before the fork, and only the code of the changed function is exchanged there; for a change
outside functions all is imported again. No file is written. A test's time is processor time: load on the machine kills no
mutant.
"""

import ast
import contextlib
import importlib
import importlib.abc
import importlib.util
import io
import multiprocessing
import resource
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from pathlib import Path
from types import CodeType
from typing import Any

SLOWER_MAX = 5  # a test that takes this many times its time, plus a margin, is an endless loop
GRACE_S = 1.0
ENDS_S_MAX = 600
MEMORY_MAX = 2 << 30
PROCESSES = multiprocessing.get_context("fork")


class TooLong(BaseException):
    """A test exceeded its time; no `except Exception` may catch it."""


class Layout:
    """The folders that modules are imported from, and the tests of each. paths: further folders that the tests import from."""

    def __init__(self, sources: Path, paths: "list[Path]", tests_of: "Callable[[Path], list[Path]]") -> None:
        self.sources, self.paths, self.tests_of = sources, paths, tests_of

    def module_of(self, file: Path) -> str:
        return ".".join(file.relative_to(self.sources).with_suffix("").parts)


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports some modules from trees instead of their files."""

    def __init__(self, modules: "dict[str, tuple[Path, ast.Module]]", names: "dict[str, Any]") -> None:
        self.modules, self.names = modules, names

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in self.modules:
            return None
        return importlib.util.spec_from_file_location(name, self.modules[name][0], loader=self)

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        file, tree = self.modules[module.__name__]
        module.__dict__.update(self.names)
        exec(compile(tree, str(file), "exec"), module.__dict__)


def run_all(jobs: "list[tuple[Any, ...]]", work: "Callable[..., Any]", processes: int, told: "Callable[[tuple[Any, ...], Any], None]") -> None:
    """Runs work(*job) of each job in a separate process, `processes` at a time; calls told(job, result), None if the process died."""
    waiting, running = list(reversed(jobs)), {}
    while waiting or running:
        while waiting and len(running) < processes:
            job = waiting.pop()
            ours, theirs = PROCESSES.Pipe(False)
            process = PROCESSES.Process(target=_child, args=(theirs, work, job))
            process.start()
            theirs.close()
            running[ours] = (process, job, time.monotonic() + ENDS_S_MAX)
        for ours in wait(list(running), 5):
            process, job, _ = running.pop(ours)
            try:
                result = ours.recv()
            except EOFError:
                result = None
            ours.close()
            process.join()
            told(job, result)
        for process, _, end in running.values():
            if time.monotonic() > end:
                process.kill()


def run_ready(
    layout: Layout,
    test_files: "list[Path]",
    jobs: "list[tuple[Any, ...]]",
    work: "Callable[..., Any]",
    processes: int,
    told: "Callable[[tuple[Any, ...], Any], None]",
) -> None:
    """The same, from a process that has already imported these tests and their imports."""
    ours, theirs = PROCESSES.Pipe(False)
    process = PROCESSES.Process(target=_ready, args=(theirs, layout, test_files, jobs, work, processes))
    process.start()
    theirs.close()
    with contextlib.suppress(EOFError):
        while True:
            number, result = ours.recv()
            told(jobs[number], result)
    process.join()
    if process.exitcode:
        raise SystemExit("mutants: the tests cannot be imported as they stand")


def _ready(pipe: Any, layout: Layout, test_files: "list[Path]", jobs: "list[tuple[Any, ...]]", work: "Callable[..., Any]", processes: int) -> None:
    for test_file in test_files:
        _imported(layout, {}, {}, test_file)
    number = {id(job): at for at, job in enumerate(jobs)}
    run_all(jobs, work, processes, lambda job, result: pipe.send((number[id(job)], result)))


def _child(pipe: Any, work: "Callable[..., Any]", job: "tuple[Any, ...]") -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        result = work(*job)
    pipe.send(result)
    pipe.close()


def reached(layout: Layout, files: "list[Path]", test_file: Path) -> "dict[str, tuple[float, dict[str, list[int]]]]":
    """Per test its processor time in seconds, and the first lines of the statements of each module of `files` that it ran."""
    hits: set[tuple[int, int]] = set()
    modules = {}
    for number, file in enumerate(files):
        modules[layout.module_of(file)] = (file, _Marked(number).visit(ast.parse(file.read_text())))
        ast.fix_missing_locations(modules[layout.module_of(file)][1])
    module = _imported(layout, modules, {"_hit": hits.add}, test_file)
    found = {}
    for name in _tests(module):
        hits.clear()
        began = time.process_time()
        _call(getattr(module, name))
        seconds = time.process_time() - began
        lines: dict[str, list[int]] = {}
        for number, line in sorted(hits):
            lines.setdefault(layout.module_of(files[number]), []).append(line)
        found[name] = (seconds, lines)
    return found


def judged(layout: Layout, file: Path, tree: ast.Module, function: str, tests: "list[tuple[str, str, float]]") -> "tuple[str, str]":
    """("killed", by which test and how) or ("survived", ""). tests: (test file, name, its seconds), in this order.

    function: the dotted name of the outermost function that changed, in a process of run_ready; "": import everything again.
    """
    modules = {} if function else {layout.module_of(file): (file, tree)}
    if function:
        _exchange(sys.modules[layout.module_of(file)], function, compile(tree, str(file), "exec"))
    for path, name, seconds in tests:
        place = "%s::%s" % (Path(path).name, name)
        try:
            with _time_limit(seconds * SLOWER_MAX + GRACE_S):
                _call(getattr(_imported(layout, modules, {}, Path(path)), name))
        except TooLong:
            return "killed", place + ": endless"
        except BaseException as error:
            return "killed", "%s: %s" % (place, type(error).__name__)
    return "survived", ""


def _exchange(module: Any, function: str, code: CodeType) -> None:
    """Replaces the code of the module's function by its code in `code`; every reference to the function sees it."""
    found: Any = module
    for name in function.split("."):
        found = vars(found)[name]
        code = next(each for each in code.co_consts if isinstance(each, CodeType) and each.co_name == name)
    found = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
    found.__code__ = code


def _imported(layout: Layout, modules: "dict[str, tuple[Path, ast.Module]]", names: "dict[str, Any]", test_file: Path) -> Any:
    """The test module; the helpers of its folder belong to it."""
    if not any(isinstance(finder, _Changed) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Changed(modules, names))
        sys.path[:0] = [str(path) for path in [layout.sources, *layout.paths]]
    folder = str(test_file.parent)
    if sys.path[0] != folder:
        sys.path.insert(0, folder)
    name = "mutants_" + test_file.stem
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, test_file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[name] = module
    return sys.modules[name]


def _tests(module: Any) -> "list[str]":
    return [name for name, value in vars(module).items() if name.startswith("test_") and callable(value)]


def _call(function: "Callable[[], Any]") -> None:
    result = function()
    if hasattr(result, "send"):
        import asyncio

        asyncio.run(result)


@contextlib.contextmanager
def _time_limit(seconds: float) -> Any:
    def end(number: int, frame: Any) -> None:
        raise TooLong

    signal.signal(signal.SIGPROF, end)
    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.5)  # again, in case the first one is swallowed
    signal.setitimer(signal.ITIMER_REAL, 60 + 10 * seconds)  # sleeps permanently
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


class _Marked(ast.NodeTransformer):
    """Calls `_hit` before each statement in a function runs."""

    def __init__(self, number: int) -> None:
        self.number, self.depth = number, 0

    def visit(self, node: ast.AST) -> ast.AST:
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        self.depth += inside
        super().generic_visit(node)
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if self.depth and isinstance(block, list) and block:
                setattr(node, field, [new for each in block for new in (self._mark(each), each)])
        self.depth -= inside
        return node

    def _mark(self, statement: ast.stmt) -> ast.stmt:
        return ast.parse("_hit((%d, %d))" % (self.number, statement.lineno)).body[0]
