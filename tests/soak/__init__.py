"""A real server under attack while people just talk: `make soak`. What it costs them, and what is left."""
