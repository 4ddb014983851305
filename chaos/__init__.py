"""The kill test: what Castline promises, while everything under it is killed at random.

A tool like the bench: it uses the product from outside and nothing imports it.
"""
