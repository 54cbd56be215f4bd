"""A virtual RS-485 multidrop line: one model, under a real or a virtual clock."""
