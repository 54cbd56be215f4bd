"""Is a message what the schemas of its OCPP version say? The `ocpp` library's schemas answer.

Checking a schema takes ten times longer than all the rest, so a long simulation may check only every n-th message of a
kind (the first of each kind always).
"""

CODES = {
    "type": "TypeConstraintViolation",
    "maxLength": "TypeConstraintViolation",
    "additionalProperties": "FormatViolation",
    "required": "OccurrenceConstraintViolation",
    "maxItems": "OccurrenceConstraintViolation",
    "minItems": "OccurrenceConstraintViolation",
    "enum": "PropertyConstraintViolation",
}
CALL, RESULT = 2, 3


class SchemaChecker:
    """version: "2.0.1", …; every: check each n-th message of a kind, 0 none."""

    def __init__(self, version, every=1):
        self._version = version
        self._every = every
        self._seen = {}
        self._validators = {}

    def fault(self, kind, action, payload):
        """None, or (error code, what is wrong). kind: CALL or RESULT. An unknown action is NotImplemented."""
        key = (kind, action)
        if key not in self._validators:
            self._validators[key] = self._validator(kind, action)
        validator = self._validators[key]
        if validator is None:
            return "NotImplemented", f"{action} is no message of OCPP {self._version}"
        seen = self._seen[key] = self._seen.get(key, -1) + 1
        if not self._every or seen % self._every:
            return None
        error = next(validator.iter_errors(payload), None)
        if error is None:
            return None
        where = ".".join(str(part) for part in error.absolute_path)
        return CODES.get(error.validator, "FormatViolation"), f"{where or 'payload'}: {error.message[:300]}"

    def _validator(self, kind, action):
        from ocpp.messages import get_validator

        try:
            return get_validator(kind, action, self._version)
        except OSError:
            return None
