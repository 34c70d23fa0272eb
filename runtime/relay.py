"""The one way in which a Faust agent handles its messages here, so that none is lost.

Faust on its own acknowledges a message even when its agent raised, and commits it even when
what the agent sent was refused (measured with 0.15.3). So an agent hands its stream to `relay`
and does nothing else; a test holds every agent to that.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import cast

from faust import Stream, StreamT
from faust.types import EventT

from runtime.dead_letters import Origin, dead_letter, size_bytes
from runtime.kafka import Publisher
from runtime.logs import get_logger
from runtime.settings import Settings
from runtime.topics import MAX_MESSAGE_BYTES, Topics
from schemas import Record
from schemas.cloudevents import Headers

BATCH = 200
BATCH_WAIT_S = 0.005
"""A batch is what came within this time, so also the least delay under light load."""

LET_OTHERS_EVERY_S = 0.05

GIVE_UP_S = 60.0
"""Brokers may be away for so long before the worker gives up and stops."""

WAIT_S = 0.5
"""How long one look at the deliveries lasts: a worker that is told to stop waits no longer."""

Step = Callable[[bytes | None, Headers], Iterable[Record]]
"""What an agent does: one message's value and headers in, records out; raises what it refuses."""

log = get_logger(__name__)


async def relay(stream: StreamT[bytes], step: Step, settings: Settings, component: str) -> None:
    """Send what `step` makes of each message; acknowledge it once all of that is delivered.

    What `step` refuses goes whole to the dead letters, and the stream goes on. A failed delivery
    raises: the worker stops with offsets uncommitted, and a restart takes up from there.
    """
    dead_letters = Topics(settings.topic_prefix).dead_letters.name
    publisher = Publisher(settings, GIVE_UP_S)
    stream = cast("Stream[bytes]", stream).noack()
    # Faust types the batch by the stream's values; noack_take hands out the events themselves.
    batches = cast(
        "AsyncIterator[Sequence[EventT[bytes]]]",
        cast("Stream[bytes]", stream).noack_take(BATCH, within=BATCH_WAIT_S),
    )
    async for events in batches:
        let_others_at = time.monotonic()
        for event in events:
            for record in _records(event, step, dead_letters, component):
                publisher.publish(record)
            # A batch may take seconds to read: heartbeats and commits run in between.
            if time.monotonic() - let_others_at > LET_OTHERS_EVERY_S:
                await asyncio.sleep(0)
                let_others_at = time.monotonic()
        await _delivered(publisher)
        for event in events:  # in order: Faust commits past a gap
            await stream.ack(event)


async def _delivered(publisher: Publisher) -> None:
    """Wait until the brokers have all that was published. Raises KafkaUnavailableError."""
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, publisher.wait, WAIT_S):
        pass


def _records(
    event: EventT[bytes], step: Step, dead_letters: str, component: str
) -> Sequence[Record]:
    message = event.message
    headers: Headers = list(message.headers or ())  # type: ignore[arg-type]
    try:
        records = list(step(message.value, headers))
        for record in records:
            if (size := size_bytes(record)) > MAX_MESSAGE_BYTES:
                # Sent, it would be refused, the worker would stop, and start at the same message.
                raise ValueError(
                    f"what was read makes {size:,} bytes for {record.topic}, and the limit is "
                    f"{MAX_MESSAGE_BYTES:,}"
                )
        return records
    except Exception as error:  # the reader's bug or the message's: either way it is kept
        origin = Origin(message.topic, message.partition, message.offset)
        log.warning("dead letter", origin=str(origin), error=repr(error)[:300])
        return [
            dead_letter(dead_letters, origin, message.key, message.value, headers, error, component)
        ]
