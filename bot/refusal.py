"""What a refusal says: which word of the question the text lacks, else what was not found."""

import re
from collections.abc import Sequence

from bot.features import surroundings
from bot.message import asks_nothing, asks_of_the_bot
from bot.prompt import asks_in_chinese
from bot.question import Asked, what_is_missing, what_is_wanted
from bot.types import Hit
from indexer.store import Index
from indexer.text import fold, one_line

_TITLES = 3  # named to who asks what the knowledge base holds
_LONGEST_QUOTED = 80  # characters of a question in English
_WHOLE = re.compile(r"\w{2,30}")
_SHORT = 14  # characters of a question of which no part says more: 吴桂芳的电话是多少
_SAYS_LITTLE = 3  # 多少, 哪里, 是谁: characters
REFUSAL_CHINESE = "知识库中没有找到答案。"
NO_QUESTION_CHINESE = "请写下您想查的问题，我从知识库里找原文回答。"
NO_QUESTION_ENGLISH = "Write what you want to know: it is answered from the knowledge base."
REFUSAL_ENGLISH = "The knowledge base holds no answer to this."


def missing(index: Index, asked: Asked, hits: Sequence[Hit]) -> str:
    """What the question names and neither the text around the best passage nor any other one holds; empty for nothing.

    So 文中没有提到“周一” is not said where only another document has it.
    """
    if not hits:
        return ""
    _, around, quantities = surroundings(index, hits[0].number)
    lacking = what_is_missing(asked, around, quantities, fold("\n".join(hit.chunk.text for hit in hits)))
    return next((one for one in lacking if not index.lexical.holds(one)), "")


def refusal_of(index: Index, question: str, parts: Sequence[Asked], whole: Asked, hits: Sequence[Hit]) -> str:
    """In the language of the question: what it names and the text lacks, else what it wants to be told.

    What asks nothing, 谢谢！, is told what to do, and 你是谁？ what there is to ask about.

    `parts` are the questions of the message. Of a follow-up both are looked for in its own words before the `whole`
    question in its context.
    """
    if asks_of_the_bot(question):
        return _what_there_is(index, asks_in_chinese(question))
    if asks_nothing(question):  # 谢谢！
        return NO_QUESTION_CHINESE if asks_in_chinese(question) else NO_QUESTION_ENGLISH
    if len(parts) > 1:
        return _of_several([missing(index, one, hits) for one in parts], asks_in_chinese(question))
    own = parts[0]
    lacking, wanted = missing(index, own, hits), what_is_wanted(own)
    if not lacking and not wanted:
        lacking = missing(index, whole, hits)
    if asks_in_chinese(question):
        if lacking:
            return f"{REFUSAL_CHINESE.rstrip('。')}：文中没有提到“{lacking}”。"
        whole_question = _WHOLE.fullmatch(question.strip().rstrip("?？。"))
        if wanted and whole_question and (len(whole_question[0]) <= _SHORT or len(wanted) <= _SAYS_LITTLE):
            wanted = whole_question[0]
        return f"知识库中没有找到“{wanted}”的答案。" if wanted else REFUSAL_CHINESE
    if lacking and lacking.isascii():  # 金额 is the name of a kind, not a word of this question
        return f"{REFUSAL_ENGLISH.rstrip('.')}: “{lacking}” is not mentioned."
    asked = question.strip().rstrip("?？.")
    return REFUSAL_ENGLISH.replace("this", f"“{asked}”") if len(asked) <= _LONGEST_QUOTED else REFUSAL_ENGLISH


def _of_several(lacking: Sequence[str], chinese: bool) -> str:
    """Of a message whose questions have no answer, any of them."""
    named = [f"“{one}”" for one in dict.fromkeys(lacking)] if all(lacking) else []
    if chinese:
        refusal = f"知识库中没有找到这 {len(lacking)} 个问题的答案"
        return f"{refusal}：文中没有提到{'、'.join(named)}。" if named else f"{refusal}。"
    refusal = f"The knowledge base holds no answer to these {len(lacking)} questions"
    return f"{refusal}: {', '.join(named)} not mentioned." if named else f"{refusal}."


def _what_there_is(index: Index, chinese: bool) -> str:
    titles = [one_line(document.title) for document in index.documents.values()]
    named, more = titles[:_TITLES], len(titles) > _TITLES
    if chinese:
        held = "".join(f"《{title}》" for title in named) + (f"等 {len(titles)} 篇" if more else "")
        return f"这里是嘉问，只用知识库里的原文回答。知识库里有{held}。请写下您想查的问题。"
    held = "; ".join(named) + (f" and {len(titles) - _TITLES} more" if more else "")
    return f"This is Jiawen. It answers with the words of its documents: {held}. Write what you want to know."
