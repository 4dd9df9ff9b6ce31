"""What a line asks for: the table of commands, and everything that can be typed beside it."""

import re

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.command import Rank
from tcpchat.commands import ALIASES, COMMANDS, RANKS, find, help_lines, help_on, parse, usable
from tcpchat.limits import LONGEST_LINE, LONGEST_REMARK
from tcpchat.operator_requests import (
    Announce,
    Ban,
    Deop,
    Hide,
    Invite,
    Kick,
    Lock,
    Lockdown,
    Mute,
    Op,
    Reload,
    Report,
    Slow,
    Unban,
    Unlock,
    Unmute,
)
from tcpchat.requests import (
    Act,
    Away,
    Back,
    ChangePassword,
    ChooseNick,
    Context,
    Edit,
    Go,
    Help,
    History,
    Hold,
    Ignore,
    Join,
    Leave,
    ListRooms,
    Login,
    More,
    NotUnderstood,
    Paste,
    Quit,
    Refused,
    Register,
    Remove,
    Reply,
    ReplyTo,
    Request,
    Resume,
    Say,
    Search,
    Seen,
    Set,
    SpeakJson,
    TakeNick,
    Tell,
    Topic,
    Unignore,
    Unregister,
    Who,
    WhoIs,
)
from tcpchat.text import clean

# What the example of each command asks for.
EXAMPLES: dict[str, Request] = {
    "nick": ChooseNick("bob"),
    "as": TakeNick("ci-bot"),
    "me": Act("waves"),
    "msg": Tell("alice", "hello"),
    "reply": Reply("yes, at ten"),
    "join": Join("#dev"),
    "leave": Leave("#dev"),
    "rooms": ListRooms(),
    "topic": Topic("release on Friday"),
    "who": Who("#dev"),
    "whois": WhoIs("alice"),
    "history": History(50, ""),
    "search": Search('"build failed" from:ci-bot'),
    "more": More(),
    "seen": Seen("alice"),
    "paste": Paste(),
    "hold": Hold(),
    "go": Go(),
    "away": Away("lunch"),
    "back": Back(),
    "ignore": Ignore("eve"),
    "unignore": Unignore("eve"),
    "set": Set("timezone", "Europe/Paris"),
    "register": Register("correct-horse"),
    "login": Login("bob", "correct-horse"),
    "password": ChangePassword("correct-horse", "battery-staple"),
    "unregister": Unregister("correct-horse"),
    "re": ReplyTo(1234, "me too"),
    "edit": Edit(1234, "at eleven"),
    "rm": Remove(1234),
    "context": Context(1234),
    "report": Report(1234, "insults"),
    "op": Op("anna"),
    "deop": Deop("anna"),
    "kick": Kick("eve", "be nice"),
    "ban": Ban("eve", 7200, "spam"),
    "unban": Unban("eve"),
    "mute": Mute("eve", 600),
    "unmute": Unmute("eve"),
    "slow": Slow(10),
    "lock": Lock(),
    "unlock": Unlock(),
    "invite": Invite("carl"),
    "hide": Hide(True),
    "unhide": Hide(False),
    "lockdown": Lockdown(True),
    "reload": Reload(),
    "announce": Announce("back at ten"),
    "resume": Resume("fig-42-moss-lamp"),
    "json": SpeakJson(),
    "help": Help("msg"),
    "quit": Quit("see you tomorrow"),
}

# What is asked for without anything behind the command, if anything is.
ALONE: dict[str, Request] = {
    "leave": Leave(""),
    "rooms": ListRooms(),
    "topic": Topic(""),
    "who": Who(""),
    "history": History(None, ""),
    "more": More(),
    "paste": Paste(),
    "hold": Hold(),
    "go": Go(),
    "away": Away(""),
    "back": Back(),
    "set": Set("", ""),
    "json": SpeakJson(),
    "help": Help(""),
    "quit": Quit(""),
    "register": Register(""),
    "password": ChangePassword("", ""),
    "unregister": Unregister(""),
    "ban": Ban(),
    "slow": Slow(),
    "lock": Lock(),
    "unlock": Unlock(),
    "hide": Hide(True),
    "unhide": Hide(False),
    "lockdown": Lockdown(),
    "reload": Reload(),
}

# PROTOCOL.md 2.
NAMELESS = {"help", "quit", "login", "json", "resume", "as", "nick", "set"}

