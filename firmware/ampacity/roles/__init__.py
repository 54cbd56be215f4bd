"""What a controller is: `boot` starts one of two roles, `primary` or `secondary`; the rooms below wire their parts. Wiring only."""
