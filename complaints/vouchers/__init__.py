"""Vouchers: their codes, what may be done with them, and every page, report and endpoint about them."""
