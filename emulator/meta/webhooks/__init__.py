"""Webhooks: what an app is told of the Pages that it is subscribed to.

`records` is what is remembered, `changes` what there is to tell; `subscriptions` are the
addresses of the Graph API, and `notifier` makes the calls.
"""
