"""Reads shaped for a page, a report or a job; each says how many queries it takes."""
