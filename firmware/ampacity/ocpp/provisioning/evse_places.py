"""Where the EVSEs were that had the numbers at the last start."""

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Kept


def keep_numbers(station: "StationFace", kept: "Kept", places: "list[list[str]] | None") -> None:
    """What is kept by EVSE number belongs to the devices at these places ([address, name] of each EVSE): provisioning/evse_numbers.py. kept: the
    queue at the start."""
    documents = station.documents
    if places is not None and (documents.get("ocpp_moved") is not None or (documents.get("ocpp_evses") or {}).get("here") != places):
        from ampacity.ocpp.provisioning.evse_numbers import renumber

        renumber(station, kept, places)
