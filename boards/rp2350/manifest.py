"""Freeze manifest: the port's own modules, then the firmware. Leave rooms out by options: see ../rooms.py."""

include("$(PORT_DIR)/boards/manifest.py")  # noqa: F821
include("../rooms.py", role="both", ocpp=True, commission=True, pilot=True)  # noqa: F821
