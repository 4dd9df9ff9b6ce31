"""The figures of a chat with people in it, as Prometheus would read them."""

from __future__ import annotations

from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import metrics
from tcpchat.admission import Admission
from tcpchat.counted import Connected, Facts
from tcpchat.histogram import Histogram
from tcpchat.limits import Limits
from tcpchat.logs.commits import Commits
from tcpchat.metrics import LIMITS, Clustered, Figures, Serving
from tcpchat.networks import network
from tcpchat.tally import TALLY, Tally
from tests.visitors import ChatCase, Visitor

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(figures: Figures) -> Series:
    """Return the value of each series."""
    text = generate_latest(figures.register()).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class FewCluster:
    """What is known of a cluster of three nodes."""

    is_connected = True
    is_fenced = False
    living = 3
    publishes = Commits()


class MetricsTests(ChatCase):
    limits = Limits()

    def setUp(self) -> None:
        super().setUp()
        self.tally = Tally()
        self.patch(metrics, "TALLY", self.tally)
        self.visitors: list[Visitor] = []
        self.figures = Figures(Histogram((1.0,)), lambda: True)
        self.serve(None)

    def serve(self, cluster: Clustered | None) -> None:
        facts = Facts("sqlite", "power", 1, 0)
        self.figures.serving = Serving(self.chat, facts, self.connections, cluster)

    def connections(self) -> list[Connected]:
        dialogues = [visitor.dialogue for visitor in self.visitors]
        return [Connected("line", False, it.phase, it.reader.unsent) for it in dialogues]

    def value(self, name: str, **labels: str) -> float:
        return scraped(self.figures)[f"tcpchat_{name}", tuple(sorted(labels.items()))]

    def visit(self, nick: str = "") -> Visitor:
        visitor = Visitor(self, "127.0.0.1")
        self.visitors.append(visitor)
        if nick:
            visitor.types(nick)
        return visitor

    def test_people_rooms_and_connections_are_counted(self) -> None:
        anna, _, _ = self.visit("anna"), self.visit("bob"), self.visit()
        anna.types("/join #dev")
        self.assertEqual(self.value("people"), 2)
        self.assertEqual(self.value("rooms"), 3)  # with the lobby and that of the audit trail
        self.assertEqual(self.value("sessions_resumable"), 2)

        def states() -> list[float]:
            return [
                self.value("connections_open", door="line", encrypted="no", state=state)
                for state in ("nameless", "named", "leaving")
            ]

        self.assertEqual(states(), [1, 2, 0])
        anna.types("/quit")
        self.assertEqual(states(), [1, 1, 1])

    def test_a_reader_who_stalls_is_counted_with_what_waits(self) -> None:
        anna, bob = self.visit("anna"), self.visit("bob")
        self.assertEqual((self.value("readers_stalled"), self.value("unsent_bytes")), (0, 0))
        anna.stalls(5)
        bob.types("hello")
        self.assertEqual(self.value("readers_stalled"), 1)
        self.assertEqual(self.value("unsent_bytes"), len("<bob> hello\r\n") - 5)
        anna.reads()
        self.assertEqual((self.value("readers_stalled"), self.value("unsent_bytes")), (0, 0))

    def test_what_the_process_has_done_is_read_off(self) -> None:
        tally = self.tally
        tally.connections, tally.lines_in, tally.lines_out, tally.deliveries = 1, 2, 3, 4
        tally.refused("muted")
        tally.hit("tokens")
        names = "connections", "lines_in", "lines_out", "deliveries"
        self.assertEqual([self.value(f"{name}_total") for name in names], [1, 2, 3, 4])
        self.assertEqual(self.value("refusals_total", code="muted"), 1)
        self.assertEqual(self.value("refusals_total", code="slow"), 0)
        self.assertEqual(self.value("limits_hit_total", limit="tokens"), 1)
        self.assertEqual(self.value("limits_hit_total", limit="drop_from"), 0)

    def test_what_the_log_is_and_how_its_commits_went(self) -> None:
        self.visit("anna")
        self.assertEqual(self.value("log_info", store="sqlite", durability="power", replicas="1"), 1)
        self.assertEqual(self.value("log_weaknesses"), 0)
        self.assertEqual(self.value("commit_items_count"), self.log.commits.items.number)
        self.assertGreater(self.value("commit_seconds_count"), 0)
        self.assertEqual(self.value("commit_failures_total"), 0)

    def test_of_a_cluster_there_is_more(self) -> None:
        alone = {name for name, _ in scraped(self.figures)}
        self.serve(FewCluster())
        more = {name for name, _ in scraped(self.figures)} - alone
        self.assertTrue(more)
        self.assertEqual(
            [name for name in more if not name.startswith(("tcpchat_cluster", "tcpchat_pub"))], []
        )
        self.assertEqual(self.value("cluster_nodes"), 3)
        self.assertEqual((self.value("cluster_connected"), self.value("cluster_fenced")), (1, 0))

    def test_before_the_log_is_open_there_is_what_can_be(self) -> None:
        starting = Figures(Histogram((1.0,)), lambda: False)
        found = scraped(starting)
        self.assertEqual(found["tcpchat_ready", ()], 0)
        self.assertNotIn(("tcpchat_people", ()), found)

    def test_no_series_is_named_by_what_people_choose(self) -> None:
        before = scraped(self.figures).keys()
        anna = self.visit("anna")
        anna.types("/join #secret", "/nosuch", "/join bad room!", "hello", "/topic x", "/msg nobody x")
        self.assertEqual(scraped(self.figures).keys(), before)
        for name, labels in before:
            self.assertTrue(name.startswith("tcpchat_"))
            self.assertLessEqual({label for label, _ in labels}, {
                "code", "door", "durability", "encrypted", "le", "limit", "replicas", "state", "store",
                "version",
            })  # fmt: skip


class CountingTests(ChatCase):
    """Where the process counts: each test says by how much more it has done."""

    def counts(self) -> tuple[int, int]:
        return TALLY.lines_out, TALLY.deliveries

    def test_a_line_counts_once_for_each_reader(self) -> None:
        visitors = [Visitor(self, "127.0.0.1") for _ in range(3)]
        for nick, visitor in zip(("anna", "bob", "carl"), visitors, strict=True):
            visitor.types(nick)
        before = self.counts()
        visitors[0].types("hello")
        self.assertEqual(self.counts(), (before[0] + 3, before[1] + 3))

    def test_a_refusal_counts_by_its_code(self) -> None:
        anna = Visitor(self, "127.0.0.1")
        anna.types("anna")
        before = TALLY.refusals.get("no-such-nick", 0)
        anna.types("/msg nobody hello")
        self.assertEqual(TALLY.refusals["no-such-nick"], before + 1)


class LimitsTests(SynchronousTestCase):
    def test_every_reason_to_turn_somebody_away_is_listed(self) -> None:
        """What admission.py names, and what is counted elsewhere, is a limit's name."""
        known = {*Limits.__struct_fields__, "wrong_passwords"}
        self.assertLessEqual(set(LIMITS), known)
        admission = Admission(Limits(connections_per_network=1))
        somebody = network("192.0.2.1", ())
        admission.begin(somebody, 0.0)
        refusal = admission.refusal(somebody, 0.0, lambda: 1.0)
        assert refusal is not None
        self.assertIn(refusal.limit, LIMITS)
