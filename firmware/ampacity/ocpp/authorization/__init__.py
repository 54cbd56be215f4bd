"""Who may charge: cache, local list, the question to the CSMS, the rules while offline."""
