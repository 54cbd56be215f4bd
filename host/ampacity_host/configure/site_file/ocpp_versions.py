"""The OCPP versions that this firmware speaks, for the site file, the rig and its clients."""

SPOKEN = ("2.0.1",)  # as a site file writes them, oldest first; ampacity.ocpp has a folder for each


def refusal(version: str) -> tuple[str, str] | None:
    """(what is wrong, what would be right) of a version; None where it is spoken."""
    return None if version in SPOKEN else (f"OCPP {version} is not supported by this firmware", f"use {' or '.join(SPOKEN)}")
