"""The application of each board starts by its boot stage and works: on the desktop's MicroPython, whose words of 64 bits take two fifths more heap.

`make images` plays the same with words of 32 bits and the heap of the board. The heap here is a quarter larger: that of an RP2350 is then as nearly
used up as a start in 360 KiB there, and a start that scatters over the heap what lives for long does not get through.
"""

import re
from pathlib import Path

import pytest
from board_image import CASES, played

from ampacity_host.places import FIRMWARE
from tools.micropython.find import find

PAGE = Path(__file__).resolve().parents[3] / "docs" / "manufacturing.md"
ROW = re.compile(r"^\| `([\w:-]+)` \| (both|primary|secondary)(?:, as a primary)? \| (slot|frozen) \| (\d+) \| (\d+) \|", re.M)
FROZEN_HEAP_KIB = 8192  # its code is in the heap here


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_application_of_a_board_starts_and_its_role_works(case, tmp_path):
    heap_kib, modules = (FROZEN_HEAP_KIB, (str(FIRMWARE), ".frozen")) if case.frozen else (case.heap_kib * 5 // 4, (".frozen",))
    (tmp_path / "keys").mkdir()
    used, heap = await played(case, tmp_path / "root", case.files(tmp_path / "keys"), find(), heap_kib, modules)
    assert 0 < used < heap


async def test_an_image_without_a_module_does_not_get_so_far(tmp_path):
    case = next(each for each in CASES if each.role == "secondary" and not each.frozen)
    files = case.files(tmp_path)
    del files["slots/a/application.pack"]
    with pytest.raises(AssertionError, match="ended before its first answer.*no slot can be started"):
        await played(case, tmp_path / "root", files, find(), case.heap_kib * 5 // 4)


def test_the_table_of_the_page_has_each_image_and_the_heap_of_its_board():
    found = {(board, role, place): (int(heap), int(used)) for board, role, place, heap, used in ROW.findall(PAGE.read_text())}
    assert {key: heap for key, (heap, _) in found.items()} == {
        (case.board, case.role, "frozen" if case.frozen else "slot"): case.heap_kib for case in CASES}  # fmt: skip
    assert all(used < heap for heap, used in found.values())
