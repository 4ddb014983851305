"""What both surfaces do alike: open a ticket, run its consent, register, assign.

Services write rows through the store's queries and call lifecycles. A row is committed
before its workflow is started, and a workflow that could not be started is not an error
of the request: Reconcile starts it.
"""
