"""The exit statuses of the server, numbered as in sysexits.h."""

USAGE = 64  # an option, or the configuration, is wrong
DAMAGED = 65  # the log is not a whole one of ours
CANNOT_OPEN = 71  # the log, or a port, cannot be opened
LOG_FAILED = 74  # the log failed while the server ran
IN_USE = 75  # another server has the log, or the port
