"""Ways in: each module here turns one wire format into lines and events into bytes."""
