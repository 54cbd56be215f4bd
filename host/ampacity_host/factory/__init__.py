"""The factory step: a controller makes its key, gets serial number and certificate, is tested, and has a label."""
