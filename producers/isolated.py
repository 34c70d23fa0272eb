"""Work on what strangers wrote, in processes of its own: in order, on all cores, with an end.

A page that takes for ever, eats the memory or crashes the parser costs itself alone.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

TIME_LIMIT_S = 10.0
"""Of processor time, so that a busy machine costs no page; hundreds of times what one takes."""
MEMORY_LIMIT_BYTES = 2 * 1024**3
WINDOW = 16
"""Items under way for each process: enough that none waits, few enough to be held in memory."""


class IsolatedMap(Generic[Item, Result]):
    """`map` in processes: `with IsolatedMap(work) as run: run(items)`."""

    def __init__(self, work: Callable[[Item], Result], time_limit_s: float = TIME_LIMIT_S) -> None:
        self._work = work
        self._time_limit_s = time_limit_s
        self._pool = self._new_pool(os.cpu_count() or 1)

    def __enter__(self) -> IsolatedMap[Item, Result]:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __call__(self, items: Iterable[Item]) -> Iterator[tuple[Item, Result | ValueError]]:
        """Yield each item with what the work made of it, or why it made nothing, in order."""
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        most = WINDOW * (os.cpu_count() or 1)
        for item in items:
            waiting.append((item, self._submit(item)))
            if len(waiting) == most:
                yield self._take(waiting)
        while waiting:
            yield self._take(waiting)

    def _take(
        self, waiting: deque[tuple[Item, Future[Result]]]
    ) -> tuple[Item, Result | ValueError]:
        item, future = waiting.popleft()
        try:
            return item, self._result(future)
        except BrokenProcessPool:
            pass
        # One of those under way ended its process: this one alone shows whether it was this one.
        self._pool.shutdown()
        result: Result | ValueError
        with self._new_pool(1) as alone:
            try:
                result = self._result(alone.submit(_limited, self._work, item, self._time_limit_s))
            except BrokenProcessPool:
                result = ValueError(
                    f"reading it takes more than {self._time_limit_s:.0f} s, or ends the process"
                )
        self._pool = self._new_pool(os.cpu_count() or 1)
        again = [(other, self._submit(other)) for other, _ in waiting]
        waiting.clear()
        waiting.extend(again)
        return item, result

    def _submit(self, item: Item) -> Future[Result]:
        try:
            return self._pool.submit(_limited, self._work, item, self._time_limit_s)
        except BrokenProcessPool as error:
            broken: Future[Result] = Future()
            broken.set_exception(error)
            return broken

    @staticmethod
    def _result(future: Future[Result]) -> Result | ValueError:
        try:
            return future.result()
        except BrokenProcessPool:
            raise
        except MemoryError:
            return ValueError("reading it takes too much memory")
        except Exception as error:  # the library's bug or the page's: the next one may be read
            return error if isinstance(error, ValueError) else ValueError(repr(error)[:300])

    @staticmethod
    def _new_pool(processes: int) -> ProcessPoolExecutor:
        # Not forked: librdkafka's threads and their locks would not come along.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(processes, mp_context=context, initializer=_prepare)


def _prepare() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our parent, which ends us
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _limited(work: Callable[[Item], Result], item: Item, time_limit_s: float) -> Result:
    # Not handled, the signal ends the process, whatever it is doing; Python would wait for C.
    signal.setitimer(signal.ITIMER_PROF, time_limit_s)
    try:
        return work(item)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
