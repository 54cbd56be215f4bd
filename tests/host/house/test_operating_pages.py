"""The pages for installers: every document of the store has a row, and every key of boot.json that a person may write."""

import re

from house import ROOT, firmware_files

from ampacity.roles.storage.commission_shapes import COMMISSION
from ampacity.roles.storage.document_shapes import BOTH, SECONDARY
from ampacity.roles.storage.primary_shapes import PRIMARY

READ = re.compile(r'\bboot(?:\.get\(|\[)"(\w+)"')
OF_THE_PROGRAM = {"reason", "slot", "medium"}  # facts of a start, entered by the platform
OF_THE_RIG = {"sim", "lines", "echo", "cut_at_write", "name"}


def rows(page, head):
    """First cells of each table of a page whose first column is `head`."""
    for table in (ROOT / "docs" / page).read_text().split(f"\n| {head} | ")[1:]:
        for line in table.split("\n\n")[0].splitlines()[2:]:
            yield line.split(" | ")[0]


def test_every_document_of_the_store_has_one_row_on_the_page_about_damage():
    shapes = "".join(text.replace("\\\n", "") for text in (BOTH, SECONDARY, PRIMARY, COMMISSION))
    kept = {line.split()[0] for line in shapes.splitlines() if re.match(r"[a-z]\w* ", line)}
    named = [name for cell in rows("operate.md", "document") for name in re.findall(r"`([^`]+)`", cell)]
    assert len(kept) > 40 and len(named) == len(set(named))
    assert {re.sub(r"[-_]…$", "_", name) for name in named} == kept


def test_every_key_of_the_boot_file_that_a_person_may_write_has_a_row():
    read = {key for path in firmware_files() for key in READ.findall(path.read_text())}
    named = [cell.strip("| `") for cell in rows("install.md", "key of `boot.json`")]
    assert read >= OF_THE_PROGRAM | OF_THE_RIG
    assert sorted(named) == sorted(read - OF_THE_PROGRAM - OF_THE_RIG)
