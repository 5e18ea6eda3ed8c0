"""Reads shaped for pages: the queue, the case, what looks like the same matter."""
