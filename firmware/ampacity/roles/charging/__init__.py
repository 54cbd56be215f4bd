"""Who may charge: the EVSEs' sessions, tokens that wait for their EVSE, and the CSMS upstream."""
