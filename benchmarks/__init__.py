"""The loads and the peers: what the server costs, beside what others cost. See `__main__`."""
