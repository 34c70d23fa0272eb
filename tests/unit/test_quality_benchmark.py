"""`make quality`: what is printed, by which causes, and what is kept from view."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.calibration import Judged, bands, error, judged, table
from benchmarks.causes import (
    DOUBTED,
    ELSEWHERE,
    INEXACT,
    INVENTED,
    MISSED,
    NO_NAME,
    NO_PART,
    NO_TYPE,
    OTHER,
    PRICE,
    SAME,
    STATUS,
    TRAP,
    TWICE,
    WRONG_ROLE,
    WRONG_TYPE,
    causes,
)
from benchmarks.quality import main
from processors.reader import Reader
from tests.unit.processors.test_explain import TEXT, explained

LISTS = Reader(model=None)
QUOTE = TEXT.splitlines()[2]
OTHERS = TEXT.splitlines()[3]
PRICE_OF = {"low": 35e6, "high": 35e6, "currency": "EUR", "raw": "35 millions d’euros"}


def deal(**more: Any) -> dict[str, Any]:
    """The labelled deal of TEXT, as the explanation has it, but for what is given."""
    roles = more.pop("roles", {"acquirer": "Zorvane", "target": "Belmoral"})
    parties = [{"role": role, "name": name} for role, name in roles.items()]
    label = {"type": "acquisition", "status": "completed", "parties": parties}
    return {**label, "amount": PRICE_OF, "quote": QUOTE, **more}


def found(*labels: dict[str, Any], traps: tuple[str, ...] = (), **sure: Any) -> Counter:
    explanation, _ = explained(**(sure or {"mardi": {"acquisition": 0.95}}))
    return causes(
        explanation, {"deals": list(labels), "not_deals": [{"quote": trap} for trap in traps]}
    )


def test_what_is_right_is_no_error() -> None:
    assert found(deal()) == {}


@pytest.mark.parametrize(
    ("label", "cause"),
    [
        pytest.param({"amount": None}, PRICE, id="price where none is"),
        pytest.param({"amount": {**PRICE_OF, "low": 1.0}}, PRICE, id="another price"),
        pytest.param({"status": "rumoured"}, STATUS, id="status"),
        pytest.param(
            {"roles": {"acquirer": "Zorvane", "target": "Belmoral", "seller": "Quillec"}},
            SAME,
            id="party in the sentence",
        ),
        pytest.param(
            {
                "roles": {"acquirer": "Zorvane", "target": "Belmoral", "seller": "Quillec"},
                "quote": "Zorvane rachète Belmoral",
            },
            ELSEWHERE,
            id="party in another sentence",
        ),
        pytest.param(
            {"roles": {"acquirer": "Zorvane", "target": "Belmoral", "seller": "Vexlow"}},
            NO_NAME,
            id="name not found",
        ),
        pytest.param({"roles": {"acquirer": "Zorvane"}}, NO_PART, id="name too many"),
    ],
)
def test_a_deal_that_is_not_exact_has_its_flaw(label: dict[str, Any], cause: str) -> None:
    assert found(deal(**label)) == {(INEXACT, cause): 1}


def test_a_name_in_another_role_is_no_missing_party() -> None:
    label = deal(roles={"acquirer": "Zorvane", "seller": "Belmoral"})
    assert found(label) == {(INEXACT, WRONG_ROLE): 1}


@pytest.mark.parametrize(
    ("sure", "label", "cause"),
    [
        pytest.param({"mardi": {"acquisition": 0.03}}, {}, NO_TYPE, id="nothing seen"),
        pytest.param({"mardi": {"debt": 0.5}}, {}, WRONG_TYPE, id="another type seen"),
        pytest.param({"mardi": {"acquisition": 0.21}}, {}, DOUBTED, id="not believed"),
        pytest.param(
            {"mardi": {"ipo": 0.9}},
            {"type": "ipo", "roles": {"issuer": "Vexlow"}},
            NO_NAME,
            id="name not found",
        ),
        pytest.param(
            {"mardi": {"ipo": 0.9}},
            {"type": "ipo", "roles": {"issuer": "Quillec"}},
            SAME,
            id="party in the sentence",
        ),
        pytest.param(
            {"Son": {"ipo": 0.9}},
            {"type": "ipo", "roles": {"issuer": "Quillec"}, "quote": OTHERS},
            ELSEWHERE,
            id="party in another sentence",
        ),
    ],
)
def test_a_missed_deal_has_one_cause(
    sure: dict[str, Any], label: dict[str, Any], cause: str
) -> None:
    assert found(deal(**label), **sure) == {(MISSED, cause): 1}


def test_an_optional_deal_is_not_missed() -> None:
    assert found(deal(optional=True), mardi={"acquisition": 0.03}) == {}


@pytest.mark.parametrize(
    ("labels", "traps", "cause"),
    [
        pytest.param([], (QUOTE[:30],), TRAP, id="trap"),
        pytest.param([], (), OTHER, id="elsewhere"),
        pytest.param([{"type": "debt", "roles": {"lender": "Vexlow"}}], (), WRONG_TYPE, id="type"),
        pytest.param([{"roles": {"seller": "Zorvane"}}], (), WRONG_ROLE, id="role"),
        pytest.param([{"roles": {"seller": "Vexlow"}}], (), NO_PART, id="names of no part"),
    ],
)
def test_an_invention_has_one_cause(
    labels: list[dict[str, Any]], traps: tuple[str, ...], cause: str
) -> None:
    some = found(*(deal(**label) for label in labels), traps=traps)
    assert {key: n for key, n in some.items() if key[0] == INVENTED} == {(INVENTED, cause): 1}


def test_a_deal_told_twice_and_not_merged_is_an_invention_of_that_kind() -> None:
    explanation, _ = explained(mardi={"acquisition": 0.95})
    twice = explanation.model_copy(update={"deals": explanation.deals * 2})
    assert causes(twice, {"deals": [deal()]}) == {(INVENTED, TWICE): 1}


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """One article as an open set and as a blind one, with a deal that no list finds."""
    text = "By the end of the week, the flag of Zorvane was on the roof of Tarrow. It rained."
    parties = [{"role": "acquirer", "name": "Zorvane"}, {"role": "target", "name": "Tarrow"}]
    label = {
        "doc": "secret-1",
        "lang": "en",
        "amounts": [],
        "deals": [deal(parties=parties, amount=None, quote=text[:70])],
    }
    for group in ("articles", "blind"):
        folder = tmp_path / group / "en"
        (folder / "articles").mkdir(parents=True)
        (folder / "articles" / "secret-1.txt").write_text(text, "utf-8")
        (folder / "gold.jsonl").write_text(json.dumps(label) + "\n", "utf-8")
    return tmp_path


def test_open_sets_show_figures_and_causes_and_single_errors_when_asked(
    sets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--rules", "--errors", str(sets / "articles" / "en")])
    out = capsys.readouterr().out
    assert "MISSED secret-1" in out
    assert "\nen found 0.000" in out
    assert "missed: 1" in out
    assert NO_TYPE in out


def test_a_blind_set_shows_its_figures_and_nothing_else(
    sets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blind = str(sets / "blind" / "en")
    main(["--rules", blind])
    out = capsys.readouterr().out
    assert out.startswith("blind/en found 0.000")
    assert len(out.splitlines()) == 1
    with pytest.raises(SystemExit) as stopped:
        main(["--rules", "--errors", blind])
    assert stopped.value.code == 2
    said = capsys.readouterr()
    assert "secret" not in said.out + said.err


def test_a_folder_without_labels_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path)])
    assert "has no gold.jsonl" in capsys.readouterr().err


def test_confidence_is_compared_with_what_is_right() -> None:
    some = bands([Judged(0.1, False), Judged(0.9, True), Judged(1.0, False), Judged(0.4, True)])
    assert [band.deals for band in some] == [1, 0, 1, 0, 2]
    assert (some[4].meant, some[4].right) == (pytest.approx(0.95), 0.5)
    assert error(some) == pytest.approx((0.1 + 0.6 + 2 * 0.45) / 4)
    assert error([]) == 0
    assert table(some).splitlines()[2] == "| below 0.2 | 1 | 0.10 | 0.00 |"
    assert table(some).splitlines()[-1] == "| 0.8 and above | 2 | 0.95 | 0.50 |"


def test_a_reader_that_leaves_nothing_out_is_judged_on_all_it_thinks_possible(sets: Path) -> None:
    folder = sets / "articles" / "en"
    text = (
        "Zorvane acquired Tarrow, it said on Monday. Quillec acquired Pellmark, it said on Monday."
    )
    (folder / "articles" / "secret-1.txt").write_text(text, "utf-8")
    assert sorted(one.right for one in judged(LISTS, folder)) == [False, True]
