"""Device profiles on the host: read, checked, compiled small for the controller, and the facts that a site needs of them."""

from ampacity_host.profiles.compiler import compile_profile
from ampacity_host.profiles.facts import evse_facts, in_watts, meter_facts
from ampacity_host.profiles.loader import PROFILES, blocked, exists, load, names, validate

compile = compile_profile

__all__ = ["PROFILES", "blocked", "compile", "compile_profile", "evse_facts", "exists", "in_watts", "load", "meter_facts", "names", "validate"]
