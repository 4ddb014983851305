"""The methods of the API, one file per resource, and how a resource is written.

Handlers take a `Call`, ask `Service.access` who calls, charge the quota, and answer;
whatever is refused is raised as `GoogleError`.
"""
