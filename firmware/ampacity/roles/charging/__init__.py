"""The EVSEs of the site with their sessions, and the CSMS upstream, which decides who may charge where it manages the site."""
