"""The description of the installation for a primary: the compiled site, checked again before anything runs."""
