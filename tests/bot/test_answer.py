"""Whatever is asked, every citation is the document's own text; what the article holds is answered, the rest refused."""

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import Answer, Answerer, Verdict, open_bot
from bot.config import BotConfig
from bot.context import in_context
from bot.known import Query, query_of
from bot.matching import states_of_sentence
from bot.message import asked_apart, questions_in
from bot.refusal import NO_QUESTION_CHINESE, NO_QUESTION_ENGLISH, REFUSAL_ENGLISH
from bot.retrieve import retrieve
from bot.weigh import held_to
from bot.wire import answer_to_json
from indexer.build import build
from indexer.config import IndexConfig
from indexer.embed import token_reader
from indexer.errors import QuestionError
from tests.conftest import ROOT, ToldMatcher, plain_head


@pytest.fixture(scope="session")
def bot(article_index: Path) -> Answerer:
    return open_bot(article_index)


def query_for(bot: Answerer, text: str) -> Query:
    return query_of(bot.index, text, bot.encoder.encode_query(text))


@pytest.fixture(scope="session")
def eager(article_index: Path) -> Answerer:
    """Refuses nothing, so that every question shows its citations."""
    return open_bot(article_index, BotConfig(refuse_below=0))


def check(answer: Answer, bot: Answerer) -> None:
    for citation in answer.citations:
        assert bot.index.documents[citation.doc_id].text[citation.start : citation.end] == citation.quote != ""
    assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    positions = [(citation.doc_id, citation.start) for citation in answer.citations]
    questions = sum(len(asked_apart(part.strip())) for part in questions_in(bot.checked(answer.question)))
    if questions == 1:
        assert positions[1:] == sorted(positions[1:])  # the likeliest first, the others in reading order
    assert len(set(positions)) == len(positions) <= bot.config.sentences * questions
    numbers = {citation.number: citation.quote for citation in answer.citations}
    for sentence in answer.sentences:
        assert sentence.supported
        assert [numbers[number] for number in sentence.citations] == [sentence.text]
    assert (answer.verdict is Verdict.REFUSED) == (not answer.sentences) == bool(answer.refusal)
    assert 0 <= answer.confidence <= 1


@given(
    st.one_of(
        st.text(min_size=1, max_size=60), st.text(alphabet="嘉峪关长城博物馆国家安全教育2024第九个？", min_size=1)
    )
)
@settings(max_examples=150)
def test_every_citation_is_the_document_s_text(eager: Answerer, question: str) -> None:
    if question.strip():
        check(eager.ask(question), eager)
    else:
        with pytest.raises(QuestionError):
            eager.ask(question)


@pytest.mark.parametrize(
    ("question", "held"),
    [
        ("嘉峪关长城博物馆被命名为什么基地？", "甘肃省国家安全教育基地"),
        ("嘉峪關長城博物館被命名為什麼基地？", "甘肃省国家安全教育基地"),
        ("嘉峪关城市博物馆被命名为什么基地？", "嘉峪关市国家安全教育基地"),
        ("今年全民国家安全教育日的主题是什么？", "总体国家安全观·创新引领10周年"),
        ("全市有多少所中小学参加了思政课评比活动？", "25所"),
        ("国家安全宣讲团由谁任团长？", "市委常委、国安办主任任团长"),
        ("哪些学校建成了教育实践基地？", "市南湖小学、和诚路小学"),
    ],
)
def test_what_the_article_holds_is_answered(bot: Answerer, question: str, held: str) -> None:
    answer = bot.ask(question)
    check(answer, bot)
    assert answer.verdict is Verdict.GROUNDED
    assert held in answer.citations[0].quote
    assert answer.text == "".join(f"{one.quote}[{one.number}]" for one in answer.citations)


@pytest.mark.parametrize(
    ("question", "refusal"),
    [
        ("番茄炒蛋怎么做？", "知识库中没有找到答案：文中没有提到“番茄”。"),
        ("北京明天天气怎么样？", "知识库中没有找到答案：文中没有提到“北京”。"),
        ("嘉峪关市的面积有多大？", "知识库中没有找到答案：文中没有提到“面积”。"),
        ("第五个全民国家安全教育日的主题是什么？", "知识库中没有找到答案：文中没有提到“第五个”。"),
        ("国家安全宣讲团一共有多少名成员？", "知识库中没有找到“多少名成员”的答案。"),
        (
            "长城博物馆主题展览活动的参观人数是多少？",
            "知识库中没有找到“长城博物馆主题展览活动的参观人数是多少”的答案。",
        ),
        ("宣講團有多少名成員？", "知识库中没有找到“宣講團有多少名成員”的答案。"),
        ("How much is the ticket?", "The knowledge base holds no answer to “How much is the ticket”."),
        ("What is the capital of France?", "The knowledge base holds no answer to “What is the capital of France”."),
        (f"What is the {'very ' * 20}capital of France?", REFUSAL_ENGLISH),
        (
            "How many 市长 does the city have?",
            "The knowledge base holds no answer to “How many 市长 does the city have”.",
        ),
        ("番茄炒蛋怎么做？市长是谁？", "知识库中没有找到这 2 个问题的答案：文中没有提到“番茄”、“市长”。"),
        ("番茄炒蛋怎么做？宣讲团的成员一共多少名？", "知识库中没有找到这 2 个问题的答案。"),
        (
            "Who won the football match? What is the capital of France?",
            "The knowledge base holds no answer to these 2 questions.",
        ),
        ("？？？", NO_QUESTION_CHINESE),
        ("谢谢您！", NO_QUESTION_CHINESE),
        ("Thanks!", NO_QUESTION_ENGLISH),
        (
            "你能回答什么问题？",
            "这里是嘉问，只用知识库里的原文回答。知识库里有《筑牢国家安全防线 共建和谐幸福家园——我市深入开展全民国家安全"
            "宣传教育活动综述》。请写下您想查的问题。",
        ),
    ],
)
def test_what_it_does_not_hold_is_refused_with_what_is_missing(bot: Answerer, question: str, refusal: str) -> None:
    answer = bot.ask(question)
    check(answer, bot)
    assert answer.verdict is Verdict.REFUSED
    assert answer.text == refusal
    assert answer.confidence < bot.config.refuse_below
    assert len(answer.hits) == bot.config.hits


