"""Who charges first and who waits: demand, slots, departure, idle vehicles, and what keeps an EVSE at 0 for a time (section 6)."""
