"""Devices of any make behind their profile: drivers of EVSEs and meters. The profile is data (`profiles/`)."""