def test_the_odds_are_a_third_where_no_word_of_the_question_stands_there(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("# 标题\n\n甲乙丙丁的我。", encoding="utf-8")
    built()
    opened = open_bot(kb.parent / "index", BotConfig(coverage_weight=0, refuse_below=0))
    opened.head = replace(plain_head(0.8), expectation=lambda word, tag: 0.9)
    assert opened.ask("甲乙丙丁").confidence == pytest.approx(0.8, abs=1e-4)
    assert opened.ask("甲的面积").confidence == pytest.approx((0.8 / 3) / (0.8 / 3 + 0.2), abs=1e-4)
    (kb / "a.questions.jsonl").write_text('{"question": "甲的面积？", "quote": "甲乙"}', encoding="utf-8")
    built()
    told = open_bot(kb.parent / "index", BotConfig(coverage_weight=0))
    query = query_for(told, "甲的面积")
    hits = retrieve(told.index, query, 1, told.config)
    assert held_to(told.index, opened.head, query, hits, told.config).confidence == pytest.approx(0.8)


def test_a_refusal_names_no_word_that_another_document_holds(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("# 甲\n\n甲乙丙丁。", encoding="utf-8")
    built()
    silent = replace(plain_head(0.01), expectation=lambda word, tag: 0.9)
    alone = open_bot(kb.parent / "index", BotConfig())
    alone.head = silent
    assert alone.ask("甲乙丙丁的面积和图书是什么？").refusal.endswith("“面积”。")
    (kb / "b.md").write_text("# 乙\n\n馆的面积。", encoding="utf-8")
    built()
    told = open_bot(kb.parent / "index", BotConfig())
    told.head = silent
    assert told.ask("甲乙丙丁的面积和图书是什么？").refusal.endswith("“图书”。")


def test_a_refused_follow_up_names_what_its_own_words_miss(bot: Answerer) -> None:
    answer = bot.ask("她们讲一场收多少钱？", [("拉起那支讲课队伍时，定下的宗旨是什么？", "……")])
    assert answer.refusal == "知识库中没有找到答案：文中没有提到“金额”。"


@pytest.mark.parametrize("question", ["", " \n\t\u3000"])
def test_an_empty_question(bot: Answerer, question: str) -> None:
    with pytest.raises(QuestionError, match="the question is empty"):
        bot.ask(question)


def test_a_question_too_long(bot: Answerer) -> None:
    with pytest.raises(QuestionError, match="has 100000 characters, at most 500"):
        bot.search("安" * 100_000, 3)


def test_the_longest_question_is_answered(bot: Answerer) -> None:
    question = ("嘉峪关长城博物馆被命名为什么基地？" * 30)[:500]
    assert bot.encoder.count_tokens(question) <= bot.encoder.max_tokens
    check(bot.ask(question), bot)


def test_a_question_that_is_not_text(bot: Answerer) -> None:
    with pytest.raises(QuestionError, match="characters that are not text"):
        bot.ask("问\ud800")
    for turn in (("问\ud800", "答"), ("问", "答\ud800")):
        with pytest.raises(QuestionError, match="characters that are not text"):
            bot.ask("那城市博物馆呢？", [turn])


def answers(index: Path, question: str, chance: float = 0.9, **settings: float) -> Answer:
    opened = open_bot(index, BotConfig(coverage_weight=0, **settings))
    opened.head = plain_head(chance)
    return opened.ask(question)


def test_the_likeliest_sentence_comes_first_and_others_in_reading_order(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲甲丙。\n\n乙乙乙甲。\n\n甲乙。\n\n丁。\n\n甲乙。\n\n甲甲甲乙。", encoding="utf-8")
    built(merge_characters=1)
    index = kb.parent / "index"
    assert [one.text for one in answers(index, "甲乙").sentences] == ["甲乙。"]
    wider = answers(index, "甲乙", enough_belief=1.1, least_belief=0)
    assert [one.text for one in wider.sentences] == ["甲乙。", "乙乙乙甲。", "甲甲甲乙。"]
    several = answers(index, "甲乙有哪些", enough_belief=1.1, least_belief=0)
    assert [one.text for one in several.sentences] == ["乙乙乙甲。", "甲乙。", "甲甲甲乙。"]


def test_the_matcher_is_given_the_question_and_its_best_sentences(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲甲丁。\n\n乙丙。\n\n丁丁。\n\n甲乙。", encoding="utf-8")
    built(merge_characters=1)
    opened = open_bot(kb.parent / "index", BotConfig(coverage_weight=0))
    given = []
    opened.head = replace(plain_head(), matcher=ToldMatcher(lambda *states: given.append(states) or 0.0))
    opened.ask("甲\0乙")
    assert all((question == token_reader().states("query", "甲 乙")).all() for question, _ in given)
    known = [states_of_sentence(text) for text in ("甲乙。", "乙丙。", "甲甲丁。", "丁丁。")]
    assert sorted(sentence.tolist() for _, sentence in given) == sorted(states.tolist() for states in known)


def test_the_sentence_that_the_matcher_prefers_comes_first(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲甲丁。\n\n乙丙。\n\n丁丁。\n\n甲乙。", encoding="utf-8")
    built(merge_characters=1)
    opened = open_bot(kb.parent / "index", BotConfig(coverage_weight=0))
    preferred = states_of_sentence("乙丙。")
    opened.head = replace(
        plain_head(), matcher=ToldMatcher(lambda _, states: 1000.0 * np.array_equal(states, preferred))
    )
    assert [one.text for one in opened.ask("甲乙").sentences] == ["乙丙。"]


def test_of_several_things_the_sentence_likelier_than_all_others_comes_first(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲甲丁。\n\n乙丙。\n\n丁丁。\n\n甲乙。", encoding="utf-8")
    built(merge_characters=1)
    opened = open_bot(kb.parent / "index", BotConfig(coverage_weight=0, enough_belief=1.1, least_belief=0))
    opened.head = plain_head()
    assert [one.text for one in opened.ask("甲乙有哪些").sentences] == ["甲乙。", "甲甲丁。", "乙丙。"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("戊戊。丁说：“丙丙。甲乙。丁丁。”戊。", "丁说：“丙丙。甲乙。丁丁。”"),
        ("戊戊。丁说：「甲乙。丁丁。」戊。", "丁说：「甲乙。丁丁。」"),
        ("丁说：“丙丙。”“甲乙。”戊。", "“甲乙。”"),
        ("丁说：“丙丙。甲乙。", "甲乙。"),
        ("丁说：“丙丙。甲乙。" + "丁" * 300 + "。”", "甲乙。"),
    ],
)
def test_a_quotation_is_not_cut_off(built, kb: Path, counting, text: str, answer: str) -> None:
    (kb / "a.md").write_text(text, encoding="utf-8")
    built(merge_characters=1)
    assert [one.text for one in answers(kb.parent / "index", "甲乙").sentences] == [answer]


def test_who_asks_what_there_is_is_told_the_titles(built, kb: Path, counting) -> None:
    for number, title in enumerate("甲乙丙丁戊"):
        (kb / f"{number}.md").write_text(f"# {title}题\n\n{title}。", encoding="utf-8")
    built()
    index = kb.parent / "index"
    told = answers(index, "知识库里有什么？")
    assert (
        told.refusal
        == "这里是嘉问，只用知识库里的原文回答。知识库里有《甲题》《乙题》《丙题》等 5 篇。请写下您想查的问题。"
    )
    assert (told.verdict, told.nearest, told.confidence) == (Verdict.REFUSED, (), 0)
    english = "This is Jiawen. It answers with the words of its documents: 甲题; 乙题; 丙题 and 2 more. Write what you want to know."
    assert answers(index, "What can you do?").refusal == english


def test_where_a_reason_is_asked_for_it_comes_in_front_of_what_follows_from_it(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("丁丁。丙丙。因此甲乙。\n\n因此甲乙丙丙丙。", encoding="utf-8")
    built(merge_characters=1)
    index = kb.parent / "index"
    assert [one.text for one in answers(index, "为什么甲乙").sentences] == ["丙丙。", "因此甲乙。"]
    assert [one.text for one in answers(index, "甲乙").sentences] == ["因此甲乙。"]
    (kb / "a.md").write_text("丙丙。因此甲乙，因丁丁。", encoding="utf-8")
    built(merge_characters=1)
    assert [one.text for one in answers(index, "为什么甲乙").sentences] == ["因此甲乙，因丁丁。"]


def test_the_reason_is_one_of_the_sentences_that_an_answer_may_have(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("丁丁。丙丙。因此甲乙。", encoding="utf-8")
    built(merge_characters=1)
    opened = open_bot(kb.parent / "index", BotConfig(coverage_weight=0, sentences=1))
    opened.head = plain_head()
    assert [one.text for one in opened.ask("为什么甲乙").sentences] == ["因此甲乙。"]


def test_what_is_taken_back_is_cited_with_what_takes_it_back(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("丁丁。人们觉得甲乙。其实不然,丙丙。戊戊。", encoding="utf-8")
    built(merge_characters=1)
    index = kb.parent / "index"
    assert [one.text for one in answers(index, "甲乙").sentences] == ["人们觉得甲乙。", "其实不然,丙丙。"]
    assert [one.text for one in answers(index, "丙丙").sentences] == ["其实不然,丙丙。"]


def test_a_sentence_of_a_document_that_lacks_the_subject_asked_of_does_not_come_first(
    built, kb: Path, counting
) -> None:
    (kb / "a.md").write_text("---\ntitle: 丙丙\n---\n\n丙丙甲。", encoding="utf-8")
    (kb / "b.md").write_text("---\ntitle: 丁丁\n---\n\n甲乙。", encoding="utf-8")
    built()
    assert [one.text for one in answers(kb.parent / "index", "甲乙").sentences] == ["甲乙。"]
    assert answers(kb.parent / "index", "丙丙的甲乙乙").sentences[0].text == "丙丙甲。"


def test_a_part_asked_for_by_its_number_is_answered(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("辛辛。\n\n第二条 甲甲。\n\n第三条 辛辛辛辛辛辛甲。", encoding="utf-8")
    built(merge_characters=1)
    index = kb.parent / "index"
    assert answers(index, "第三条是什么内容？", chance=0.01).text == "第三条 辛辛辛辛辛辛甲。[1]"
    assert answers(index, "第三条路线是什么内容？", chance=0.01).verdict is Verdict.REFUSED
    assert answers(index, "第四条是什么内容？", chance=0.01).verdict is Verdict.REFUSED


def test_a_row_of_a_table_brings_the_names_of_its_columns(built, kb: Path, counting) -> None:
    table = "| 丙丙 | 丁丁 |\n| --- | --- |\n| 戊戊 | 甲己 |\n| 甲甲 | 乙 |\n"
    (kb / "a.md").write_text(f"庚甲。\n\n{table}", encoding="utf-8")
    built(merge_characters=1)
    index = kb.parent / "index"
    one = answers(index, "甲甲的丁丁", sentences=1)
    assert one.text == "| 甲甲 | 乙 |[1]\n| 丙丙 | 丁丁 |[2]"
    assert [citation.quote for citation in one.citations] == ["| 甲甲 | 乙 |", "| 丙丙 | 丁丁 |"]
    several = answers(index, "甲有哪些", enough_belief=1.1, least_belief=0)
    assert several.text == "庚甲。[1]\n| 丙丙 | 丁丁 |[2]\n| 戊戊 | 甲己 |[3]\n| 甲甲 | 乙 |[4]"


def test_a_table_that_is_asked_for_as_a_whole_is_cited_to_its_end(built, kb: Path, counting) -> None:
    names, rows = "| 丙丙 | 丁丁 |", ["| 甲戊 | 1 |", "| 甲己 | 2 |", "| 甲庚 | 3 |", "| 辛辛 | 4 |"]
    index = kb.parent / "index"

    def cited(question: str, count: int) -> list[str]:
        shown = answers(index, question, enough_belief=1.1, least_belief=0, sentences=count)
        return [one.quote for one in shown.citations]

    def written(rows: list[str]) -> None:
        (kb / "a.md").write_text("\n".join([names, "| --- | --- |", *rows]), encoding="utf-8")
        built(merge_characters=1)

    written(rows)
    assert cited("甲有哪些", 2) == cited("甲一览", 2) == cited("最大的甲", 2) == [names, *rows]
    assert cited("甲一览", 1) == [rows[0], names]  # one row says that it is what is asked for
    assert cited("甲", 2) == [rows[0], names, rows[1]]  # which of them, nobody says
    written([*rows, *(f"| 壬 | {number} |" for number in range(26))])
    assert len(cited("甲一览", 2)) == 31
    written([*rows, *(f"| 壬 | {number} |" for number in range(27))])
    assert len(cited("甲一览", 2)) == 3


NEEDED = "乙。丁丁戊：\n\n1. 甲己；\n\n2. 甲庚；\n\n3. 庚辛。\n\n丙丙。\n"
LISTED = NEEDED[2 : NEEDED.index("\n\n丙")]


@pytest.mark.parametrize(
    ("text", "question", "cited"),
    [
        (NEEDED, "丁丁戊", [LISTED]),  # the sentence that leads to a list
        (NEEDED, "甲", [LISTED]),  # two items
        (NEEDED.replace("甲庚；", "甲庚。"), "甲", ["1. 甲己；", "2. 甲庚。"]),  # of which the second is a sentence
        (NEEDED, "己", ["1. 甲己；"]),
        (NEEDED, "哪些己", [LISTED]),  # an item where several things are asked for
        (NEEDED, "己要带什么", [LISTED]),
        (NEEDED, "丙", ["丙丙。"]),
        ("丁丁戊：\n\n丙丙。\n", "丁丁戊", ["丁丁戊："]),
    ],
)
def test_a_list_is_cited_whole(built, kb: Path, text: str, question: str, cited: list[str]) -> None:
    (kb / "a.md").write_text(text, encoding="utf-8")
    built()
    answer = answers(kb.parent / "index", question)
    assert [one.quote for one in answer.citations] == [one.text for one in answer.sentences] == cited


def test_a_list_that_two_documents_have_is_cited_once(built, kb: Path) -> None:
    text = "丁丁戊：\n\n1. 甲己；\n\n2. 庚庚；\n"
    (kb / "a.md").write_text(text, encoding="utf-8")
    (kb / "b.md").write_text(f"# 题\n\n## 戊\n\n{text}", encoding="utf-8")
    built()
    # Of one document the item is nearest, of the other the sentence that leads to it.
    wide = answers(kb.parent / "index", "甲甲甲己己己戊丁", enough_belief=1.1, least_belief=0)
    assert [(one.doc_id, one.quote) for one in wide.citations] == [("a", "1. 甲己；"), ("b", text.strip())]


def test_a_heading_without_markup_is_cited_only_where_it_is_likeliest(built, kb: Path) -> None:
    (kb / "a.md").write_text("甲乙。\n\n二、甲乙己\n\n丙丙。\n", encoding="utf-8")
    built()
    index = kb.parent / "index"
    wide = answers(index, "甲乙", enough_belief=1.1, least_belief=0)
    assert [one.text for one in wide.sentences] == ["甲乙。", "丙丙。"]
    assert [one.text for one in answers(index, "甲乙己己").sentences] == ["二、甲乙己"]


def test_what_stands_behind_a_question_of_the_document_is_cited_for_it(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("丙丙。\n\n**问：甲乙？**\n\n答：丁丁。\n\n问：己庚？", encoding="utf-8")
    built()
    index = kb.parent / "index"
    assert [one.text for one in answers(index, "甲乙").sentences] == ["答：丁丁。"]
    assert [one.text for one in answers(index, "己庚").sentences] == ["问：己庚？"]  # nothing stands behind it
    refused = answers(index, "甲乙", chance=1e-6)
    assert [one["sentence"]["quote"] for one in answer_to_json(refused)["nearest"]] == ["答：丁丁。"]
    (kb / "a.md").write_text("丙丙。\n\n问：甲乙？\n\n答：可以。\n\n戊戊。", encoding="utf-8")
    built()
    for asked in ("甲乙", "可以答"):
        assert [one.quote for one in answers(index, asked).citations] == ["问：甲乙？\n\n答：可以。"]


def test_a_refusal_has_of_each_of_the_likeliest_passages_the_likeliest_sentence(built, kb: Path, counting) -> None:
    texts = ("丁。丙甲。", "乙甲甲甲。", "丁丙甲乙。甲乙。", "丁丁。")
    (kb / "a.md").write_text("\n\n".join(texts), encoding="utf-8")
    built(merge_characters=1)
    refused = answers(kb.parent / "index", "甲乙", chance=0.1)
    assert [one.hit.chunk.text[one.start - one.hit.chunk.start :][: one.end - one.start] for one in refused.nearest] == [
        "甲乙。", "乙甲甲甲。", "丙甲。",
    ]  # fmt: skip
    assert [one["sentence"]["quote"] for one in answer_to_json(refused)["nearest"]] == [
        "甲乙。",
        "乙甲甲甲。",
        "丙甲。",
    ]
    assert answers(kb.parent / "index", "甲乙").nearest == ()


def test_a_list_has_lines_of_its_own(built, kb: Path) -> None:
    (kb / "a.md").write_text(NEEDED, encoding="utf-8")
    built()
    answer = answers(kb.parent / "index", "丁丁戊", enough_belief=1.1, least_belief=0)
    assert answer.text == f"{LISTED}[1]\n乙。[2]丙丙。[3]"


def test_a_sentence_without_a_letter_is_never_cited(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲甲。\n\n| --- | --- |\n\n」。", encoding="utf-8")
    built(merge_characters=1)
    wide = answers(kb.parent / "index", "甲 ---", enough_belief=1.1, least_belief=0)
    assert [one.text for one in wide.sentences] == ["甲甲。"]


def test_without_a_passage_there_is_no_confidence(bot: Answerer) -> None:
    assert held_to(bot.index, bot.head, query_for(bot, "什么？"), [], bot.config).confidence == 0


def test_a_question_without_a_token_is_refused(bot: Answerer) -> None:
    assert bot.ask("\u200b\u200b").verdict is Verdict.REFUSED


MUSEUM, LEADER = "嘉峪关长城博物馆被命名为什么基地？", "国家安全宣讲团由谁任团长？"


@pytest.mark.parametrize(
    ("message", "held", "missing"),
    [
        (MUSEUM + LEADER, ["甘肃省国家安全教育基地", "任团长"], ""),
        (LEADER + MUSEUM, ["任团长", "甘肃省国家安全教育基地"], ""),
        (LEADER + MUSEUM + "它有几名专职讲解员？", ["任团长", "讲解员4名"], ""),  # the third leans on the second
        (LEADER + "嘉峪关市的面积有多大；几亩 | 几顷？", ["任团长"], "嘉峪关市的面积有多大，几亩 / 几顷？"),
        ("嘉峪关市的面积有多大？" + LEADER, ["任团长"], "嘉峪关市的面积有多大？"),
        ("番茄炒蛋怎么做？嘉峪关市的面积有多大？", [], ""),
        ("搞国安到底是为谁、靠谁？总书记怎么说的？", ["一切依靠人民"], ""),  # one question in two sentences
        (MUSEUM + "长城博物馆被命名为什么基地？", ["甘肃省国家安全教育基地"], ""),
    ],
)
def test_each_question_of_a_message_is_answered(bot: Answerer, message: str, held: list[str], missing: str) -> None:
    answer = bot.ask(message)
    assert len(answer.citations) == len(held)
    assert all(part in one.quote for part, one in zip(held, answer.citations, strict=True))
    assert answer.note == (f"没有找到答案：“{missing}” | no answer found: “{missing}”" if missing else "")
    assert answer.verdict is (Verdict.GROUNDED if held else Verdict.REFUSED)
    spans = [(hit.chunk.doc_id, hit.chunk.start, hit.chunk.end) for hit in answer.hits]
    assert len(set(spans)) == len(spans)
    for one in answer.citations:
        assert any(one.doc_id == doc and start <= one.start <= one.end <= end for doc, start, end in spans)


@pytest.fixture(scope="module")
def newspaper(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    """Over four short notices, of which each has something to be asked for."""
    folder = tmp_path_factory.mktemp("newspaper")
    (folder / "kb").mkdir()
    for name, text in {
        "office": "# 兰河日报社读者服务\n\n报社地址：兰河市文化路18号报业大厦。\n\n读者来访请在一楼登记。",
        "notices": "# 广告刊登须知\n\n刊登广告请拨打广告部电话8866-2301。\n\n广告稿须提前三天送达。",
        "essays": "# 征文启事\n\n“我家的老物件”征文即日起征稿。\n\n征文邮箱：zhengwen@lanhe.example。",
        "talks": "# 讲座预告\n\n讲座地点在三楼报告厅，报名电话8866-2355。\n\n讲座免费。",
    }.items():
        (folder / f"kb/{name}.md").write_text(text, encoding="utf-8")
    build(folder / "kb", folder / "index", IndexConfig())
    return open_bot(folder / "index")


@pytest.mark.parametrize(
    ("message", "held", "missing"),
    [
        ("报社地址和广告部电话是什么？", ["文化路18号", "8866-2301"], ""),
        ("报社的地址和征文邮箱是什么？", ["文化路18号", "zhengwen@lanhe.example"], ""),
        ("讲座报名电话和广告部电话各是多少？", ["8866-2355", "8866-2301"], ""),
        ("讲座报名电话和对方的面积是多少？", ["8866-2355"], "对方的面积是多少？"),
        ("讲座的地点和报名电话是什么？", ["8866-2355"], ""),  # one sentence has both
    ],
)
def test_two_things_asked_for_in_one_question_are_both_answered(
    newspaper: Answerer, message: str, held: list[str], missing: str
) -> None:
    answer = newspaper.ask(message)
    assert all(part in answer.text for part in held)
    assert answer.note.startswith(f"没有找到答案：“{missing}” | " if missing else "")
    assert bool(answer.note) == bool(missing)


def test_another_edition_than_those_told_of_is_refused(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("第八届甲乙。", encoding="utf-8")
    built()
    index = kb.parent / "index"
    assert answers(index, "第八届甲乙", 0.9).verdict is Verdict.GROUNDED
    refused = answers(index, "第九届甲乙", 0.9)
    assert refused.refusal == "知识库中没有找到答案：文中没有提到“第九届”。"
    assert refused.confidence == pytest.approx(0.09 / 1.09, abs=1e-4)  # a hundredth of the odds of 0.9


def test_a_message_of_many_questions_is_read_as_one(bot: Answerer) -> None:
    asked = ["国家安全宣讲团由谁任团长？", "番茄炒蛋怎么做？", "北京明天天气怎么样？", "嘉峪关市的面积有多大？"]
    assert bot.ask("".join(asked)).note.count("“") == 6
    assert not bot.ask("".join([*asked, "长城有多少公里？"])).note


def test_a_message_to_the_bot_is_not_taken_apart(bot: Answerer) -> None:
    message = "我们聊的内容会不会被你们领导看见？会存多久？"
    assert bot.weigh(message).doubts.steers
    assert bot.ask(message).verdict is Verdict.REFUSED


def test_a_question_is_answered_from_the_threshold_on(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲乙。", encoding="utf-8")
    built()
    index = kb.parent / "index"
    assert answers(index, "甲", 0.25, refuse_below=0.25).verdict is Verdict.GROUNDED
    refused = answers(index, "甲", 0.25, refuse_below=0.26)
    assert refused.verdict is Verdict.REFUSED
    assert refused.confidence == 0.25


@pytest.mark.parametrize(
    ("typed", "meant", "must"),
    [
        ("龙张月同志是什么植务？", "龙章月同志是什么职务？", "常务副主任"),
        ("为什么要特别重视清少年的国家安全教玉？", "为什么要特别重视青少年的国家安全教育？", "青少年是国家的未来"),
    ],
)
def test_a_misspelt_question_is_read_as_it_was_meant(bot: Answerer, typed: str, meant: str, must: str) -> None:
    answer = bot.ask(typed)
    check(answer, bot)
    assert (answer.question, answer.searched) == (typed, meant)
    assert answer.verdict is Verdict.GROUNDED
    assert must in "".join(sentence.text for sentence in answer.sentences)
    assert bot.search(typed, 3) == bot.search(meant, 3)


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("请问这篇报道的标题是什么呀？", "筑牢国家安全防线 共建和谐幸福家园——我市深入开展全民国家安全宣传教育活动综述"),
        ("第二个小标题写的是什么呢？", "安不忘危 汇聚维护国家安全合力"),
        ("文章有哪几个小标题？", "增强意识 扛牢维护国家安全主体责任"),  # the text has not a word of the question
    ],
)
def test_a_heading_is_an_answer_too(bot: Answerer, question: str, heading: str) -> None:
    answer = bot.ask(question)
    check(answer, bot)
    assert heading in [citation.quote for citation in answer.citations]


def test_of_a_known_question_what_is_known_decides(bot: Answerer) -> None:
    for known in bot.index.known[::60]:
        answer = bot.ask(known.question)
        if known.quote:
            assert answer.verdict is Verdict.GROUNDED, known
        else:
            assert answer.verdict is Verdict.REFUSED, known


def test_another_spelling_counts_where_it_is_nearer_only(bot: Answerer, monkeypatch: pytest.MonkeyPatch) -> None:
    question = "龙章月是什么职务？"
    monkeypatch.setattr("bot.spelling.Spelling.proposed", lambda *_: "龙张月是什么植务？")
    assert bot.checked(f" {question}") == question
    monkeypatch.setattr("bot.spelling.Spelling.proposed", lambda *_: question)
    assert bot.checked("龙张月是什么植务？") == question


@pytest.mark.parametrize("name", ["more.md", "jiayuguan-national-security-education.md"])
def test_what_the_article_lacks_is_answered_once_it_is_added(bot: Answerer, tmp_path: Path, name: str) -> None:
    """The head was fitted on questions about this article: it must not have learned by heart which it cannot answer.

    Some like these are known to have no answer in it; that is outweighed when it comes to hold one.
    """
    added = {
        "嘉峪关市的面积有多大？": "嘉峪关市面积2935平方公里。",
        "长城博物馆的门票多少钱？": "嘉峪关长城博物馆门票每人20元。",
        "第五个全民国家安全教育日的主题是什么？": "第五个全民国家安全教育日的主题是“坚持总体国家安全观”。",
        "市国安办的电话是多少？": "市国安办电话为0937-6226110。",
        "短视频大赛的一等奖奖金是多少？": "短视频征集大赛一等奖奖金5000元。",
    }
    assert {bot.ask(question).verdict for question in added} == {Verdict.REFUSED}
    shutil.copytree(ROOT / "kb", tmp_path / "kb")
    with (tmp_path / "kb" / name).open("a", encoding="utf-8") as file:
        file.write("\n\n# 补充资料\n\n" + "\n\n".join(added.values()))
    build(tmp_path / "kb", tmp_path / "index", IndexConfig())
    told = open_bot(tmp_path / "index")
    assert {question: told.ask(question).citations[0].quote for question in added} == added


def test_a_known_question_decides_which_sentence_is_cited(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲乙。\n\n丙丁。", encoding="utf-8")
    built(merge_characters=1)
    index = kb.parent / "index"
    assert [one.quote for one in answers(index, "甲乙戊", sentences=1).citations] == ["甲乙。"]
    (kb / "a.questions.jsonl").write_text('{"question": "甲乙戊？", "quote": "丙丁"}', encoding="utf-8")
    built(merge_characters=1)
    answer = answers(index, "甲乙戊", sentences=1, known_weight=1000)
    assert [one.quote for one in answer.citations] == ["丙丁。"]
    # The matcher's odds that one of the two answers are 2; a tenth of their logarithm counts beside the judge's. What is
    # asked word for word has a hundred times the odds.
    assert answer.confidence == pytest.approx(900 * 2**0.1 / (1 + 900 * 2**0.1), abs=1e-4)


def test_a_follow_up_must_be_answered_by_its_own_words(bot: Answerer) -> None:
    before, question = "哪个馆被命名为甘肃省国家安全教育基地？", "那个馆几点开门？"
    answer = bot.ask(f" {question} ", [(before, "…")])
    assert (answer.verdict, answer.searched) == (Verdict.REFUSED, f"{before} {question}")
    in_one = bot.weigh(answer.searched)
    alone = held_to(bot.index, bot.head, query_for(bot, question), answer.hits, bot.config)
    assert answer.confidence == round(min(in_one.confidence, alone.confidence), 4)
    assert in_one.confidence != alone.confidence
    assert bot.ask("那城市博物馆呢？", [(before, "…")]).verdict is Verdict.GROUNDED


def test_an_answered_question_before_does_not_answer_another_that_seems_to_lean_on_it(bot: Answerer) -> None:
    before = [("培育了多少名讲解员？", "培育总体国家安全观专职讲解员4名")]
    answer = bot.ask("昨天开车压了实线,被警察拍了,这要扣几分呀?", before)
    assert (answer.verdict, answer.searched != "") == (Verdict.REFUSED, True)
    assert bot.ask("他们是哪里的？", before).confidence > 0


@pytest.mark.parametrize(
    ("question", "least"),
    [
        ("昨天开车压了实线,被警察拍了,这要扣几分呀?", BotConfig().least_likeness),
        ("Who drove over the line?", BotConfig().least_likeness_english),
    ],
)
def test_a_question_like_no_known_one_loses_odds(
    bot: Answerer, question: str, least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.weigh.known_odds", lambda *_: (1.0, ""))
    given: list[float] = []
    monkeypatch.setattr("bot.weigh.odds_where_unlike", lambda *asked: given.append(asked[-1]) or 1.0)
    before = bot.weigh(question).confidence
    monkeypatch.setattr("bot.weigh.odds_where_unlike", lambda *_: 1 / 7)
    after = bot.weigh(question).confidence
    assert given == [least]
    assert after / (1 - after) == pytest.approx(before / (1 - before) / 7)


def test_the_odds_lean_to_what_is_known_of_questions_like_it(
    built, kb: Path, counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.known._LEAST_ALIKE", 0.9)
    monkeypatch.setattr("bot.known._WEIGHT", 10)
    (kb / "a.md").write_text("甲甲丁。", encoding="utf-8")
    (kb / "a.questions.jsonl").write_text('{"question": "甲丁？", "quote": null}', encoding="utf-8")
    built()

    def odds(question: str) -> float:
        confidence = answers(kb.parent / "index", question, 0.5).confidence
        return confidence / (1 - confidence)

    assert odds("甲丁丁") == pytest.approx(math.exp(-10 * (3 / 10**0.5 - 0.1 / 5 - 0.9)), abs=1e-3)  # 4 of 5 are shared
    assert odds("甲甲甲丁") == pytest.approx(1)  # 4 of √20: less than the least


def test_after_several_questions_a_follow_up_leans_on_the_one_that_answers_it(bot: Answerer) -> None:
    museum, theme = "嘉峪关长城博物馆被命名为什么基地？", "今年全民国家安全教育日的主题是什么？"
    for message in (museum + theme, theme + museum):
        answer = bot.ask("那城市博物馆呢？", [(message, "…")])
        assert answer.searched == "嘉峪关城市博物馆被命名为什么基地？"
        assert "嘉峪关城市博物馆被正式命名为嘉峪关市国家安全教育基地" in answer.text


def test_a_question_that_is_surely_answered_by_itself_is_no_follow_up(bot: Answerer) -> None:
    question, before = "拉起那支讲课队伍时，定下的六句宗旨是什么？", [("番茄炒蛋怎么做？", "…")]
    assert in_context(question, before) != question
    answer = bot.ask(question, before)
    assert "政治引领、服务大局" in answer.text
    assert answer.searched == ""
    never = Answerer(bot.index, bot.encoder, BotConfig(sure_alone=1.1, surer_alone=1.1), bot.head)
    in_its_context = never.ask(question, before)
    assert in_its_context.searched == f"{before[0][0]} {question}"
    # One not so sure by itself is no follow-up either, where it is less sure in context.
    surer = Answerer(bot.index, bot.encoder, BotConfig(sure_alone=1.1, surer_alone=answer.confidence - 0.01), bot.head)
    assert in_its_context.confidence < answer.confidence == surer.ask(question, before).confidence


def test_a_follow_up_is_refused_in_its_own_language(bot: Answerer) -> None:
    refused = bot.ask("What about the price of a ticket?", [("番茄炒蛋怎么做？", "…")])
    assert (refused.verdict, refused.refusal[:18]) == (Verdict.REFUSED, REFUSAL_ENGLISH[:18])


def test_another_subject_is_refused_in_the_middle_of_a_conversation(bot: Answerer) -> None:
    answer = bot.ask("番茄炒蛋怎么做？", [("嘉峪关长城博物馆被命名为什么基地？", "…")])
    assert answer.verdict is Verdict.REFUSED


def test_a_message_to_the_bot_loses_by_the_odds_that_it_is_one(bot: Answerer, monkeypatch: pytest.MonkeyPatch) -> None:
    question = "今年全民国家安全教育日的主题是什么？"
    monkeypatch.setattr("bot.weigh._KNOWN", 2)

    def odds(of_steering: float) -> tuple[float, bool]:
        monkeypatch.setattr("bot.weigh.odds_of_steering", lambda _: of_steering)
        weighed = bot.weigh(question)
        return weighed.confidence / (1 - weighed.confidence), weighed.doubts.steers

    whole, steers = odds(0.9)
    assert not steers
    assert odds(5) == (pytest.approx(whole / 5), True)
    assert odds(1e9) == (pytest.approx(whole / 30), True)
    before = [("第九个全民国家安全教育日的主题是什么？", "…")]
    monkeypatch.setattr("bot.weigh.odds_of_steering", lambda _: 1e9)
    assert bot.weigh("那这一天是什么时候启动的呢？", before).doubts.steers


def test_a_known_question_is_no_message_to_the_bot(built, kb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.weigh.odds_of_steering", lambda _: 1e9)
    (kb / "a.md").write_text("甲甲丁。", encoding="utf-8")
    built()
    assert answers(kb.parent / "index", "甲丁？", 0.5).confidence == pytest.approx(1 / 31, abs=1e-4)
    (kb / "a.questions.jsonl").write_text('{"question": "甲丁？", "quote": "甲甲丁"}', encoding="utf-8")
    built()
    assert answers(kb.parent / "index", "甲丁？", 0.5).confidence == pytest.approx(100 / 101, abs=1e-4)


@pytest.mark.parametrize(
    ("dates", "note"),
    [
        (
            ("2023-03-02", "2024-01-15T09:00"),
            "出处的日期不同：[1] 2023-03-02、[2] 2024-01-15 09:00"
            " | the sources have different dates: [1] 2023-03-02, [2] 2024-01-15 09:00",
        ),
        (("2024-01-15", "2024-01-15"), ""),
        (("2024-01-15", ""), ""),
    ],
)
def test_dates_are_given_where_what_is_cited_was_not_published_at_one_time(
    built, kb: Path, counting, dates: tuple[str, str], note: str
) -> None:
    for name, published, text in zip("bc", dates, ("甲乙丙丁三。", "甲乙丙丁四。"), strict=True):
        (kb / f"{name}.md").write_text(f"---\npublished: '{published}'\n---\n{text}", encoding="utf-8")
    built()
    answer = answers(kb.parent / "index", "甲乙丙丁", enough_belief=1.0)
    assert sorted(one.quote for one in answer.citations) == ["甲乙丙丁三。", "甲乙丙丁四。"]
    assert [one.published for one in answer.citations] == list(dates)
    assert answer.note == note
