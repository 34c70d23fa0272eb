"""`dealwire receive` among well-meaning and hostile clients: a real server, a real broker."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from runtime.embedded import embedded_broker
from runtime.settings import Settings
from tests.conftest import Dealwire
from tests.embedded.test_produce_faults import REFUSED, UnrulyCluster
from tests.embedded.test_replay import TOPIC, published
from tests.kafka.pipeline import wait_until

TOKEN = "a token of some length"
JSON = {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any


class Server:
    """A server process, and a client of it."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: list[str]) -> None:
        self.process = process
        self.port = port
        self.log = log

    def post(
        self, body: Any, headers: dict[str, str], path: str = "/articles", timeout_s: float = 60
    ) -> Answer:
        return self.ask("POST", path, body, headers, timeout_s)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        timeout_s: float = 60,
    ) -> Answer:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            client.request(method, path, body, headers or {})
            response = client.getresponse()
            content = response.read()
            return Answer(response.status, dict(response.headers), json.loads(content))
        finally:
            client.close()

    @contextmanager
    def connection(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as raw:
            yield raw

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return int(found[1]) / 1024


@contextmanager
def serving(kafka: str, **env: object) -> Iterator[Server]:
    variables = {f"DEALWIRE_{name.upper()}": str(value) for name, value in env.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "receive", "--push-port", "0"],
        env=os.environ | {"DEALWIRE_KAFKA": kafka, "DEALWIRE_LOG_FORMAT": "json"} | variables,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    log: list[str] = []
    try:
        while "listening" not in (line := process.stderr.readline()):
            assert line, f"the server ended: {log}"
            log.append(line)
        port = int(json.loads(line)["url"].rpartition(":")[2])
        stderr = process.stderr
        reader = threading.Thread(target=lambda: log.extend(stderr), daemon=True)
        reader.start()
        yield Server(process, port, log)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        reader.join(timeout=10)
        assert not [entry for entry in log if "a bug" in entry], log
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.fixture(scope="module")
def broker() -> Iterator[Settings]:
    with embedded_broker("news") as address:
        yield Settings(**address)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def server(broker: Settings) -> Iterator[Server]:
    with serving(
        broker.kafka, push_token=TOKEN, push_timeout_s=5, push_max_body_bytes=8_000_000
    ) as running:
        yield running


def on_topic(broker: Settings, prefix: str) -> list[str]:
    """Texts of the articles whose address begins so."""
    return sorted(a.text for a in published(broker) if (a.url or "").startswith(prefix))


def test_an_article_is_on_the_topic_when_the_answer_comes(server: Server, broker: Settings) -> None:
    body = {"title": "A buys B", "text": "For €3m.", "url": "https://one.example/?utm_source=x"}
    first = server.post(json.dumps(body), JSON | BEARER)
    assert first.status == 202
    (article,) = [a for a in published(broker) if a.url == "https://one.example/"]
    assert (article.title, article.text) == ("A buys B", "A buys B\n\nFor €3m.")
    ids = {"line": 1, "article_id": article.article_id, "version": article.version}
    assert first.body == {"accepted": [ids], "refused": []}
    again = server.post(json.dumps(body), JSON | BEARER)
    assert again.body == first.body, "the same article is the same version"
    assert len({a.ce_id() for a in published(broker) if a.url == "https://one.example/"}) == 1
    edited = server.post(json.dumps(body | {"text": "For €4m."}), JSON | BEARER).body
    assert edited["accepted"][0]["article_id"] == article.article_id
    assert edited["accepted"][0]["version"] != article.version


def test_lines_are_taken_or_refused_one_by_one(server: Server, broker: Settings) -> None:
    lines = [
        b'{"text": "One.", "url": "https://two.example/1"}',
        b"{",
        b"",
        b'{"title": "no text"}',
        b"caf\xe9",
        b'{"text": "\\ud800"}',
        b"[" * 100_000,
        b'{"text": "x", "n": ' + b"9" * 10_000 + b"}",
        b'{"text": "Nine.", "n": 1e999999, "url": "https://two.example/9"}',
        b'{"text": "x", "url": "file:///etc/passwd"}',
        b'{"text": "x", "\\u0061rticle_id": "mine"}',
        b'{"text": "' + b"x" * 1_000_001 + b'"}',
        b'{"text": "' + b"x" * 4_000_001 + b'"}',
        b'"text"',
        b'{"text": "<p>Fif&eacute;<script>alert(1)</script></p>", "url": "https://two.example/15"}',
    ]
    answer = server.post(b"\n".join(lines), LINES | BEARER)
    assert answer.status == 202
    assert [taken["line"] for taken in answer.body["accepted"]] == [1, 9, 15]
    why = {refused["line"]: refused["problem"] for refused in answer.body["refused"]}
    for line, words in {
        2: "not JSON",
        4: "no `text`",
        5: "not UTF-8",
        6: "surrogates",
        7: "nested too deep",
        8: "digits",
        10: "no http or https",
        11: "leave it out",
        12: "limit is 1,000,000",
        13: "more than 4,000,000",
        14: "JSON object",
    }.items():
        assert words in why.pop(line), line
    assert why == {}
    assert on_topic(broker, "https://two.example") == ["Fifé", "Nine.", "One."]


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        pytest.param(b"{", JSON, 400, "not JSON", id="no JSON"),
        pytest.param(b"", JSON, 400, "not JSON", id="nothing"),
        pytest.param(b"\n\n", LINES, 400, "no article", id="blank lines"),
        pytest.param(b'{"text": "caf\xe9"}', JSON, 400, "not UTF-8", id="no UTF-8"),
        pytest.param(b"[" * 1_000_000, JSON, 400, "nested too deep", id="deep"),
        pytest.param(b'{"text": " "}', JSON, 400, "blank", id="blank text"),
        pytest.param(b'{"text": "<script>x</script>"}', JSON, 400, "blank", id="script alone"),
        pytest.param(b'{"text": {"a": 1}}', JSON, 400, "not text", id="no text"),
        pytest.param(b"null", JSON, 400, "JSON object", id="null"),
        pytest.param(b"x" * 9_000_000, LINES, 413, "in parts", id="large"),
        pytest.param(b'{"text": "x"}\n' * 100_000, LINES, 413, "in parts", id="many lines"),
        pytest.param(b"[" + b"1," * 20_000 + b"1]", JSON, 413, "in parts", id="many items"),
        pytest.param(b"text=x", {"Content-Type": "text/plain"}, 415, "ndjson", id="text"),
        pytest.param(b"{}", {}, 415, "application/json", id="no type"),
        pytest.param(
            b"{}", {"Content-Type": "application/json; charset=latin-1"}, 415, "UTF-8", id="charset"
        ),
        pytest.param(
            gzip.compress(b" " * 100_000_000),
            JSON | {"Content-Encoding": "gzip"},
            415,
            "as it is",
            id="gzip bomb",
        ),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_cause(
    server: Server, body: bytes, headers: dict[str, str], status: int, words: str
) -> None:
    answer = server.post(body, headers | BEARER)
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert words in answer.body["detail"]
    assert answer.body["status"] == status
    assert answer.body["title"]


@pytest.mark.parametrize(
    "given",
    ["", TOKEN, f"Basic {TOKEN}", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer é"],
)
def test_without_the_right_token_nothing_is_taken(
    server: Server, broker: Settings, given: str
) -> None:
    body = json.dumps({"text": "Mine.", "url": "https://thief.example/"})
    answer = server.post(body, JSON | ({"Authorization": given} if given else {}))
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert TOKEN not in json.dumps(answer.body)
    assert on_topic(broker, "https://thief.example") == []


def test_other_paths_and_methods(server: Server) -> None:
    assert server.ask("GET", "/").status == 404
    assert server.post("{}", JSON | BEARER, path="/").status == 404
    answer = server.ask("GET", "/articles")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    health = server.ask("GET", "/health")
    assert (health.status, health.body["status"]) == (200, "ok")


def head(*more: str) -> bytes:
    lines = ["POST /articles HTTP/1.1", "Host: localhost", f"Authorization: Bearer {TOKEN}"]
    return "\r\n".join([*lines, "Content-Type: application/x-ndjson", *more, "", ""]).encode()


def read_all(raw: socket.socket) -> bytes:
    data = b""
    try:
        while chunk := raw.recv(65536):
            data += chunk
    except ConnectionError:
        pass
    return data


def test_a_slow_body_is_given_up(server: Server, broker: Settings) -> None:
    with server.connection() as raw:
        raw.sendall(head("Content-Length: 1000"))
        started = time.monotonic()
        done = threading.Event()

        def dribble() -> None:
            while not done.wait(0.2):
                try:
                    raw.sendall(b'{"text": "Slow.", "url": "https://slow.example/"}\n'[:1])
                except OSError:
                    return

        sender = threading.Thread(target=dribble)
        sender.start()
        answer = read_all(raw)
        done.set()
        sender.join()
    assert b" 408 " in answer.split(b"\r\n")[0]
    assert 4 <= time.monotonic() - started < 30
    assert on_topic(broker, "https://slow.example") == []


def test_a_body_without_end_is_cut(server: Server) -> None:
    before = server.rss_mb()
    sent = 0
    started = time.monotonic()
    with server.connection() as raw:
        raw.sendall(head("Transfer-Encoding: chunked"))
        block = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        try:
            while time.monotonic() - started < 60:
                raw.sendall(block)
                sent += len(block)
        except OSError:
            pass
    assert sent > 8_000_000
    assert time.monotonic() - started < 30, "the connection is cut"
    assert server.rss_mb() - before < 200
    with server.connection() as raw:
        raw.sendall(head("Transfer-Encoding: chunked") + block * 130)
        assert b" 413 " in raw.recv(65536).split(b"\r\n")[0]


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"zz\r\nhello\r\n", id="no size"),
        pytest.param(b"-5\r\nhello\r\n", id="negative"),
        pytest.param(b"ffffffffffffffffffff\r\nhello\r\n", id="huge"),
        pytest.param(b"5\r\nhelloXX0\r\n\r\n", id="no line end"),
    ],
)
def test_chunked_garbage_is_refused(server: Server, garbage: bytes) -> None:
    with server.connection() as raw:
        raw.sendall(head("Transfer-Encoding: chunked") + garbage)
        assert b" 400 " in read_all(raw).split(b"\r\n")[0]
    assert server.ask("GET", "/health").status == 200


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500, id="TLS"),
        pytest.param(b"POST /articles HTTP/1.1\r\n" + b"X: " + b"y" * 100_000, id="header"),
        pytest.param(head("Content-Length: 5", "Transfer-Encoding: chunked"), id="smuggling"),
        pytest.param(head("Content-Length: -1"), id="negative length"),
        pytest.param(b"GET / HTTP/9.9\r\n\r\n" * 100, id="version"),
    ],
)
def test_what_is_no_http_gets_no_further(server: Server, garbage: bytes) -> None:
    with server.connection() as raw:
        try:
            raw.sendall(garbage)
            raw.shutdown(socket.SHUT_WR)
            status = read_all(raw).split(b"\r\n")[0]
        except OSError:
            status = b""
    assert status == b"" or b" 400 " in status
    assert server.ask("GET", "/health").status == 200


