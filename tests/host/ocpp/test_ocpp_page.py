"""docs/interfaces/ocpp.md explains every action that the station handles and every reason for which it refuses a profile."""

import re
from pathlib import Path

from ampacity.ocpp.v201.actions import HANDLERS
from tools.ocpp_doc import REASONS, render

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "interfaces" / "ocpp.md").read_text(encoding="utf-8")
SMART_CHARGING = ROOT / "firmware" / "ampacity" / "ocpp" / "smart_charging"
OTHERS = {"CSO", "InvalidValue"}  # a source of limits; a reason of GetCompositeSchedule


def reasons():
    """Reason codes in the sources of the charging profiles."""
    found = set()
    for name in ("acceptance", "handlers", "profile_store"):
        text = (SMART_CHARGING / f"{name}.py").read_text(encoding="utf-8")
        found |= set(re.findall(r'return "([A-Z]\w+)"', text)) | set(re.findall(r'refusal\("(\w+)"', text))
        found |= set(re.findall(r'return "([A-Z]\w+)" if', text))
    return found


def test_every_reason_to_refuse_a_profile_is_explained():
    assert reasons() - OTHERS == set(REASONS)
    assert render() == PAGE


def test_every_action_that_the_station_handles_is_listed():
    assert {action for action, _ in HANDLERS} <= set(re.findall(r"^\| (\w+) \| ", PAGE, re.M))
