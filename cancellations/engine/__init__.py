"""The suggestion engine: pure functions of numbers, without a database, so that the desk, the simulated desk and a
replay run the very same code.

values → what a customer is worth and an incentive costs · conditions → marketing's rules · guards → the company's
limits · beliefs → what was learned · ranking → what an offer gains over none · choice → who leads, with which
propensity · lookup → a model's estimates by the desk's keys.
"""
