"""The page of figures: a run replaces the rows that it measured and leaves the others."""

from tools.bench.entry import entry, unmeasured
from tools.bench.page import BEGIN, END, recorded, updated

PAGE = f"# Figures\n\n{BEGIN}{END}\n## Why\n\nBecause.\n"


def rows_of(text):
    return [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]


def test_measured_rows_are_put_in_their_order_and_the_rest_of_the_page_stays():
    cases = [entry(f"bus-cycle/{count}x9600", 1.0, 1.0, "ms", "<= 1.05") for count in (16, 4)]
    text = updated(PAGE, cases, "2026-01-01")
    assert rows_of(text) == ["bus-cycle/4x9600", "bus-cycle/16x9600"]
    assert text.startswith("# Figures") and text.endswith("Because.\n") and "| ≤ 1.05 | ok |" in text


def test_a_second_run_replaces_its_own_rows_alone():
    text = updated(PAGE, [entry("safe", 2.0, 1.0, "s", "<= 1.05"), entry("start", 2.0, 1.0, "s")], "2026-01-01")
    text = updated(text, [entry("safe", 1.0, 1.0, "s", "<= 1.05", "again")], "2026-02-02")
    assert rows_of(text) == ["safe", "start"]
    assert text.count("2026-01-01") == 1 and "again | 2026-02-02" in text and "missed" not in text


def test_a_case_that_is_no_longer_measured_is_removed_and_a_failed_one_is_marked():
    text = updated(PAGE, [entry("stall/a", 1, 1, "ms"), entry("stall/b", 1, 1, "ms")], "2026-01-01")
    text = updated(text, [unmeasured("stall/c", "no part"), entry("stall/b", 3, 1, "ms", "<= 2")], "2026-01-02")
    assert rows_of(text) == ["stall/b", "stall/c"]
    assert "**not measured** | no part" in text and "**missed**" in text


def test_a_run_of_some_cases_leaves_the_others_of_its_row():
    text = updated(PAGE, [entry("shed/a", 1, 1, "ms"), entry("shed/b/x", 1, 1, "ms"), entry("shed/b/y", 1, 1, "ms")], "2026-01-01")
    text = updated(text, [entry("shed/b/x", 2, 1, "ms"), entry("shed/b/z", 2, 1, "ms")], "2026-01-02", "shed/b")
    assert "`shed/a`" in text and "`shed/b/z`" in text and "`shed/b/y`" not in text


def test_a_row_carries_the_digest_of_its_family_and_an_older_one_none():
    older = f"{BEGIN}| row | date |\n| --- | --- |\n| `start` | 1 | 2 | s | 0.5 |  |  |  | 2026-01-01 |\n{END}"
    text = updated(older, [entry("shed/a", 1, 1, "ms")], "2026-01-02", codes={"shed": "0123abcd", "start": "4567abcd"})
    assert recorded(text) == [("shed/a", "shed", "0123abcd"), ("start", "start", "-")]
    assert "| 2026-01-01 | - |" in text
