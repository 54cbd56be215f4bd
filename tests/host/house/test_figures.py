"""Figures are of this code: rows carry a digest of what they speak of, and what is older is named."""

import ast

import pytest

from tests.proof import case
from tests.proof.run import FURTHER
from tools import digests, figures
from tools.bench import __main__ as bench
from tools.bench import page
from tools.bench.cases import CASES, NAMES
from tools.bench.entry import entry

ROWS = [(path.name, row, figure) for path in (case.PATH, page.PAGE) for row, figure, _ in figures.rows_of(path)]


def test_each_row_of_the_tables_is_a_figure_whose_sources_are_known():
    assert len(ROWS) > 100
    wrong = [f"{name}: {row}" for name, row, figure in ROWS if figure not in digests.SOURCES]
    assert not wrong, "a line in SOURCES of tools/digests.py:\n" + "\n".join(wrong)


@pytest.mark.parametrize("figure", digests.SOURCES)
def test_the_sources_of_a_figure_exist_and_contain_the_measured_code(figure):
    names = {path.relative_to(digests.ROOT).as_posix() for path in digests.files_of(figure)}
    assert names and not any("__pycache__" in name for name in names)
    if figure in ("worlds", "rules", "soak", "allocate", "image"):
        assert "firmware/ampacity/circuit/trusted/permits.py" in names or any(name.endswith("circuit/guard.py") for name in names)


def test_sources_follow_imports_within_this_repository():
    names = {path.name for path in digests.closure(["tests.proof.below"])}
    assert {"below.py", "model.py", "lease.py", "cascaded_guard.py"} <= names and "trees.py" not in names
    assert digests.file_of("json") is None and digests.file_of("tools.nothing") is None


def test_a_digest_changes_with_any_edit_of_its_sources(tmp_path, monkeypatch):
    monkeypatch.setattr(digests, "ROOT", tmp_path)
    monkeypatch.setattr(digests, "SOURCES", {"one": ("rooms/one",), "two": ("rooms/two",)})
    for name in ("one", "two"):
        (tmp_path / "rooms" / name).mkdir(parents=True)
        (tmp_path / "rooms" / name / "a.py").write_text("A = 1\n")

    def now():
        digests._of.cache_clear()
        digests.code.cache_clear()
        return digests.codes(["one", "two"])

    before = now()
    (tmp_path / "rooms" / "two" / "a.py").write_text("A = 2\n")
    after = now()
    digests.code.cache_clear()
    assert before["one"] == after["one"] and before["two"] != after["two"]


def test_only_comments_docstrings_and_empty_lines_do_not_count_as_edits():
    code = '"""What."""\n\nA = "# no comment"  # why\n\n\ndef f(x):\n    """Does.\n\n    More.\n    """\n    return x  # so\n'
    other = '"""Other."""\nA = "# no comment"\ndef f(x):\n    # because\n    return x\n'
    assert digests.executed(code) == digests.executed(other) == 'A = "# no comment"\ndef f(x):\n    return x'
    assert digests.executed(code.replace("# no comment", "# none")) != digests.executed(code)
    assert digests.executed('x = f(\n    """text""",\n)') != digests.executed('x = f(\n    """other""",\n)')


def test_a_missing_source_is_named(monkeypatch):
    monkeypatch.setitem(digests.SOURCES, "one", ("tools.nothing", "firmware/nowhere"))
    with pytest.raises(FileNotFoundError, match="one names tools.nothing, firmware/nowhere"):
        digests.files_of("one")


def test_rows_with_a_missing_or_different_digest_are_stale():
    now = digests.code("oracle")
    assert figures.changed([("a", "oracle", now)]) == []
    assert figures.changed([("a", "oracle", "-"), ("b", "oracle", "-")]) == ["a, b: carries no digest"]
    assert figures.changed([("a", "oracle", "0" * 8)]) == [f"a: is of {'0' * 8}, the code is {now}"]
    assert figures.changed([("a", "nobody", now)]) == ["a: has no sources in tools/digests.py"]


