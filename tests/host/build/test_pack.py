"""Packs: what the builder writes, its reader and the file system of the boot stage read; a damaged one is refused."""

import random
import subprocess
import tracemalloc
import zlib
from hashlib import sha256

import pytest

from ampacity_host.build.pack import HEAD_BYTES, ROW_BYTES, WINDOW_BITS, NotPacked, made, read
from ampacity_host.places import BOARDS
from tools.micropython.find import find

TEXT = "".join(f"line {number}: {number * number}\n" for number in range(2000))  # packed longer than the boot stage copies
NOISE = random.Random(1).randbytes(6000)  # deflate does not make it shorter
assert len(zlib.compress(TEXT.encode(), 9)) > 2 * 4096
FILES = [
    ("about.json", b'{"format": 1}'), ("empty", b""), ("noise.bin", NOISE), ("own/__init__.py", b"FACT = 7\n"),
    ("own/data/sites/table.txt", TEXT.encode()), ("own/shy.py", b"from own import FACT\nimport own.data_of\n" + b"X = 1\n" * 50),
    ("own/data_of.py", b"def read(): return open('/pack/own/data/sites/table.txt').read()\n"),
]  # fmt: skip
PACK = made(FILES)
ROWS_END = HEAD_BYTES + ROW_BYTES * PACK[7]
MOUNTED = f"""
import os, sys, vfs
sys.path.append({str(BOARDS / "boot")!r})
from main import PackFiles
vfs.mount(PackFiles(sys.argv[1]), "/pack", readonly=True)
sys.path.insert(0, "/pack")
def errno_of(action, *arguments):
    try:
        return action(*arguments)
    except OSError as error:
        return error.errno
"""


def on_micropython(folder, code, pack=PACK):
    """What this code prints where the pack is mounted at /pack."""
    (folder / "p.pack").write_bytes(pack)
    (folder / "code.py").write_text(MOUNTED + code)
    return subprocess.run([find(), folder / "code.py", folder / "p.pack"], capture_output=True, text=True, timeout=60)


def printed(folder, code, pack=PACK):
    done = on_micropython(folder, code, pack)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_pack_is_read_as_it_was_made_in_whatever_order():
    assert read(PACK) == sorted(FILES) and made(reversed(FILES)) == PACK
    assert read(made([])) == []
    assert len(PACK) < sum(len(data) for _, data in FILES) - len(TEXT) // 2


def test_micropython_reads_every_file_and_its_size(tmp_path):
    line = "print(open('/pack/{0}', 'rb').read() == {1!r}, os.stat('/pack/{0}')[0] == 0x8000, os.stat('/pack/{0}')[6])"
    code = "\n".join(line.format(path, data) for path, data in FILES)
    assert printed(tmp_path, code) == [f"True True {len(data)}" for _, data in FILES]


def test_micropython_imports_modules_and_reads_texts_from_a_pack(tmp_path):
    code = "import own.shy\nprint(own.shy.FACT, own.shy.__file__)\nprint(own.data_of.read() == open('/pack/own/data/sites/table.txt', 'rt').read())"
    assert printed(tmp_path, code + "\nprint(len(own.data_of.read()))") == ["7 /pack/own/shy.py", "True", str(len(TEXT))]


INTERLEAVED = """
paths = ["/pack/own/data/sites/table.txt", "/pack/own/data/sites/table.txt", "/pack/noise.bin", "/pack/own/shy.py"]
files, read = [open(path, "rb") for path in paths], [b""] * len(paths)
for turn in range(2000):
    for i in range(len(paths)):
        read[i] += files[i].read(20 + 7 * i)
        os.stat("/pack/empty")
for i in range(len(paths)):
    with open(paths[i], "rb") as file:
        print(read[i] == file.read(), len(read[i]))
"""


def test_open_files_do_not_disturb_each_other(tmp_path):
    wanted = dict(FILES)
    sizes = [len(TEXT), len(TEXT), len(NOISE), len(wanted["own/shy.py"])]
    assert printed(tmp_path, INTERLEAVED) == [f"True {size}" for size in sizes]