TOO_LONG = f"That line is longer than {LONGEST_LINE} bytes and was not sent."
NOTHING_SHOWN = "There is nothing in that line that can be shown, and it was not sent."

ZWSP, RLO, ESC = "\u200b", "\u202e", "\x1b"
QA = "\u0958"  # 3 bytes; NFC makes 6 of them
ANYTHING = st.text(st.characters(exclude_characters="\n"))  # lone surrogates too; a line has no LF
TYPED = ANYTHING | st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["/", "//", "/ ", ZWSP + "/", " /"]),
    st.sampled_from([*COMMANDS, *ALIASES, "foo", ""]) | ANYTHING,
    st.sampled_from(["", " ", "\t", "\u3000", "\x1f"]),
    ANYTHING,
)


class Lines(SynchronousTestCase):
    def assert_refused(self, why: str, line: str, nameless: bool = False) -> None:
        refusal = self.assertRaises(Refused, parse, line, nameless)
        self.assertEqual(str(refusal), why, ascii(line[:40]))

    def assert_unknown(self, word: str, near: str, line: str, nameless: bool = False) -> None:
        self.assert_refused(f"There is no command /{word}. Did you mean /{near}?", line, nameless)


class TableTests(Lines):
    def test_the_example_of_every_command_asks_for_what_it_should(self) -> None:
        self.assertEqual({name: parse(command.example) for name, command in COMMANDS.items()}, EXAMPLES)

    def test_every_kind_of_request_but_saying_has_a_command(self) -> None:
        self.assertEqual({Say, *map(type, EXAMPLES.values())}, set(Request.__args__))

    def test_every_usage_and_example_begins_with_the_command(self) -> None:
        for name, command in COMMANDS.items():
            self.assertEqual(command.usage.split()[0], f"/{name}")
            self.assertEqual(command.example.split()[0], f"/{name}")

    def test_every_command_does_without_what_its_usage_has_in_brackets_but_not_without_the_rest(self) -> None:
        for name, command in COMMANDS.items():
            needed, brackets = command.usage, 1
            while brackets:  # they may stand in each other
                needed, brackets = re.subn(r" \[[^][]*\]", "", needed)
            optional = needed == f"/{name}"
            self.assertEqual(optional, name in ALONE)
            for line in f"/{name}", f"/{name}  \t ":
                if optional:
                    self.assertEqual(parse(line), ALONE[name])
                else:
                    self.assert_refused(f"It is used like this: {command.usage}", line)

    def test_nothing_stands_behind_a_command_that_takes_nothing(self) -> None:
        for line in (
            "/rooms #dev", "/list #dev", "/back again", "/more 5", "/paste this", "/hold on", "/go on",
            "/json please",
        ):  # fmt: skip
            name = find(line.split()[0][1:])
            self.assert_refused(f"It is used like this: /{name}", line)

    def test_irc_s_names_for_a_command_are_known(self) -> None:
        aliases = {
            "part": "leave", "names": "who", "list": "rooms", "query": "msg", "w": "msg", "?": "help",
            "exit": "quit", "j": "join", "identify": "login", "passwd": "password",
        }  # fmt: skip
        self.assertEqual(ALIASES, aliases)

    def test_an_alias_asks_for_the_same(self) -> None:
        for alias, name in ALIASES.items():
            _, _, rest = COMMANDS[name].example.partition(" ")
            self.assertEqual(parse(f"/{alias} {rest}".rstrip()), EXAMPLES[name])

    def test_capitals_are_as_good(self) -> None:
        self.assertEqual(parse("/JOIN #Dev"), Join("#Dev"))
        self.assertEqual(parse("/Part"), Leave(""))

    def test_what_can_be_asked_before_a_nickname_is_chosen(self) -> None:
        for name, command in COMMANDS.items():
            self.assertEqual(command.nameless, name in NAMELESS)
            if command.nameless:
                self.assertEqual(parse(command.example, nameless=True), EXAMPLES[name])


