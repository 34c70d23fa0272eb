"""From parts to deals: splitting, merging, believing."""

from __future__ import annotations

import numpy as np
import pytest

from processors.heads import PARTS, STATUSES, TYPES, Scores
from processors.joined import COLUMNS
from processors.learned import drafts_of
from processors.merge import merge
from processors.model import Linear, column, load, save
from processors.names import Name
from processors.reader import Reader
from processors.rules import Proposal

A, B, C = (Name(word, "organisation") for word in ("Zorvane", "Belmoral", "Quillec"))


def deal(*parties: tuple[str, Name], confidence: float = 0.5, start: int = 0) -> Proposal:
    return Proposal("acquisition", "announced", [*parties], None, [(start, start + 9)], confidence)


def test_a_deal_told_twice_is_one_event_at_its_fullest() -> None:
    told = [deal(("target", B)), deal(("target", B), ("acquirer", A), start=50)]
    (merged,) = merge(told)
    assert sorted((role, name.name) for role, name in merged.parties) == [
        ("acquirer", "Zorvane"),
        ("target", "Belmoral"),
    ]
    assert merged.evidence == [(0, 9), (50, 59)]


def test_rival_bids_stay_two_deals() -> None:
    told = [deal(("acquirer", A), ("target", B)), deal(("acquirer", C), ("target", B))]
    assert len(merge(told)) == 2


def test_a_deal_told_again_another_way_is_no_second_one() -> None:
    first = deal(("acquirer", A), ("target", B), confidence=0.9)
    turned = deal(("acquirer", B), ("target", A), start=50)
    alone = deal(("seller", A), start=70)
    other = deal(("merging_party", A), ("merging_party", B), start=90)
    other.type = "merger"
    rival = deal(("acquirer", C), ("target", B), start=110)
    assert merge([first, turned, alone, other, rival]) == [first, rival]


def test_the_surer_mention_gives_the_status() -> None:
    sure = deal(("target", B), confidence=0.9)
    sure.status = "completed"
    (merged,) = merge([deal(("target", B)), sure])
    assert (merged.status, merged.confidence) == ("completed", 0.9)


def test_a_model_is_the_same_after_saving(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("model") / "m.npz"
    rows = np.array([column("a"), column("b")], dtype=np.int32)
    weights = np.array([[1.0, -1.0], [0.5, 2.0]], dtype=np.float32)
    model = Linear(["x", "y"], rows, weights, np.zeros(2, np.float32), single=True)
    save(path, {"m": model})
    assert load(path)["m"].best(["a"]) == pytest.approx(model.best(["a"]))
    assert load(path)["m"].best(["b", "unseen"])[0] == "y"


def test_a_place_alone_builds_nothing() -> None:
    view, _, _ = Reader(model=None).view(
        "Zorvane SA bâtit une usine de 300 millions d'euros à Lens."
    )
    assert view is not None and [name.name for name in view.names][1] == "Lens"
    types = (np.array(TYPES) == "capital_project").astype(np.float32)
    statuses = np.full((len(TYPES), len(STATUSES)), 0.2, np.float32)
    here, builds = (np.zeros(len(PARTS), np.float32) for _ in range(2))
    here[COLUMNS["capital_project", "location"]] = builds[COLUMNS["capital_project", "sponsor"]] = 1
    both = Scores(types, statuses, {0: builds, 1: here}, {}, {})
    assert [draft.sentence for draft in drafts_of(view, 0, both)] == [0]
    assert list(drafts_of(view, 0, both._replace(roles={1: here}))) == []
