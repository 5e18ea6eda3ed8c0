"""API v1 for tills."""
