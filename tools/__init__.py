"""What the assistant reads and does: log sources, digest, metrics, knowledge base, typed actions.

The lowest layer: it imports nothing of `agents`, `graph` or `ops_assistant`.
"""
