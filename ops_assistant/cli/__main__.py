"""`python -m ops_assistant.cli` is `ops-assistant`."""

from .app import main

main()
