"""Lets ``twistd tcpchat`` be found. There is no __init__.py here, nor above: see PEP 420."""

from twisted.application.service import ServiceMaker

tcpchat = ServiceMaker(
    "tcpchat", "tcpchat.tap", "A group chat server that anybody can join with telnet or nc.", "tcpchat"
)
