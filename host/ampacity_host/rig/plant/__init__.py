"""The truth of the bench: cars, power paths, circuits, meters. Nothing here knows what a controller believes."""
