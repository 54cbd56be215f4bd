"""Sizes, words and names: what a reader of the house may rely on everywhere."""

import ast
import re
from statistics import median

from house import ROOT, at, files, firmware_files, generated, room_of, text_of, tree_of

LINES_MAX, LINES_MEDIAN, FUNCTION_MEDIAN = 500, 150, 15
TEXTS = (".py", ".md", ".toml", ".txt", ".lock", ".sh", ".json", ".html", ".css", ".js", "")
HOSTS = ("py" + "pi.org", "python" + "hosted", "npm" + "js.", "deb." + "debian.org", "crates" + ".io", "anaconda" + ".org")
UNFINISHED = ("TO" + "DO", "FIX" + "ME", " X" + "XX", "raise NotImpl" + "emented", "not " + "implemented", "not yet " + "available")
SKIPS = ("pytest." + "skip", "mark." + "skip", "x" + "fail", "unittest." + "skip", "importor" + "skip")
GENERIC_NAMES = {"esp32", "delta", "finder", "phoenix", "evse", "meter", "own", "sunspec", "local"}
VENDORS = set(
    "abb abl alfen alphatec amperfied bender cfos chargex compleo dadapower edgetech em2go daheimlader enovates etek etrel free2move "
    "heidelberg hesotec innogy kathrein keba kse mennekes nrgkick peblar pracht schneider siemens smartevse sungrow tinkerforge vestel "
    "victron viridian webasto weidmueller eastron chint inepro janitza orno wago gavazzi go-e".split()
)


def hand_written():
    return [path for path in files(".py") if not generated(path) and text_of(path).strip()]


def test_no_hand_written_file_is_too_long():
    long = [f"{path.relative_to(ROOT)}: {n} lines" for path in hand_written() if (n := text_of(path).count("\n")) > LINES_MAX]
    assert not long, "split by decision:\n" + "\n".join(long)


def test_files_and_functions_are_small_in_the_median():
    sources = [path for path in hand_written() if path.relative_to(ROOT).parts[0] in ("firmware", "host", "tools")]
    assert median(text_of(path).count("\n") for path in sources) <= LINES_MEDIAN
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in sources
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert median(lengths) <= FUNCTION_MEDIAN


def test_every_module_has_a_purpose():
    bare = [at(path, 1, "begin with a docstring") for path in hand_written() if not ast.get_docstring(tree_of(path))]
    assert not bare, "\n" + "\n".join(bare)


def occurrences(words, paths):
    """Findings for words (any case only where they are hosts) in text files."""
    found = []
    for path in paths:
        if path.suffix not in TEXTS or path.stat().st_size > 2_000_000:
            continue
        there = [word for word in words if word in text_of(path)]
        for number, line in enumerate(text_of(path).splitlines() if there else (), 1):
            found += [at(path, number, f"{word!r} has no place here") for word in there if word in line]
    return found


def test_no_package_host_is_named():
    found = occurrences(HOSTS, files())
    assert not found, "\n" + "\n".join(found)


def test_nothing_is_left_undone():
    found = occurrences(UNFINISHED, [p for p in files(".py", ".md") if "data" not in p.parts])
    assert not found, "\n" + "\n".join(found)


def test_no_test_is_skipped():
    found = occurrences(SKIPS, files(".py"))
    assert not found, "\n" + "\n".join(found)


def profile_names():
    """Vendor words: those known, and the first word of every profile's file."""
    stems = [path.stem.split("-", 1)[1] for path in (ROOT / "firmware" / "ampacity" / "profiles").glob("*-*.toml")]
    words = [stem.split("-") for stem in stems]
    first = {parts[0] if len(parts[0]) > 2 else "-".join(parts[:2]) for parts in words}
    return (VENDORS | first) - GENERIC_NAMES


def test_no_vendor_is_named_in_a_firmware_module():
    pattern = re.compile(r"(?<![a-z0-9])(" + "|".join(re.escape(name) for name in sorted(profile_names())) + r")(?![a-z0-9])", re.I)
    found = []
    for path in firmware_files():
        if room_of(path) != "profiles":
            for match in pattern.finditer(text_of(path)):
                found.append(at(path, text_of(path).count("\n", 0, match.start()) + 1, f"{match[0]!r}: variants are data, in profiles/"))
    assert not found, "\n" + "\n".join(found)


def test_the_shape_of_an_exclusion_is_known():
    """The lists above name words in pieces, so that this very file stays clean."""
    assert "py" + "pi.org" in HOSTS and not occurrences(HOSTS, [ROOT / "tests" / "host" / "house" / "test_style.py"])
