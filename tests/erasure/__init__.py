"""A customer is erased: nothing anywhere tells who it was, and everything that counts is counted as before.

`furnished` (conftest.py) writes name, address and phone into every free text of every table that leads to a customer.
A table or a text that it does not know fails here, until it is erased with the others, or stands in `KEPT` (tables.py)
with a reason.
"""
