"""Check labels and write gold.jsonl: python corpus/label.py FOLDER (its articles/ and labels/).

A label file has a first line "# LANG | DATE | NOTE", then lines "> deal", "$ amount", "! trap":
  > TYPE STATUS | ROLE: NAME = ALIAS = ALIAS | ~ROLE: described party
    | amount: WORDS = VALUE CUR [approx] | per_share: WORDS = VALUE CUR | stake: 51
    | round: series_a | also_status: a b | also_type: t | also_amount: WORDS = VALUE CUR (or null)
    | optional | in_boilerplate | component_of_round | quote: EXACT WORDS
  $ WORDS = VALUE CUR [approx]     every amount of money, in the order of the text
  ! EXACT WORDS | why it is no deal
VALUE is 1000, or 5..10 for a range, 5.. for "more than 5", ..10 for "up to 10".
"""

import json
import re
import sys
from pathlib import Path

ROLES = {
    "acquisition": "acquirer target seller",
    "merger": "merging_party",
    "investment": "investor investee",
    "debt": "borrower lender arranger",
    "contract": "customer supplier",
    "partnership": "partner",
    "joint_venture": "partner",
    "ipo": "issuer exchange",
    "capital_project": "sponsor location",
}
STATUS = ["rumoured", "announced", "completed", "cancelled", "denied"]
FLAGS = ["optional", "in_boilerplate", "component_of_round"]
VALUE = re.compile(r"(?:(\d+(?:\.\d+)?)|(\d+(?:\.\d+)?)?\.\.(\d+(?:\.\d+)?)?) ([A-Z]{3})( approx)?")


def money(text):
    """Return the amount that a field names. Raises ValueError."""
    raw, eq, value = text.rpartition(" = ")
    m = VALUE.fullmatch(value.strip())
    if not eq or not m or value.startswith(".. "):
        raise ValueError(f"amount {text!r}")
    one, low, high, currency, approx = m.groups()
    low, high = (one, one) if one else (low, high)
    return {
        "low": float(low) if low else None,
        "high": float(high) if high else None,
        "currency": currency,
        "approx": bool(approx),
        "raw": raw.strip(),
    }


def deal(line, text):
    """Return the deal that a line labels in an article. Raises ValueError."""
    head, *fields = [f.strip() for f in line.split(" | ")]
    kind, status = head.split()
    if kind not in ROLES or status not in STATUS:
        raise ValueError(f"type or status {head!r}")
    out = {
        "type": kind,
        "status": status,
        "parties": [],
        "amount": None,
        "price_per_share": None,
        "stake_pct": None,
        "round": None,
    }
    if status == "denied":
        out.update(status="rumoured", denied=True)
    for f in fields:
        name, colon, value = (p.strip() for p in f.partition(":"))
        if not colon and name in FLAGS:
            out[name] = True
        elif name == "amount":
            out["amount"] = money(value)
            if out["amount"]["raw"] not in text:
                raise ValueError(f"amount words not in the text: {value!r}")
        elif name == "per_share":
            m = money(value)
            out["price_per_share"] = {"value": m["low"], "currency": m["currency"]}
        elif name == "stake":
            out["stake_pct"] = float(value)
        elif name == "round":
            out["round"] = value
        elif name in ("also_status", "also_type"):
            out.setdefault("also", {})[name[5:]] = value.split()
        elif name == "also_amount":
            out.setdefault("also", {}).setdefault("amount", []).append(
                None if value == "null" else money(value)
            )
        elif name == "quote":
            if value not in text:
                raise ValueError(f"quote not in the text: {value!r}")
            out["quote"], out["quote_start"] = value, text.index(value)
        elif name.lstrip("~") in ROLES[kind].split():
            names = [n.strip() for n in value.split(" = ")]
            if names[0] not in text:
                raise ValueError(f"name not in the text: {names[0]!r}")
            party = {"role": name.lstrip("~"), "name": names[0]}
            if names[1:]:
                party["aliases"] = names[1:]
            if name.startswith("~"):
                party["named"] = False
            out["parties"].append(party)
        else:
            raise ValueError(f"field {f!r}")
    if not out["parties"] or "quote" not in out:
        raise ValueError("a deal wants parties and a quote")
    return out


def main(folder):
    """Check a folder; say what is wrong, else write its gold.jsonl."""
    errors, lines, deals, without = 0, [], 0, 0
    for path in sorted((folder / "articles").glob("*.txt")):
        text = path.read_text("utf-8")
        label = folder / "labels" / path.name
        if not label.exists():
            print(f"{path.name}: no labels")
            errors += 1
            continue
        gold = {
            "doc": path.stem,
            "lang": "",
            "genre": "",
            "title": text.strip().split("\n")[0],
            "published": None,
            "deals": [],
            "amounts": [],
            "not_deals": [],
        }
        at = 0
        for n, line in enumerate(label.read_text("utf-8").splitlines(), 1):
            try:
                mark, rest = line[:1], line[1:].strip()
                if mark == "#":
                    gold["lang"], gold["published"], gold["genre"] = [
                        p.strip() for p in (rest + "||").split("|")
                    ][:3]
                elif mark == ">":
                    gold["deals"].append(deal(rest, text))
                elif mark == "$":
                    m = money(rest)
                    start = text.find(m["raw"], at)
                    if start < 0:
                        raise ValueError(f"amount not in the text from here on: {m['raw']!r}")
                    at = start + len(m["raw"])
                    gold["amounts"].append({"quote": m.pop("raw"), "start": start, **m})
                elif mark == "!":
                    quote, _, why = rest.rpartition(" | ")
                    if not quote or quote not in text:
                        raise ValueError(f"trap not in the text: {quote!r}")
                    gold["not_deals"].append({"quote": quote, "why": why})
                elif line.strip():
                    raise ValueError("a line begins with # > $ or !")
            except ValueError as error:
                print(f"{label.name}:{n}: {error}")
                errors += 1
        if gold["lang"] not in ("fr", "en"):
            print(f"{label.name}: first line: # fr | 2024-03-01 | note")
            errors += 1
        deals += len(gold["deals"])
        without += not gold["deals"]
        lines.append(json.dumps(gold, ensure_ascii=False))
    if not errors:
        (folder / "gold.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines)} articles ({without} without a deal), {deals} deals, {errors} errors")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
