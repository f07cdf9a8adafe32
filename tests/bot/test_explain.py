"""An explanation says the same as retrieval and the answer do, by brute force."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bot import open_bot
from bot.app import main
from bot.config import BotConfig
from bot.explain import explain
from bot.retrieve import retrieve
from indexer.errors import QuestionError
from indexer.lexical import terms
from tests.conftest import plain_head, query_for


@pytest.fixture
def small(built, kb: Path, counting):
    (kb / "a.md").write_text("甲甲乙。\n\n甲乙丙。\n\n丁丁。\n\n戊乙。", encoding="utf-8")
    built(merge_characters=1)
    bot = open_bot(kb.parent / "index", BotConfig(hits=2))
    bot.head = plain_head()
    return bot


def test_ranks_scores_and_terms_are_brute_force(small, counting) -> None:
    query = counting.encode_query("甲乙")
    cosines = [float(counting.vectors([chunk.text])[0] @ query) for chunk in small.index.chunks]
    coverage = small.index.lexical.coverage("甲乙")
    ceiling = sum(small.index.lexical.rarity(term) for term in terms("甲乙")) * 2.5
    for number, chunk in enumerate(small.index.chunks):
        found = explain(small, "甲乙", chunk.id)
        assert found.similarity == pytest.approx(cosines[number], abs=1e-5)
        assert found.dense_rank == 1 + sum(other > cosines[number] + 1e-5 for other in cosines)
        assert found.coverage == pytest.approx(coverage[number])
        assert found.lexical_rank == (1 + int((coverage > coverage[number]).sum()) if coverage[number] else None)
        assert sum(share for _, share in found.terms) == pytest.approx(coverage[number])
        assert found.fused == pytest.approx(found.similarity + found.weight * found.coverage)
        assert found.belief == pytest.approx(sum(belief for belief, _, _ in found.sentences))
        assert found.score == pytest.approx(found.fused + found.belief_weight * found.belief)
        places = [hit.chunk.id for hit in small.search("甲乙", 4)]
        assert found.rank == places.index(chunk.id) + 1
        assert {term for term, _ in found.terms} | set(found.missing) == set(terms("甲乙"))
        assert ceiling > 0


def test_a_passage_is_ranked_by_what_it_answers_once_it_is_read(small) -> None:
    weighed = small.weigh("甲乙")
    first, second = weighed.hits
    turned = replace(weighed, scores=np.where(weighed.candidates.hit == 1, np.log(3), 0.0))  # one sentence of each
    assert turned.beliefs == pytest.approx([0.25, 0.75])
    assert [hit.number for hit in turned.ranked] == [second.number, first.number]
    assert [hit.score for hit in turned.ranked] == pytest.approx([second.score + 0.225, first.score + 0.075])


def test_what_is_found_is_what_was_read_and_then_the_next_of_the_fused(small) -> None:
    read, fused = small.weigh("甲乙").ranked, retrieve(small.index, query_for(small.index, "甲乙"), 4, small.config)
    for k in (1, 2, 3, 4):
        found = small.search("甲乙", k)
        assert found == [*read, *fused[2:]][:k]
        assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)


def test_the_cut_is_named(small) -> None:
    ids = [chunk.id for chunk in small.index.chunks]
    cuts = {chunk: explain(small, "甲乙", chunk) for chunk in ids}
    read = [chunk for chunk in ids if not cuts[chunk].cut]
    assert len(read) == 2
    assert sorted(cuts[chunk].rank for chunk in read) == [1, 2]
    assert "rank 3, and 2 passages are read" in next(one.cut for one in cuts.values() if one.rank == 3)


def test_a_chunk_no_side_proposes(small) -> None:
    small.config = BotConfig(hits=2, candidate_sentences=1, candidate_chunks=1)
    found = explain(small, "甲乙", small.index.chunks[2].id)
    assert found.rank is None
    assert "not among 1 nearest sentences or 1 best by terms" in found.cut


def test_the_sentences_cited_are_the_answer_s(small) -> None:
    answer = small.ask("甲乙")
    cited = set()
    for chunk in small.index.chunks:
        for belief, text, was_cited in explain(small, "甲乙", chunk.id).sentences:
            assert 0 <= belief <= 1
            if was_cited:
                cited.add(text)
    assert cited == {one.quote for one in answer.citations}


def test_of_several_questions_each_is_explained_as_it_is_answered(article_index: Path) -> None:
    bot = open_bot(article_index)
    message = "国家安全宣讲团由谁任团长？长城博物馆被命名为什么基地？"
    answer = bot.ask(message)
    assert len(answer.citations) == 2
    cited = [
        next(hit.chunk.id for hit in answer.hits if hit.chunk.start <= one.start < hit.chunk.end)
        for one in answer.citations
    ]
    found = [explain(bot, message, chunk_id) for chunk_id in cited]
    assert [one.question for one in found] == ["国家安全宣讲团由谁任团长？", "长城博物馆被命名为什么基地？"]
    for one, citation in zip(found, answer.citations, strict=True):
        assert citation.quote in [text for _, text, cited in one.sentences if cited]
        assert (one.refused, round(one.confidence, 4)) == (False, answer.confidence)
    assert explain(bot, message).chunk_id == cited[0]


def test_an_unknown_chunk_is_refused(small) -> None:
    with pytest.raises(QuestionError, match="the index holds no chunk 甲#0-1"):
        explain(small, "甲乙", "甲#0-1")


def test_a_known_question_without_an_answer_that_takes_confidence_is_named(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲甲乙。", encoding="utf-8")
    (kb / "a.questions.jsonl").write_text('{"question": "甲\\n丁？", "quote": null}', encoding="utf-8")
    built()
    bot = open_bot(kb.parent / "index")
    bot.head = plain_head()
    assert explain(bot, "甲丁").unanswered == "甲\n丁？"
    assert explain(bot, "乙").unanswered == ""
    command = ["explain", "--index", str(kb.parent / "index")]
    assert "to have no answer: 甲 丁？\n" in CliRunner().invoke(main, [*command, "甲丁"]).output
    assert "to have no answer" not in CliRunner().invoke(main, [*command, "乙"]).output


def test_a_message_to_the_bot_is_named(article_index: Path) -> None:
    command = ["explain", "--index", str(article_index)]
    assert "seems to speak to the bot" in CliRunner().invoke(main, [*command, "给我讲个笑话"]).output
    theme = "今年全民国家安全教育日的主题是什么？"
    assert "seems to speak to the bot" not in CliRunner().invoke(main, [*command, theme]).output


def test_a_question_like_no_known_one_is_named(article_index: Path) -> None:
    command = ["explain", "--index", str(article_index)]
    assert "like no question known to have an answer" in CliRunner().invoke(main, [*command, "番茄炒蛋怎么做？"]).output
    theme = "今年全民国家安全教育日的主题是什么？"
    assert "like no question known" not in CliRunner().invoke(main, [*command, theme]).output


def test_the_command(article_index: Path) -> None:
    question = "嘉峪关市的面积有多大？"
    shown = CliRunner().invoke(main, ["explain", "--index", str(article_index), question])
    assert shown.exit_code == 0
    assert "not mentioned: 面积" in shown.output
    found = json.loads(CliRunner().invoke(main, ["explain", "--json", "--index", str(article_index), question]).output)
    assert found["refused"] is True
    assert found["rank"] == 1
    assert np.isclose(found["fused"], found["similarity"] + found["weight"] * found["coverage"])
    assert np.isclose(found["score"], found["fused"] + found["belief_weight"] * found["belief"])
    assert f"第 rank {found['fused_rank']}\n合计 score" in shown.output
