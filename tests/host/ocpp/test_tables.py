"""The generated message tables are what the schemas say."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft6Validator

import ocpp
from ampacity.ocpp.errors import CallError
from ampacity.ocpp.v201 import actions, tables
from tools.ocpp_tables import OUTGOING, TARGET, UNREAD, incoming, render

SCHEMAS = Path(ocpp.__file__).parent / "v201" / "schemas"
ALL = 10**6  # values


def test_the_committed_tables_are_the_generated_ones():
    assert TARGET.read_text("utf-8") == render()


def test_the_tables_hold_the_requests_that_have_a_handler():
    assert incoming('HANDLERS = (\n    ("Reset", "a"),\n    ("ClearCache", "c"),\n)\n') == ["ClearCache", "Reset"]
    with pytest.raises(LookupError):
        incoming("OTHERS = ()\n")


def test_every_request_that_is_checked_is_handled_and_the_reverse():
    names = [row[0] for row in actions.HANDLERS]
    assert names == sorted(names) and len(names) == len(tables.REQUESTS)
    for name, _ in actions.HANDLERS:
        assert callable(actions.handler(name))


def sample(part, definitions, depth=0):
    """A valid value of a schema, with all optional fields as long as it is not too deep."""
    if "$ref" in part:
        part = definitions[part["$ref"].rsplit("/", 1)[1]]
    if "enum" in part:
        return part["enum"][0]
    kind = part.get("type")
    if kind == "array":
        return [sample(part["items"], definitions, depth + 1)] * part.get("minItems", 1)
    if kind == "object" or "properties" in part:
        return {k: sample(p, definitions, depth + 1) for k, p in part.get("properties", {}).items()}
    if part.get("format") == "date-time":
        return "2026-11-20T12:00:00Z"
    return {"string": "x", "integer": 1, "number": 1.5, "boolean": True}.get(kind, {"any": 1})


def spoilt(value, path=()):
    """(what, document) pairs: the value with one thing wrong at one place."""
    if isinstance(value, dict):
        for key in value:
            yield "missing " + key, {k: v for k, v in value.items() if k != key}
            for what, inner in spoilt(value[key]):
                yield what, {**value, key: inner}
        yield "more", {**value, "surelyNoField": 1}
        yield "no object", "text"
    elif isinstance(value, list):
        yield "empty list", []
        yield "no list", {}
        if value:
            for what, inner in spoilt(value[0]):
                yield what, [inner] + value[1:]
    else:
        for other in ("x" * 3000, "", 5, 1.5, True, None, [], {}):
            yield "instead %r" % (other if other != "x" * 3000 else "long"), other


def lenient(part):
    """A schema as a response is read: fields and words that it does not know are permitted, and what the station does not use."""
    if isinstance(part, list):
        return [lenient(each) for each in part]
    if not isinstance(part, dict):
        return part
    out = {key: lenient(each) for key, each in part.items() if key not in ("additionalProperties", *UNREAD)}
    return {"type": "string", "maxLength": 50} if "enum" in part else out


def test_the_tables_name_all_requests_of_OCPP():
    known = {p.name[: -len("Request.json")] for p in SCHEMAS.glob("*Request.json")}
    assert known == {name for name, _ in actions.HANDLERS} | set(tables.UNHANDLED.split())
    assert set(OUTGOING) <= set(tables.UNHANDLED.split()) and len(tables.RESPONSES) == len(tables.UNHANDLED.split())


@pytest.mark.parametrize("name", [row[0] for row in actions.HANDLERS] + [name + "Response" for name in OUTGOING])
def test_the_checker_and_jsonschema_agree_on_good_and_spoilt_payloads(name):
    response = name.endswith("Response")
    schema = json.loads((SCHEMAS / (name + ("" if response else "Request") + ".json")).read_text("utf-8-sig"))
    if response:
        schema = lenient(schema)
    validator = Draft6Validator(schema)
    good = sample(schema, schema.get("definitions", {}))
    count = 0
    for what, document in [("good", good), *spoilt(good)]:
        if response and not isinstance(document, dict):
            continue  # ocpp/rpc.py refuses it
        ours = True
        try:
            if response:
                assert actions.response_check(name[:-8], document).advance(ALL)
            else:
                assert actions.request_check(name, document).advance(ALL)
        except CallError as e:
            ours = e.text
        theirs = validator.is_valid(document)
        if theirs and ours is not True and "time:" in ours:
            continue  # jsonschema does not look into date-time
        assert (ours is True) == theirs, (what, ours, json.dumps(document)[:300])
        count += 1
    assert count > 1 or not good
