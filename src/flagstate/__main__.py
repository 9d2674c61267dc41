"""`python -m flagstate`."""

from flagstate.cli.app import main

main()
