"""What can be set for a session, and what cannot."""

from datetime import UTC
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.requests import NotUnderstood
from tcpchat.settings import Settings

NO_ZONES = (
    "", " ", ".", "..", "/", "Paris", "Europe", "Europe/", "/Europe/Paris", "/etc/passwd", "../../etc/passwd",
    "Europe/../../../../etc/passwd", "Europe/..", "Europe//..", "Europe/Paris/", "Europe/Paris\0", "\0",
    "\ud800", "\u00e9", "zone.tab", "tzdata.zi", "__init__.py", "Europe/__init__.py", "Europe.Paris",
    "Europe\\Paris", "~", "%s", "x" * 300, "a/" * 300,
)  # fmt: skip


class SettingsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.settings = Settings()

    def described(self) -> dict[str, str]:
        return dict(self.settings.describe())

    def assert_refused(self, why: str, name: str, value: str) -> None:
        before = self.settings.describe()
        refusal = self.assertRaises(NotUnderstood, self.settings.changed, name, value)
        self.assertEqual(str(refusal), why)
        self.assertEqual(self.settings.describe(), before)

    def test_at_first_everything_is_plain(self) -> None:
        self.assertEqual(
            self.described(),
            {
                "echo": "off",
                "joins": "all",
                "timestamps": "off",
                "numbers": "off",
                "bell": "off",
                "color": "off",
                "timezone": "UTC",
                "encoding": "utf-8",
            },
        )

    def test_a_switch_is_on_or_off(self) -> None:
        for name in "echo", "timestamps", "numbers", "bell", "color":
            for value, described in (("on", "on"), ("off", "off"), ("ON", "on"), ("Off", "off")):
                self.settings = self.settings.changed(name, value)
                self.assertEqual(self.described()[name], described)
                self.assertIs(getattr(self.settings, name), described == "on")
            for value in "yes", "", "1", "on off":
                self.assert_refused(f'{name} is on or off, not "{value}".', name, value)

    def test_joins_are_all_folded_or_none(self) -> None:
        for value in "folded", "none", "all", "FOLDED":
            self.settings = self.settings.changed("joins", value)
            self.assertEqual(self.settings.joins, value.lower())
            self.assertEqual(self.described()["joins"], value.lower())
        for value in "some", "", "on":
            self.assert_refused(f'joins is all, folded or none, not "{value}".', "joins", value)

    def test_a_time_zone_is_one_by_its_name(self) -> None:
        for value in "Europe/Paris", "America/Argentina/Ushuaia", "Asia/Kolkata", "Etc/GMT+12":
            self.settings = self.settings.changed("timezone", value)
            self.assertEqual(self.settings.timezone, ZoneInfo(value))
            self.assertEqual(self.described()["timezone"], value)
        for value in "UTC", "utc":
            self.settings = self.settings.changed("timezone", value)
            self.assertIs(self.settings.timezone, UTC)
            self.assertEqual(self.described()["timezone"], "UTC")

    def test_nothing_else_is_a_time_zone_least_of_all_another_file(self) -> None:
        for value in NO_ZONES:
            self.assert_refused(f'There is no time zone "{value}". Try Europe/Paris.', "timezone", value)

    def test_there_is_no_other_setting_and_the_ones_there_are_are_named(self) -> None:
        for name in "colour", "", "Echo", "__class__", "change":
            self.assert_refused(
                f'There is no setting "{name}". '
                "There are: echo, joins, timestamps, numbers, bell, color, timezone, encoding.",
                name,
                "on",
            )

    def test_what_is_described_can_be_set_again(self) -> None:
        for name, value in {
            "echo": "on", "joins": "none", "timestamps": "on", "numbers": "on", "bell": "on",
            "timezone": "Asia/Kolkata",
            "encoding": "koi8-r",
        }.items():  # fmt: skip
            self.settings = self.settings.changed(name, value)
        again = Settings()
        for name, value in self.settings.describe():
            again = again.changed(name, value)
        self.assertEqual(again, self.settings)

    @with_settings(deadline=None, database=None)
    @given(st.sampled_from(list(vars(Settings()))), st.text(st.characters()))
    def test_whatever_value_is_typed_is_taken_or_refused(self, name: str, value: str) -> None:
        settings = Settings()
        try:
            changed = settings.changed(name, value)
        except NotUnderstood:
            return
        finally:
            self.assertEqual(settings, Settings())
        self.assertIn(name, dict(changed.describe()))
