"""What the part `tests` says of a report, and that it plays what `make test` leaves out."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree

from tests.deep import sample
from tests.proof import deep_tests
from tests.proof.run import PARTS
from tools.digests import files_of

REPORT = """<testsuites><testsuite><testcase classname="tests.a" name="test_one"/>
<testcase classname="tests.a" name="test_two"><failure>no</failure></testcase>
<testcase classname="tests.b" name="test_three"><error>no</error></testcase></testsuite></testsuites>"""


def test_what_failed_is_named_and_counted():
    assert deep_tests.told(ElementTree.fromstring(REPORT)) == {"tests": 3, "failures": 2, "problems": ["tests.a::test_two", "tests.b::test_three"]}


def test_what_is_kept_of_each_part_of_the_proof_has_the_sources_that_it_speaks_of():
    sources = [tuple(files_of(name)) for name in PARTS]
    assert all(sources) and len(sources) == len(set(sources))


def test_a_sample_leaves_no_case_out():
    cases = sample(["a", ("b", 2), "c"], 2)
    assert [case.values for case in cases] == [("a",), ("b", 2), ("c",)]
    assert [bool(case.marks) for case in cases] == [False, True, False]


def test_each_test_is_either_played_on_each_change_or_deep():
    deep, other = count("deep"), count("not deep")
    assert deep > other > 0 and deep + other == count("deep or not deep")


def count(mark):
    words = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", "-m", mark, "tests/proof/test_alone.py"]
    done = subprocess.run(words, cwd=deep_tests.ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout.split(": ")[-1])
