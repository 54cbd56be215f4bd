"""The same life for every device: its profile's driver and the real guard on one side, its simulated device on the other."""
