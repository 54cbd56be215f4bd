"""The check of a board's modules against the types of MicroPython's ports: what it reports of what mypy says."""

from tools.micropython import port_types
from tools.micropython.port_types import BOOT, FIRMWARE, KNOWN, PORTS


def told(monkeypatch, *more):
    """The findings where each known difference occurs on one port, and these rows on all."""
    rows = [(FIRMWARE / name, 7, text + " [more words]") for name, text in KNOWN]
    monkeypatch.setattr(port_types, "said", lambda port, modules: (rows if port == PORTS[0] else []) + list(more))
    return port_types.findings()


def test_what_is_known_is_no_finding_and_all_else_is_one_for_each_port(monkeypatch):
    assert told(monkeypatch) == []
    row = (FIRMWARE / "chips.py", 9, 'Module has no attribute "Pinn"')
    assert told(monkeypatch, row) == [f"firmware/ampacity/ports/chips.py:9: {row[2]} [types of {port}]" for port in PORTS]
    elsewhere = (FIRMWARE / "board.py", 9, list(KNOWN)[0][1])
    assert len(told(monkeypatch, elsewhere)) == len(PORTS)


def test_a_known_difference_that_is_gone_is_a_finding(monkeypatch):
    monkeypatch.setattr(port_types, "said", lambda port, modules: [])
    assert len(port_types.findings()) == len(KNOWN) and "no port says this" in port_types.findings()[0]


def test_the_boot_stage_and_all_ports_of_a_board_are_looked_at():
    looked = {path.name for path in port_types.modules()}
    assert {"board.py", "chips.py", "duty_pin.py", "mp_io.py", "mp_tls.py", "pilot_sampler.py", "rs485_pin.py", "watchdog.py", BOOT.name} <= looked
    assert not {"linux.py", "unix.py", "interfaces.py"} & looked


def test_an_error_of_mypy_is_read():
    row = port_types.ERROR.fullmatch('firmware/ampacity/ports/chips.py:46: error: Argument 3 to "Pin" has type: "x"')
    assert (row["path"], row["line"], row["text"]) == ("firmware/ampacity/ports/chips.py", "46", 'Argument 3 to "Pin" has type: "x"')
