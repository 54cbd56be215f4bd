"""What the CSMS asks for from afar: start, stop, trigger, unlock."""