def test_prose_that_repeats_a_count_of_states_is_named_with_its_line():
    text = "one\n<!-- figures -->\n1,234,567 states\n<!-- /figures -->\nand 1,234,567\nstates, 3 of 3 closed\n"
    assert figures.doubled(text) == [(5, "1,234,567 states"), (6, "3 of 3 closed")]


@pytest.mark.parametrize("found, options, status", [(["x"], [], 0), (["x"], ["--strict"], 1), ([], ["--strict"], 0)])
def test_a_stale_figure_is_a_warning_and_with_strict_a_failure(monkeypatch, capsys, found, options, status):
    monkeypatch.setattr(figures, "told", lambda path: found if path.name == "safety-case.md" else [])
    monkeypatch.setattr("sys.argv", ["figures", *options])
    assert figures.main() == status
    assert bool(capsys.readouterr().err) == bool(found)


def test_prose_is_stamped_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    file = tmp_path / "docs" / "x.md"
    file.write_text("<!-- of: oracle - -->\n12\n<!-- of: fuzz - -->\n13\n")
    now = digests.code("oracle")
    monkeypatch.setattr(figures, "ROOT", tmp_path)
    assert figures.stamp("oracle") == 1
    assert file.read_text() == f"<!-- of: oracle {now} -->\n12\n<!-- of: fuzz - -->\n13\n"


def test_every_part_of_the_proof_and_the_mutants_have_a_line_of_figures():
    wanted = figures.wanted(case.PATH)
    assert {case.figure(name) for name in case.FIGURES} == {*FURTHER, "mutants"} and {f"figures {name}" for name in case.FIGURES} < set(wanted)
    assert set(wanted) >= {row for _, row, _ in ROWS if row.startswith(("rules ", "mends ", "worlds ", "policy ", "figures "))}


def test_every_row_of_the_bench_is_one_that_is_asked_for():
    measured = {name.partition("/")[0] for module in bench.modules() for name in getattr(module, "ROWS", (module.__name__.rpartition(".")[2],))}
    assert measured == set(NAMES)
    unknown = [row for name, row, _ in ROWS if name == page.PAGE.name and not row.startswith("prose on ") and row not in {*CASES, *NAMES}]
    assert not unknown, "a name in tools/bench/cases.py, or no row: " + ", ".join(unknown)
    assert {"energy/mixed", "energy/one-phase", "energy/unmeasured"} < set(figures.wanted(page.PAGE))


def test_a_figure_that_was_not_measured_is_named():
    rows = [("figures soak", "soak", "-"), ("worlds lost", "worlds", "-")]
    assert figures.absent(rows, ["figures soak", "figures drawn", "worlds lost", "figures same"]) == ["no figure of figures drawn, figures same"]
    assert figures.absent(rows, ["figures soak"]) == []


def test_an_image_figure_that_is_not_the_sum_of_its_rooms_is_named():
    from tools.size import APART, rooms

    entries = [entry(f"image/{room}", 2.0, 512, "KiB") for room in ("boot", *rooms())]
    primary = entry("image/primary", 2.0 * (len(entries) - len(APART)), 512, "KiB")
    whole = page.updated(page.BEGIN + page.END, [*entries, primary, entry("image/packed", 1.0, 512, "KiB")], "2026-01-01")
    assert figures.image_differs(whole) == []
    less = page.updated(page.BEGIN + page.END, [*entries[1:], entry("image/primary", 310.2, 512, "KiB")], "2026-01-01")
    wanted = f"image/primary: 310.2 KiB, and its rooms are {2 * (len(entries) - 1 - len(APART)):.4g} KiB"
    assert figures.image_differs(less) == [wanted]


def test_modules_that_no_decision_depends_on_set_nothing():
    for text in digests.TEXTS:
        for node in ast.walk(ast.parse((digests.ROOT / text).read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, (ast.AugAssign, ast.AnnAssign)) else []
            kept = [target for target in targets if isinstance(target, (ast.Attribute, ast.Subscript))]
            assert not kept, "%s:%d sets something that it was given" % (text, node.lineno)
