"""A chat on asyncio's streams, for comparison: ``streams.py PORT``."""

from __future__ import annotations

import asyncio
import sys
from asyncio import StreamReader, StreamWriter

rooms: dict[bytes, set[StreamWriter]] = {}


async def converse(reader: StreamReader, writer: StreamWriter) -> None:
    """Welcome somebody by the first line, and give every other line to the others in the room."""
    room = rooms.setdefault(b"lobby", set())
    room.add(writer)
    try:
        nick = (await reader.readline()).strip()
        writer.write(b"Welcome %s\r\n" % nick)
        while line := await reader.readline():
            if line.startswith(b"/join "):
                room.discard(writer)
                room = rooms.setdefault(line[6:].strip(), set())
                room.add(writer)
                continue
            message = b"<%s> %s\r\n" % (nick, line.strip())
            for other in room:
                if other is not writer:
                    other.write(message)
    except ConnectionError:
        pass
    finally:
        room.discard(writer)
        writer.close()


async def main(port: int) -> None:
    """Serve until the end."""
    server = await asyncio.start_server(converse, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
