"""The lifecycles, written as they happen.

    ticket.py       one consent, five minutes, once
    assignment.py   one video to one connection, once
    reauth.py       one connection that needs a person, until somebody came
    care.py         every connection, looked after before anybody notices
    delivery.py     what happened to one thing, told to one endpoint in order

A workflow decides and waits; everything it does is an activity of `activities/contract/`.
Nothing is imported here: each run loads its package anew into its sandbox.
"""
