"""Receipts from files: read by a mapping, recorded in chunks by the same rules as at the till."""
