"""A message in a conversation: the questions in it, whether they lean on the one before, whether it asks anything."""

import re
from itertools import pairwise

from bot.lexicon import NAMES
from bot.question import ASKS, CONTENT, NOUNS, content_words, tagged_words
from indexer.text import fold

_THINGS = NOUNS - {"vn", "an"}  # 启动 leans on what was started
_LEANS = re.compile(
    r"^(其中|还有|另外|and\b|what about\b)|呢\?*$|^(\S+ ){1,3}(it|its|he|his|she|her|they|them|their)\b"
)
_GREETED = "大家|早上|上午|中午|下午|晚上"  # beside 你
_COURTESY = re.compile(
    f"谢谢|多谢|感谢|辛苦|(?:[你您]|{_GREETED})好|好[的吧]?|[早晚]安|知道|明白|了解|收到|再见|拜拜"
    "|[你您的了啦啊呀嗯哦呃哎唉哈嘿]"
    r"|\b(?:ok|okay|thanks|thank you|hello|hi|bye)\b"
)
# Asked of whoever answers, before anything is asked: 你是谁？ 知识库里有什么？
_OF_ITSELF = re.compile(
    r"[你您](?:是谁|是什么|叫什么(?:名字)?|(?:能|会|可以)(?:帮我?)?(?:做|干|回答|查)?(?:些?什么|些?啥|哪些)(?:事|问题|内容)?)"
    r"|(?:这个?|[你您]的)?知识库(?:里面?|中)?都?有(?:些?什么|些?啥|哪些)(?:内容|文档|文章|资料|东西)?"
    r"|我?(?:在?这[里儿])?(?:能|可以)(?:[查问][你您]?)(?:些?什么|些?啥|哪些)(?:问题|内容)?"
    r"|(?:怎么|如何)提问|请?(?:自我介绍|介绍(?:一下)?[你您]?自己)(?:一下)?|帮助|在吗|在不在|有人吗|测试(?:一下)?"
    r"|help|(?:who|what) are you|what can (?:you do|i ask(?: you)?)|what do you know"
)
# What leads to a question and is none of it: 您好，我想咨询一下，
_OPENS = re.compile(
    rf"(?:(?:(?:[你您]们?|{_GREETED})好[呀啊]?|嗨|哈[喽罗]|打扰(?:一?下|了)|不好意思|劳驾|请问(?:一?下)?"
    r"|麻烦(?:[你您](?:问|帮忙)?|问|帮忙)(?:一?下)?|请?帮(?:我|忙)[查看问](?:一?下|[查看问])"
    r"|[我俺]?(?:就|还|也|只)?想要?(?:请?问|咨询|请教|打听|了解|知道)(?:一?下|[你您问]|一?个问题)*"
    r"|(?:hi|hello|excuse me|(?:(?:could|can|would) you )?(?:please )?tell me|i(?:'d| would) like to know)\b"
    r")[\s,，.。!！:：~～、]*)+",
    re.IGNORECASE,
)
# And what follows one: ，谢谢！ ，可以告诉我吗？
_CLOSES = re.compile(
    r"(?:(?:(?:[\s,，。.;；!！~～]+|(?<=[?？]))"
    r"(?:谢谢|多谢|感谢|拜托|在线等|(?:麻烦|辛苦)(?=[您你了])|thanks|thank you)|(?<![说声句道])谢谢)[您你了啦呀啊哈]*"
    r"|[\s,，]+(?:请|(?:可以|能|能不能|可不可以)(?:请?[您你])?)?(?:告诉|回答)(?:一?下)?我?(?:一?下)?[吗呢么]?)"
    r"[\s,，。.!！?？~～]*$",
    re.IGNORECASE,
)
# Where a question ends: not inside a title or a quotation, nor in an address, as ?id= does.
_ENDS = re.compile(r"《[^》]*》|“[^”]*”|「[^」]*」|『[^』]*』|\"[^\"]*\"|([?？](?<![!-~]\?(?=[!-~]))[?？!！\s]*)")
_OPENING = re.compile(
    r"^(?:请问)?[您你]们?(?:知不知道|知道|听说过?|听过|了解|记得|认识).*吗\?$|^do you (?:know|remember)\b"
)
# Two things asked for by one question, whose answers may stand apart: 报社地址和广告部电话是什么？
SOUGHT = re.compile(
    "电话|号码|热线|传真|邮箱|网址|地[址点]|位置|时间|日期|费用?|价格?|负责人|联系人|名称|人数|面积|主题|方式|条件|材料|期限"
)
_OTHERS = '[^和与及、,，;；?？《》“”"「」『』]'  # characters than those between the two, and marks of a title
_TWO_THINGS = re.compile(
    rf"((?:{_OTHERS}+的)?)((?:(?!的){_OTHERS})*(?:{SOUGHT.pattern}))(?:和|与|以?及|、|还有|跟)({_OTHERS}*(?:{SOUGHT.pattern}))"
    r"((?:各自?|分别|又|都)?(?:[是有在](?:什么|多少|谁|哪[里儿]?|哪些|几号?))?[呢呀啊]?[?？\s]*)"
)
# One thing asked for of two: 书法班和太极拳班的老师分别是谁？
_OF_TWO = re.compile(
    rf"({_OTHERS}+)(?:和|与|以?及|、|还有|跟)({_OTHERS}+?)(的{_OTHERS}+?)"
    rf"(?:各自?|分别)([是有在为](?:什么|多少|谁|哪|几){_OTHERS}*[?？\s]*)"
)
_OF_THE_SAME = 4  # characters: 招生办的咨询电话和监督电话, but not 招生办的咨询电话和行政楼总务处电话
_POINTER = re.compile("[该此他她它]|其(?![他它余中次])")
MOST_QUESTIONS = 4
_BARE = 2  # characters of words that say something: 要带什么？ names no matter at all
SHORT = 9  # characters: 什么时候启动的? leans, 番茄炒蛋怎么做? names its own matter


