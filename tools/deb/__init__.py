"""The Debian package of the controller: `build` makes it, `try_out` installs and runs it in a clean Debian."""
