"""Whether the parts of an installation work.

The same checks serve `/readyz` of the API, `/readyz` of a worker and `castline doctor`. A check
returns a finding: a state, a fact, and what to do.
"""
