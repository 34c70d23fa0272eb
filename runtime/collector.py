"""Python's collector of reference cycles, told how a stream's process lives."""

from __future__ import annotations

import gc

LOOK_EVERY = 50_000
"""Objects made and not dropped before young ones are looked at; a batch makes some ten thousand."""


def spare_collector() -> None:
    """Look less often, and never at what is there now: call it once lists and models are loaded.

    A message's objects go when nothing refers to them; hardly any are in cycles. Yet by default
    every 700 of them have the collector walk through the batch, and in time through all there is.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(LOOK_EVERY)
