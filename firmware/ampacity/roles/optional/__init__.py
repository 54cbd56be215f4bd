"""Parts of a primary that only some sites ask for, each loaded when the site file does."""
