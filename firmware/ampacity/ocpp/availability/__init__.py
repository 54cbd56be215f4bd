"""What each connector shows, and what the CSMS made inoperative."""
