"""The queue: demand, slots, departure, idle vehicles, and inhibits that keep an EVSE at 0 A for a time (section 6)."""
