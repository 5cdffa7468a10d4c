"""The state machine: state, nodes, routing, approval, execution, checkpoints.

Imports `agents` and `tools`; nothing of `ops_assistant`.
"""
