"""What can stand behind ``tcpchat``, and what cannot."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tcpchat import __version__
from tcpchat.__main__ import SERVE, TOOLS
from tcpchat.client.address import Address
from tcpchat.client.options import EXAMPLES, JOIN, SEND, WATCH, read


def test_a_host_is_to_be_joined() -> None:
    typed = read(["chat.example.org", "--nick", "bob", "--plain"], {})
    assert (typed.command, typed.server, typed.room) == (JOIN, Address("chat.example.org", 8023), "")
    assert typed.plain and typed.nick == "bob" and not typed.json


def test_the_help_names_all_there_is_beside_it() -> None:
    for name in SEND, WATCH, SERVE, *TOOLS:
        assert f"\n    {name} " in EXAMPLES


def test_a_room_may_be_named_in_either_way() -> None:
    assert read(["tcpchats://chat.example.org/dev"], {}).room == "#dev"
    assert (
        read(["localhost", "--room", "dev"], {}).room
        == read(["localhost", "--room", "#dev"], {}).room
        == "#dev"
    )


def test_tls_is_an_option() -> None:
    assert read(["--tls", "localhost"], {}).server == Address("localhost", 8024, True)


@pytest.mark.parametrize(
    "typed", ["ab" * 32, "AB:" * 31 + "AB", "sha256:" + "ab" * 32, "sha256 Fingerprint=" + "AB:" * 31 + "AB"]
)
def test_the_fingerprint_of_a_certificate_means_tls(typed: str) -> None:
    server = read(["localhost", "--fingerprint", typed], {}).server
    assert server == Address("localhost", 8024, True, fingerprint="ab" * 32)
    assert read(["send", "--fingerprint", typed, "--server", "localhost:99", "x"], {}).server.tls


def test_send_and_watch_know_their_server_from_the_environment() -> None:
    typed = read(["send", "hi", "there"], {"TCPCHAT_SERVER": "chat.example.org:99"})
    assert (typed.command, typed.server.port, typed.room, typed.text) == (SEND, 99, "#lobby", ["hi", "there"])
    assert read(["watch"], {}).server == Address("localhost", 8023)
    assert read(["send", "--server", "other"], {"TCPCHAT_SERVER": "x"}).server.host == "other"


@pytest.mark.parametrize("words", [["--since", "-1h"], ["--since=-1h"]])
def test_a_time_may_begin_with_a_sign(words: list[str]) -> None:
    typed = read(["watch", *words], {})
    assert typed.command == WATCH
    assert abs(typed.since - (datetime.now().astimezone() - timedelta(hours=1))) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "HOST"),
        (["host:port"], "'host:port' is no address"),
        (["localhost", "--nick"], "--nick"),
        (["localhost", "--room", "#"], "--room"),
        (["localhost", "other"], "other"),
        (["localhost", "--since", "-1h"], "--since"),
        (["localhost", "--fingerprint", "ab"], "invalid fingerprint value: 'ab'"),
        (["send", "--timeout", "0", "x"], "--timeout"),
        (["send", "--timeout", "soon", "x"], "invalid seconds value: 'soon'"),
        (["send", "--server", "a b"], "'a b' is no address"),
        (["watch", "--since", "soon"], "'soon' is no time"),
        (["watch", "--ro", "dev"], "--ro"),
    ],
)
def test_a_wrong_word_is_named(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read(words, {})
    assert ended.value.code == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tcpchat: ") and said in line


@pytest.mark.parametrize("words", [[], ["send"], ["watch"]])
def test_help_has_examples(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read([*words, "--help"], {})
    assert ended.value.code == 0
    assert "\nexamples:\n  " in capsys.readouterr().out


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read(["--version"], {})
    assert capsys.readouterr().out == f"{__version__}\n"