class SayingTests(Lines):
    def test_a_line_that_is_no_command_is_said(self) -> None:
        for line in "hello", "a / b", " /join #dev", "*** bob left #lobby.", "<bob> hi", "http://a.b/c":
            self.assertEqual(parse(line), Say(line))

    def test_two_slashes_say_one(self) -> None:
        self.assertEqual(parse("//join #dev"), Say("/join #dev"))
        self.assertEqual(parse("//"), Say("/"))
        self.assertEqual(parse("///"), Say("//"))

    def test_what_is_said_is_clean_and_has_no_blanks_at_its_end(self) -> None:
        self.assertEqual(parse(f"  a{ESC}[31m{RLO}\tb \t "), Say("  a[31m b"))

    def test_an_empty_line_asks_for_nothing(self) -> None:
        for line in "", " ", "\t", " \u3000 ", "\u2028":
            self.assertIsNone(parse(line))
            self.assertIsNone(parse(line, nameless=True))

    def test_a_line_with_nothing_to_be_seen_is_refused(self) -> None:
        for line in ZWSP, f" {RLO} ", "\0", ESC, "\u00ad", "\u3164":
            self.assert_refused(NOTHING_SHOWN, line)
            self.assert_refused(NOTHING_SHOWN, line, nameless=True)

    def test_a_line_may_be_full_after_nfc_and_not_longer(self) -> None:
        full = QA * ((LONGEST_LINE - 4) // 6) + "aaaa"
        self.assertEqual(parse(full), Say(clean(full)))
        self.assertEqual(len(clean(full).encode()), LONGEST_LINE)
        for line in full + "a", f"/me {full}", f"//{full}", f"/msg bob {full}":
            self.assertLessEqual(len(line.encode()), LONGEST_LINE)
            self.assert_refused(TOO_LONG, line)
        self.assert_refused(TOO_LONG, full + "a", nameless=True)


class NamelessTests(Lines):
    def test_what_is_no_command_is_a_nickname_as_it_was_typed(self) -> None:
        for line in "bob", "bob smith", f"bo{ZWSP}b", f"{ZWSP}bob", "\uff42ob", "bo\u0301b", "!!!":
            self.assertEqual(parse(line, nameless=True), ChooseNick(line))

    def test_blanks_around_a_nickname_are_not_part_of_it(self) -> None:
        self.assertEqual(parse(" bob \t", nameless=True), ChooseNick("bob"))
        self.assertEqual(parse(" /quit", nameless=True), ChooseNick("/quit"))

    def test_every_other_command_is_unknown(self) -> None:
        for name in set(COMMANDS) - NAMELESS:
            refusal = self.assertRaises(NotUnderstood, parse, COMMANDS[name].example, nameless=True)
            self.assertTrue(str(refusal).startswith(f"There is no command /{name}. Did you mean /"))
            self.assertEqual(refusal.advice, f"/{name} works once you have a nickname.")
        refusal = self.assertRaises(NotUnderstood, parse, "/list", nameless=True)
        self.assertEqual(refusal.advice, "/rooms works once you have a nickname.")

    def test_only_what_can_be_used_is_suggested(self) -> None:
        self.assert_unknown("foo", "help", "/foo", nameless=True)
        self.assertEqual(self.assertRaises(NotUnderstood, parse, "/foo", nameless=True).advice, "")
        self.assert_unknown("/quit", "quit", "//quit", nameless=True)
        self.assert_unknown("join", "json", "/join #dev", nameless=True)
        self.assert_unknown("who", "help", "/who", nameless=True)
        self.assert_unknown("nik", "nick", "/nik bob", nameless=True)


class UnknownCommandTests(Lines):
    def test_the_nearest_command_is_suggested(self) -> None:
        near = {
            "jion": "join", "JION": "join", "hlep": "help", "qiut": "quit", "mgs": "msg", "agnore": "ignore",
            "histroy": "history", "nickname": "nick", "room": "rooms", "ingore": "ignore",
        }  # fmt: skip
        for word, name in near.items():
            self.assert_unknown(word, name, f"/{word} something")

    def test_what_is_near_to_none_was_most_likely_meant_to_be_said(self) -> None:
        self.assert_unknown("foo", "me", "/foo")
        self.assert_unknown("", "me", "/")
        self.assert_unknown("", "me", "/ foo")
        self.assert_unknown("usr/bin/env", "me", "/usr/bin/env python")

    def test_an_unknown_command_is_repeated_clean(self) -> None:
        self.assert_unknown("]0;foo", "me", f"/{ESC}]0;fo{RLO}o\x07 bar")

    def test_invisible_characters_do_not_hide_a_command(self) -> None:
        self.assertEqual(parse(f"{ZWSP}/join #dev"), Join("#dev"))
        self.assertEqual(parse(f"/jo{ZWSP}in #dev"), Join("#dev"))


class ArgumentTests(Lines):
    def test_names_are_passed_on_as_they_were_typed(self) -> None:
        for typed in f"bo{ZWSP}b", "bo\u0301b", f"{ESC}[2J", "x" * 200:
            for line, request in (
                ("/nick", ChooseNick), ("/as", TakeNick), ("/leave", Leave), ("/who", Who),
                ("/whois", WhoIs), ("/seen", Seen), ("/ignore", Ignore), ("/unignore", Unignore),
            ):  # fmt: skip
                self.assertEqual(parse(f"{line}  {typed} "), request(typed))
        self.assertEqual(parse("/nick bob smith"), ChooseNick("bob smith"))
        self.assertEqual(parse("/as bob smith"), TakeNick("bob smith"))

    def test_behind_a_room_to_join_its_password_may_stand(self) -> None:
        self.assertEqual(parse(f"/join  bo{ZWSP}b "), Join(f"bo{ZWSP}b"))
        self.assertEqual(parse("/join #own  sesame "), Join("#own", "sesame"))
        self.assertEqual(parse("/join #own open sesame"), Join("#own open sesame"))

    def test_texts_are_cleaned(self) -> None:
        dirty = f" {ESC}[1ma{RLO}\tb{ZWSP} "
        for line, request in (
            ("/me", Act), ("/reply", Reply), ("/topic", Topic), ("/away", Away), ("/quit", Quit),
            ("/help", Help), ("/search", Search),
        ):  # fmt: skip
            self.assertEqual(parse(f"{line} {dirty}"), request("[1ma b"))
        self.assertEqual(parse(f"/msg a{ZWSP}l {dirty}"), Tell(f"a{ZWSP}l", "[1ma b"))
        self.assertEqual(parse(f"/set Time{ZWSP}Zone\t {dirty}"), Set("timezone", "[1ma b"))

    def test_a_text_with_nothing_to_be_seen_is_none(self) -> None:
        self.assert_refused("It is used like this: /me ACTION", f"/me {ZWSP}")
        self.assert_refused("It is used like this: /msg NICK TEXT", f"/msg bob {ZWSP} ")
        self.assert_refused("It is used like this: /reply TEXT", f"/reply {RLO}")
        self.assertEqual(parse(f"/topic {ZWSP}"), Topic(""))

    def test_a_private_message_needs_a_text(self) -> None:
        self.assertEqual(parse("/msg bob  a  b"), Tell("bob", "a  b"))
        self.assertEqual(parse("/w bob /quit"), Tell("bob", "/quit"))
        self.assert_refused("It is used like this: /msg NICK TEXT", "/msg bob")

    def test_a_topic_an_away_text_or_a_reason_may_have_300_bytes_and_not_more(self) -> None:
        for line, request in ("/topic", Topic), ("/away", Away), ("/quit", Quit):
            for text in "x" * LONGEST_REMARK, "\u00e9" * (LONGEST_REMARK // 2), QA * (LONGEST_REMARK // 6):
                self.assertEqual(parse(f"{line} {text}"), request(clean(text)))
                self.assert_refused(
                    f"That text is longer than {LONGEST_REMARK} bytes and was not taken.", f"{line} {text}x"
                )

    def test_history_takes_a_number_and_a_room_in_any_order(self) -> None:
        for rest, lines, room in (
            ("1", 1, ""), ("#dev", None, "#dev"), ("dev", None, "dev"), ("50 #dev", 50, "#dev"),
            ("#dev 50", 50, "#dev"), (" 007 ", 7, ""), ("999999999", 999999999, ""), ("#5 5", 5, "#5"),
        ):  # fmt: skip
            self.assertEqual(parse(f"/history {rest}"), History(lines, room))

    def test_history_takes_nothing_else(self) -> None:
        for rest in "0", "-5", "5 5", "#a #b", "5 #a 6", "1" * 10, "1" * 4000, "\u0665", "\u00b2", "- #a":
            self.assert_refused("It is used like this: /history [N] [#ROOM]", f"/history {rest}")

    def test_a_search_is_passed_on_as_it_was_typed_and_needs_words(self) -> None:
        self.assertEqual(parse('/search "a  b" FROM:bob in:#dev'), Search('"a  b" FROM:bob in:#dev'))
        for line in "/search", f"/search {ZWSP}":
            self.assert_refused("It is used like this: /search WORDS", line)

    def test_resume_takes_a_code_or_a_token_and_a_number(self) -> None:
        self.assertEqual(parse("/resume  Fig-42-moss-lamp "), Resume("Fig-42-moss-lamp"))
        self.assertEqual(parse("/resume fig-42-moss-lamp 1234"), Resume("fig-42-moss-lamp", 1234))
        self.assertEqual(parse("/resume fig-42-moss-lamp 0"), Resume("fig-42-moss-lamp", 0))

    def test_resume_takes_nothing_else_and_no_number_is_too_long_for_it(self) -> None:
        for rest in "", "a b", "a -1", "a 1 2", "a 1 b", "a \u0665", "a \u00b2", "a 1.5":
            self.assert_refused("It is used like this: /resume CODE [NUMBER]", f"/resume {rest}")
        self.assertEqual(parse("/resume a " + "9" * 4000, nameless=True), Resume("a", 10**18 - 1))

    def test_a_setting_s_value_may_have_spaces(self) -> None:
        self.assertEqual(parse("/set Echo  ON "), Set("echo", "ON"))
        self.assertEqual(parse("/set a b  c"), Set("a", "b  c"))


class RankTests(Lines):
    def test_who_may_use_which_command(self) -> None:
        of = {rank: {name for name, command in COMMANDS.items() if command.rank is rank} for rank in Rank}
        self.assertEqual(of[Rank.NAMELESS], set())
        self.assertEqual(of[Rank.ACCOUNT], {"password", "unregister"})
        self.assertEqual(
            of[Rank.ROOM_OPERATOR],
            set("op deop kick ban unban mute unmute slow lock unlock invite hide unhide".split()),
        )
        self.assertEqual(of[Rank.SERVER_OPERATOR], {"lockdown", "reload", "announce"})

    def test_whoever_has_a_rank_may_what_those_before_may_and_the_nameless_a_little(
        self,
    ) -> None:
        for command in COMMANDS.values():
            ranks = [rank for rank in Rank if rank is not Rank.NAMELESS]
            self.assertEqual([rank for rank in ranks if command.is_for(rank)], ranks[command.rank :])
            self.assertEqual(command.is_for(Rank.NAMELESS), command.nameless)

    def test_what_is_asked_for_has_the_rank_of_its_command(self) -> None:
        for name, command in COMMANDS.items():
            self.assertEqual(RANKS.get(type(EXAMPLES[name]), Rank.GUEST), command.rank)

    def test_only_what_one_may_use_is_suggested(self) -> None:
        for word, near in {
            "bann": {Rank.GUEST: "me", Rank.ROOM_OPERATOR: "ban"},
            "anounce": {Rank.ROOM_OPERATOR: "me", Rank.SERVER_OPERATOR: "announce"},
            "unregster": {Rank.GUEST: "register", Rank.ACCOUNT: "unregister"},
        }.items():
            for rank, name in near.items():
                refusal = self.assertRaises(NotUnderstood, parse, f"/{word} eve", False, lambda r=rank: r)
                self.assertEqual(str(refusal), f"There is no command /{word}. Did you mean /{name}?")
                refusal = self.assertRaises(NotUnderstood, help_on, word, rank)
                self.assertEqual(str(refusal), f"There is no command /{word}. Did you mean /{name}?")

    def test_nobody_is_asked_their_rank_for_what_there_is(self) -> None:
        def rank() -> Rank:
            raise AssertionError("asked")

        for command in COMMANDS.values():
            parse(command.example, rank=rank)
        self.assertEqual(parse("hello", rank=rank), Say("hello"))


class HelpTests(SynchronousTestCase):
    def test_all_commands_that_one_may_use_fit_on_one_screen(self) -> None:
        for rank in Rank:
            lines = help_lines(rank)
            rows = [line[:31] if line[29:31] == "  " else line.replace("/help NAME", "") for line in lines]
            named = [word for row in rows for word in row.split() if word.startswith("/")]
            self.assertEqual(sorted(named), sorted(f"/{name}" for name in usable(rank) if name in COMMANDS))
            self.assertLessEqual(len(lines), 23)

    def test_every_line_of_help_fits_beside_its_signs_into_80_columns(self) -> None:
        for rank in Rank:
            self.assertEqual([line for line in help_lines(rank) if len(line) > 76], [])

    def test_in_every_line_of_help_what_a_command_does_stands_apart_from_it(self) -> None:
        self.assertEqual([line for line in help_lines() if line[29:31] != "  " or line[31] == " "], [])

    def test_every_line_of_help_says_what_its_commands_do(self) -> None:
        lines = help_lines()
        for name, command in COMMANDS.items():
            if not command.beside:
                together = any(other.beside == name for other in COMMANDS.values())
                self.assertEqual(bool(command.together), together)
                told = command.together or command.does
                shown = [line[31:] for line in lines if line.startswith(command.usage)]
                self.assertEqual(shown, [told] if command.rank is Rank.GUEST else [])

    def test_of_what_not_everybody_may_the_names_are_told(self) -> None:
        self.assertEqual(help_lines(Rank.ACCOUNT)[21:], ["Also yours: /password /unregister"])
        self.assertEqual(
            help_lines(Rank.SERVER_OPERATOR)[21:],
            [
                "Also yours: /password /unregister /op /deop /kick /ban /unban /mute /unmute",
                "  /slow /lock /unlock /invite /hide /unhide /lockdown /reload /announce",
            ],
        )

    def test_who_has_no_nickname_is_told_that_there_is_more(self) -> None:
        *lines, last = help_lines(Rank.NAMELESS)
        self.assertEqual(len(lines), 6)
        self.assertEqual(last, "There are more once you have a nickname; /help NAME tells about each.")

    def test_one_command_is_told_with_an_example_and_its_other_names(self) -> None:
        told = [
            "/msg NICK TEXT: say something to one person only.",
            "For example: /msg alice hello",
        ]
        for word in "msg", "/msg", "MSG", "query", "/w":
            self.assertEqual(help_on(word), [*told, "The same: /query, /w"])
        self.assertEqual(help_on("back"), ["/back: you are here again.", "For example: /back"])

    def test_of_one_that_one_may_not_use_it_is_told_who_may(self) -> None:
        for name, rank, needs in (
            ("me", Rank.NAMELESS, "It works once you have a nickname."),
            ("password", Rank.GUEST, "It is for those who have an account: /register PASSWORD"),
            ("kick", Rank.ACCOUNT, "It is for the operators of a room."),
            ("kick", Rank.NAMELESS, "It is for the operators of a room."),
            ("announce", Rank.ROOM_OPERATOR, "It is for the operators of the server."),
        ):
            self.assertEqual(help_on(name, rank), [*help_on(name, Rank.SERVER_OPERATOR), needs])

    def test_there_is_no_help_on_an_unknown_command(self) -> None:
        refusal = self.assertRaises(NotUnderstood, help_on, "/hlep")
        self.assertEqual(str(refusal), "There is no command /hlep. Did you mean /help?")


class ParseLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(TYPED, st.booleans())
    def test_whatever_is_typed_is_understood_or_refused_in_clean_words(
        self, line: str, nameless: bool
    ) -> None:
        try:
            request = parse(line, nameless)
        except Refused as refusal:
            self.assertEqual(clean(str(refusal)), str(refusal))
            return
        if nameless and request is not None:
            self.assertIsInstance(
                request, ChooseNick | TakeNick | Login | Resume | SpeakJson | Quit | Help | Set
            )

    @settings(deadline=None, database=None)
    @given(TYPED)
    def test_every_text_in_a_request_is_clean_and_not_too_long(self, line: str) -> None:
        try:
            request = parse(line)
        except Refused:
            return
        match request:
            case (
                Say(text) | Act(text) | Tell(_, text) | Reply(text) | Search(text) | ReplyTo(_, text)
                | Edit(_, text) | Announce(text)
            ):  # fmt: skip
                self.assertTrue(text.strip())
                self.assertLessEqual(len(text.encode()), LONGEST_LINE)
                self.assertEqual(clean(text), text)
            case (
                Topic(text) | Away(text) | Quit(text) | Report(_, text) | Kick(_, text) | Ban(_, _, text)
                | Mute(_, _, text)
            ):  # fmt: skip
                self.assertLessEqual(len(text.encode()), LONGEST_REMARK)
                self.assertEqual(clean(text), text)
            case Help() | Set():
                for text in msgspec.structs.astuple(request):
                    self.assertEqual(clean(text), text)
