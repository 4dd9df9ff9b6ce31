"""tcpchat: a group chat server that anybody can join with telnet or nc."""

__version__ = "0.1.0"
