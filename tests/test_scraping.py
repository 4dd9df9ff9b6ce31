"""Reading a page of figures over a real socket, and what is said where there is none."""

from __future__ import annotations

import http.server
import os
import socket
import threading

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.scraping import PORT, Page, Unreachable, page, read


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with what the server was given."""

    def do_GET(self) -> None:
        status, text = self.server.pages[self.path]  # type: ignore[attr-defined]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *values: object) -> None:
        """Nobody reads it."""


class PageTests(SynchronousTestCase):
    def test_a_page_is_a_host_with_a_port_or_the_usual_one(self) -> None:
        for typed, expected in {
            "localhost": Page("localhost", PORT),
            "192.0.2.1:9000": Page("192.0.2.1", 9000),
            "[::1]:9000": Page("::1", 9000),
            "http://chat.example.org:9000/metrics": Page("chat.example.org", 9000),
        }.items():
            self.assertEqual(page(typed), expected)
        self.assertEqual([str(page(it)) for it in ("a:1", "[::1]:1")], ["a:1", "[::1]:1"])

    def test_what_is_none_is_refused(self) -> None:
        for typed in "", "localhost:http", "localhost:99999", "https://localhost", "[::1":
            self.assertRaises(ValueError, page, typed)


class ReadTests(SynchronousTestCase):
    def serve(self, metrics: tuple[int, str], health: tuple[int, str] = (200, "ok\n")) -> Page:
        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        server.pages = {"/metrics": metrics, "/healthz": health}  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()

        def end() -> None:
            server.shutdown()
            thread.join()
            server.server_close()

        self.addCleanup(end)
        return Page("127.0.0.1", server.server_port)

    def test_figures_are_read_with_how_the_log_is(self) -> None:
        found = read(self.serve((200, "tcpchat_ready 1.0\n")))
        self.assertEqual((found.get("ready"), found.wrong), (1.0, ""))
        found = read(self.serve((200, "tcpchat_ready 1.0\n"), (503, "Not written: it is full.\n")))
        self.assertEqual(found.wrong, "Not written: it is full.")

    def assert_unreachable(self, where: Page, why: str, status: int) -> None:
        error = self.assertRaises(Unreachable, read, where)
        self.assertIn(why, str(error))
        self.assertEqual(error.status, status)

    def test_another_page_is_none(self) -> None:
        nothing = self.serve((404, "nothing"))
        self.assert_unreachable(nothing, "it answers with status 404", os.EX_UNAVAILABLE)
        self.assert_unreachable(self.serve((200, "<html>")), "are no figures", os.EX_UNAVAILABLE)

    def test_where_nobody_listens_or_somebody_else_there_are_none(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)
        where = Page(*listening.getsockname())

        def answer() -> None:
            connection, _ = listening.accept()
            connection.recv(4096)
            connection.sendall(b"*** Welcome to tcpchat.\r\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        self.assert_unreachable(where, "whoever listens there speaks no HTTP", os.EX_UNAVAILABLE)
        thread.join()
        listening.close()
        self.assert_unreachable(where, "Connection refused", os.EX_UNAVAILABLE)

    def test_a_host_that_there_is_not_has_a_status_of_its_own(self) -> None:
        self.assert_unreachable(Page("nosuch.invalid", 1), "There is no host 'nosuch.invalid'.", os.EX_NOHOST)