def test_a_client_that_leaves_in_the_middle_leaves_nothing(
    server: Server, broker: Settings
) -> None:
    line = b'{"text": "Half.", "url": "https://half.example/"}\n'
    for _ in range(20):
        with server.connection() as raw:
            raw.sendall(head("Content-Length: 10000") + line * 10)
    whole = b'{"text": "Whole.", "url": "https://half.example/2"}'
    # At once, not after the time that a body may take.
    wait_until("all are gone", lambda: server.post(whole, JSON | BEARER).status == 202, 3)
    assert on_topic(broker, "https://half.example") == ["Whole."]


def test_many_clients_at_once_lose_nothing(server: Server, broker: Settings) -> None:
    def push(client: int) -> list[str]:
        taken: list[str] = []
        for request in range(10):
            articles = [
                {
                    "text": f"{client} {request} {n}",
                    "url": f"https://many.example/{client}/{request}/{n}",
                }
                for n in range(20)
            ]
            body = "\n".join(map(json.dumps, articles))
            while (answer := server.post(body, LINES | BEARER)).status == 429:
                assert answer.headers["Retry-After"] == "1"
                time.sleep(0.05)
            assert answer.status == 202
            taken += [accepted["article_id"] for accepted in answer.body["accepted"]]
        return taken

    with ThreadPoolExecutor(24) as clients:
        ids = [one for taken in clients.map(push, range(24)) for one in taken]
    assert len(set(ids)) == 24 * 10 * 20
    there = [a.article_id for a in published(broker) if (a.url or "").startswith("https://many.")]
    assert sorted(there) == sorted(ids), "each once"


