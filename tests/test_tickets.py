"""With what one comes back: secrets that can be typed, and what is kept in their place."""

from __future__ import annotations

import re
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.tickets import (
    MOST_NUMBERS,
    MOST_WORDS,
    TOKEN_SIZE,
    digest,
    digest_as_made,
    digests,
    new_ticket,
    ticket,
)

# Four of the words have a hyphen of their own.
CODE = re.compile(r"[a-z]+(-[a-z]+)?-\d\d-[a-z]+(-[a-z]+)?-[a-z]+(-[a-z]+)?")

SECRETS = st.text(st.characters(codec="utf-8"))


class TicketTests(SynchronousTestCase):
    def test_a_ticket_tells_nothing_where_it_is_shown_by_mistake(self) -> None:
        self.assertEqual(f"{ticket('secret')!r}", "Ticket(...)")

    def test_a_token_is_made_of_nothing_but_chance(self) -> None:
        asked: list[int] = []

        def chance(size: int) -> bytes:
            asked.append(size)
            return bytes(range(size))

        self.assertEqual(new_ticket(chance).token, bytes(range(TOKEN_SIZE)).hex())
        self.assertEqual(asked, [TOKEN_SIZE])
        self.assertGreaterEqual(TOKEN_SIZE * 8, 128)

    def test_a_code_is_three_words_and_two_digits(self) -> None:
        for number in range(1000):
            self.assertRegex(ticket(str(number)).code, f"^{CODE.pattern}$")

    def test_a_code_has_40_bits_at_least(self) -> None:
        self.assertGreater(MOST_WORDS**3 * MOST_NUMBERS, 2**40)

    def test_of_the_codes_all_words_and_numbers_are_used_about_as_often(self) -> None:
        codes = [ticket(str(number)).code for number in range(20_000)]
        self.assertEqual(len(set(codes)), len(codes))
        numbers = [re.findall(r"-(\d\d)-", code)[0] for code in codes]
        self.assertEqual(len(set(numbers)), MOST_NUMBERS)
        self.assertLess(max(map(numbers.count, set(numbers))), 300)  # 200 are to be expected
        first = {re.split(r"-\d\d-", code)[0] for code in codes}
        self.assertGreater(len(first), MOST_WORDS * 0.9)

    def test_the_code_follows_from_the_token(self) -> None:
        ticks = count()
        made = new_ticket(lambda size: next(ticks).to_bytes(size))
        self.assertEqual(ticket(made.token), made)
        self.assertNotEqual(new_ticket(lambda size: next(ticks).to_bytes(size)).code, made.code)

    def test_it_is_the_same_in_every_version(self) -> None:
        """People come back with codes that an earlier server has told them."""
        self.assertEqual(ticket("00" * 24).code, "banter-62-deviate-bulgur")
        self.assertEqual(ticket("ab" * 24).code, "filth-73-arousal-screen")


class DigestTests(SynchronousTestCase):
    def test_however_a_code_was_typed_it_is_the_same(self) -> None:
        for typed in (
            "fig-42-moss-lamp", "FIG-42-Moss-lamp", " fig-42-moss-lamp ", "fig 42 moss lamp",
            "fig -- 42 moss-lamp",
            "fig\t42\u3000moss lamp",
        ):  # fmt: skip
            self.assertEqual(digest(typed), digest("fig-42-moss-lamp"), typed)

    def test_another_code_is_another(self) -> None:
        for typed in "", "fig-42-moss", "fig-42-moss-lamps", "fig-43-moss-lamp", "fig42-moss-lamp":
            self.assertNotEqual(digest(typed), digest("fig-42-moss-lamp"), typed)

    @settings(database=None)
    @given(SECRETS)
    def test_nothing_of_a_secret_is_in_it(self, secret: str) -> None:
        self.assertRegex(digest(secret), "^[0-9a-f]{64}$")

    @settings(database=None)
    @given(st.binary(min_size=TOKEN_SIZE, max_size=TOKEN_SIZE))
    def test_the_digests_of_the_two_secrets_differ(self, chance: bytes) -> None:
        made = new_ticket(lambda _: chance)
        self.assertNotEqual(digest(made.token), digest(made.code))

    @settings(database=None)
    @given(st.binary(min_size=TOKEN_SIZE, max_size=TOKEN_SIZE))
    def test_a_token_is_known_by_the_code_that_follows_from_it_too_however_it_was_typed(
        self, chance: bytes
    ) -> None:
        made = new_ticket(lambda _: chance)
        for typed in made.token, made.token.upper(), f" {made.token}\t":
            self.assertEqual(digests(typed), (digest(made.token), digest(made.code)))

    @settings(database=None)
    @given(SECRETS)
    def test_a_secret_is_known_by_its_own_digest_first_and_by_no_code_but_its_own(self, secret: str) -> None:
        itself, its_code = digests(secret)
        self.assertEqual(itself, digest(secret))
        self.assertNotEqual(its_code, itself)

    @settings(database=None)
    @given(st.binary(min_size=TOKEN_SIZE, max_size=TOKEN_SIZE))
    def test_what_is_plain_as_it_was_made_has_the_same_digest(self, chance: bytes) -> None:
        for secret in new_ticket(lambda _: chance):
            self.assertEqual(digest_as_made(secret), digest(secret))
