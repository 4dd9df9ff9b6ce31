"""What an operator can set, and what is said if something is wrong."""

import os
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.config import Config, WrongConfig, greeting, make, read_file
from tcpchat.limits import NO_LIMITS, Limits, Retention
from tcpchat.networks import networks
from tcpchat.store import InFile

EVERYTHING = """
listen = ["tcp:8023", "unix:/run/tcpchat"]
store = "nats://n1:4222,n2:4222/chat"
node = "chat-1"
replica = "replica.sqlite3"
strict = true
workers = 4
reuse_port = true
durability = "crash"
nicknames = "ascii"
fanout = "direct"
motd = "motd.txt"
metrics = "tcp:8025"
log_format = "json"
log_level = "debug"
history = 500
trusted = ["10.1.0.0/16", "2001:db8::1"]
operator = ["anna", "bob"]

[limits]
rooms_per_person = 3
rooms = 7

[retention]
days = 30
entries = 1000
"""


class MakeTests(SynchronousTestCase):
    def assert_refused(self, why: str, **settings: Any) -> None:
        refusal = self.assertRaises(WrongConfig, make, settings, "chat.toml")
        self.assertEqual(str(refusal), f"chat.toml: {why}.")

    def test_nothing_set_is_the_default(self) -> None:
        config = make({}, "chat.toml")
        self.assertEqual(config, Config())
        self.assertEqual(config.listen, ())
        self.assertEqual(config.chosen_store, InFile("tcpchat.sqlite3"))
        self.assertEqual((config.node, config.replica), (None, "tcpchat-replica.sqlite3"))
        self.assertEqual((config.workers, config.strict, config.reuse_port), (1, False, False))
        self.assertEqual((config.durability, config.nicknames), ("power", "any"))
        self.assertEqual(config.fanout, "auto")
        self.assertEqual((config.motd, config.history), (None, 10))
        self.assertEqual(config.chosen_limits, Limits())

    def test_everything_can_be_set_under_the_same_name(self) -> None:
        settings = tomllib.loads(EVERYTHING)
        self.assertEqual(set(settings), set(Config.__struct_fields__))
        self.assertEqual(
            make(settings, "chat.toml"),
            Config(
                listen=("tcp:8023", "unix:/run/tcpchat"), store="nats://n1:4222,n2:4222/chat", node="chat-1",
                replica="replica.sqlite3", strict=True, workers=4, reuse_port=True, durability="crash",
                limits=Limits(rooms_per_person=3, rooms=7), nicknames="ascii", fanout="direct",
                motd="motd.txt", metrics="tcp:8025", log_format="json", log_level="debug", history=500,
                retention=Retention(days=30, entries=1000),
                trusted=("10.1.0.0/16", "2001:db8::1"), operator=("anna", "bob"),
            ),
        )  # fmt: skip

    def test_a_number_may_be_typed_on_a_command_line(self) -> None:
        for typed, number in ("0", 0), ("25", 25), ("500", 500):
            self.assertEqual(make({"history": typed}, "The command line").history, number)

    def test_an_unknown_option_is_named(self) -> None:
        self.assert_refused('there is no option "histroy"', histroy=5)
        self.assert_refused('there is no option "History"', store="memory:", History=5)

    def test_a_wrong_value_is_named_with_what_it_could_be(self) -> None:
        number = "it is a number from 0 to 500"
        values: tuple[Any, ...] = (-1, 501, 10.5, True, None, "", "ten", "-1", "501", [10], {"lines": 10})
        for value in values:
            self.assert_refused(f"history cannot be {value!r}: {number}", history=value)
        for value in "fast", "Power", "", 1, True, ["power"]:
            self.assert_refused(f"durability cannot be {value!r}: it is power or crash", durability=value)
        for value in "latin", True, 0:
            self.assert_refused(f"nicknames cannot be {value!r}: it is any or ascii", nicknames=value)
        for value in "io_uring", "", True, ["direct"], "uring":
            self.assert_refused(f"fanout cannot be {value!r}: it is auto or direct", fanout=value)
        for value in "xml", "JSON", "", True, ["text"]:
            self.assert_refused(f"log_format cannot be {value!r}: it is text or json", log_format=value)
        for value in "warn", "all", 3:
            self.assert_refused(f"log_level cannot be {value!r}: it is info or debug", log_level=value)
        for value in "tcp:8023", 8023, True, [8023], {"port": 8023}:
            self.assert_refused(f"listen cannot be {value!r}: it is a list of endpoints", listen=value)

    def test_an_operator_whom_nobody_can_be_is_named(self) -> None:
        for value in "anna", 1, {"anna": True}:
            what = "it is a list of nicknames"
            self.assert_refused(f"operator cannot be {value!r}: {what}", operator=value)
        for wrong, why in (
            ("anna smith", "it has a space"), ("1anna", "it must begin with a letter"),
            ("", "it is empty"), ("root", "nobody may be called that"), ("r00t", "nobody may be called that"),
        ):  # fmt: skip
            self.assert_refused(f"operator cannot be {wrong!r}: {why}", operator=["anna", wrong])
        self.assert_refused(
            "operator cannot be 'Zo\u00eb': only A to Z, digits, - and _ are allowed here",
            operator=["Zo\u00eb"], nicknames="ascii",
        )  # fmt: skip

    def test_a_trusted_network_that_is_none_is_named(self) -> None:
        what = "it is a list of networks such as 10.1.0.0/16"
        for value in "10.1.0.0/16", 10, True, {"net": "10.1.0.0/16"}, [10]:
            self.assert_refused(f"trusted cannot be {value!r}: {what}", trusted=value)
        for wrong in "10.1.0.0/33", "home", "":
            self.assert_refused(f"trusted cannot hold {wrong!r}: {what}", trusted=["10.0.0.1", wrong])
        self.assertEqual(make({"trusted": ["10.1.2.3/16"]}, "x").trusted_networks, networks(["10.1.0.0/16"]))

    def test_a_text_is_nothing_else(self) -> None:
        for name in "store", "motd":
            for value in 5, True, ["x"], {"path": "x"}:
                refusal = self.assertRaises(WrongConfig, make, {name: value}, "chat.toml")
                self.assertTrue(str(refusal).startswith(f"chat.toml: {name} cannot be {value!r}: "))
        self.assertEqual(make({"motd": "null"}, "chat.toml"), Config(motd="null"))

    def test_a_store_that_there_is_not_is_named_with_those_that_there_are(self) -> None:
        for wrong in "redis:localhost", "sqlite:", "5":
            self.assert_refused(
                f"There is no store {wrong!r}: it is sqlite:PATH, memory: or"
                " nats://HOST:PORT[,HOST:PORT...][/NAME]",
                store=wrong,
            )

    def test_of_a_node_what_nats_cannot_keep_is_named(self) -> None:
        for wrong in "", "chat.1", "chat 1", "n" * 33, 5:
            what = "it is a name of 1 to 32 letters, digits, - and _"
            self.assert_refused(f"node cannot be {wrong!r}: {what}", node=wrong)
        self.assertEqual(make({"node": "n" * 32}, "chat.toml").node, "n" * 32)

    def test_several_workers_need_a_store_that_they_can_share(self) -> None:
        for store in "sqlite:chat", "memory:":
            self.assert_refused(
                "several workers need a store that they can share: nats://HOST:PORT", store=store, workers=2
            )
        self.assertEqual(make({"workers": "2", "store": "nats://n1"}, "x").workers, 2)
        self.assertEqual(make({"workers": 1, "store": "memory:"}, "x").workers, 1)
        for wrong in 0, 65, "many", True:
            self.assert_refused(f"workers cannot be {wrong!r}: it is a number from 1 to 64", workers=wrong)

    def test_what_is_so_or_not_is_nothing_else(self) -> None:
        for name in "strict", "reuse_port":
            for typed, meant in (True, True), (False, False), (1, True):  # a flag of the command line is 1
                self.assertIs(getattr(make({name: typed}, "chat.toml"), name), meant)
            for wrong in "yes", 2, ["true"]:
                self.assert_refused(f"{name} cannot be {wrong!r}: it is true or false", **{name: wrong})

    def test_the_first_wrong_one_is_told_also_beside_good_ones(self) -> None:
        self.assert_refused(
            "durability cannot be 'fast': it is power or crash",
            store="memory:",
            durability="fast",
            history=-1,
        )


