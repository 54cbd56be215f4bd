"""Block N of OCPP 2.0.1: logs that are uploaded, and what is kept about a customer."""
