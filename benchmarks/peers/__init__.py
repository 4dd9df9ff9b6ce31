"""The other servers: programs to compare with, and the configurations of those from Debian."""
