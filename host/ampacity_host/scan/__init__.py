"""`ampacity scan` and `ampacity replace`: the firmware's own cores on a laptop, or over a controller's console."""
