"""What may be wrong without danger: who gets how much, in which order, and when. It asks for orders; the trusted part says no."""
