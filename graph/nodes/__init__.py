"""The nodes of the graph, one module each: `make_<node>(dependencies)` returns the node."""
