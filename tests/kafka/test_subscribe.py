"""`dealwire subscribe`, as downstream services use it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from schemas import DealEvent, Money, Party, Record, digest, record
from tests.kafka.pipeline import Component, Pipeline, wait_until

AMOUNTS = [
    None,
    Money(low=5e6, high=5e6, currency="EUR"),
    Money(low=1e9, high=None, currency="USD"),
]


def deal_event(number: int) -> DealEvent:
    roles = [("investor", "investee"), ("acquirer", "target")][number % 2]
    return DealEvent(
        article_id=digest("subscribe", str(number)),
        article_version="1",
        article_fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
        extractor="1.0.0",
        event_id=f"event-{number}",
        type=("investment", "acquisition")[number % 2],
        status=("announced", "rumoured")[number // 2 % 2],
        parties=tuple(Party(role=role, name=f"{role} {number % 5}") for role in roles),
        amount=AMOUNTS[number % 3],
        evidence=(),
        confidence=0.5,
    )


def publish(pipeline: Pipeline, numbers: Iterable[int]) -> set[str]:
    """Publish deal events and return their ids."""
    events = [deal_event(number) for number in numbers]
    topic = pipeline.topics.deal_events.name
    pipeline.publish(record(topic, event, "/test") for event in events)
    return {event.event_id for event in events}


def printed(*members: Component) -> list[str]:
    lines = [line for member in members for line in member.log_text().splitlines(keepends=True)]
    whole = [line for line in lines if line.endswith("\n")]  # the last may be half written
    return [json.loads(line)["event_id"] for line in whole if "event_id" in line]


def ask(pipeline: Pipeline, *options: str) -> list[str]:
    """Return the ids that `dealwire subscribe` prints until the end of what is there."""
    done = pipeline.run("subscribe", *options, "--until-end")
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["event_id"] for line in done.stdout.splitlines()]


def test_subscribers_begin_where_they_like_and_see_what_they_asked_for(pipeline: Pipeline) -> None:
    early = publish(pipeline, range(60))
    pipeline.publish([Record(pipeline.topics.deal_events.name, b"k", b"not a deal", [])])
    time.sleep(0.01)  # Kafka's times are in milliseconds
    noon = datetime.now(UTC)
    time.sleep(0.01)
    late = publish(pipeline, range(60, 100))
    assert sorted(ask(pipeline, "--from", "beginning")) == sorted(early | late)
    assert sorted(ask(pipeline, "--from", noon.isoformat())) == sorted(late)
    assert ask(pipeline, "--from", "now") == []
    chosen = ask(
        pipeline,
        *("--from", "beginning", "--type", "acquisition", "--status", "rumoured"),
        *("--party", "TARGET 3", "--currency", "usd", "--min-amount", "1e9"),
    )
    assert sorted(chosen) == sorted(f"event-{n}" for n in range(100) if n % 30 == 23 and n // 2 % 2)


def test_members_of_a_group_share_the_events_and_a_restart_resumes(pipeline: Pipeline) -> None:
    group = ("--group", f"{pipeline.topics.prefix}.readers", "--from", "beginning")
    everything = publish(pipeline, range(40))
    members = [pipeline.member(*group) for _ in range(2)]
    wait_until("all is printed", lambda: set(printed(*members)) == everything)
    number = 40

    def both_work() -> bool:
        nonlocal number, everything
        everything |= publish(pipeline, range(number, number + 8))
        number += 8
        return all(set(printed(member)) - early for member in members)

    early = set(printed(*members))
    wait_until("both get some", both_work, every_s=0.3)
    wait_until("all is printed", lambda: set(printed(*members)) == everything)
    assert [pipeline.stop(member) for member in members] == [0, 0]

    more = publish(pipeline, range(number, number + 30))
    first = pipeline.run("subscribe", *group, "--count", "10").stdout.splitlines()
    rest = ask(pipeline, *group)
    resumed = [json.loads(line)["event_id"] for line in first] + rest
    assert sorted(resumed) == sorted(more), "from where they stopped, nothing twice"


def test_a_group_that_began_now_misses_nothing_while_it_is_away(pipeline: Pipeline) -> None:
    publish(pipeline, range(20))
    group = ("--group", f"{pipeline.topics.prefix}.late")
    member = pipeline.member(*group)
    number = 20

    def arrived() -> bool:
        nonlocal number
        if not printed(member):
            publish(pipeline, [number])
            number += 1
        return bool(printed(member))

    wait_until("it is there", arrived, every_s=0.3)
    assert pipeline.stop(member) == 0
    seen = set(printed(member))
    assert not seen & {f"event-{n}" for n in range(20)}, "what was there before is not for it"
    missed = publish(pipeline, range(1000, 1040))
    assert set(ask(pipeline, *group)) >= missed
