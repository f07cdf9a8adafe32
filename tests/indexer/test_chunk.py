import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.chunk import chunk_document, chunk_sentences
from indexer.config import IndexConfig
from indexer.text import heading_lines, simplify
from indexer.types import Document, KnownQuestion

line = st.text(alphabet=st.sampled_from("安全教育日。！？，,；“”《》 #\u3000𠮷a."), max_size=120)
markdown = st.lists(
    st.one_of(line, st.sampled_from(["", "", "# 标题", "## 二级", "### 三级 ", "```", "- 项"])), max_size=25
).map("\n".join)
small = IndexConfig(chunk_characters=60, merge_characters=15)


@given(markdown)
def test_chunks_join_back_to_the_document(text: str) -> None:
    chunks = chunk_document(Document("d", "题", text), small)
    assert "".join(chunk.text for chunk in chunks) == text
    position = 0
    for chunk in chunks:
        assert (chunk.start, chunk.end) == (position, position + len(chunk.text))
        assert text[chunk.start : chunk.end] == chunk.text
        position = chunk.end


@given(markdown)
def test_no_chunk_is_over_long(text: str) -> None:
    for chunk in chunk_document(Document("d", "题", text), small):
        assert len(chunk.text) <= small.chunk_characters + small.merge_characters


@given(markdown, st.integers(12, 60))
def test_sentences_lie_in_their_chunk_and_fit_the_encoder(text: str, max_tokens: int) -> None:
    document = Document("d", "题", text)
    chunks = chunk_document(document, small)
    titles = [span for span, _, _ in heading_lines(text)]
    for chunk, sentences in zip(chunks, chunk_sentences(document, chunks, len, max_tokens), strict=True):
        position = chunk.start
        visible = ""
        for sentence in sentences:
            assert position <= sentence.start < sentence.end <= chunk.end
            assert len(sentence.embedded_text) <= max_tokens
            assert sentence.embedded_text.endswith(simplify(text[sentence.start : sentence.end]))
            visible += text[sentence.start : sentence.end]
            position = sentence.end
        body = "".join(
            character
            for offset, character in enumerate(chunk.text, chunk.start)
            if not any(left <= offset < right for left, right in titles)
        )
        assert "".join(visible.split()) == "".join(body.split())


def test_headings_are_the_path_to_the_chunk() -> None:
    text = "# 总\n\n## 甲\n\n" + "甲文。" * 10 + "\n\n### 甲一\n\n" + "细文。" * 10 + "\n\n## 乙\n\n" + "乙文。" * 10
    document = Document("d", "总", text)
    chunks = chunk_document(document, small)
    assert [chunk.headings for chunk in chunks] == [("总", "甲"), ("总", "甲", "甲一"), ("总", "乙")]
    assert chunks[0].text.startswith("# 总\n\n## 甲")
    first = chunk_sentences(document, chunks, len, 40)[1][0]
    assert first.embedded_text == "甲 甲一 细文。"
    assert text[first.start : first.end] == "细文。"


def test_short_paragraphs_join_the_next_and_long_ones_end_at_sentence_ends() -> None:
    text = "短一。\n\n短二。\n\n" + "这一句有十个字吧。" * 20 + "\n\n尾巴。"
    chunks = chunk_document(Document("d", "题", text), small)
    assert chunks[0].text.startswith("短一。\n\n短二。\n\n")
    assert all(chunk.text.rstrip().endswith("。") for chunk in chunks)
    assert chunks[-1].text.endswith("这一句有十个字吧。\n\n尾巴。")


def test_a_sentence_too_long_for_the_encoder_is_cut_at_a_clause() -> None:
    document = Document("d", "题", "前半句话很长，后半句话也长。")
    chunks = chunk_document(document, small)
    (sentences,) = chunk_sentences(document, chunks, len, 10)
    assert [sentence.embedded_text for sentence in sentences] == ["前半句话很长，", "后半句话也长。"]
    (sentences,) = chunk_sentences(document, chunks, len, 4)
    assert [len(sentence.embedded_text) for sentence in sentences] == [3, 4, 3, 4]
    document = Document("d", "题", "abcdef ghijkl")
    (sentences,) = chunk_sentences(document, chunk_document(document, small), len, 12)
    assert [document.text[sentence.start : sentence.end] for sentence in sentences] == ["abcdef", "ghijkl"]


