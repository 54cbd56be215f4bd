"""Block L of OCPP 2.0.1: the update that the CSMS ordered."""
