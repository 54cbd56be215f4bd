"""Compiles the JSON schemas of OCPP into the compact tables that the firmware checks incoming payloads with.

    python -m tools.ocpp_tables            writes firmware/ampacity/ocpp/v201/tables.py
    python -m tools.ocpp_tables --check    exit 1 if that file is not what would be written

The schemas come with the PyPI package `ocpp` (ocpp/v201/schemas). Only messages that the station receives are kept: requests
that it handles (REQUESTS: their types in the order of HANDLERS in ocpp/v201/actions.py) and responses to requests that it sends (OUTGOING).
UNHANDLED are the requests that OCPP has besides; RESPONSES are the types of the responses to them, 0: without a field, or never sent.

One object type is one string, its fields separated by blanks: name, then `!` (required) or `?`, then the kind: `i` integer,
`n` number, `b` boolean, `a` anything, `d` date-time, `sN` string of at most N characters (0: any length), `eN` a word of
ENUMS[N], `oN` an object of TYPES[N]; then, for a list, `*least-most` (most 0: no bound). `customData`, which every object may
have, is not listed: the checker handles it.
"""

import ast
import json
import sys
import textwrap
from pathlib import Path

import ocpp
from tools.generated import write

OUTGOING = (
    "Authorize BootNotification ClearedChargingLimit FirmwareStatusNotification Get15118EVCertificate GetCertificateStatus Heartbeat "
    "LogStatusNotification MeterValues NotifyChargingLimit NotifyCustomerInformation NotifyDisplayMessages NotifyEVChargingNeeds "
    "NotifyEVChargingSchedule NotifyEvent NotifyMonitoringReport NotifyReport PublishFirmwareStatusNotification ReportChargingProfiles "
    "ReservationStatusUpdate SecurityEventNotification SignCertificate StatusNotification TransactionEvent"
).split()
UNREAD = ("chargingPriority", "customData", "statusInfo")  # fields of responses that the station does not use: left out, so it ignores them
SCHEMAS = Path(ocpp.__file__).parent / "v201" / "schemas"
TARGET = Path(__file__).parents[1] / "firmware" / "ampacity" / "ocpp" / "v201" / "tables.py"
ACTIONS = TARGET.with_name("actions.py")


class Tables:
    """Collects types and enumerations; equal ones are stored once."""

    def __init__(self):
        self.types = []
        self.enums = []

    def number(self, kept, text):
        if text not in kept:
            kept.append(text)
        return kept.index(text)

    def message(self, name, unread=("customData",)):
        schema = json.loads((SCHEMAS / (name + ".json")).read_text("utf-8-sig"))
        return self.object(schema, schema.get("definitions", {}), unread)

    def object(self, schema, definitions, unread=("customData",)):
        required = schema.get("required", [])
        fields = [
            name + ("!" if name in required else "?") + self.kind(part, definitions)
            for name, part in sorted(schema.get("properties", {}).items())
            if name not in unread
        ]
        return self.number(self.types, " ".join(fields))

    def kind(self, part, definitions):
        if "$ref" in part:
            part = definitions[part["$ref"].rsplit("/", 1)[1]]
        if part.get("type") == "array":
            return "%s*%d-%d" % (self.kind(part["items"], definitions), part.get("minItems", 0), part.get("maxItems", 0))
        if "enum" in part:
            return "e%d" % self.number(self.enums, " ".join(part["enum"]))
        if part.get("type") == "string":
            return "d" if part.get("format") == "date-time" else "s%d" % part.get("maxLength", 0)
        if part.get("type") == "object":
            return "o%d" % self.object(part, definitions)
        return {"integer": "i", "number": "n", "boolean": "b"}.get(part.get("type"), "a")


def incoming(source):
    """The actions in HANDLERS, sorted. Read, not imported: that module needs the file that is written here."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "HANDLERS":
            return sorted(row[0] for row in ast.literal_eval(node.value))
    raise LookupError(f"{ACTIONS}: no HANDLERS")


def literal(text, indent):
    """A string constant, over several lines where it is long."""
    rows = textwrap.wrap(text, 110, drop_whitespace=False, break_on_hyphens=False) or [""]
    if len(rows) == 1:
        return '"%s"' % text
    return "(" + "".join('\n%s    "%s"' % (indent, row) for row in rows) + "\n%s)" % indent


def render():
    """The text of the firmware's table module."""
    tables = Tables()
    handled = incoming(ACTIONS.read_text())
    requests = [tables.message(name + "Request") for name in handled]
    unhandled = sorted({p.name[: -len("Request.json")] for p in SCHEMAS.glob("*Request.json")} - set(handled))
    responses = [tables.message(name + "Response", UNREAD) if name in OUTGOING else 0 for name in unhandled]
    responses = [number if tables.types[number] else 0 for number in responses]  # the first type is one of a request
    lines = ["# generated by tools/ocpp_tables.py", '"""What OCPP 2.0.1 messages may hold; tools/ocpp_tables.py explains the notation."""', ""]
    for title, rows in (("ENUMS", tables.enums), ("TYPES", tables.types)):
        lines += [title + " = ("] + ["    %s," % literal(row, "    ") for row in rows] + [")"]
    for title, numbers in (("REQUESTS", requests), ("RESPONSES", responses)):  # a byte each
        rows = textwrap.wrap("".join("\\x%02x" % number for number in numbers), 112)
        lines += [title + " = ("] + ['    b"%s"' % row for row in rows] + [")"]
    lines += ["UNHANDLED = " + literal(" ".join(unhandled), ""), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(write(TARGET, render(), sys.argv[1:]))
