"""Block O of OCPP 2.0.1: messages of the CSMS for the displays, and what a display shows."""
