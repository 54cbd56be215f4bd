"""`ampacity console`, and the link to a controller's console that other commands use too."""
