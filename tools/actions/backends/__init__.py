"""Backends: the ways to act on services."""
