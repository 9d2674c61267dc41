"""`python -m flagstate.cli`."""

from flagstate.cli.app import main

main()
