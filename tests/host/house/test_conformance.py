"""docs/interfaces/ocpp-conformance.md says what the tests play."""

import re

from tools import ocpp_conformance as conformance

INTEROP_FAILURES = 28  # of tests/conformance/ocpp201/test_interop_failures.py
KNOWN = ("TC_B_21_CS", "TC_E_28_CS", "TC_E_29_CS", "TC_E_30_CS", "TC_E_34_CS")


def ids(name):
    return sorted(conformance.ids_in(name, KNOWN))


def test_a_name_says_which_cases_it_plays():
    assert ids("test_TC_B_21_CS_reset") == ["TC_B_21_CS"]
    assert ids("test_TC_B_21_and_41_CS_reset") == ["TC_B_21_CS", "TC_B_41_CS"]
    assert ids("test_TC_B_25_26_27_CS_x") == ["TC_B_25_CS", "TC_B_26_CS", "TC_B_27_CS"]
    assert ids("test_TC_E_28_to_34_CS_x") == ["TC_E_28_CS", "TC_E_29_CS", "TC_E_30_CS", "TC_E_34_CS"]
    assert ids("test_TC_B_21_CS_and_TC_E_28_CS") == ["TC_B_21_CS", "TC_E_28_CS"]
    assert ids("TC_B_21") == ids("like TC_B_2_CS") == []


def test_names_are_read_from_functions_and_parameters_and_not_from_prose():
    source = (
        '"""TC_A_01_CS in prose."""\n@pytest.mark.parametrize("case", ["TC_B_32_CS"])\ndef test_x(case):\n    "like TC_C_01_CS"\n\n'
        '@pytest.mark.cpython("x")\ndef test_TC_D_01_CS():\n    pass\n\ndef helper_TC_E_01_CS(): pass\n'
    )
    found = {(case, alone) for text, alone in conformance.names_in(source) for case in conformance.ids_in(text, ())}
    assert found == {("TC_B_32_CS", False), ("TC_D_01_CS", True)}
    whole = 'pytestmark = pytest.mark.cpython("x")\ndef test_TC_D_01_CS(): pass\n'
    assert conformance.names_in(whole) == [("test_TC_D_01_CS", True)]


def test_a_test_with_runtimes_of_its_own_counts_on_those_wherever_it_is():
    source = (
        'RUNTIMES = ["cpython", "micropython"]\n@pytest.mark.parametrize("runtime", RUNTIMES)\ndef test_TC_A_01_CS(): pass\n\n'
        '@pytest.mark.parametrize(("kind", "runtime"), [("x", "cpython"), ("y", "micropython")])\ndef test_TC_A_02_CS(): pass\n\n'
        '@pytest.mark.parametrize("runtime", ["cpython"])\ndef test_TC_A_03_CS(): pass\n\ndef test_TC_A_04_CS(): pass\n'
    )
    names = ("test_TC_A_01_CS", "test_TC_A_02_CS", "test_TC_A_03_CS", "test_TC_A_04_CS")
    assert conformance.names_in(source, here_only=True) == list(zip(names, (False, False, True, True), strict=True))
    assert conformance.names_in(source) == list(zip(names, (False, False, True, False), strict=True))


def test_requirements_are_cited_in_texts_and_in_names():
    source = '"""B10.FR.03, and A00.FR.501."""\ndef test_B10_FR_08_and_09_without_3_slots(): pass\ndef test_B10_FR_12_40_s(): pass  # C07.FR.1'
    assert conformance.requirements_in(source) == {"B10.FR.03", "A00.FR.501", "B10.FR.08", "B10.FR.09", "B10.FR.12", "B10.FR.40"}


def test_a_requirement_of_excluded_cases_only_has_their_reason():
    cases = [
        conformance.Case("TC_B_15_CS", (), ("B07.FR.02", "B07.FR.99"), "all bases"),
        conformance.Case("TC_B_28_CS", (), ("B11.FR.01",), "all EVSEs"),
        conformance.Case("TC_B_20_CS", (), ("B11.FR.02",), ""),
    ]
    found = conformance.excluded(cases, {"B11.FR.01"})
    assert {r: why for r, why in found.items() if r not in conformance.written_exclusions()} == {"B07.FR.02": "all bases"}


def test_each_failure_of_the_interop_list_has_a_test_that_names_it():
    named = set()
    for path in conformance.test_files():
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8")):
            for numbers in re.findall(r"IF_(\d\d(?:_and_\d\d)*)", name):
                named |= {int(number) for number in numbers.split("_and_")}
    assert named == set(range(1, INTEROP_FAILURES + 1))


def test_every_played_case_exists_and_applies():
    assert conformance.mistakes() == []


def test_the_page_agrees_with_the_tests():
    assert len(conformance.cases()) == 424 and len(set(conformance.requirements())) == len(conformance.requirements())
    assert conformance.PATH.read_text(encoding="utf-8") == conformance.render(), "run: python -m tools.ocpp_conformance"
