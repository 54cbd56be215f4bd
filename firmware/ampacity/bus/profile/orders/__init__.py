"""A limit to writes: the recipe, the order on its way, how often a device may be written."""
