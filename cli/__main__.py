"""`python -m cli`: the `castline` command without its script."""

from cli.main import main

main()
