"""The HTTP comparison: jwtfast beside its ceiling, its limit and its peers, in one run."""
