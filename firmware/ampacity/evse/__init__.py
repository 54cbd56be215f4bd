"""One charging point: the pilot machine, contactor and faults, its energy and its sessions."""
