"""Block N of OCPP 2.0.1: monitors of variables."""
