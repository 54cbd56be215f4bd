"""Runs one test file inside MicroPython: `micropython tests/mpy_runner.py FILE [TEST …]`.

One JSON line a test: {"test": name, "ok": bool, "error": traceback}. Exit status 1 if one failed.
The file's own folder goes on the module path, so that helpers beside it are found.
"""

import asyncio
import io
import json
import sys

ASYNC_TEST_S_MAX = 180


def test_names(path):
    """The names of the file's test functions, in the file's order (a module's dict keeps none)."""
    names = []
    with open(path) as source:
        for line in source:
            if line.startswith("async def "):
                line = line[6:]
            if line.startswith("def test_"):
                names.append(line[4 : line.index("(")])
    return names


def report(name, error):
    """Print the JSON line of one test; error: an exception or None."""
    text = ""
    if error is not None:
        stream = io.StringIO()
        sys.print_exception(error, stream)
        text = stream.getvalue()
    print(json.dumps({"test": name, "ok": error is None, "error": text}))


async def awaited(coroutine):
    await asyncio.wait_for(coroutine, ASYNC_TEST_S_MAX)


def call(function):
    """Run one test; a coroutine gets an event loop of its own, without tasks left from the one before."""
    result = function()
    if hasattr(result, "send"):
        asyncio.new_event_loop()
        asyncio.run(awaited(result))
        asyncio.new_event_loop()


def run(path, wanted):
    """Import `path` and run its tests (only `wanted`, if any are named); how many failed."""
    folder, _, file_name = path.rpartition("/")
    sys.path.insert(0, folder or ".")
    module = __import__(file_name[:-3])
    failed = 0
    for name in test_names(path):
        if wanted and name not in wanted:
            continue
        error = None
        try:
            call(getattr(module, name))
        except Exception as caught:
            error = caught
            failed += 1
        report(name, error)
    return failed


if __name__ == "__main__":
    sys.exit(1 if run(sys.argv[1], sys.argv[2:]) else 0)
