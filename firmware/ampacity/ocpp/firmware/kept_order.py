"""The document of the update that the CSMS ordered last: what a controller looks at without loading the rest.

Loaded at the start of a controller with two slots; order.py with the first order.
"""

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.messages import Message

DOC = "ocpp_firmware"
INSTALLED = "Installed"
ENDS = (INSTALLED, "DownloadFailed", "InvalidSignature", "InstallationFailed", "InstallVerificationFailed")


def kept_order(documents: "Any") -> "Message | None":
    """The document of the order; None: there is none."""
    kept: "Message | None" = documents.get(DOC)
    return kept


def is_open(kept: "Message | None") -> bool:
    """Is something to do for this order?"""
    return kept is not None and (kept["status"] not in ENDS or bool(kept["unsent"]))


def shown(kept: "Message | None") -> "Message":
    """The FirmwareStatusNotification that a TriggerMessage asks for: the last status, Idle after Installed (L01.FR.25, L01.FR.26)."""
    if kept is None or kept["status"] in ("", INSTALLED):
        return {"status": "Idle"}
    return {"status": kept["status"], "requestId": kept["id"]}