@pytest.mark.parametrize("text", ["# 只有标题", "# 一\n## 二\n\n"])
def test_headings_alone_are_a_chunk_without_sentences(text: str) -> None:
    document = Document("d", "题", text)
    (chunk,) = chunk_document(document, small)
    assert chunk.text == text
    assert chunk_sentences(document, [chunk], len, 40) == [[]]


def test_headings_are_embedded_unless_they_are_the_title() -> None:
    text = "# 总\n\n## 北京办事处\n\n电话零一零。\n\n## 上海办事处\n\n电话零二一。"
    for title, context in (("总", ""), ("通讯录", "总 ")):
        document = Document("d", title, text)
        found = chunk_sentences(document, chunk_document(document, small), len, 40)
        embedded = [sentence.embedded_text for sentences in found for sentence in sentences]
        assert embedded == [f"{context}北京办事处 电话零一零。", f"{context}上海办事处 电话零二一。"]


@pytest.mark.parametrize(
    ("text", "quote", "cited"),
    [
        ("# 总纲\n\n## 甲 乙 ##\n\n正文。", "甲 乙", ["甲 乙", "正文。"]),
        ("# 总纲\n\n## 甲 乙\n\n正文。", "总纲", ["总纲", "正文。"]),
        ("# 怎么办？有办法！\n正文。", "办法", ["怎么办？有办法！", "正文。"]),  # whole, whatever stands inside
        ("# 总纲\n\n正文说总纲。", "正文", ["正文说总纲。"]),
        ("# 总纲\n\n正文。", "没有的话", ["正文。"]),
    ],
)
def test_a_heading_is_cited_where_a_known_question_quotes_it(text: str, quote: str, cited: list[str]) -> None:
    document = Document("d", "题", text, known=(KnownQuestion("问？", quote), KnownQuestion("没有答案？", "")))
    (sentences,) = chunk_sentences(document, chunk_document(document, small), len, 40)
    assert [text[sentence.start : sentence.end] for sentence in sentences] == cited
    assert sentences[-1].embedded_text.endswith(cited[-1])
    assert all(sentence.embedded_text == cited[0] for sentence in sentences[:-1])  # no heading in front of itself


def test_the_headline_of_a_plain_text_is_a_heading_and_no_sentence() -> None:
    text = "老街夜市起火 两家商铺受损\n\n8月2日起火。\n无人伤亡。\n"
    document = Document("fire", "老街夜市起火 两家商铺受损", text, file="fire.TXT")
    chunks = chunk_document(document, IndexConfig())
    assert [(chunk.text, chunk.headings) for chunk in chunks] == [(text, (document.title,))]
    ((first, second),) = chunk_sentences(document, chunks, len, 100)
    assert (first.embedded_text, second.embedded_text) == ("8月2日起火。", "无人伤亡。")


def test_a_comment_in_a_code_fence_is_no_heading_wherever_the_chunk_begins() -> None:
    text = "```\n" + "第一行很长很长很长。\n" * 6 + "# 初始值是一二三。\n" + "最后一行。\n" * 4 + "```\n"
    document = Document("d", "题", text)
    found = chunk_sentences(document, chunk_document(document, small), len, 40)
    assert "# 初始值是一二三。" in [sentence.embedded_text for sentences in found for sentence in sentences]


def test_traditional_text_is_embedded_in_simplified_characters_and_cited_as_it_is() -> None:
    document = Document("d", "题", "嘉峪關長城博物館。")
    ((sentence,),) = chunk_sentences(document, chunk_document(document, small), len, 40)
    assert sentence.embedded_text == "嘉峪关长城博物馆。"
    assert document.text[sentence.start : sentence.end] == "嘉峪關長城博物館。"


@pytest.mark.parametrize(("max_tokens", "embedded"), [(40, "科室 教务处，电话是8010。"), (14, "| 教务处 | 8010 |")])
def test_the_row_of_a_table_is_embedded_as_it_reads_where_that_fits(max_tokens: int, embedded: str) -> None:
    document = Document("d", "题", "## 科室\n\n| 部门 | 电话 |\n| --- | --- |\n| 教务处 | 8010 |")
    (sentences,) = chunk_sentences(document, chunk_document(document, small), len, max_tokens)
    assert sentences[-1].embedded_text == embedded
    assert document.text[sentences[-1].start : sentences[-1].end] == "| 教务处 | 8010 |"
