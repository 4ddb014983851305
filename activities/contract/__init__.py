"""What workflows call: inputs, results and signatures of every activity.

A workflow imports these modules and nothing else of ours beside `domain`, so that neither
Google's libraries nor the store are loaded into its sandbox. History carries references:
no field here may hold a secret (`Secret` has no JSON form, so one would fail the call).
Fields are added with defaults only: recorded histories must still decode.

Each docstring answers: what happens on retry? Errors are `ApplicationError`s whose type
is one of `Kind`; `activities/failures.py` makes them of `domain.errors`.
"""
