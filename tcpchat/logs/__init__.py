"""Ways of keeping: each module here is one implementation of `interface.Log`."""
