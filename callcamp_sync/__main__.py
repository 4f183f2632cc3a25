"""`python -m callcamp_sync`."""

from callcamp_sync.cli import main

main()
