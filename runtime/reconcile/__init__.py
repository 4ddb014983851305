"""The rows of the database are compared with the workflows of Temporal, in both directions.

    running.py       the workflows that run
    rows.py          which of them work for a row
    orphans.py       the others are recorded and end
    restored.py      after a restore: everything that Temporal still knows of the gap, once
    gap.py           how one run of before it is read
    assignments.py   assignments without one get another
    rebuilding.py    how one of them does
    tickets.py       tickets without one
    reauths.py       connections that wait for a person without one
    wakes.py         what was to be told and may have been lost
    pace.py          several at a time, at a bounded rate
    sweeping.py      all of it, once

The database is the truth: a row without a workflow gets one, and a workflow without a row ends.
One worker at a time does this, and starts nothing in Temporal when all is well.
"""