def test_no_more_requests_at_a_time_than_allowed(broker: Settings) -> None:
    with serving(broker.kafka, push_max_requests=2, push_timeout_s=20) as server:
        body = json.dumps({"text": "Busy.", "url": "https://busy.example/"})
        with server.connection() as one, server.connection() as two:
            for raw in (one, two):
                raw.sendall(head("Content-Length: 1000") + b"{")
            wait_until("both are taken", lambda: server.post(body, JSON).status == 429, 20)
            assert server.ask("GET", "/health").status == 200
        wait_until("they are gone", lambda: server.post(body, JSON).status == 202, 20)


def test_browsers_and_other_names_are_refused_where_no_token_is(broker: Settings) -> None:
    with serving(broker.kafka) as server:
        body = json.dumps({"text": "Page.", "url": "https://page.example/"})
        assert server.post(body, JSON | {"Origin": "http://evil.example"}).status == 403
        assert server.post(body, JSON | {"Host": "evil.example"}).status == 403
        assert server.post(body, JSON | {"Host": "localhost:1"}).status == 202


def test_an_address_for_others_needs_a_token(dealwire: Dealwire, broker: Settings) -> None:
    env = os.environ | broker.environ()
    for address in ("0.0.0.0", "::", "example.com"):
        done = dealwire("receive", "--push-host", address, env=env)
        assert done.returncode == 2
        assert "DEALWIRE_PUSH_TOKEN" in done.stderr


