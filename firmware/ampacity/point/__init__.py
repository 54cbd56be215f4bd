"""The own charging point between its pins and ports/evse_hardware.py: pure, integers, no clock."""
