"""What is said of what an operator has set that cannot be: all of it, each under its key."""

import tomllib
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.checking import Fault, check, together
from tcpchat.config import Config
from tcpchat.limits import NO_LIMITS, Limits, Retention
from tcpchat.networks import networks

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
proxies = ["10.2.0.5"]
operator = ["anna", "bob"]

[limits]
rooms_per_person = 3
rooms = 7

[retention]
days = 30
entries = 1000
"""


def made(settings: dict[str, Any], is_typed: bool = False) -> Config:
    """Return the configuration of settings in which nothing is wrong."""
    config, faults = together(check(settings, is_typed))
    assert not faults, faults
    return config


def refusals(settings: dict[str, Any]) -> list[str]:
    """Return what is said of settings."""
    return [fault.text for fault in together(check(settings))[1]]


class OptionTests(SynchronousTestCase):
    def assert_refused(self, why: str, **settings: Any) -> None:
        self.assertEqual(refusals(settings), [why])

    def test_nothing_set_is_the_default(self) -> None:
        self.assertEqual(made({}), Config())

    def test_everything_can_be_set_under_the_same_name(self) -> None:
        settings = tomllib.loads(EVERYTHING)
        self.assertEqual(set(settings), set(Config.__struct_fields__))
        self.assertEqual(
            made(settings),
            Config(
                listen=("tcp:8023", "unix:/run/tcpchat"), store="nats://n1:4222,n2:4222/chat", node="chat-1",
                replica="replica.sqlite3", strict=True, workers=4, reuse_port=True, durability="crash",
                limits=Limits(rooms_per_person=3, rooms=7), nicknames="ascii", fanout="direct",
                motd="motd.txt", metrics="tcp:8025", log_format="json", log_level="debug", history=500,
                retention=Retention(days=30, entries=1000),
                trusted=("10.1.0.0/16", "2001:db8::1"), proxies=("10.2.0.5",), operator=("anna", "bob"),
            ),
        )  # fmt: skip

    def test_a_number_may_be_typed_on_a_command_line(self) -> None:
        for typed, number in ("0", 0), ("25", 25), ("500", 500):
            self.assertEqual(made({"history": typed}, is_typed=True).history, number)

    def test_an_unknown_option_is_named(self) -> None:
        self.assert_refused('there is no option "histroy". Did you mean history?', histroy=5)
        near = 'there is no option "Log-Levle". Did you mean log_level?'
        self.assert_refused(near, **{"store": "memory:", "Log-Levle": "info"})
        self.assert_refused('there is no option "xyzzy"', xyzzy=5)

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
        self.assertEqual(made({"trusted": ["10.1.2.3/16"]}).trusted_networks, networks(["10.1.0.0/16"]))

    def test_the_proxies_are_on_this_machine_unless_others_are_named(self) -> None:
        self.assertEqual(made({}).proxy_networks, networks(["127.0.0.0/8", "::1"]))
        self.assertEqual(made({"proxies": ["10.2.0.5"]}).proxy_networks, networks(["10.2.0.5"]))
        what = "it is a list of networks such as 10.1.0.0/16"
        self.assert_refused(f"proxies cannot hold 'x': {what}", proxies=["x"])

    def test_a_text_is_nothing_else(self) -> None:
        for name in "store", "motd":
            for value in 5, True, ["x"], {"path": "x"}:
                (refusal,) = refusals({name: value})
                self.assertTrue(refusal.startswith(f"{name} cannot be {value!r}: "))
        self.assertEqual(made({"motd": "null"}), Config(motd="null"))

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
        self.assertEqual(made({"node": "n" * 32}).node, "n" * 32)

    def test_several_workers_need_a_store_that_they_can_share(self) -> None:
        for store in "sqlite:chat", "memory:":
            self.assert_refused(
                "several workers need a store that they can share: nats://HOST:PORT", store=store, workers=2
            )
        self.assertEqual(made({"workers": "2", "store": "nats://n1"}, is_typed=True).workers, 2)
        self.assertEqual(made({"workers": 1, "store": "memory:"}).workers, 1)
        for wrong in 0, 65, "many", True:
            self.assert_refused(f"workers cannot be {wrong!r}: it is a number from 1 to 64", workers=wrong)

    def test_what_is_so_or_not_is_nothing_else(self) -> None:
        for name in "strict", "reuse_port":
            for typed, meant in (True, True), (False, False), (1, True):  # a flag of the command line is 1
                self.assertIs(getattr(made({name: typed}, is_typed=True), name), meant)
            for wrong in "yes", 2, ["true"]:
                self.assert_refused(f"{name} cannot be {wrong!r}: it is true or false", **{name: wrong})

    def test_all_that_is_wrong_is_told_each_under_its_key(self) -> None:
        settings = {
            "store": "memory:", "durability": "fast", "log-level": "all", "trusted": ["10.0.0.1", "a", "b"],
            "retention": {"days": 0, "dayz": 1}, "workers": 2,
        }  # fmt: skip
        _, faults = together(check(settings))
        self.assertEqual(
            [fault.key for fault in faults],
            [
                ("durability",), ("log-level",), ("trusted", 1), ("trusted", 2),
                ("retention", "days"), ("retention", "dayz"), ("workers",),
            ],
        )  # fmt: skip

    def test_what_is_right_is_taken_beside_what_is_wrong(self) -> None:
        config, _ = together(check({"history": 5, "durability": "fast"}))
        self.assertEqual(config, Config(history=5))

    def test_a_name_may_be_written_as_on_the_command_line_but_once(self) -> None:
        self.assertEqual(
            made({"log-format": "json", "reuse-port": True}), Config(log_format="json", reuse_port=True)
        )
        self.assertEqual(refusals({"log-format": "json", "log_format": "json"}), ["log_format is set twice"])

    def test_of_several_the_last_one_wins(self) -> None:
        file, typed = check({"history": 5, "workers": 4}), check({"history": "10"}, is_typed=True)
        config, faults = together(file, typed)
        self.assertEqual(config.history, 10)
        self.assertEqual([fault.key for fault in faults], [("workers",)])

    def test_of_what_is_wrong_already_no_contradiction_is_told(self) -> None:
        for settings, told in (
            ({"workers": 2, "store": "redis:"}, ["store"]),
            ({"workers": 0, "store": "memory:"}, ["workers"]),
            ({"operator": ["Zo\u00eb"], "nicknames": "latin"}, ["nicknames"]),
        ):
            self.assertEqual([fault.key[0] for fault in together(check(settings))[1]], told)

    def test_two_endpoints_that_are_one_port_are_told_at_the_second(self) -> None:
        listen = ["tcp:8023", "unix:chat", "ssl:8023:privateKey=key.pem"]
        (fault,) = together(check({"listen": listen}))[1]
        text = "'ssl:8023:privateKey=key.pem' and 'tcp:8023' are the same port"
        self.assertEqual(fault, Fault(("listen", 2), text))
        (fault,) = together(check({"listen": ["tcp:8023"], "metrics": "tcp:8023:interface=127.0.0.1"}))[1]
        text = "'tcp:8023:interface=127.0.0.1' and 'tcp:8023' are the same port"
        self.assertEqual(fault, Fault(("metrics",), text))


class LimitsTests(SynchronousTestCase):
    def limits(self, value: Any) -> Limits:
        return made({"limits": value}).chosen_limits

    def test_limits_are_on_or_off(self) -> None:
        self.assertEqual(self.limits("on"), Limits())
        self.assertEqual(self.limits("off"), NO_LIMITS)

    def test_a_table_sets_some_and_leaves_the_others(self) -> None:
        self.assertEqual(self.limits({"rooms": 5}), Limits(rooms=5))
        self.assertEqual(self.limits({}), Limits())

    def test_everything_else_is_refused(self) -> None:
        wrong: tuple[Any, ...] = ("maybe", "", True, 5, ["rooms"])
        for value in wrong:
            expected = f"limits cannot be {value!r}: it is on or off, or a table of numbers"
            self.assertEqual(refusals({"limits": value}), [expected])

    def test_one_limit_is_off_by_that_word(self) -> None:
        limits = self.limits({"rooms": "off", "penalty_nameless": 0})
        self.assertEqual(limits, Limits(rooms=None, penalty_nameless=0))


class TableTests(SynchronousTestCase):
    def refusal(self, **settings: Any) -> str:
        (fault,) = refusals(settings)
        return fault

    def test_a_key_that_is_not_in_a_table_is_named_with_those_that_look_like_it(self) -> None:
        for table, why in [
            ({"rooms": 5, "roms": 5}, 'there is no "roms" in limits. Did you mean rooms?'),
            ({"Xyzzy": 5}, 'there is no "Xyzzy" in limits'),
        ]:
            self.assertEqual(self.refusal(limits=table), why)
        near = 'there is no "dayz" in retention. Did you mean days?'
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
            expected = f"{key} in limits cannot be {value!r}: it is {what}, or off"
            self.assertEqual(self.refusal(limits={"tokens": 20, key: value}), expected)
        for value, what in (0, "a number > 0.0"), ("x", "a number"):
            expected = f"days in retention cannot be {value!r}: it is {what}, or off"
            self.assertEqual(self.refusal(retention={"days": value}), expected)

    def test_a_table_is_no_other_kind_of_value(self) -> None:
        what = "it is a table of numbers, days and entries"
        for value in 30, "30", [30]:
            self.assertEqual(self.refusal(retention=value), f"retention cannot be {value!r}: {what}")
