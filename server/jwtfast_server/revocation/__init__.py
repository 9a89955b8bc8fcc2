"""Tokens that pass no more: kept by each worker as the file and Redis say, off the requests."""
