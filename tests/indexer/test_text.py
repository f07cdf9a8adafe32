import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.text import fold, heading_lines, sentence_spans, substituted

chinese = st.text(
    alphabet=st.sampled_from("安全教育日A1. \n\t。！？!?…，,；“”‘’「」《》（）()\"'#`~𠮷é\u3000"), max_size=80
)
anything = st.one_of(chinese, st.text(max_size=80))


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@given(anything)
def test_spans_are_in_order_and_hold_every_visible_character_once(text: str) -> None:
    position = 0
    for start, end in sentence_spans(text):
        assert position <= start < end <= len(text)
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip() != ""
        position = end
    assert not text[position:].strip()


@given(anything)
def test_a_sentence_cut_again_stays_whole(text: str) -> None:
    for sentence in sentences("第一句。\n\n" + text)[:1]:
        assert sentences(sentence) == [sentence]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("安而不忘危。存而不忘亡！真的？", ["安而不忘危。", "存而不忘亡！", "真的？"]),
        ("他强调,“形势复杂。”面对形势,", ["他强调,“形势复杂。”", "面对形势,"]),
        ("他问“何为安全？”的含义。", ["他问“何为安全？”的含义。"]),
        ("请先报名。之后等通知。", ["请先报名。", "之后等通知。"]),
        ("已经取消。的确如此！等第二批。", ["已经取消。", "的确如此！", "等第二批。"]),
        ("（已取消！）之后再说。", ["（已取消！）之后再说。"]),
        ("《谁动了我的奶酪？》是一本书。好看。", ["《谁动了我的奶酪？》是一本书。", "好看。"]),
        ('他走了。"你好。"她说。', ["他走了。", '"你好。"', "她说。"]),
        ("真的吗?!……是。", ["真的吗?!……", "是。"]),
        ("Pi is 3.14. J. Smith left. He e.g.x", ["Pi is 3.14.", "J. Smith left.", "He e.g.x"]),
        ("标题\n正文一\n\n正文二", ["标题", "正文一", "正文二"]),
        ("A line that\nruns on. Next.", ["A line that\nruns on.", "Next."]),
        ("（未完。（再来。）没有右括号。下一句。", ["（未完。", "（再来。）没有右括号。", "下一句。"]),
        ("  \n\t\u3000", []),
        (
            "报名见 https://a.cn/form?id=3&x=1，文件 a!b.txt。好。",
            ["报名见 https://a.cn/form?id=3&x=1，文件 a!b.txt。", "好。"],
        ),
        ("看图![说明](图.png)吧。", ["看图![说明](图.png)吧。"]),
        ("真的吗?ABC公司说是!对。", ["真的吗?", "ABC公司说是!", "对。"]),
        (
            "**问：几点？**\n答：*九点。* **停车**。**免费！**",
            ["**问：几点？**", "答：*九点。*", "**停车**。", "**免费！**"],
        ),
    ],
)
def test_examples(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_huge_text_without_an_end_takes_linear_time() -> None:
    assert len(sentence_spans("《" * 200_000)) == 1
    assert len(list(heading_lines("# a" + " " * 200_000 + "x"))) == 1
    assert len(list(heading_lines("```\n```\n# 题\n" * 20_000))) == 20_000


def test_headings_are_found_outside_code() -> None:
    text = "# 一 \n```\n# 注释\n```\n## 二 ##\n####### 七\n#无空格\n~~~\n# 又一条\n"
    assert [(level, title, text[slice(*span)]) for span, level, title in heading_lines(text)] == [
        (1, "一", "# 一 "),
        (2, "二", "## 二 ##"),
    ]


def test_fold_joins_what_a_reader_takes_for_the_same() -> None:
    assert fold("嘉峪關長城博物館ＡＢＣ１２３，Wi-Fi") == fold("嘉峪关长城博物馆abc123,wi-fi")
    assert fold("乾隆") == "乾隆"


@given(st.text("甲。\n| ", max_size=40), st.data())
def test_other_words_at_spans_leave_the_rest_as_it_is(text: str, data: st.DataObject) -> None:
    spans = sentence_spans(text)
    assert substituted(text, {span: text[slice(*span)] for span in spans}) == text
    chosen = data.draw(st.lists(st.sampled_from(spans), unique=True)) if spans else []
    expected = "".join(
        "#" if any(start == at for start, _ in chosen) else one
        for at, one in enumerate(text)
        if not any(start < at < end for start, end in chosen)
    )
    assert substituted(text, dict.fromkeys(chosen, "#")) == expected


def test_a_span_that_overlaps_the_next_ends_where_that_begins() -> None:
    assert substituted("# 题目。后", {(0, 4): "…", (2, 4): "〔题〕"}) == "…〔题〕。后"
