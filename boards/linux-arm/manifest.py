"""Freeze manifest of an image for MicroPython's unix port; CPython takes the installed package and no image."""

include("$(PORT_DIR)/variants/manifest.py")  # noqa: F821
include("../rooms.py", role="both", ocpp=True, commission=True, pilot=False, port="unix")  # noqa: F821
