"""What runs every 100 ms and at each frame: safety loop, buses, outputs for contactors and alarm, voltage, the link to a parent."""
