"""Requests of the control channel: reads fields of a JSON object and reports which one is wrong."""

import math

SHOWN_MAX = 200


class FieldError(Exception):
    """A refused request: `field`, its value, and the allowed values. Nothing was changed."""

    def __init__(self, field, value, allowed):
        if value is None:
            super().__init__("%s: it is missing; use %s" % (field, allowed))
            self.field = field
            return
        shown = repr(value)
        shown = shown if len(shown) <= SHOWN_MAX else shown[:SHOWN_MAX] + "…"
        super().__init__("%s: %s is not allowed; use %s" % (field, shown, allowed))
        self.field = field


class FieldRefused(FieldError):
    """A field that the controller refused, with its reason. Nothing was changed."""

    def __init__(self, field, reason):
        Exception.__init__(self, "%s: %s" % (field, reason))
        self.field = field


class Unsupported(Exception):
    """Not available on this rig."""


class Fields:
    """The fields of one request; each getter raises FieldError with what is allowed."""

    def __init__(self, request):
        self.request = request

    def has(self, name):
        return self.request.get(name) is not None

    def number(self, name, default=None, least=0, most=1e12):
        value = self.request.get(name)
        if value is None:
            return self._default(name, default, "a number")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise FieldError(name, value, "a number")
        if not least <= value <= most:
            raise FieldError(name, value, "%s..%s" % (least, most))
        return value

    def integer(self, name, default=None, least=0, most=10**12):
        return int(self.number(name, default, least, most))

    def da(self, name, default=None, least=0):
        """Amperes of the request as whole deci-amperes (rounded to the nearest)."""
        return math.floor(self.number(name, default, least) * 10 + 0.5)

    def text(self, name, default=None, choices=None):
        value = self.request.get(name)
        if value is None:
            return self._default(name, default, "one of " + ", ".join(choices) if choices else "a text")
        if not isinstance(value, str):
            raise FieldError(name, value, "a text")
        if choices is not None and value not in choices:
            raise FieldError(name, value, "one of " + ", ".join(choices))
        return value

    def flag(self, name, default=None):
        value = self.request.get(name)
        if value is None:
            return self._default(name, default, "true or false")
        if not isinstance(value, bool):
            raise FieldError(name, value, "true or false")
        return value

    def mapping(self, name, default=None):
        value = self.request.get(name)
        if value is None:
            return self._default(name, default, "an object")
        if not isinstance(value, dict):
            raise FieldError(name, value, "an object")
        return value

    def one_of(self, name, table, what):
        """table[request[name]]; the error lists the known names."""
        value = self.request.get(name)
        if not isinstance(value, str) or value not in table:
            raise FieldError(name, value, "%s: %s" % (what, ", ".join(sorted(table)) or "none on this site"))
        return table[value]

    def _default(self, name, default, allowed):
        if default is None:
            raise FieldError(name, None, allowed)
        return default
