"""Block L of OCPP 2.0.1, use cases L03 and L04: one firmware file for other charging stations on the local network."""
