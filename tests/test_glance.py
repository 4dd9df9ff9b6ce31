"""What two readings of a server's figures come to."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.glance import NoFigures, Reading, lines, reading

BEFORE = """
# TYPE tcpchat_build info
tcpchat_build_info{version="1.2"} 1.0
# TYPE tcpchat_ready gauge
tcpchat_ready 1.0
# TYPE tcpchat_people gauge
tcpchat_people 1.0
# TYPE tcpchat_rooms gauge
tcpchat_rooms 1.0
# TYPE tcpchat_connections_open gauge
tcpchat_connections_open{door="line",encrypted="no",state="named"} 3.0
tcpchat_connections_open{door="line",encrypted="yes",state="named"} 1.0
tcpchat_connections_open{door="line",encrypted="no",state="nameless"} 2.0
# TYPE tcpchat_lines_in counter
tcpchat_lines_in_total 100.0
# TYPE tcpchat_log gauge
tcpchat_log_info{durability="power",replicas="1",store="sqlite"} 1.0
# TYPE tcpchat_commit_seconds histogram
tcpchat_commit_seconds_sum 1.0
tcpchat_commit_seconds_count 100.0
# TYPE tcpchat_reactor_delay_seconds histogram
tcpchat_reactor_delay_seconds_bucket{le="0.05"} 100.0
tcpchat_reactor_delay_seconds_bucket{le="+Inf"} 100.0
tcpchat_reactor_delay_seconds_sum 1.0
tcpchat_reactor_delay_seconds_count 100.0
# TYPE tcpchat_process_start_time_seconds gauge
tcpchat_process_start_time_seconds 5.0
# TYPE python_info gauge
python_info 1.0
"""

AFTER = (
    BEFORE.replace("_total 100.0", "_total 150.0")
    .replace("commit_seconds_sum 1.0", "commit_seconds_sum 1.04")
    .replace("commit_seconds_count 100.0", "commit_seconds_count 110.0")
    .replace('le="+Inf"} 100.0', 'le="+Inf"} 120.0')
    .replace('le="0.05"} 100.0', 'le="0.05"} 119.0')
    .replace("delay_seconds_count 100.0", "delay_seconds_count 120.0")
    .replace("delay_seconds_sum 1.0", "delay_seconds_sum 1.2")
)


class GlanceTests(SynchronousTestCase):
    def shown(self, before: Reading, now: Reading) -> dict[str, str]:
        front, blank, *rows = lines("here:8025", before, now)
        self.front, self.rows = front, rows
        self.assertEqual(blank, "")
        return {row.split()[0]: " ".join(row.split()[1:]) for row in rows}

    def test_what_is_there_is_as_it_was_read_last(self) -> None:
        shown = self.shown(reading(0, BEFORE, ""), reading(2, AFTER, ""))
        self.assertEqual(self.front, "tcpchat, version 1.2 at here:8025: people can come in")
        self.assertEqual(shown["people"], "1 in 1 room, 0 sessions")
        self.assertEqual(shown["connections"], "6 4 named, 2 nameless, 0 leaving; 1 with TLS")
        self.assertEqual(shown["log"], "sqlite durability power, 1 replica, written well")
        self.assertNotIn("cluster", shown)

    def test_what_has_happened_is_a_rate_or_an_average_since_the_reading_before(self) -> None:
        shown = self.shown(reading(0, BEFORE, ""), reading(2, AFTER, ""))
        (lines_in,) = [row for row in self.rows if row.startswith("  lines in ")]
        self.assertEqual(lines_in.split(), ["lines", "in", "25.0", "a", "second"])
        self.assertEqual(shown["commit"], "4.0 ms on average, 5.0 a second, - items each, 0 failed")
        self.assertEqual(shown["reactor"], "10.0 ms late on average, 5.0 % over 50 ms")

    def test_columns_stand_below_each_other(self) -> None:
        _, _, *rows = lines("here:8025", reading(0, BEFORE, ""), reading(2, AFTER, ""))
        for row in rows:
            self.assertEqual((row[22], row[23:27], row[27:28].isspace()), (row[22], "    ", False), row)
            self.assertFalse(row[22].isspace(), row)

    def test_nothing_is_said_of_rates_when_nothing_is_known(self) -> None:
        again = AFTER.replace("start_time_seconds 5.0", "start_time_seconds 9.0")
        for now in reading(2, again, ""), reading(0, AFTER, ""):
            shown = self.shown(reading(0, BEFORE, ""), now)
            self.assertEqual(shown["process"][:9], "- of a co")
            self.assertEqual(shown["commit"][:12], "- on average")
            self.assertEqual(shown["reactor"], "- late on average, - over 50 ms")

    def test_what_is_wrong_is_told(self) -> None:
        down = AFTER.replace("tcpchat_ready 1.0", "tcpchat_ready 0.0")
        shown = self.shown(reading(0, BEFORE, ""), reading(2, down, "Not written: the disk\x1b is full."))
        self.assertTrue(self.front.endswith(": nobody can come in"))
        self.assertTrue(shown["log"].endswith("1 replica, Not written: the disk is full."))
        self.shown(reading(0, BEFORE, ""), reading(2, AFTER, "Not written: the disk is full."))
        self.assertTrue(self.front.endswith(": nobody new can come in"))

    def test_of_a_cluster_there_is_a_line_more(self) -> None:
        for connected, fenced, told in (1, 0, "connected"), (0, 0, "cut off"), (1, 1, "cut off"):
            cluster = AFTER + (
                f"tcpchat_cluster_nodes 3.0\ntcpchat_cluster_connected {connected}.0\n"
                f"tcpchat_cluster_fenced {fenced}.0\n"
            )
            shown = self.shown(reading(0, BEFORE, ""), reading(2, cluster, ""))
            self.assertEqual(shown["cluster"], f"3 nodes, this one {told}; - to publish")

    def test_a_server_that_starts_says_little(self) -> None:
        starting = reading(0, "tcpchat_ready 0.0\n", "The server starts.")
        shown = self.shown(starting, starting)
        self.assertEqual(shown["log"], "? durability ?, 0 replicas, The server starts.")

    def test_what_are_no_figures_of_ours_is_refused(self) -> None:
        for page in "", "<html>", "python_info 1.0\n", "tcpchat_ready{ 1\n":
            self.assertRaises(NoFigures, reading, 0, page, "")
