"""Findings of the schema in a profile, as sentences in terms of TOML: the field, its value, the allowed values."""

import json
from collections.abc import Iterable
from typing import Any

import jsonschema

SHOWN_MAX = 80
KINDS = {"object": "a table", "array": "a list", "string": "a text", "integer": "an integer", "number": "a number", "boolean": "true or false"}
PATTERNS = {
    "^[a-z0-9][a-z0-9-]*$": "a text of a-z, 0-9 and -",
    "^1/[1-9][0-9]{0,8}$": 'a text such as "1/167"',
    "^[A-Za-z][A-Za-z0-9_.-]*$": 'a text such as "PE9": the name of a pin or line',
    "^[A-Za-z_]*[0-9]+(-[0-9]+)?$": 'a text such as "26-32", "PA0-15" or "PB7"',
    "^[0-9]+\\.[0-9]+$": 'a text such as "1.25"',
    "^/dev/[^ ]+$": 'a text such as "/dev/ttyAMA2"',
    "^[A-F][012]?$": 'a text such as "A", "B1" or "C2": a state, and the digit that IEC 61851-1 gives it',
}


def toml(value: Any) -> str:
    """A value as a file would write it, cut where it is long."""
    text = whole(value)
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"


def whole(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ", ".join([whole(item) for item in value]) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join([f"{key} = {whole(item)}" for key, item in value.items()]) + " }" if value else "{}"
    return str(value).lower().replace("infinity", "inf")


class Words:
    """Sentences for what one schema finds."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema

    def of(self, error: jsonschema.ValidationError) -> list[str]:
        """One for each thing that this error is about."""
        tell = getattr(self, "_" + str(error.validator), None)
        found = tell(error) if tell else [("", f"{toml(error.instance)} is not allowed; use {self.allowed(error.schema)}")]
        return [f"{'.'.join([str(part) for part in (*error.absolute_path, key) if part != '']) or 'profile'}: {text}" for key, text in found]

    def _required(self, error: jsonschema.ValidationError) -> list[tuple[str, str]]:
        name = missing(error)
        return [(name, f"is missing; write {self.allowed(error.schema.get('properties', {}).get(name, {}))}")]

    def _dependentRequired(self, error: jsonschema.ValidationError) -> list[tuple[str, str]]:
        there = error.instance
        absent = [(name, key) for key, names in error.validator_value.items() if key in there for name in names if name not in there]
        return [(name, f"is missing, and {key} needs it; write {self.allowed(error.schema['properties'][name])}") for name, key in absent]

    def _additionalProperties(self, error: jsonschema.ValidationError) -> list[tuple[str, str]]:
        known = list(error.schema.get("properties", {}))
        return [(name, f"is not known here; {meant(name, known)}") for name in unknown(error)]

    def _oneOf(self, error: jsonschema.ValidationError) -> list[tuple[str, str]]:
        if not isinstance(error.instance, dict):
            return []  # already reported as not a table
        names = [name for each in error.validator_value for name in each["required"]]
        return [("", f"it has {'both' if all(name in error.instance for name in names) else 'none'} of {' and '.join(names)}; write one of them")]

    def _minProperties(self, error: jsonschema.ValidationError) -> list[tuple[str, str]]:
        return [("", "it is empty; write at least one field, or leave the table out")]

    def _uniqueItems(self, error: jsonschema.ValidationError) -> list[tuple[str, str]]:
        return [("", f"{toml(error.instance)} names a value twice; write each once")]

    def allowed(self, schema: dict[str, Any]) -> str:
        """The allowed values."""
        if "$ref" in schema:
            return self.allowed(self._schema["$defs"][schema["$ref"].rpartition("/")[2]])
        if "const" in schema:
            return toml(schema["const"])
        if "enum" in schema:
            return "one of " + ", ".join([toml(each) for each in schema["enum"]])
        if "anyOf" in schema:
            return " or ".join([self.allowed(each) for each in schema["anyOf"]])
        kinds = schema.get("type", [])
        return " or ".join([self._kind(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds)]) or "a value"

    def _kind(self, kind: str, schema: dict[str, Any]) -> str:
        if kind == "string" and "pattern" in schema:
            return PATTERNS.get(schema["pattern"], KINDS[kind])
        if kind == "array":
            return self._list(schema)
        if kind == "object" and schema.get("required"):
            return "a table with " + ", ".join(schema["required"])
        return KINDS[kind] + limits(schema) + length(schema)

    def _list(self, schema: dict[str, Any]) -> str:
        low, high = schema.get("minItems", 0), schema.get("maxItems")
        count = f" of {high}" if high == low and high else " of at least one" if low else ""
        return f"a list{count}, each {self.allowed(schema['items'])}" if "items" in schema else "a list" + count


def limits(schema: dict[str, Any]) -> str:
    """The range of a number, as far as there is one."""
    low, above, high = schema.get("minimum"), schema.get("exclusiveMinimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    parts = [f"above {above}"] if above is not None else [f"of at least {low}"] if low is not None else []
    return " " + ", ".join(parts + ([f"at most {high}"] if high is not None else [])) if parts else ""


def length(schema: dict[str, Any]) -> str:
    """The length of a text, as far as there is a limit."""
    low, high = schema.get("minLength"), schema.get("maxLength")
    if low is None and high is None:
        return ""
    return f" of {low or 0} to {high} characters" if high is not None else f" of at least {low} character{'s' if low > 1 else ''}"


def missing(error: jsonschema.ValidationError) -> str:
    """The field that a `required` asks for; there is one error for each."""
    return next(name for name in error.validator_value if error.message.startswith(repr(name) + " "))


def unknown(error: jsonschema.ValidationError) -> list[str]:
    """The fields that the format does not know."""
    return [name for name in error.instance if name not in error.schema.get("properties", {})]


def close(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant."""
    from ampacity_host.configure.site_file.toml_text import near  # that room begins with the profiles

    return near(name, known)


def meant(name: str, known: list[str]) -> str:
    other = close(name, known)
    return f"did you mean {other}?" if other else "known are " + ", ".join(known)
