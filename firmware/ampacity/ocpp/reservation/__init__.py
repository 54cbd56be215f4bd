"""Block H of OCPP 2.0.1: reservations of an EVSE, of a type of connector, or of any EVSE."""
