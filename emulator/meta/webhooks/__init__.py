"""Webhooks for Pages.

`records` is the state, `subscriptions` the endpoints of the Graph API, `changes` the payloads,
`notifier` the delivery.
"""
