"""`ampacity configure`: the configuration of a controller, sent, fetched, compared, saved and restored."""
