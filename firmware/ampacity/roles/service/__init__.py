"""What people use: the consoles' targets and help, status, scan, replacement, commissioning; and faults that a bench injects."""
