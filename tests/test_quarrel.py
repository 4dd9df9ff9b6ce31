"""A group that quarrels, on the real server: who is banned or muted stays so, however they come back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Person, Server

HOME, CAFE = "127.0.0.2", "127.0.0.3"
BANNED = r"^!!! You are banned from #own for 2h: spam\.\r\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, "--limits", "off") as running:
        yield running.ready()


def operator(server: Server) -> Person:
    """Somebody registers, and goes into a new room."""
    anna = server.person("anna")
    anna.types("/register anna-secret", "/join #own")
    anna.until(r"anna is an operator of #own now\.")
    return anna


def member(server: Server, nick: str, source: str) -> tuple[Person, str]:
    """Somebody is in that room, too; return with which code they come back as well."""
    person = server.person(source=source)
    person.types(nick)
    code = re.findall(r"/resume (\S+) brings", person.until(r"brings you back\.\r\n"))[0]
    person.types("/join #own")
    person.until(r"^\*\*\* You are \w+, in #own with .*\r\n")
    return person, code


def assert_kept_out(server: Server, code: str) -> None:
    """See that eve does not come into the room by another name, from elsewhere, or as a program."""
    mallory = server.person("mallory", source=HOME)
    mallory.types("/join #own")
    mallory.until(BANNED)
    mallory.types("/json", '{"type":"join","room":"own"}')
    assert '"code":"banned"' in mallory.until(r'"type":"error".*\n')
    mallory.types("/quit")
    eve = server.person(source=CAFE)
    eve.types(f"/resume {code}", "/join #own")
    seen = eve.until(BANNED)
    # Each after the other has been seen: an answer may come before what is still read from the log.
    eve.types("/nick innocent")
    seen += eve.until(r"now known as innocent\.\r\n")
    eve.types("/join #own")
    assert "#own with" not in seen + eve.until(BANNED)
    eve.break_off()


def test_who_is_banned_comes_back_by_no_way_also_after_a_crash(tmp_path: Path) -> None:
    with Server(tmp_path, "--limits", "off") as server:
        anna = operator(server.ready())
        eve, code = member(server, "eve", HOME)
        anna.types("/ban eve 2h spam")
        line = r"^\*\*\* eve was banned from #own by anna for 2h: spam\.\r\n"
        anna.until(line)
        eve.until(line + r"\*\*\* You are no longer in #own\. You are in #lobby\.\r\n")
        assert_kept_out(server, code)
        server.kill()
    with Server(tmp_path, "--limits", "off") as server:
        server.ready()
        eve = server.person(source=CAFE)
        eve.types(f"/resume {code}", "/join #own")
        assert not re.search(
            r"\*\*\* You are \w+, in #own", eve.until(r"^!!! You are banned from #own for .*: spam\.\r\n")
        )
        mallory = server.person("mallory", source=HOME)
        mallory.types("/join #own")
        mallory.until(r"^!!! You are banned from #own for .*: spam\.\r\n")
        anna = server.person()
        anna.types("/login anna anna-secret", "/join #own", "/unban EVE")
        anna.until(r"^\*\*\* eve was unbanned from #own by anna\.\r\n")
        mallory.types("/join #own")
        mallory.until(r"^\*\*\* You are mallory, in #own with anna\.\r\n")


def test_one_of_many_behind_one_address_is_banned_and_not_the_others(server: Server) -> None:
    anna = operator(server)
    member(server, "eve", HOME)
    carl, _ = member(server, "carl", HOME)
    anna.types("/ban eve test", "/ban eve")
    anna.until(r"^\*\*\* That would hit 1 person in #own: eve\.\r\n")
    anna.until(r"^\*\*\* Others come from where eve comes from: that address is not banned\.\r\n")
    carl.types("I am still here")
    anna.until("<carl> I am still here")
    anna.types("/ban 127.0.0.2 test", "/ban 127.0.0.2 spam")
    anna.until(r"^\*\*\* That would hit 1 person in #own\.\r\n")
    carl.until(r"^\*\*\* carl was banned from #own by anna: spam\.\r\n")


def test_who_is_muted_stays_so_after_a_crash(tmp_path: Path) -> None:
    with Server(tmp_path, "--limits", "off") as server:
        anna = operator(server.ready())
        eve, code = member(server, "eve", HOME)
        eve.types("hello")
        anna.until(r"<eve> hello\r\n")
        anna.types("/mute eve 1h be nice")
        eve.until(r"^\*\*\* eve was muted in #own by anna for 1h: be nice\.\r\n")
        muted = r"^!!! You are muted in #own for .*: be nice\.\r\n"
        for line in "hi", "/me waves", "/topic x", "/re 4 x", "/nick innocent\r\nhi":
            eve.types(line)
            eve.until(muted)
        server.kill()
    with Server(tmp_path, "--limits", "off") as server:
        eve = server.ready().person(source=CAFE)
        eve.types(f"/resume {code}", "hi")
        eve.until(muted)
