"""The events: identity, limits, headers, schemas, and old samples that must stay readable."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from runtime.topics import Topics
from schemas import MAX_ARTICLE_BYTES, Article, Event, digest, record
from schemas.cloudevents import header
from schemas.export import CHANNELS, FOLDER, asyncapi, documents, file_name, json_schema
from sinks.settle import combine
from tests.make import NOON, a_deal_event, an_article, some_tags

DATA = Path(__file__).parent.parent / "data"
MODELS = {model.__name__: model for _, model, _ in CHANNELS.values()}


def examples() -> list[Event]:
    article = an_article()
    deal_event = a_deal_event(article)
    return [article, some_tags(article, deal_event), deal_event, combine("d", [deal_event])]


def test_an_article_is_known_by_its_url_and_a_version_by_its_text() -> None:
    first, edited = an_article(text="A buys B."), an_article(text="A may buy B.")
    assert first.article_id == edited.article_id == digest("https://e.com/1")
    assert first.version != edited.version
    assert an_article(minute=5).version == first.version


def test_without_a_url_the_text_is_the_identity() -> None:
    one = Article.of("Text.", fetched_at=NOON)
    assert one.article_id == Article.of("Text.", fetched_at=NOON).article_id
    assert one.article_id != Article.of("Other.", fetched_at=NOON).article_id


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "at least 1 character", id="empty"),
        pytest.param(" \n\t", "blank", id="blank"),
        pytest.param("é" * (MAX_ARTICLE_BYTES // 2 + 1), "the limit is 1,000,000", id="too long"),
        pytest.param("\ud800", "surrogates", id="half a surrogate pair"),
    ],
)
def test_a_text_that_cannot_be_an_article_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Article.of(text, fetched_at=NOON)


def test_times_are_kept_in_utc_and_naive_ones_refused() -> None:
    paris = timezone(timedelta(hours=1))
    article = Article.of("Text.", fetched_at=datetime(2026, 1, 1, 1, tzinfo=paris))
    assert article.fetched_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert article.fetched_at.tzinfo is UTC
    with pytest.raises(ValidationError, match="timezone"):
        Article.of("Text.", fetched_at=datetime(2026, 1, 1))


def test_a_reader_without_an_ordered_version_is_refused() -> None:
    with pytest.raises(ValidationError, match="dotted integers"):
        some_tags(an_article(), extractor="beta")


@pytest.mark.parametrize("event", examples(), ids=lambda event: type(event).__name__)
def test_an_event_survives_the_way_over_kafka(event: Event) -> None:
    sent = record("topic", event, "/test", traceparent=b"00-abc-def-01")
    assert sent.value is not None
    assert type(event).model_validate_json(sent.value) == event
    assert header(sent.headers, "ce_id") == event.ce_id().encode()
    assert header(sent.headers, "traceparent") == b"00-abc-def-01"
    required = {"ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "content-type"}
    assert required <= {name for name, _ in sent.headers}


def test_the_same_version_has_the_same_ids_whenever_it_is_fetched() -> None:
    early, late = an_article(minute=0), an_article(minute=9)
    assert early.ce_id() == late.ce_id()
    assert some_tags(early).ce_id() == some_tags(late).ce_id()


def test_events_are_immutable() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        an_article().title = "other"


@pytest.mark.parametrize("event", examples(), ids=lambda event: type(event).__name__)
def test_the_checked_in_schema_accepts_what_we_send(event: Event) -> None:
    schema = json.loads((FOLDER / "json" / file_name(type(event))).read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(event.model_dump_json()))


def test_the_checked_in_documents_are_those_of_the_models() -> None:
    for path, text in documents().items():
        assert path.read_text("utf-8") == text, f"{path.name} is stale: run `make schemas`"


@pytest.mark.parametrize("event", examples(), ids=lambda event: type(event).__name__)
def test_readers_of_the_first_release_accept_what_we_send(event: Event) -> None:
    frozen = json.loads((DATA / "schemas" / "v1" / file_name(type(event))).read_text("utf-8"))
    Draft202012Validator(frozen).validate(json.loads(event.model_dump_json()))
    new = json_schema(type(event))
    assert set(new.get("required", [])) <= set(frozen["required"]), "a field became required"
    assert set(frozen["properties"]) <= set(new["properties"]), "a field was removed"


@pytest.mark.parametrize("path", sorted((DATA / "events").glob("*/*.json")), ids=lambda p: p.stem)
def test_events_of_every_release_stay_readable(path: Path) -> None:
    model = MODELS[path.stem]
    event = model.model_validate_json(path.read_bytes())
    assert json.loads(event.model_dump_json()).items() >= json.loads(path.read_bytes()).items()


def test_there_are_samples_of_every_event() -> None:
    assert {path.stem for path in (DATA / "events" / "v1").glob("*.json")} == set(MODELS)


def test_a_field_that_we_do_not_know_is_ignored() -> None:
    event = json.loads(an_article().model_dump_json()) | {"added_later": {"a": 1}}
    assert Article.model_validate(event) == an_article()


def references(node: object) -> list[str]:
    if isinstance(node, dict):
        here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return here + [ref for value in node.values() for ref in references(value)]
    return [ref for value in node for ref in references(value)] if isinstance(node, list) else []


def test_the_asyncapi_document_names_every_topic_and_its_references_lead_somewhere() -> None:
    document = asyncapi()
    addresses = {
        channel["address"].format(prefix="news") for channel in document["channels"].values()
    }
    assert addresses == {topic.name for topic in Topics("news").all()}
    for reference in references(document):
        if reference.startswith("#/"):
            node = document
            for part in reference[2:].split("/"):
                node = node[part]
        else:
            assert (FOLDER / reference).is_file(), reference
