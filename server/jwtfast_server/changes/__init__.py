"""Changed files: whether one is whole, and whether what it says may be served."""
