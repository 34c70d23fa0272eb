from __future__ import annotations

import asyncio

import pytest

from producers.hosts import KEPT_HOSTS, MAX_GAP_S, MAX_PAUSE_S, HostPausedError, Hosts
from tests.unit.producers.fetching import run


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def test_turns_of_one_host_do_not_overlap_and_keep_their_distance() -> None:
    clock = Clock()
    hosts = Hosts(5.0, clock=clock, sleep=clock.sleep)
    spans: list[tuple[float, float]] = []

    async def visit() -> None:
        async with hosts.turn("a.test"):
            began = clock()
            await clock.sleep(2.0)
            spans.append((began, clock()))

    async def test() -> None:
        await asyncio.gather(*(visit() for _ in range(5)))

    run(test())
    assert [begin for begin, _ in spans] == [1000.0 + 7 * n for n in range(5)]


def test_other_hosts_do_not_wait() -> None:
    async def test() -> None:
        hosts = Hosts(60.0)
        async with hosts.turn("a.test"), asyncio.timeout(1):
            async with hosts.turn("b.test"):
                pass

    run(test())


def test_the_gap_is_kept_after_a_failure_too() -> None:
    async def test() -> None:
        clock = Clock()
        hosts = Hosts(5.0, clock=clock, sleep=clock.sleep)
        with pytest.raises(ZeroDivisionError):
            async with hosts.turn("a.test"):
                raise ZeroDivisionError
        async with hosts.turn("a.test"):
            assert clock() == 1005.0

    run(test())


def test_who_stops_waiting_leaves_the_queue() -> None:
    async def test() -> None:
        hosts = Hosts(0.0)

        async def visit() -> None:
            async with hosts.turn("a.test"):
                pass

        async with hosts.turn("a.test"):
            waiting = asyncio.create_task(visit())
            await asyncio.sleep(0)
            waiting.cancel()
        async with asyncio.timeout(1):
            await visit()

    run(test())


async def paused_s(hosts: Hosts, host: str) -> float:
    try:
        async with hosts.turn(host):
            return 0
    except HostPausedError as error:
        return error.seconds


def test_a_pause_ends_and_has_a_limit() -> None:
    async def test() -> None:
        clock = Clock()
        hosts = Hosts(5.0, clock=clock, sleep=clock.sleep)
        assert await paused_s(hosts, "a.test") == 0
        hosts.pause("a.test", 120)
        assert await paused_s(hosts, "a.test") == 120
        assert await paused_s(hosts, "b.test") == 0
        clock.now += 121
        assert await paused_s(hosts, "a.test") == 0
        hosts.pause("a.test", 1e12)
        assert await paused_s(hosts, "a.test") == MAX_PAUSE_S

    run(test())


def test_those_who_wait_when_a_pause_begins_learn_it_at_once() -> None:
    async def test() -> None:
        hosts = Hosts(60.0)
        async with hosts.turn("a.test"):
            waiting = [asyncio.create_task(paused_s(hosts, "a.test")) for _ in range(9)]
            await asyncio.sleep(0)
            hosts.pause("a.test", 300)
        async with asyncio.timeout(1):
            assert min(await asyncio.gather(*waiting)) > 299

    run(test())


@pytest.mark.parametrize(
    ("wanted", "kept"), [(0.1, 5.0), (10.0, 10.0), (1e9, MAX_GAP_S), (float("inf"), MAX_GAP_S)]
)
def test_a_site_may_ask_for_more_patience_but_not_for_less(wanted: float, kept: float) -> None:
    async def test() -> None:
        clock = Clock()
        hosts = Hosts(5.0, clock=clock, sleep=clock.sleep)
        hosts.slow_down("a.test", wanted)
        async with hosts.turn("a.test"):
            pass
        async with hosts.turn("a.test"):
            assert clock() == 1000.0 + kept

    run(test())


def test_a_million_names_are_not_remembered_for_ever() -> None:
    async def test() -> None:
        clock = Clock()
        hosts = Hosts(5.0, clock=clock, sleep=clock.sleep)
        hosts.pause("paused.test", 1e6)
        for number in range(5 * KEPT_HOSTS):
            async with hosts.turn(f"{number}.test"):
                clock.now += 0.01
        assert hosts.remembered <= KEPT_HOSTS
        assert await paused_s(hosts, "paused.test") > 0

    run(test())
