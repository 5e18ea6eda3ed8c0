"""Reads shaped for the pages of the cancellation desk."""
