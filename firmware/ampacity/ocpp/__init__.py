"""The station upstream: one OCPP charging station whose EVSEs are all EVSEs of the site. Pure: text and facts in, text and actions out."""