def leans(question: str) -> bool:
    """The question cannot be understood without the one before: 那城市博物馆呢？ 该馆在哪？ 什么时候启动的？

    Of several in one message the first tells; the others lean on that.
    """
    text = "".join(fold(question).partition("?")[:2])
    if asks_nothing(text):
        return False  # and would be given the last answer again
    if _LEANS.search(text):
        return True
    for word, tag in tagged_words(text):
        # Not 那不勒斯; 应该 and 该找 are verbs. rjieba has many names for 那场 and 这则.
        if (word[0] in "这那" and tag not in NAMES) or (tag == "r" and _POINTER.match(word)):
            return True
    return len(text) <= SHORT and not any(tag in _THINGS and len(word) > 1 for word, tag in content_words(text))


def asks_nothing(message: str) -> bool:
    """It holds nothing but courtesies and marks, or asks of the bot: 谢谢！ 你好 ？？？ 你是谁？"""
    return asks_of_the_bot(message) or not re.search(r"\w", _COURTESY.sub("", fold(message)))


def asks_of_the_bot(message: str) -> bool:
    """It asks who answers, or what can be asked: 你是谁？ 知识库里有什么？"""
    opens = _OPENS.match(message)
    asked = re.sub(r"[^\w ]", "", fold(message[opens.end() :] if opens else message))
    return bool(_OF_ITSELF.fullmatch(asked.strip().rstrip("呀啊呢")))


def without_courtesies(message: str) -> str:
    """The message without those that it begins and ends with; as it is where nothing else is in it."""
    opens = _OPENS.match(message)
    left = message[opens.end() :] if opens else message
    while closes := _CLOSES.search(left):
        left = left[: closes.start()]
    return message if asks_nothing(left) else left


def questions_in(message: str) -> list[str]:
    """The questions of a message that ask for something each, which together are the message; often the one.

    More than four stay one: each takes as long as a message of its own.
    A part without matter of its own belongs to the one beside it: 在哪举办？什么时候？, 你知道教育日吗？是哪天？
    """
    ends = [match.end() for match in _ENDS.finditer(message) if match[1]]
    parts: list[str] = []
    for start, end in pairwise(dict.fromkeys([0, *ends, len(message)])):
        part = message[start:end]
        if parts and not (_asks_for_something(parts[-1]) and _asks_for_something(part)):
            parts[-1] += part
        else:
            parts.append(part)
    return parts if len(parts) <= MOST_QUESTIONS else [message]


def asked_apart(question: str) -> list[str]:
    """A question for two things as one for each, whose answers may stand apart; any other as it is.

    报社地址和广告部电话是什么？ asks for the first 是什么？ and for the second, 甲和乙的老师分别是谁？ of each.
    """
    if two := _TWO_THINGS.fullmatch(question):
        of, first, second, asks = two.groups()
        return [of + first + asks, (of if len(second) <= _OF_THE_SAME else "") + second + asks]
    if two := _OF_TWO.fullmatch(question):
        first, second, sought, asks = two.groups()
        return [first + sought + asks, second + sought + asks]
    return [question]


def _asks_for_something(part: str) -> bool:
    text = fold(part).strip()
    matter = any(tag in CONTENT and len(word) > 1 for word, tag in content_words(text))
    return matter and not _OPENING.search(text) and (text.endswith("?") or any(asks.search(text) for asks in ASKS))


def goes_on(question: str) -> bool:
    """It says of itself that it goes on from the question before: 那城市博物馆呢？ 其中有几部？ 他的妻子是谁？

    So does one without a matter: 要带什么？ 那支队伍 may be told of in the same question, and so may 她 behind a noun.
    """
    text = fold(question)
    words = [(word, tag) for word, tag in content_words(text) if tag != "generic"]
    named = any(tag in NOUNS and len(word) > 1 for word, tag in words)
    if _LEANS.search(text) or (not named and sum(len(word) for word, _ in words) <= _BARE):
        return True
    for word, tag in tagged_words(text):
        if tag in NOUNS and len(word) > 1:
            return False
        if tag == "r" and word[0] in "他她它":
            return True
    return False