def test_a_port_that_is_taken_is_named(
    server: Server, dealwire: Dealwire, broker: Settings
) -> None:
    done = dealwire("receive", "--push-port", server.port, env=os.environ | broker.environ())
    assert done.returncode == 1
    assert f"cannot listen at 127.0.0.1:{server.port}" in done.stderr
    assert "--push-port" in done.stderr


def test_what_the_brokers_do_not_take_is_not_acknowledged(broker: Settings) -> None:
    cluster = UnrulyCluster(brokers=3)
    cluster.create_topic(TOPIC.name, TOPIC.partitions)
    settings = broker.model_copy(update={"kafka": cluster.bootstrap})
    body = json.dumps({"text": "Down.", "url": "https://down.example/"})
    with serving(cluster.bootstrap, push_timeout_s=3) as server:
        cluster.refuse([REFUSED[0]])
        refused = server.post(body, JSON)
        assert refused.status == 503
        assert "send all of it again" in refused.body["detail"]
        assert refused.headers["Retry-After"] == "5"
        assert server.post(body, JSON).status == 202, "it goes on by itself"
        for number in (1, 2, 3):
            cluster.set_up(number, up=False)
        started = time.monotonic()
        assert server.post(body, JSON).status == 503
        assert time.monotonic() - started < 15
        assert server.ask("GET", "/health").status == 503
        for number in (1, 2, 3):
            cluster.set_up(number, up=True)
        wait_until("it is healthy", lambda: server.ask("GET", "/health").status == 200, 60)
        wait_until("it takes articles", lambda: server.post(body, JSON).status == 202, 60)
    assert {a.text for a in published(settings)} == {"Down."}
    assert len({a.ce_id() for a in published(settings)}) == 1


def test_what_was_acknowledged_survives_a_kill(broker: Settings) -> None:
    acknowledged: list[str] = []
    sent: list[str] = []
    with pytest.raises(AssertionError), serving(broker.kafka) as server:
        killer = threading.Timer(0.3, server.process.kill)
        try:
            for number in range(100_000):
                url = f"https://kill.example/{number}"
                sent.append(url)
                if server.post(json.dumps({"text": "x", "url": url}), JSON).status == 202:
                    acknowledged.append(url)
                if number == 30:
                    killer.start()
        except (OSError, http.client.HTTPException):
            pass
        killer.join()
    there = [a.url for a in published(broker) if (a.url or "").startswith("https://kill.example")]
    assert len(acknowledged) > 10
    assert set(acknowledged) <= set(there) <= set(sent)


def test_a_stop_answers_everyone(broker: Settings) -> None:
    cluster = UnrulyCluster(brokers=1)
    cluster.create_topic(TOPIC.name, TOPIC.partitions)
    settings = broker.model_copy(update={"kafka": cluster.bootstrap})
    whole = json.dumps({"text": "Whole.", "url": "https://last.example/"})
    with serving(cluster.bootstrap, push_timeout_s=60) as server, server.connection() as raw:
        raw.sendall(head("Content-Length: 1000") + b"{")
        assert server.post(whole, JSON).status == 202
        cluster.delay(10.0)
        with ThreadPoolExecutor(1) as client:
            under_way = client.submit(server.post, whole.replace("Whole", "Late"), JSON)
            time.sleep(4)
            assert not under_way.done(), "the broker takes its time"
            server.process.send_signal(signal.SIGTERM)
            assert b" 503 " in read_all(raw).split(b"\r\n")[0], "half a body is not waited for"
            assert under_way.result().status == 202
        assert server.process.wait(timeout=30) == 0
    assert texts_of(settings) == ["Late.", "Whole."]


def texts_of(settings: Settings) -> list[str]:
    return sorted(article.text for article in published(settings))
