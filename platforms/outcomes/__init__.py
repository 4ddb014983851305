"""What a call may come to, as tables: what is said in the adapters is written down here once.

Nothing in this package makes a call or decides anything while Castline runs. The tables state
what the machines and activities have to do; the tests play every row of them over HTTP, and
`docs/outcomes.md` is printed from them (`python -m platforms.outcomes`).
"""
