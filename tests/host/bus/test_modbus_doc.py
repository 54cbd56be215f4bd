"""The published register map is the one that the firmware serves."""

from tools.modbus_doc import PATH, document


def test_the_page_is_generated_from_the_present_table():
    assert PATH.read_text() == document()


def test_every_address_of_the_page_follows_the_one_before():
    rows = [line.split("|") for line in document().splitlines() if line.startswith("| 4")]
    addresses = [int(row[1]) for row in rows]
    assert addresses == sorted(set(addresses)) and addresses[0] == 40000
