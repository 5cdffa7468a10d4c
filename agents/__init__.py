"""The three agents: log analyst, diagnostician, recommender; each with both engines.

Imports `tools` only.
"""
