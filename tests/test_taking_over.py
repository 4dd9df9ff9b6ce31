"""A real server becomes what its configuration says now, and nobody is hung up on."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.certified import write
from tests.processes import Server

WRONG = "The configuration is wrong: nothing has changed."

CONFIG = """\
listen = ["tcp:0:interface=127.0.0.1", {more}]
operator = ["anna"]
motd = "motd"
{rest}
"""


def test_a_real_server_takes_over_what_was_changed_and_nobody_notices(tmp_path: Path) -> None:
    file, motd = tmp_path / "chat.toml", tmp_path / "motd"
    file.write_text(CONFIG.format(more='"unix:old"', rest=""))
    motd.write_text("Good morning\n")
    with Server(tmp_path, "--config", "chat.toml", listen="").ready() as server:
        server.until("READY line unix")
        anna = server.person("anna")
        anna.types("/register", "a good password", "a good password")
        anna.until("You are an operator of the server")
        motd.write_text("Good evening\n")
        file.write_text(CONFIG.format(more='"unix:new"', rest='durability = "crash"\n[limits]\nrooms = 3'))
        server.process.send_signal(signal.SIGHUP)
        server.until("only a restart changes durability")
        anna.until("tcpchat reloaded the configuration: changed listen, limits, motd; only a restart")
        server.person().until(r"\*\*\* Good evening")
        assert (tmp_path / "new").is_socket() and not (tmp_path / "old").exists()
        file.write_text("history = 'many'\nhistroy = 5\n")
        anna.types("/reload", "hello")
        told = anna.until(WRONG)
        assert "*** chat.toml:1: history cannot be 'many'" in told
        assert '*** chat.toml:2: there is no option "histroy". Did you mean history?' in told
        file.write_text(CONFIG.format(more="", rest="history = 3"))
        anna.types("/reload")
        anna.until(r"\*\*\* Changed: listen, limits, history\.")
        assert not (tmp_path / "new").exists()
        server.person("bob").until(r"<anna> hello")
        assert server.terminate() == 0


def test_whoever_types_reload_is_told_of_a_certificate_that_stays_as_it_was(tmp_path: Path) -> None:
    """That of a door would be wrong in the file; the page of figures is only changed by a restart."""
    write(tmp_path)
    page = 'metrics = "ssl:0:interface=127.0.0.1:privateKey=key.pem:certKey=cert.pem"'
    file = tmp_path / "chat.toml"
    file.write_text(CONFIG.format(more="", rest=page))
    (tmp_path / "motd").write_text("Good morning\n")
    with Server(tmp_path, "--config", "chat.toml", listen="").ready() as server:
        anna = server.person("anna")
        anna.types("/register", "a good password", "a good password")
        anna.until("You are an operator of the server")
        file.write_text(CONFIG.format(more="", rest=""))
        (tmp_path / "cert.pem").write_text("broken")
        anna.types("/reload")
        anna.until(r"Needs a restart: metrics\.\r\n\*\*\* ssl:0\S*: the certificate stays as it was: .*\n")
        write(tmp_path)
        anna.types("/reload", "hello", "/who")
        assert "certificate" not in anna.until(r"1 person is in #lobby")


def test_a_proxy_that_was_not_known_is_after_a_reload(tmp_path: Path) -> None:
    file = tmp_path / "chat.toml"
    listen = 'listen = ["tcp:0:interface=127.0.0.1", "haproxy:tcp:0:interface=127.0.0.1"]\n'
    file.write_text(f'{listen}proxies = ["192.0.2.1"]\n')
    with Server(tmp_path, "--config", "chat.toml", listen="").ready() as server:
        server.ready()
        stranger = server.person()
        server.until(r"Hung up on 127\.0\.0\.1, which is to be a proxy: it is none of --proxies\.")
        stranger.rest()
        file.write_text(listen)
        server.process.send_signal(signal.SIGHUP)
        server.until("The configuration was read again: changed proxies")
        proxied = server.person()
        proxied.types("PROXY TCP4 203.0.113.7 127.0.0.1 4711 8023", "anna")
        proxied.until("You are anna")
        assert server.terminate() == 0
