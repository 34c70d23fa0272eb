"""The pipeline on real Kafka, undisturbed: every article is read and stored exactly once."""

from __future__ import annotations

from tests.kafka.articles import make_article, make_articles
from tests.kafka.checks import check, dump_of
from tests.kafka.pipeline import Pipeline


def test_articles_become_rows_once_however_often_they_are_published(pipeline: Pipeline) -> None:
    articles = make_articles(150)
    pipeline.sink()
    first = pipeline.worker()
    pipeline.replay(articles)
    pipeline.wait_until_stored()
    check(pipeline, articles)

    before = dump_of(pipeline)
    pipeline.replay(articles)
    pipeline.wait_until_stored()
    check(pipeline, articles)
    assert dump_of(pipeline) == before, "a replay changes no row"

    # A second worker takes its share; edits replace what was read before.
    second = pipeline.worker()
    edits = [make_article(number, edition=1) for number in range(0, 150, 7)]
    pipeline.replay([*edits, *make_articles(100, first=150)])
    pipeline.wait_until_stored()
    everything = [*articles, *edits, *make_articles(100, first=150)]
    check(pipeline, everything)

    # An old version that comes late changes nothing.
    before = dump_of(pipeline)
    pipeline.replay(articles[:20])
    pipeline.wait_until_stored()
    assert dump_of(pipeline) == before

    assert [pipeline.stop(worker) for worker in (first, second)] == [0, 0]
