"""The steps of the lifecycles: everything that touches the outside world.

`contract` says what a workflow may call and loads nothing heavy; the other packages do it.
"""
