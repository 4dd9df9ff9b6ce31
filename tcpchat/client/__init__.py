"""The other program: a client for people at a terminal and for scripts, which loses nothing."""
