"""The server that articles are pushed to: POST /articles, answered once Kafka has them."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from confluent_kafka import KafkaException

from producers.deliveries import Deliveries
from producers.push import TYPES, Taken, TooManyArticlesError, take
from runtime.errors import KafkaUnavailableError
from runtime.logs import get_logger

CHUNK_BYTES = 64 * 1024
HEALTH_TIMEOUT_S = 2.0
HEALTHY_FOR_S = 1.0
RETRY_AFTER_S = 5
PROBLEM_TYPE = "application/problem+json"

log = get_logger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Limits:
    """What one request, and all of them together, may take."""

    body_bytes: int
    articles: int
    requests: int
    """At the same time; each may hold a body."""
    timeout_s: float
    """For the body to arrive, and again for the brokers to confirm."""


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches the address; names other than localhost never."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class Problem(Exception):  # noqa: N818 - as RFC 9457 calls it
    """An answer that says what is wrong: https://www.rfc-editor.org/rfc/rfc9457"""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers or {}
        self.more: dict[str, Any] = {}

    def response(self) -> web.Response:
        title = web.Response(status=self.status).reason
        body = {"type": "about:blank", "title": title, "status": self.status, "detail": str(self)}
        return web.json_response(
            body | self.more,
            status=self.status,
            headers=self.headers,
            content_type=PROBLEM_TYPE,
        )


class Receiver:
    """The handlers, and what they share."""

    def __init__(self, deliveries: Deliveries, topic: str, token: str, limits: Limits) -> None:
        self._deliveries = deliveries
        self._topic = topic
        self._token = token.encode()
        self._limits = limits
        self._busy = 0
        self._reading: set[asyncio.Timeout] = set()
        self._is_stopping = False
        self._health = asyncio.Lock()
        self._healthy_until = 0.0
        self._counts = {"accepted": 0, "refused": 0}
        self._threads = ThreadPoolExecutor(limits.requests, thread_name_prefix="receive")

    def app(self) -> web.Application:
        """Return the application, to be run by aiohttp."""
        app = web.Application(middlewares=[_as_problems])
        app.router.add_post("/articles", self.post_articles)
        app.router.add_get("/health", self.get_health)
        return app

    async def post_articles(self, request: web.Request) -> web.Response:
        """Publish the articles of the body; 202 once the brokers have confirmed all of them."""
        self._check(request)
        if self._busy >= self._limits.requests:
            raise Problem(429, "too many requests at the same time", {"Retry-After": "1"})
        self._busy += 1
        try:
            body = await self._read(request)
            loop = asyncio.get_running_loop()
            taken = await loop.run_in_executor(
                self._threads, self._publish, body, request.content_type
            )
        finally:
            self._busy -= 1
        self._counts["accepted"] += len(taken.records)
        self._counts["refused"] += len(taken.refused)
        log.info(
            "received",
            client=request.remote,
            accepted=len(taken.records),
            refused=len(taken.refused),
        )
        return web.json_response(taken.answer(), status=202)

    def _check(self, request: web.Request) -> None:
        """Raise Problem for what can be refused before the body is read."""
        if self._token:
            scheme, _, given = request.headers.get("Authorization", "").partition(" ")
            is_right = hmac.compare_digest(given.strip().encode("utf-8", "replace"), self._token)
            if not is_right or scheme.lower() != "bearer":
                header = {"WWW-Authenticate": 'Bearer realm="dealwire"'}
                raise Problem(401, "send the token: `Authorization: Bearer ...`", header)
        elif "Origin" in request.headers or not is_loopback(_host(request)):
            # Any page that a browser on this machine shows could send articles.
            raise Problem(403, "without a token, browsers and other host names are refused")
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Problem(415, "send the body as it is", {"Accept-Encoding": "identity"})
        if request.content_type not in TYPES or (request.charset or "utf-8").lower() != "utf-8":
            raise Problem(415, f"send {' or '.join(TYPES)}, in UTF-8", {"Accept": ", ".join(TYPES)})
        if (request.content_length or 0) > self._limits.body_bytes:
            raise self._too_large()

    def _too_large(self) -> Problem:
        return Problem(
            413,
            f"a request has at most {self._limits.body_bytes:,} bytes and "
            f"{self._limits.articles:,} articles: nothing of it was published, send it in parts",
        )

    async def _read(self, request: web.Request) -> bytes:
        body = bytearray()
        close = {"Connection": "close"}
        limit = asyncio.timeout(self._limits.timeout_s)
        self._reading.add(limit)
        try:
            async with limit:
                async for chunk in request.content.iter_chunked(CHUNK_BYTES):
                    body += chunk
                    if len(body) > self._limits.body_bytes:
                        raise self._too_large()
        except TimeoutError:
            if self._is_stopping:
                retry = {"Retry-After": str(RETRY_AFTER_S)}
                raise Problem(503, "the server stops: send it again", close | retry) from None
            raise Problem(408, "the body did not come in time", close) from None
        except (web.RequestPayloadError, ConnectionError) as error:
            raise Problem(400, f"the body cannot be read: {error}") from error
        finally:
            self._reading.discard(limit)
        return bytes(body)

    def stop(self) -> None:
        """Give up the bodies that are still arriving; what has arrived is published and answered.

        To be called once the server takes no more requests, nor the rest of any.
        """
        self._is_stopping = True
        for limit in self._reading:
            limit.reschedule(asyncio.get_running_loop().time())

    def _publish(self, body: bytes, content_type: str) -> Taken:
        """Take the articles and wait until they are delivered; runs in a thread."""
        try:
            taken = take(body, content_type, self._topic, self._limits.articles, datetime.now(UTC))
        except TooManyArticlesError:
            raise self._too_large() from None
        except ValueError as error:
            raise Problem(400, str(error)) from error
        if not taken.records:
            problem = Problem(400, "there is no article in the body")
            if len(taken.refused) == 1:
                problem = Problem(400, taken.refused[0]["problem"])
            problem.more = taken.answer()
            raise problem
        try:
            self._deliveries.deliver(taken.records)
        except KafkaUnavailableError as error:
            log.error("not delivered", error=str(error), articles=len(taken.records))
            raise Problem(
                503,
                f"the brokers have not confirmed ({error}): send all of it again, what they have "
                "already is recognised",
                {"Retry-After": str(RETRY_AFTER_S)},
            ) from error
        return taken

    async def get_health(self, _request: web.Request) -> web.Response:
        """Answer 200 when the brokers answer us, else 503; needs no token, tells no secrets."""
        async with self._health:  # anybody may ask, as often as they like: the brokers are spared
            if time.monotonic() > self._healthy_until:
                try:
                    await asyncio.to_thread(
                        self._deliveries.client.list_topics, self._topic, timeout=HEALTH_TIMEOUT_S
                    )
                except KafkaException as error:
                    raise Problem(503, "no Kafka broker answers") from error
                self._healthy_until = time.monotonic() + HEALTHY_FOR_S
        return web.json_response({"status": "ok"} | self._counts)


def _host(request: web.Request) -> str:
    try:
        return request.url.host or ""
    except ValueError:
        return ""  # no name at all


@web.middleware
async def _as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error in the one form."""
    try:
        return await handler(request)
    except Problem as problem:
        log.info("refused", client=request.remote, status=problem.status, why=str(problem))
        return problem.response()
    except web.HTTPException as error:  # no such path, no such method
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return Problem(error.status, error.reason, headers).response()
    except Exception:
        log.exception("a bug")
        return Problem(500, "an error of ours, which is in the log").response()
