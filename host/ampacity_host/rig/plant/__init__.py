"""The truth of the bench: cars, power paths, circuits, meters. No part of it knows the controller's state."""
