"""Errors that people meet. Each says what is wrong and what to do about it."""

from __future__ import annotations


class DealwireError(Exception):
    """A problem outside the program; its text names the thing and the remedy."""

    exit_code = 1


class KafkaUnavailableError(DealwireError):
    """No broker answers, or it refuses us."""

    exit_code = 3


class TopicError(DealwireError):
    """A topic is missing, or not as it should be."""

    exit_code = 4


class StoreError(DealwireError):
    """The SQLite file cannot be used."""

    exit_code = 5


class FencedError(DealwireError):
    """Another sink has taken over the SQLite file."""

    exit_code = 6


class OffsetError(DealwireError):
    """What the file says was read and what the broker has do not fit together."""

    exit_code = 7
