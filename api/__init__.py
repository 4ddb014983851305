"""HTTP in: parse, authorise, call, shape the answer.

Two surfaces over the same lifecycles, `/api/v1` and `/api/youtube`. An endpoint holds no
SQL and no decision of its own: rows are written through the store's queries, and what
happens to a ticket or an assignment is decided by its workflow.
"""