def test_folders_are_listed_and_nothing_can_be_written(tmp_path):
    code = "print(sorted(os.listdir('/pack')), sorted(os.listdir('/pack/own')), sorted(os.ilistdir('/pack/own/data/')))\n"
    code += "print(os.stat('/pack/own')[0] == 0x4000, os.stat('/pack')[0] == 0x4000)\n"
    code += "for way in ((open, '/pack/about.json', 'w'), (open, '/pack/new', 'ab'), (open, '/pack/gone', 'rb'), (open, '/pack/own', 'rb')):\n"
    code += "  print(errno_of(*way))\n"
    code += "print(errno_of(os.stat, '/pack/own/gone'), errno_of(os.listdir, '/pack/empty'))\nvfs.umount('/pack')\nprint(errno_of(os.stat, '/pack'))"
    names = sorted({path.partition("/")[0] for path, _ in FILES})
    below = ["__init__.py", "data", "data_of.py", "shy.py"]
    assert printed(tmp_path, code) == [f"{names} {below} [('sites', 16384, 0)]", "True True", "30", "30", "2", "21", "2 20", "2"]


def test_two_paths_with_the_same_row_are_told_apart(tmp_path):
    seen = {}
    for number in range(1000000):
        key = sha256(f"{number}".encode()).digest()[:4]
        if key in seen:
            break
        seen[key] = number
    one, other = str(seen[key]), str(number)
    code = f"print(open('/pack/{one}').read(), open('/pack/{other}').read())"
    assert printed(tmp_path, code, made([(one, b"1"), (other, b"2")])) == ["1 2"]
    code = f"print(open('/pack/{one}').read(), errno_of(os.stat, '/pack/{other}'))"
    assert printed(tmp_path, code, made([(one, b"1")])) == ["1 2"]


SHORT = """
import gc
sys.path.append("/pack/lib")
seen = [""]
def imported():
    try:
        __import__("own.shy")
        return "imported"
    except Exception as error:
        return type(error).__name__
def run():
    kept = None
    gc.collect()
    try:
        while True:
            kept = [bytearray(100), kept]
    except MemoryError:
        pass
    while kept is not None and seen[-1] != "imported":
        kept = kept[1]
        gc.collect()
        outcome = imported()
        if seen[-1] != outcome:
            seen.append(outcome)
import own
__import__("own.data_of")
run()
print(*seen)
"""


def test_an_import_for_which_memory_is_short_is_a_memory_error_and_comes_later(tmp_path):
    """`import` takes what `stat` raises for "not there"; a CSMS would be told NotSupported."""
    assert printed(tmp_path, SHORT) == [" MemoryError imported"]


TROUBLED = """
real, left = PackFiles._entry, [0]
def entry(self, path):
    if left[0]:
        left[0] -= 1
        raise TROUBLE
    return real(self, path)
PackFiles._entry = entry
for count in range(1, 5):
    for name in ("own.shy", "own.gone"):
        left[0] = count
        try:
            __import__(name)
            print("imported")
        except Exception as error:
            print(type(error).__name__)
    left[0] = 0
    print(open("/pack/about.json").read())
    sys.modules.pop("own.shy", None)
"""


@pytest.mark.parametrize("trouble, named", [("MemoryError()", "MemoryError"), ("OSError(5)", "OSError"), ("OSError(2)", "ImportError")])
def test_what_stat_cannot_tell_an_import_is_raised_when_the_module_is_opened(trouble, named, tmp_path):
    code = "import own\nimport own.data_of\n" + TROUBLED.replace("TROUBLE", trouble)
    lines = printed(tmp_path, code)
    assert len(lines) == 12 and {lines[at] for at in range(2, 12, 3)} == {'{"format": 1}'}
    assert lines[0] == lines[1] == named or named == "ImportError" and lines[1] == named


