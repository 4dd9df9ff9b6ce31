"""Having an account: /register, /login, /password, /unregister, and a nickname that is nobody else's."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tcpchat import records
from tcpchat.command import Rank
from tcpchat.events import Deopped, Noted
from tcpchat.limits import Limits
from tcpchat.names import nickname
from tcpchat.person import Person
from tcpchat.ranks import rank
from tcpchat.requests import ChangePassword, Login, Register, Unregister
from tests.test_hashing import ManyTests
from tests.visitors import ChatCase, Visitor

QUESTION = "*** What is your nickname?"
PLAIN = "*** This connection is not encrypted."
IF_YOURS = "*** If it is yours: /resume CODE, or /login NICK."


class AccountCase(ChatCase):
    def registered(self, *nicks: str) -> tuple[Visitor, ...]:
        """People come in and register, each with NICK-secret as their password."""
        visitors = self.enter(*nicks)
        for nick, visitor in zip(nicks, visitors, strict=True):
            visitor.types(f"/register {nick}-secret")
        for visitor in visitors:
            visitor.sees()
        return visitors

    def person(self, nick: str) -> Person:
        person = self.chat.people.find(nickname(nick))
        assert person is not None
        return person

    def stranger(self) -> Visitor:
        """Somebody who has been asked for a nickname."""
        visitor = self.connect()
        visitor.sees()
        return visitor

    def logs_in(self, nick: str, password: str = "") -> Visitor:
        visitor = self.stranger()
        seen = visitor.types(f"/login {nick} {password or f'{nick}-secret'}")
        self.assertTrue(any(line.startswith(f"*** You are {nick}, in") for line in seen), seen)
        return visitor

    def noted(self) -> list[str]:
        """Return what the audit trail holds."""
        entries = self.successResultOf(self.log.read("#audit", 0, 100))
        return [f"{e.event.nick} {e.event.text}" for e in entries if isinstance(e.event, Noted)]


class RegisteringTests(AccountCase):
    def test_a_guest_keeps_their_nickname_by_a_password(self) -> None:
        (bob,) = self.enter("bob")
        self.assertEqual(
            bob.types("/register bob-secret"),
            [PLAIN, "*** You are registered as bob. /login bob PASSWORD brings you back."],
        )
        person = self.person("bob")
        self.assertEqual((person.account, rank(self.chat, person)), (person.id, Rank.ACCOUNT))
        self.assertEqual(self.noted(), ["bob registered"])

    def test_the_rest_goes_on_as_it_was(self) -> None:
        bob, eve = self.enter("bob", "eve")
        eve.types("/msg bob one")
        bob.types("/register bob-secret")
        bob.types("hello", "/msg eve one and a half")
        self.assertEqual(eve.sees(), ["<bob> hello", "[from bob] one and a half"])
        eve.types("/msg bob two")
        self.assertEqual(bob.sees(), ["[from eve] two"])
        self.assertEqual(len(self.chat.rooms.lobby.room.members), 2)
        bob.types("/join #dev", "/quit")
        self.assertEqual(self.chat.rooms.lobby.room.members.keys(), {self.person("eve").id})

    def test_what_was_set_and_the_rooms_are_the_accounts(self) -> None:
        (bob,) = self.enter("bob")
        bob.types("/join #dev", "/set echo on", "/ignore eve", "/register bob-secret")
        account = self.chat.accounts.find(nickname("bob"))
        assert account is not None
        self.assertEqual((account.settings["echo"], [*account.ignored]), ("on", ["eve"]))
        self.assertEqual(account.rooms, {"#lobby": 1, "#dev": 1})
        self.assertEqual((account.nick, account.since), ("bob", self.wall()))

    def test_it_is_in_the_log_when_one_is_told_so(self) -> None:
        (bob,) = self.enter("bob")
        self.assertIn("You are registered", " ".join(bob.types("/register bob-secret")))
        self.crash()
        self.logs_in("bob")

    def test_in_a_room_that_never_had_an_operator_they_are_it(self) -> None:
        bob, eve = self.enter("bob", "eve")
        bob.types("/join #own")
        eve.types("/join #own")
        self.assertEqual(bob.types("/register bob-secret")[-1], "*** bob is an operator of #own now.")
        eve.types("/register eve-secret")
        self.assertEqual(bob.sees(), [])
        self.assertIs(
            rank(self.chat, self.person("bob"), self.chat.rooms.find("#own").room), Rank.ROOM_OPERATOR
        )

    def test_on_a_full_disk_nobody_is_registered(self) -> None:
        (bob,) = self.enter("bob")
        self.log.full = True
        self.assertIn("!!! Not sent: the log cannot be written.", bob.types("/register bob-secret"))
        self.assertEqual(([*self.chat.accounts], self.person("bob").account), ([], ""))
        self.log.full = False
        self.crash()
        self.assertEqual([*self.chat.accounts], [])

    def test_one_account_is_enough(self) -> None:
        (bob,) = self.registered("bob")
        already = "!!! You are logged in as bob already."
        self.assertEqual(bob.types("/nick rob", "/register other-secret")[1:], [already])
        self.assertEqual(bob.types("/login bob bob-secret", "/login bob", "/register"), [already] * 3)

    def test_what_the_operator_has_registered_for_somebody_else_is_theirs(self) -> None:
        (bob,) = self.enter("bob")
        self.chat.accounts.keep(records.KeptAccount("tool", "B0B", "", 1))
        seen = bob.types("/register bob-secret")
        self.assertEqual(seen[1:], ['!!! "bob" is registered already. /nick NICK takes another one.'])
        self.assertEqual(self.person("bob").account, "")

    def test_a_weak_password_is_not_taken(self) -> None:
        (margarete,) = self.enter("margarete")
        for password in "short", "x" * 129, "MARGARETE", "password1":
            (*_, answer) = margarete.types(f"/register {password}")
            self.assertTrue(answer.startswith("!!! That password is "), answer)
        self.assertEqual([*self.chat.accounts], [])

    def test_a_program_registers_too(self) -> None:
        (bob,) = self.enter("bob")
        bob.types("/json")
        seen = bob.types('{"type":"register","password":"bob-secret","ref":"a"}')
        self.assertEqual(seen[-1], '{"type":"ok","ref":"a"}')
        seen = bob.types('{"type":"register","password":"","ref":"b"}')
        self.assertIn('"code":"refused","text":"You are logged in as bob already.","ref":"b"', seen[-1])

    def test_a_program_is_not_asked_for_a_password(self) -> None:
        (bob,) = self.enter("bob")
        bob.types("/json")
        for line in '{"type":"register","password":"","ref":"a"}', "/register":
            (answer,) = bob.types(line)
            self.assertIn('"code":"bad-request","text":"The password is missing."', answer)
        self.assertEqual(bob.types('{"type":"rooms","ref":"c"}')[-1], '{"type":"ok","ref":"c"}')


class ManyRegisterTests(AccountCase):
    limits = Limits(tokens=None, connections_per_network=None, registrations_per_network=2)

    def test_no_more_than_so_many_from_one_network(self) -> None:
        visitors = self.enter("a1", "b1", "c1")
        answers = [visitor.types("/register some-secret")[-1] for visitor in visitors]
        self.assertEqual(answers[-1], "!!! Too many have registered from your network. Try again in an hour.")
        self.assertEqual(len([*self.chat.accounts]), 2)


class OwnedTests(AccountCase):
    def setUp(self) -> None:
        super().setUp()
        (bob,) = self.registered("mike")
        bob.types("/quit")
        self.clock.advance(60)

    def test_nobody_else_gets_it_nor_what_looks_like_it(self) -> None:
        for typed, variant in ("mike", "mike2"), ("MIKE", "MIKE2"), ("rnike", "rnike2"):
            visitor = self.stranger()
            self.assertEqual(
                visitor.types(typed), [f'!!! "{typed}" is taken. Try "{variant}".', IF_YOURS, QUESTION]
            )
        (eve,) = self.enter("eve")
        self.assertEqual(eve.types("/nick mike"), ['!!! "mike" is taken. Try "mike2".'])
        self.assertIn("*** You are mike2, in #lobby with eve.", self.stranger().types("/as mike"))

    def test_not_after_a_restart_either(self) -> None:
        self.crash()
        self.assertIn(IF_YOURS, self.stranger().types("mike"))

    def test_a_variant_that_is_registered_is_not_offered(self) -> None:
        self.registered("mike2")
        self.assertIn('!!! "mike" is taken. Try "mike3".', self.stranger().types("mike"))

    def test_its_owner_may_change_the_spelling_of_it(self) -> None:
        mike = self.logs_in("mike", "mike-secret")
        self.assertEqual(mike.types("/nick Mike"), ["*** mike is now known as Mike."])
        self.assertEqual(mike.types("/nick carl"), ["*** Mike is now known as carl."])
        self.assertIn('!!! "mike" is taken. Try "mike2".', self.stranger().types("mike"))
        self.assertEqual(mike.types("/nick mike"), ["*** carl is now known as mike."])


class LoggingInTests(AccountCase):
    def test_a_guest_goes_on_as_who_they_are(self) -> None:
        (bob,) = self.registered("bob")
        bob.types("/quit")
        eve, carl = self.enter("eve", "carl")
        seen = eve.types("/login bob bob-secret")
        self.assertIn("*** You are bob, in #lobby with carl.", seen)
        self.assertEqual(carl.sees(), ["*** eve left #lobby: logged in as bob.", "*** bob joined #lobby."])
        eve.types("hello")
        self.assertEqual(carl.sees(), ["<bob> hello"])

    def test_a_guest_who_is_wrong_stays(self) -> None:
        self.registered("bob")
        (eve,) = self.enter("eve")
        self.assertEqual(eve.types("/login bob wrong"), [PLAIN, "!!! Wrong nickname or password."])
        self.assertEqual(self.person("eve").account, "")

    def test_it_is_told_once_that_the_connection_is_not_encrypted(self) -> None:
        (bob,) = self.enter("bob")
        self.assertEqual(bob.types("/register bob-secret")[0], PLAIN)
        seen = bob.types("/password bob-secret other-secret", "/unregister wrong", "/unregister other-secret")
        self.assertNotIn(PLAIN, seen)

    def test_nor_at_all_where_it_is(self) -> None:
        (bob,) = self.enter("bob")
        bob.screen.is_encrypted = True
        self.assertNotIn(PLAIN, bob.types("/register bob-secret"))

    def test_a_refused_login_ends_a_pipe_and_nothing_behind_it_is_a_name(self) -> None:
        self.registered("bob")
        pipe = self.stranger()
        pipe.types("/login bob wrong", "hello", "secret words")
        pipe.dialogue.ended()
        self.clock.advance(1)
        seen = pipe.sees()
        self.assertEqual(seen[-1], "!!! Not sent: Wrong nickname or password.")
        self.assertNotIn("hello", " ".join(seen))
        self.assertTrue(pipe.screen.closed)
        self.assertEqual(len(self.chat.rooms.lobby.room.members), 1)


class AskingTests(AccountCase):
    def setUp(self) -> None:
        super().setUp()
        (bob,) = self.registered("bob")
        bob.types("/quit")

    def test_a_password_that_is_missing_is_asked_for_and_not_shown(self) -> None:
        visitor = self.stranger()
        self.assertEqual(visitor.types("/login bob"), [PLAIN, "*** Password?"])
        self.assertTrue(visitor.screen.hides)
        self.assertIn("*** You are bob, in #lobby.", visitor.types("bob-secret"))
        self.assertFalse(visitor.screen.hides)

    def test_the_next_line_is_the_password_whatever_it_looks_like(self) -> None:
        for password in "/help me please", "  two blanks ", '{"type":"quit"}', "//slashes", "GET / HTTP/1.1":
            (eve,) = self.enter("eve")
            self.assertEqual(eve.types("/register", password)[1:2], ["*** Password?"], password)
            eve.types("/quit")
            visitor = self.stranger()
            visitor.types("/login eve")
            self.assertIn("*** You are eve, in #lobby.", visitor.types(password), password)
            visitor.types("/unregister", password, "/quit")

    def test_but_quit_is_not(self) -> None:
        visitor = self.stranger()
        visitor.types("/login bob")
        self.assertEqual(visitor.types("/quit"), ["*** Goodbye."])
        self.assertFalse(visitor.screen.hides)
        self.assertTrue(visitor.screen.closed)

    def test_nothing_typed_is_no_password(self) -> None:
        visitor = self.stranger()
        visitor.types("/login bob")
        nothing = "!!! That is no password, and nothing is done."
        self.assertEqual(visitor.types(""), [nothing, QUESTION])
        self.assertFalse(visitor.screen.hides)
        self.assertEqual(visitor.dialogue.wrong_passwords, 0)

    def test_what_is_no_text_is_none_either(self) -> None:
        visitor = self.stranger()
        visitor.types("/login bob")
        self.assertIn("is not UTF-8", visitor.types(b"\xff\xfe")[0])
        self.assertFalse(visitor.screen.hides)

    def test_the_end_of_the_stream_is_an_end(self) -> None:
        visitor = self.stranger()
        visitor.types("/login bob")
        visitor.dialogue.ended()
        self.settle()
        self.assertTrue(visitor.screen.closed)

    def test_it_can_be_piped_in(self) -> None:
        (eve,) = self.enter("eve")
        pipe = self.stranger()
        pipe.types("/login bob", "bob-secret", "hello")
        pipe.dialogue.ended()
        self.assertEqual(eve.sees(), ["*** bob joined #lobby.", "<bob> hello", "*** bob left #lobby."])

    def test_the_old_and_the_new_one_are_asked_for_one_after_the_other(self) -> None:
        visitor = self.logs_in("bob")
        self.assertEqual(visitor.types("/password"), ["*** Password?"])
        self.assertEqual(visitor.types("bob-secret"), ["*** New password?"])
        self.assertTrue(visitor.screen.hides)
        self.assertEqual(visitor.types("other secret"), ["*** Your password is changed."])
        self.assertFalse(visitor.screen.hides)
        visitor.types("/quit")
        visitor = self.stranger()
        visitor.types("/login bob")
        self.assertIn("*** You are bob, in #lobby.", visitor.types("other secret"))

    def test_who_may_not_is_not_asked(self) -> None:
        (eve,) = self.enter("eve")
        for line in "/password", "/unregister":
            self.assertEqual(eve.types(line), ["!!! That needs an account: /register PASSWORD"])

    def test_with_the_old_one_alone_the_new_one_is_asked_for(self) -> None:
        visitor = self.logs_in("bob")
        self.assertEqual(visitor.types("/password bob-secret"), ["*** New password?"])
        self.assertEqual(visitor.types("new-secret"), ["*** Your password is changed."])

    def test_three_words_are_too_many(self) -> None:
        bob = self.logs_in("bob")
        self.assertEqual(bob.types("/password a b c"), ["!!! It is used like this: /password [OLD NEW]"])
        self.assertEqual(bob.types("/unregister a b"), ["!!! It is used like this: /unregister [PASSWORD]"])
        self.assertEqual(bob.types("/login a b c"), ["!!! It is used like this: /login NICK [PASSWORD]"])


class ChangingTests(AccountCase):
    def test_the_new_password_holds_and_the_old_one_no_more(self) -> None:
        (bob,) = self.registered("bob")
        self.assertEqual(bob.types("/password bob-secret new-secret"), ["*** Your password is changed."])
        bob.types("/quit")
        visitor = self.stranger()
        self.assertIn("!!! Wrong nickname or password.", visitor.types("/login bob bob-secret"))
        self.crash()
        self.logs_in("bob", "new-secret")
        self.assertEqual(self.noted()[-1], "bob changed the password")

    def test_only_who_knows_the_old_one_may_and_the_new_one_has_to_be_good(self) -> None:
        (bob,) = self.registered("bob")
        self.assertEqual(bob.types("/password wrong new-secret"), ["!!! Wrong password."])
        self.assertIn("!!! That password is too short", bob.types("/password bob-secret short")[0])
        bob.types("/quit")
        self.logs_in("bob")

    def test_on_a_full_disk_it_stays(self) -> None:
        (bob,) = self.registered("bob")
        self.log.full = True
        self.assertEqual(
            bob.types("/password bob-secret new-secret"), ["!!! Not sent: the log cannot be written."]
        )
        self.log.full = False
        self.crash()
        self.logs_in("bob")


class GivingUpTests(AccountCase):
    GONE = "*** You have no account any more. bob is free once you have left."

    def test_they_go_on_as_a_guest_in_the_same_rooms(self) -> None:
        bob, eve = (*self.registered("bob"), *self.enter("eve"))
        bob.types("/join #dev")
        lost = "*** bob is no longer an operator of #dev."
        self.assertEqual(bob.types("/unregister bob-secret"), [lost, self.GONE])
        self.assertIs(rank(self.chat, self.person("bob")), Rank.GUEST)
        self.assertIn("!!! That needs an account: /register PASSWORD", bob.types("/unregister bob-secret"))
        bob.types("/join #lobby", "hello")
        self.assertEqual(eve.types("/msg bob hi"), ["<bob> hello", "[to bob] hi"])
        self.assertEqual(bob.sees(), ["[from eve] hi"])
        self.assertEqual(self.noted(), ["bob registered", "bob gave the account up"])
        self.assertEqual(bob.types("/quit"), ["*** Goodbye."])
        self.assertEqual(eve.sees(), ["*** bob left #lobby."])

    def test_the_nickname_is_free_once_they_have_left(self) -> None:
        (bob,) = self.registered("bob")
        bob.types("/unregister bob-secret")
        self.assertIn('!!! "bob" is taken. Try "bob2".', self.stranger().types("bob"))
        bob.types("/quit")
        self.clock.advance(60)
        self.assertIn("!!! Wrong nickname or password.", self.stranger().types("/login bob bob-secret"))
        self.assertIn("*** You are bob, in #lobby.", self.stranger().types("bob"))

    def test_nothing_is_left_of_it_in_the_store(self) -> None:
        (bob,) = self.registered("bob")
        bob.types("/quit")
        self.logs_in("bob").types("/unregister bob-secret", "/quit")
        self.clock.advance(600)
        for kind in records.ACCOUNT, records.ABSENT:
            self.assertEqual(self.successResultOf(self.log.records(kind)), {}, kind)
        self.crash()
        self.assertIn("*** You are bob, in #lobby.", self.stranger().types("bob"))

    def test_every_connection_of_theirs_goes_on(self) -> None:
        (first,) = self.registered("bob")
        first.types("/quit")
        second, third = self.logs_in("bob"), self.logs_in("bob")
        (eve,) = self.enter("eve")
        for visitor in second, third:
            visitor.sees()
        second.types("/unregister bob-secret", "one")
        third.types("two")
        self.assertEqual(eve.sees(), ["<bob> one", "<bob> two"])
        second.types("/quit")
        self.assertEqual(eve.sees(), [])
        third.types("/quit")
        self.assertEqual(eve.sees(), ["*** bob left #lobby."])

    def test_they_come_back_after_a_break_and_a_restart(self) -> None:
        (first,) = self.registered("bob")
        first.types("/quit")
        bob = self.logs_in("bob")
        bob.types("/unregister bob-secret")
        bob.breaks_off()
        again, seen = self.come_back(bob.code)
        self.assertIn("*** You are bob, in #lobby.", seen)
        again.types("hello")
        again.breaks_off()
        self.crash()
        again, seen = self.come_back(bob.code)
        self.assertIn("*** You are bob, in #lobby.", seen)
        self.assertEqual(again.types("still here", "/who"), ["*** 1 person is in #lobby: bob."])

    def test_who_has_given_it_up_may_register_again(self) -> None:
        (first,) = self.registered("bob")
        first.types("/quit")
        bob = self.logs_in("bob")
        bob.types("/unregister bob-secret")
        self.assertIn("*** You are registered as bob.", bob.types("/register new-secret")[0])
        bob.types("/quit")
        self.logs_in("bob", "new-secret")

    def test_they_are_no_operator_of_a_room_any_more(self) -> None:
        (bob,) = self.registered("bob")
        bob.types("/join #own")
        person = self.person("bob")
        lost = "*** bob is no longer an operator of #own."
        self.assertEqual(bob.types("/unregister bob-secret"), [lost, self.GONE])
        self.assertEqual(self.chat.rooms.find("#own").room.operators, {})
        (*_, last) = self.successResultOf(self.log.read("#own", 0, 100))
        expected = Deopped(person.id, "bob", "bob", person.id, account=person.id)
        self.assertEqual(last.event, expected)

    def test_nor_do_they_become_one_as_a_guest(self) -> None:
        bob, anna = self.registered("bob", "anna")
        bob.types("/unregister bob-secret")
        self.assertNotIn("*** bob is an operator of #own now.", bob.types("/join #own"))
        self.assertEqual(anna.types("/join #own")[-1], "*** anna is an operator of #own now.")
        (answer,) = anna.types("/op bob")
        self.assertTrue(answer.startswith("!!! "), answer)

    def test_the_wrong_password_gives_nothing_up(self) -> None:
        (bob,) = self.registered("bob")
        self.assertEqual(bob.types("/unregister wrong"), ["!!! Wrong password."])
        self.assertEqual(len([*self.chat.accounts]), 1)

    def test_nor_does_a_full_disk(self) -> None:
        (bob,) = self.registered("bob")
        self.log.full = True
        self.assertEqual(bob.types("/unregister bob-secret"), ["!!! Not sent: the log cannot be written."])
        self.log.full = False
        bob.types("/quit")
        self.crash()
        self.logs_in("bob")


class RaceTests(AccountCase):
    def test_who_breaks_off_while_it_is_decided_is_registered_all_the_same(self) -> None:
        (bob,) = self.enter("bob")
        many = ManyTests("run_later")
        many.setUp()
        self.chat.hashing = many.hashing
        bob.types("/register bob-secret")
        bob.breaks_off()
        many.finish()
        self.settle()
        account = self.chat.accounts.find(nickname("bob"))
        assert account is not None
        self.assertEqual(account.id, self.person("bob").id)
        _, seen = self.come_back(bob.code)
        self.assertIn("*** You are bob, in #lobby.", seen)

    def test_who_is_taken_up_from_elsewhere_while_it_is_decided_goes_on_there_as_who_they_were(self) -> None:
        (bob,) = self.registered("bob")
        bob.types("/quit")
        (eve,) = self.enter("eve")
        many = ManyTests("run_later")
        many.setUp()
        self.chat.hashing = many.hashing
        eve.types("/login bob bob-secret")
        again = self.stranger()
        again.types(f"/resume {eve.code}")
        many.finish()
        self.assertIn("*** You are eve, in #lobby.", again.sees())
        self.assertIn("!!! You go on over another connection: log in there.", eve.sees())
        again.types("/login bob bob-secret")
        many.finish()
        self.assertIn("*** You are bob, in #lobby.", again.sees())

    def test_lines_behind_it_wait(self) -> None:
        bob, eve = self.enter("bob", "eve")
        many = ManyTests("run_later")
        many.setUp()
        self.chat.hashing = many.hashing
        bob.types("/register bob-secret", "hello")
        self.assertEqual(eve.sees(), [])
        many.finish()
        self.assertEqual(eve.sees(), ["<bob> hello"])
        (*_, said) = self.successResultOf(self.log.read("#lobby", 0, 100))
        self.assertEqual(said.event.account, self.person("bob").id)


class DiscreetTests(AccountCase):
    def test_no_password_is_in_what_is_printed(self) -> None:
        requests = Register("canary"), Login("bob", "canary"), ChangePassword("canary", "canary")
        for request in (*requests, Unregister("canary")):
            self.assertNotIn("canary", repr(request))

    def test_nor_in_anything_that_is_kept_or_shown(self) -> None:
        bob, eve = self.enter("bob", "eve")
        seen = bob.types("/register canary-one", "/password canary-one canary-two", "/quit")
        visitor = self.stranger()
        seen += visitor.types("/login bob canary-no", "/login bob")
        self.clock.advance(1)
        seen += visitor.types("canary-two") + visitor.types("/password canary-two", "canary-three")
        seen += visitor.types("/history 50", "/search canary", "/set")
        seen += eve.types("/history 50", "/whois bob")
        self.assertNotIn("canary", " ".join(seen).replace("/search canary", ""))
        kept = [self.successResultOf(self.log.records(kind)) for kind in (records.ACCOUNT, records.SESSION)]
        self.assertNotIn("canary", repr(kept))

    @settings(deadline=None, database=None, max_examples=50)
    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
    def test_whatever_is_typed_for_a_password_is_answered_by_a_line(self, typed: str) -> None:
        """Each example has a chat of its own, as the law is about one line."""
        self.setUp()
        (bob,) = self.enter("bob")
        bob.types("/register")
        (answer,) = bob.types(typed.replace("\n", " "))
        self.assertRegex(answer, r"^(\*\*\* (You are registered as bob|Goodbye)|!!! That (password )?is )")
