"""OCPP 2.0.1: message tables and the list of actions."""