def test_a_file_can_be_opened_with_every_mode_that_reads(tmp_path):
    code = "print(*[open('/pack/about.json', mode).read() for mode in ('r', 'rt', 'tr', 'rb', 'br')])\n"
    code += "print(*[errno_of(open, '/pack/about.json', mode) for mode in ('w', 'wb', 'a', 'r+', 'rb+', 'x')])"
    text = FILES[0][1].decode()
    assert printed(tmp_path, code) == [" ".join([text] * 3 + [repr(FILES[0][1])] * 2), "30 30 30 30 30 30"]


CUTS = """
print(errno_of(PackFiles, sys.argv[1] + ".cut"))
"""


@pytest.mark.parametrize("size", [0, 3, HEAD_BYTES - 1, HEAD_BYTES + 3, HEAD_BYTES + 5 * ROW_BYTES])
def test_a_pack_without_its_whole_index_is_not_mounted(size, tmp_path):
    (tmp_path / "p.pack.cut").write_bytes(PACK[:size])
    assert printed(tmp_path, CUTS) == ["22"]
    with pytest.raises(ValueError):
        read(PACK[:size])


def test_an_index_that_claims_more_than_it_may_is_not_mounted(tmp_path):
    for head in (PACK[:6] + b"\xff\xff", b"AMPX" + PACK[4:8], PACK[:4] + b"\2" + PACK[5:8], PACK[:5] + b"\x10" + PACK[6:8]):
        (tmp_path / "p.pack.cut").write_bytes(head + PACK[8:] + bytes(600000))
        assert printed(tmp_path, CUTS) == ["22"]


def test_a_damaged_pack_gives_errors_and_ends(tmp_path):
    """The boot stage compares every byte first; what got past it must still end, and not with an interpreter that crashes."""
    code = "import gc\ndamaged = 0\nfor number in range(60):\n"
    code += "  path = sys.argv[1] + '.%d' % number\n"
    code += "  try:\n    files = PackFiles(path)\n    for name in NAMES:\n      files.stat('/' + name)\n      files.open('/' + name, 'rb').read()\n"
    code += "  except (OSError, EOFError, MemoryError):\n    damaged += 1\n  gc.collect()\nprint(damaged > 20)"
    drawn = random.Random(5)
    for number in range(60):
        data = bytearray(PACK)
        place = drawn.randrange(len(data) if number % 2 else ROWS_END)
        data[place] ^= drawn.randrange(1, 256)
        (tmp_path / f"p.pack.{number}").write_bytes(data[: drawn.randrange(len(data))] if number % 5 == 0 else data)
    assert printed(tmp_path, code.replace("NAMES", repr([path for path, _ in FILES]))) == ["True"]


@pytest.mark.parametrize("at", [0, 4, 5, HEAD_BYTES, HEAD_BYTES + 6, ROWS_END, ROWS_END + 7, len(PACK) - 20])
def test_the_reader_refuses_a_damaged_pack(at):
    with pytest.raises(ValueError, match="pack"):
        read(PACK[:at] + bytes([PACK[at] ^ 0xFF]) + PACK[at + 1 :])


def test_the_reader_inflates_no_more_than_an_entry_claims():
    whole = zlib.compressobj(9, zlib.DEFLATED, -WINDOW_BITS, 9)
    bomb = whole.compress(bytes(200 << 20)) + whole.flush()
    data = made([("a", bytes(100))])
    packed = data.index(b"a\n") + 2
    at = next(int.from_bytes(data[row + 4 : row + 8]) for row in (8, 16) if data[int.from_bytes(data[row + 4 : row + 8]) + 4] == 2)
    assert at == packed
    tracemalloc.start()
    with pytest.raises(ValueError, match="damaged pack"):
        read(data[: at + 5] + len(bomb).to_bytes(3) + data[at + 8 : at + 11] + bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_what_a_pack_cannot_hold_is_refused():
    paths = ("", "../x", "a//b", "/a", "a/", "a b", "a/.b", "a\nb", "ä", "x/" * 17 + "y")
    for files in ([("a", b""), ("a/b", b"")], *[[(path, b"")] for path in paths], [(f"{number}", b"") for number in range(4097)]):
        with pytest.raises(NotPacked):
            made(files)
    assert WINDOW_BITS == PACK[5] == 10
