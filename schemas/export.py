"""The schemas for other programs: JSON Schema per event, and one AsyncAPI 3 document.

    python -m schemas.export         # writes them; `--check` only tells whether they are current

Both are checked in under schemas/json and schemas/asyncapi.json, and a test checks them.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from schemas.article import Article
from schemas.deal import Deal
from schemas.deal_event import DealEvent
from schemas.event import Event
from schemas.tags import Tags

FOLDER = Path(__file__).parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"

CHANNELS: dict[str, tuple[str, type[Event], str]] = {
    "articles": ("articles.v1", Article, "article_id"),
    "tags": ("tags.v1", Tags, "article_id"),
    "dealEvents": ("deal-events.v1", DealEvent, "article_id"),
    "deals": ("deals.v1", Deal, "deal_id"),
}
"""Channel: the topic behind the prefix, its events, their key."""


def json_schema(model: type[Event]) -> dict[str, Any]:
    """Return the JSON Schema of what a producer may send: what `model` accepts."""
    schema = model.model_json_schema(mode="validation")
    return {"$schema": DIALECT, "$id": f"urn:{model.ce_type}"} | schema


def file_name(model: type[Event]) -> str:
    """Return the schema's file name: `deal-event.v1.json`."""
    return f"{model.ce_type.removeprefix('dealwire.')}.json"


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document of all topics."""
    channels: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for channel, (topic, model, key) in CHANNELS.items():
        name = model.__name__
        channels[channel] = {
            "address": f"{{prefix}}.{topic}",
            "description": (model.__doc__ or "").strip(),
            "parameters": {"prefix": {"default": "news", "description": "DEALWIRE_TOPIC_PREFIX"}},
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        }
        messages[name] = {
            "name": model.ce_type,
            "contentType": "application/json",
            "headers": {"$ref": "#/components/schemas/CloudEvent"},
            "payload": {
                "schemaFormat": "application/schema+json;version=draft-2020-12",
                "schema": {"$ref": f"json/{file_name(model)}"},
            },
            "bindings": {"kafka": {"key": {"type": "string", "description": key}}},
        }
        action = "receive" if channel == "articles" else "send"
        operations[f"{action}{name}"] = {
            "action": action,
            "channel": {"$ref": f"#/channels/{channel}"},
        }
    channels["deadLetters"] = {
        "address": "{prefix}.dead-letters.v1",
        "description": "What could not be read: bytes, key and headers as they came. Headers that "
        "begin with __connect.errors. give topic, partition, offset, connector.name, "
        "exception.class.name and exception.message.",
        "parameters": {"prefix": {"default": "news", "description": "DEALWIRE_TOPIC_PREFIX"}},
        "messages": {"DeadLetter": {"$ref": "#/components/messages/DeadLetter"}},
    }
    messages["DeadLetter"] = {
        "contentType": "application/octet-stream",
        "payload": {"description": "any bytes, or none"},
    }
    operations["sendDeadLetter"] = {
        "action": "send",
        "channel": {"$ref": "#/channels/deadLetters"},
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Dealwire",
            "version": version("dealwire"),
            "description": "News articles in, deal events out.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": {"CloudEvent": _cloud_event()}},
    }


def _cloud_event() -> dict[str, Any]:
    names = ("ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "content-type")
    return {
        "type": "object",
        "description": "CloudEvents 1.0, Kafka binary mode; the same content has the same ce_id",
        "required": list(names),
        "properties": {name: {"type": "string"} for name in (*names, "traceparent")},
    }


def documents() -> dict[Path, str]:
    """Return every generated file with its content."""
    files: dict[Path, Any] = {FOLDER / "asyncapi.json": asyncapi()}
    for _, model, _ in CHANNELS.values():
        files[FOLDER / "json" / file_name(model)] = json_schema(model)
    return {
        path: json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        for path, content in files.items()
    }


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` return 1 when one is not current."""
    stale = [
        path
        for path, text in documents().items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    if "--check" in arguments:
        for path in stale:
            print(f"{path.relative_to(FOLDER.parent)} is not current: run `make schemas`")
        return bool(stale)
    for path, text in documents().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
