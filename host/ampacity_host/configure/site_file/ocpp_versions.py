"""The OCPP versions that this firmware speaks: a version is spoken when its face is there."""

from importlib.util import find_spec

FACES = (("1.6", "v16"), ("2.0.1", "v201"), ("2.1", "v21"))


def spoken() -> list[str]:
    """Versions as a site file writes them, oldest first."""
    return [version for version, face in FACES if find_spec("ampacity.ocpp." + face) is not None]
