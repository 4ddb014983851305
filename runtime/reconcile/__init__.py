"""The rows of the database are compared with the workflows of Temporal, in both directions.

    running.py       the workflows that run
    rebuilding.py    another run for an assignment whose workflow is gone
    assignments.py   which assignments have none
    gap.py           what a restored database lacks and Temporal still knows
    restored.py      which assignments that concerns
    orphans.py       which workflows have no row
    people.py        tickets and re-authorizations
    wakes.py         what was to be told and may have been lost
    sweeping.py      all of it, once

The database is the truth: a row without a workflow gets one, and a workflow without a row ends.
One worker at a time does this, and starts nothing in Temporal when all is well.
"""