class LimitsTests(SynchronousTestCase):
    def limits(self, value: Any) -> Limits:
        return make({"limits": value}, "chat.toml").chosen_limits

    def test_limits_are_on_or_off(self) -> None:
        self.assertEqual(self.limits("on"), Limits())
        self.assertEqual(self.limits("off"), NO_LIMITS)

    def test_a_table_sets_some_and_leaves_the_others(self) -> None:
        self.assertEqual(self.limits({"rooms": 5}), Limits(rooms=5))
        self.assertEqual(self.limits({}), Limits())

    def test_everything_else_is_refused(self) -> None:
        wrong: tuple[Any, ...] = ("maybe", "", True, 5, ["rooms"])
        for value in wrong:
            refusal = self.assertRaises(WrongConfig, self.limits, value)
            expected = f"chat.toml: limits cannot be {value!r}: it is on or off, or a table of numbers."
            self.assertEqual(str(refusal), expected)


class TableTests(SynchronousTestCase):
    def refusal(self, **settings: Any) -> str:
        return str(self.assertRaises(WrongConfig, make, settings, "chat.toml"))

    def test_a_key_that_is_not_in_a_table_is_named_with_those_that_look_like_it(self) -> None:
        for table, why in [
            ({"rooms": 5, "roms": 5}, 'there is no "roms" in limits. Did you mean rooms?'),
            ({"Xyzzy": 5}, 'there is no "Xyzzy" in limits.'),
        ]:
            self.assertEqual(self.refusal(limits=table), f"chat.toml: {why}")
        near = 'chat.toml: there is no "dayz" in retention. Did you mean days?'
        self.assertEqual(self.refusal(retention={"dayz": 3}), near)

    def test_a_wrong_value_in_a_table_is_named_with_what_it_could_be(self) -> None:
        for key, value, what in [
            ("rooms", "5", "a whole number"),
            ("rooms", True, "a whole number"),
            ("rooms", 1.5, "a whole number"),
            ("rooms", 0, "a whole number >= 1"),
            ("penalty_too_late", -1, "a whole number >= 0"),
            ("drop_percent", 101, "a whole number <= 100"),
        ]:
            expected = f"chat.toml: {key} in limits cannot be {value!r}: it is {what}."
            self.assertEqual(self.refusal(limits={"tokens": 20, key: value}), expected)
        for value, what in (0, "a number > 0.0"), ("x", "a number"):
            expected = f"chat.toml: days in retention cannot be {value!r}: it is {what}."
            self.assertEqual(self.refusal(retention={"days": value}), expected)

    def test_a_table_is_no_other_kind_of_value(self) -> None:
        what = "it is a table of numbers, days and entries"
        for value in 30, "30", [30]:
            self.assertEqual(
                self.refusal(retention=value), f"chat.toml: retention cannot be {value!r}: {what}."
            )


