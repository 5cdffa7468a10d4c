"""The command line: parse, call the public API, print, exit code. Nothing else in the package prints."""
