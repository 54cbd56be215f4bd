"""What readings prove: conditions of a profile, settings read back, restarts that were missed."""
