"""What a primary is told of the installation: the compiled site, checked again before anything runs."""
