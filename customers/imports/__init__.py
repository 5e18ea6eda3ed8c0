"""Customers from files: read (any encoding, any separator), map columns, check each row, load in sets."""