class FileTests(SynchronousTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, content: bytes) -> str:
        path = os.path.join(self.folder, "file")
        Path(path).write_bytes(content)
        return path

    def test_a_toml_file_is_read(self) -> None:
        path = self.file(EVERYTHING.encode())
        self.assertEqual(read_file(path), tomllib.loads(EVERYTHING))

    def test_a_name_may_be_written_as_on_the_command_line(self) -> None:
        path = self.file(b'log-format = "json"\nlog_level = "debug"\n')
        self.assertEqual(make(read_file(path), path), Config(log_format="json", log_level="debug"))

    def test_a_file_that_cannot_be_read_is_named(self) -> None:
        path = os.path.join(self.folder, "nowhere")
        for read, what in (read_file, "configuration"), (greeting, "message of the day"):
            refusal = self.assertRaises(WrongConfig, read, path)
            self.assertEqual(str(refusal), f"The {what} {path} cannot be read: No such file or directory.")
            refusal = self.assertRaises(WrongConfig, read, self.folder)
            self.assertEqual(str(refusal), f"The {what} {self.folder} cannot be read: Is a directory.")

    def test_a_file_that_is_not_toml_is_named_with_the_place(self) -> None:
        path = self.file(b'store = "memory:"\nhistory: 5\n')
        refusal = str(self.assertRaises(WrongConfig, read_file, path))
        self.assertTrue(refusal.startswith(f"The configuration {path} is not TOML: "))
        self.assertIn("line 2", refusal)
        path = self.file(b'store = "\xff"\n')
        self.assertRaises(WrongConfig, read_file, path)

    def test_the_message_of_the_day_is_a_line_each(self) -> None:
        for content, lines in (
            (b"Hello", ("Hello",)),
            (b"Hello\n", ("Hello",)),
            (b"", ()),
            (b"\n \n", ()),
            (b"Hello,\r\n\r\nworld\r\n\r\n", ("Hello,", "", "world")),
            ("caf\u00e9\u2028x\x0by\n".encode(), ("caf\u00e9\u2028x\x0by",)),
        ):
            self.assertEqual(greeting(self.file(content)), lines)

    def test_a_message_of_the_day_in_another_encoding_is_refused(self) -> None:
        path = self.file(b"caf\xe9\n")
        refusal = self.assertRaises(WrongConfig, greeting, path)
        self.assertEqual(str(refusal), f"The message of the day {path} is not UTF-8.")
