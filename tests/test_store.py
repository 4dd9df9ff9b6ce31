"""What can stand behind --store."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.store import InCluster, InFile, InMemory, NoStore, numbered, store


class StoreTests(SynchronousTestCase):
    def refusal(self, typed: str) -> str:
        return str(self.assertRaises(NoStore, store, typed))

    def test_a_store_is_a_file_or_the_memory(self) -> None:
        self.assertEqual(store("memory:"), InMemory())
        self.assertEqual(store("sqlite:chat.sqlite3"), InFile("chat.sqlite3"))
        self.assertEqual(store("sqlite:/a:b"), InFile("/a:b"))

    def test_a_store_is_a_cluster_with_one_server_or_several(self) -> None:
        self.assertEqual(store("nats://localhost:4222"), InCluster(("localhost:4222",)))
        self.assertEqual(
            store("nats://n1,n2.example.org:4223,10.0.0.3:65535/chat-2"),
            InCluster(("n1:4222", "n2.example.org:4223", "10.0.0.3:65535"), "chat-2"),
        )
        self.assertEqual(store("nats://[::1]:1,[fe80::1]"), InCluster(("[::1]:1", "[fe80::1]:4222")))
        self.assertEqual(store("nats://localhost/"), InCluster(("localhost:4222",)))

    def test_a_cluster_is_called_as_it_can_be_typed(self) -> None:
        typed = "nats://n1:4222,n2:4222/chat"
        self.assertEqual(str(store(typed)), typed)

    def test_what_is_none_is_refused_with_what_there_is(self) -> None:
        for typed in "", "sqlite", "sqlite:", "memory", "memory:x", "redis:localhost", "nats:", "nats:/x":
            self.assertEqual(
                self.refusal(typed),
                f"There is no store {typed!r}: it is sqlite:PATH, memory: or"
                " nats://HOST:PORT[,HOST:PORT...][/NAME].",
            )

    def test_a_cluster_that_is_not_whole_is_refused_with_what_is_wrong(self) -> None:
        for typed, wrong in (
            ("nats://", "'' is no HOST:PORT"),
            ("nats://a,,b", "'' is no HOST:PORT"),
            ("nats://a b", "'a b' is no HOST:PORT"),
            ("nats://a:x", "'a:x' is no HOST:PORT"),
            ("nats://a:0", "there is no port 0"),
            ("nats://a:65536", "there is no port 65536"),
            ("nats://a/b/c", "a NAME has 1 to 64 letters, digits, - and _"),
            ("nats://a/b.c", "a NAME has 1 to 64 letters, digits, - and _"),
            (f"nats://a/{'n' * 65}", "a NAME has 1 to 64 letters, digits, - and _"),
        ):
            self.assertEqual(self.refusal(typed), f"There is no store {typed!r}: {wrong}.")

    def test_a_password_is_kept_and_not_told(self) -> None:
        found = store("nats://anna:se%2Fcret@n1,eve@[::1]:4223/chat")
        self.assertEqual(found, InCluster(("nats://anna:se%2Fcret@n1:4222", "nats://eve@[::1]:4223"), "chat"))
        self.assertEqual(str(found), "nats://n1:4222,[::1]:4223/chat")
        assert isinstance(found, InCluster)
        self.assertEqual(store(found.url), found)
        for wrong in "nats://anna:secret@n 1", "nats://anna:secret@n1:0", "nats://anna:secret@n1,b/c.d":
            self.assertNotIn("secret", self.refusal(wrong))


class NumberedTests(SynchronousTestCase):
    def test_a_file_among_several_has_its_number_before_the_end_of_its_name(self) -> None:
        for path, second in (
            ("chat.sqlite3", "chat-2.sqlite3"),
            ("/var/lib.d/chat", "/var/lib.d/chat-2"),
            ("../a/chat.v1.sqlite3", "../a/chat.v1-2.sqlite3"),
        ):
            self.assertEqual(numbered(path, 2), second)
