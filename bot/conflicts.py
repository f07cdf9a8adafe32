"""What in a claim a passage contradicts or lacks, so that the reason can be named.

Figures and quoted titles decide. Words that exclude each other, negations and names only weigh against a claim.
"""

import re
from collections.abc import Iterator, Sequence, Set

from bot.figures import figures
from bot.lexicon import NAMES, SURNAMES, alternatives, sound
from bot.measures import DAY, Figure, things
from bot.reading import SURE, Item, Reading, exclusive
from indexer.quantity import quantities
from indexer.text import sentence_spans

# Negators, without the words that only look like one (不仅, 未来, 无人机, 非遗, 不少于) and without pairs that affirm:
# 少不了, 离不开, 不得不, 非得.
DENIAL = (
    r"(?<!无)(?<![少免缺](?=不了))(?<!离(?=不开))(?<!不[得能可会])不(?![得能可会]不)"
    r"(?![仅但只断久同少足得超低高过等管论惜愧料禁良孕锈平动满止])|没有?|未(?![来必])"
    r"|无(?!论|锡|人机|障碍|线|数|私|偿)|并?非(?![常遗洲法物传机得要])"
)
NEGATOR = re.compile(
    rf"{DENIAL}|[禁严]禁?止|严禁|不得(?!超过|低于|少于|高于|多于|不)"
    r"|拒绝|拒收|停止|取消|免(?=[收征除交缴费])|否认|\b(?:not|no|never|without|cannot)\b|n't\b"
)
_CLAUSES = re.compile(r"[^\w%.·-]+")
_KNOWN = 0.8
_OWN_WEIGHT = 1.0  # of words that stand only in what is taken back: a noun, a figure
_BEFORE, _AFTER = 4, 6  # characters between a word and what negates it
_HEADS = 8  # characters behind a negator in which the word it negates begins
_FUNCTION = frozenset("dfc")
_ROLE = re.compile(
    r"(?:主任|局长|市长|书记|校长|院长|馆长|园长|站长|所长|会长|社长|团长|队长|组长|处长|科长|镇长|县长|区长|村长|部长|厅长|主席|总统"
    r"|教授|先生|女士|博士|导演|演员|老师|医生|记者|经理|董事长|工程师|工人|村民|居民|同志)$"
)
_TAKEN_IN = frozenset("中内上下里间前后时等的在与和为被由曾任率称史省市县区")  # behind a name, by rjieba's mistake
_PLACE_ENDS = frozenset("馆院校局委厅镇乡村路街河江湖山省市县州国岛港店")
# 城市博物馆 is another than 长城博物馆: a word in front of these that the passage lacks makes another name.
_HEAD_NOUNS = (
    "博物馆", "纪念馆", "图书馆", "档案馆", "学院", "大学", "中学", "小学", "学校", "医院", "公司", "集团", "银行",
    "公园", "广场", "机场", "车站", "剧场", "剧院", "体育场", "出版社", "委员会", "协会", "法院", "政府",
)  # fmt: skip
# A year that the passage does not write: 次年 of 1852 is 1853.
_NEIGHBOURING_YEARS = (
    (-1, re.compile("次年|翌年|第二年")),
    (1, re.compile("(?<![过失除])去年|(?<!以)上年|[上前]一年")),
)
# What takes back the words before it in its sentence, and what says in a claim that they are not meant.
_TAKEN_BACK = re.compile(
    r"(?:消息|说法|传言|传闻|言论|网传内容)[^，,。;；]{0,4}(?:[尚还]?未(?:经|获|得到)(?:证实|核实)|不实|不属实|没有根据|毫无根据)"
    r"|[”」』][^，,。;；]{0,2}有误|(?P<figure>有误[，,]?应当?[为是])|(?:[系是为属])(?:谣言|谣传|误传|误写|误报|讹传)"
)
_SAID_ONLY = re.compile(
    "称|[网流谣误讹]?传|说法|证实|核实|属实|不实|谣|误|更正|不是|并非|应为|猜测|据说|所谓|质疑|否认"
)
# 不是X，而是Y and 是Y，不是X; 是不是 and 要不是 say something else.
_CLAUSE_MARK = re.compile("[，,。;；]")
_VERB = "是|在|由|为|属于"
_BEFORE_NO_VERB = frozenset("但可还只就要总或于若凡正现存所因自理成认作")  # 但是, 现在, 因为
_NOT_THIS = rf"(?<![是岂要莫若无])(?:[并都]?不(?P<verb>{_VERB})|(?:并|(?<=而))非是?)(?P<denied>[^，,。;；]{{1,40}}?)"
_NOT_BUT = re.compile(rf"(?P<said>.*?){_NOT_THIS}[，,]?而(?P<verb_said>{_VERB})(?P<rest>.+)", re.DOTALL)
_BUT_NOT = re.compile(rf"(?P<said>.*[^，,。;；而])[，,]?而?{_NOT_THIS}(?P<end>[。！!.]?)", re.DOTALL)
_LOOSE, _OF_PARTS = 0.7, 0.5
_OF_ANYTHING = frozenset("个项种次场大类")  # classifiers that say little of what is counted
# A capitalised word that reads as Pinyin is a Chinese name: Siyuan, Zhan Tianyou.
_PINYIN = re.compile(
    r"(?:(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?(?:iang|iong|uang|ang|eng|ing|ong|iao|ian|uai|uan|ai|ei|ao|ou|an|en|in|un"
    r"|ia|ie|iu|ua|ui|uo|ue|er|a|e|i|o|u|v)){2,6}"
)
_LATIN = re.compile(r"(?<![a-z0-9.@/-])(?:[a-z]{4}|[a-z]{1,3}-?\d)[a-z0-9+#.-]*(?<![.-])")
_NO_NAMES = frozenset(("chinese", "china", "mainland", "annual", "since", "more", "june", "july", "august"))
_CAPITALISED = re.compile(r"(?<![A-Za-z])(?:([A-Z][a-z]+) )?([A-Z][a-z]{4,})(?![A-Za-z])")


def unheld(claim: Reading, passage: Reading, context: Reading) -> str:
    """The first figure, quoted title or Latin name of the claim that the passage lacks, Chinese | English; or empty.

    Of 28,476 pairs 4,335 have one, of which 899 are supported, most by what the figures amount to.
    """
    for figure, others in wrong_figures(claim, passage, context):
        decides = not figure.vague or any(_counts_the_same(claim, figure, passage, other) for other in others)
        if decides and not _may_follow(figure, claim, passage):
            given = "、".join(dict.fromkeys(other.written for other in others[:3]))
            if given:
                return f"“{figure.written}”不符，文中是“{given}” | “{figure.written}” against “{given}” in the passage"
            return f"文中没有“{figure.written}” | “{figure.written}” is not in the passage"
    for title in [*missing_titles(claim, passage, context), *_missing_latin_names(claim, passage, context)]:
        return f"文中没有“{title}” | “{title}” is not in the passage"
    return ""


def disowned(claim: Reading, passage: Reading, found: Sequence[Item]) -> str:
    """What the claim says as a fact and the passage takes back as unproven or wrong, Chinese | English; or empty."""
    if not _TAKEN_BACK.search(passage.text) or _SAID_ONLY.search(claim.text):
        return ""
    spans = [
        (max(start, passage.text.rfind(";", start, match.start())), match.start(), match["figure"])
        for start, end in sentence_spans(passage.text)
        for match in _TAKEN_BACK.finditer(passage.text, start, end)
    ]
    only_there = [
        item
        for item in found
        if item.held >= SURE
        and len(item.places)
        and all(
            any(a <= at < b and (item.figure or not figure) for a, b, figure in spans) for at in item.places.tolist()
        )
    ]
    if sum(item.weight for item in only_there) < _OWN_WEIGHT:
        return ""
    said = "、".join(item.text for item in only_there[:3])
    return f"文中没有认定“{said}” | the passage takes “{said}” back"


def contrasted(claim: str) -> tuple[str, str] | None:
    """(what the claim says, what it says is not so) of 不是X，而是Y or 是Y，不是X: two claims; None for others."""
    if (match := _NOT_BUT.fullmatch(claim)) and (match["verb"] or "是") == match["verb_said"]:
        over = match["said"] + match["verb_said"]
        return over + match["rest"], f"{over}{match['denied']}。"
    if match := _BUT_NOT.fullmatch(claim):
        said, verb = match["said"], match["verb"] or "是"
        over, found, last = said.rpartition(verb)
        if found and over[-1:] not in _BEFORE_NO_VERB and not _CLAUSE_MARK.search(last):
            return said + match["end"], f"{over}{verb}{match['denied']}。"
    return None


def conflict(claim: Reading, passage: Reading, context: Reading, found: Sequence[Item]) -> str:
    """What else seems not to agree, Chinese | English; empty where nothing does. A retelling may look so, too."""
    for claimed, given in excluded(claim, passage):
        return f"文中是“{given}”，不是“{claimed}” | “{given}” in the passage, not “{claimed}”"
    for name, given in mistaken_names(missing_names(claim, passage, context, found), passage):
        return f"文中是“{given}”，不是“{name}” | “{given}” in the passage, not “{name}”"
    for word, denied in wrong_negations(claim, passage, found):
        if denied:
            return f"文中没有否定“{word}” | the passage does not deny “{word}”"
        return f"文中否定了“{word}” | the passage denies “{word}”"
    return ""


def wrong_figures(claim: Reading, passage: Reading, context: Reading) -> Iterator[tuple[Figure, list[Figure]]]:
    """(a figure of the claim that the passage does not give, those it gives in its place)."""
    given = (*passage.figures, *context.figures)
    years = _years(given)
    for figure in claim.figures:
        enumerates = figure.kind == "ordinal" and claim.text[figure.end : figure.end + 1] in {",", "、", ":"}
        year = figure.value[0] if figure.kind == "date" and not figure.unit else 0
        alike = [other for other in given if figure.agrees(other)]
        bare = any(other.kind == "count" and not other.unit for other in alike)  # 始建于1993
        if enumerates or (alike and (not year or year in years or bare)):
            continue
        if (
            year
            and not figure.value[1]
            and any(year + offset in years and near.search(passage.text) for offset, near in _NEIGHBOURING_YEARS)
        ):
            continue
        if figure.unit == "年" and _lie_apart(years, figure.value[0]):
            continue  # 三年后, from 2005 to 2008
        if figure.computed(passage.figures):
            continue  # 其余3名 of 8, 5 of whom are named
        yield figure, [other for other in passage.figures if figure.like(other)]


def _years(given: Sequence[Figure]) -> set[float]:
    return {figure.value[0] for figure in given if figure.kind == "date" and figure.value[0]}


def _lie_apart(years: Set[float], count: float) -> bool:
    """Two of the years lie so many years apart."""
    return count != 0 and any(year + count in years for year in years)


def _may_follow(figure: Figure, claim: Reading, passage: Reading) -> bool:
    """It may be a case of what the passage rules, 85岁 of 80岁以上, or be worked out from its times, dates and years.

    Whether it is, words tell: it is neither held nor ruled out.
    """
    value, given = figure.value[0], passage.figures
    if _is_a_case(figure, claim, passage):
        return True
    if figure.kind == "date" and not any(figure.value[1:]):
        return any(_years_on(passage, at, value) for at, other in enumerate(given) if other.kind == "date")
    if figure.kind != "count" or value <= 1:
        return False
    if figure.unit == "时长" and value < DAY:
        times = {60 * other.value[0] for other in given if other.kind == "time"}
        return any((time + value) % DAY in times for time in times)  # 22:00 to 6:00 are 8 hours
    if figure.unit == "天":
        days = {other.value[1:] for other in given if other.kind == "date" and other.value[2]}
        return any((month, day + more) in days for month, day in days for more in (value, value - 1))
    return figure.unit == "岁" and _lie_apart(_years(given), value)


def _is_a_case(figure: Figure, claim: Reading, passage: Reading) -> bool:
    """It lies in a range that the passage gives, which gives no other such figure inside."""
    case = next((one for one in quantities(claim.text) if one.start == figure.start and not one.reach), None)
    if not case:
        return False
    alike = {other.start: other for other in passage.figures if figure.like(other)}
    rules = [rule for rule in quantities(passage.text) if rule.reach and rule.start in alike]
    if not any(case.agrees(rule) and rule.value != case.value for rule in rules):
        return False
    exact = [one for one in quantities(passage.text) if one.start in alike and not alike[one.start].bound]
    return not any(
        one.agrees(rule) and one.value not in (rule.reach or ()) for one in exact for rule in rules if case.agrees(rule)
    )


def _years_on(passage: Reading, at: int, value: float) -> bool:
    """The year lies so many years from the date at that place as its sentence says near it: 1981, of 1974年…七年后."""
    date = passage.figures[at]
    return bool(date.value[0]) and any(
        other.unit == "年"
        and abs(value - date.value[0]) == other.value[0] > 1
        and "。" not in passage.text[min(date.end, other.end) : max(date.start, other.start)]
        for other in passage.figures[max(at - 2, 0) : at + 3]
    )


def _counts_the_same(claim: Reading, figure: Figure, passage: Reading, other: Figure) -> bool:
    """五册 against 15册, 两个馆 against 三个馆, 七名随从 against 五位随从; 一 is said of anything."""
    if figure.value == (1.0,) or not figure.unit or things(figure) != things(other):
        return False
    if figure.unit == other.unit and figure.unit not in _OF_ANYTHING:
        return True
    return claim.text[figure.end : figure.end + 2] == passage.text[other.end : other.end + 2]


def missing_titles(claim: Reading, passage: Reading, context: Reading) -> list[str]:
    """What the claim puts in quotation marks and the passage does not say; an English claim translates titles."""
    if claim.english:
        return []
    held = _letters(passage.text) + "\n" + _letters(context.text)
    given = (*passage.figures, *context.figures)
    return [
        title
        for title in claim.titles
        if _letters(title) not in held
        and not any(one.written == title and any(one.agrees(other) for other in given) for one in figures(title))
    ]


def _missing_latin_names(claim: Reading, passage: Reading, context: Reading) -> list[str]:
    """Latin names in a Chinese claim that the passage does not have; a short one, NBA, may be said in Chinese there."""
    if claim.english:
        return []
    held = f"{passage.text}\n{context.text}"
    return [one for one in _LATIN.findall(claim.text) if one not in held and not alternatives(one)]


def is_verbatim(claim: Reading, passage: Reading) -> bool:
    """The passage says so word for word from the beginning of a clause on; 不得从事餐饮 does not say 从事餐饮."""
    said = _letters(claim.text)
    clauses = [_letters(clause) for clause in _CLAUSES.split(passage.text)]
    rest = "".join(clauses)
    at, start = rest.find(said), 0
    starts = set()
    for clause in clauses:
        starts.add(start)
        start += len(clause)
    while at >= 0:
        if at in starts:
            return True
        at = rest.find(said, at + 1)
    return False


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def excluded(claim: Reading, passage: Reading) -> Iterator[tuple[str, str]]:
    """(a word of the claim, the one that the passage has instead), of words that exclude each other."""
    for group in exclusive(claim.text):
        named = [choice for choice in group if any(word in claim.text for word in choice)]
        if len(named) == len(group):
            continue
        given = [choice for choice in group if any(_holds(passage.text, word) for word in choice)]
        instead = [choice for choice in given if choice not in named]
        for choice in named:
            if choice not in given and instead:
                said = next(word for word in choice if word in claim.text)
                yield said, next(word for word in instead[0] if _holds(passage.text, word))


def _holds(text: str, word: str) -> bool:
    return word in text or any(len(other) > 1 and other in text for other in alternatives(word))


def wrong_negations(claim: Reading, passage: Reading, found: Sequence[Item]) -> Iterator[tuple[str, bool]]:
    """(a word, True where only the claim denies it, False where only the passage does)."""
    for negator in NEGATOR.finditer(claim.text):
        clause = claim.clause[negator.start()]
        heads = [
            item
            for item in found
            if negator.end() <= item.start < negator.end() + _HEADS
            and claim.clause[item.start] == clause
            and item.tag not in _FUNCTION
        ]
        known = next((item for item in heads[:2] if item.held >= _KNOWN and len(item.places)), None)
        if known and not any(_is_denied(passage, place, len(known.text)) for place in known.places.tolist()):
            yield known.text, True
    denied_at = {match.end() for match in NEGATOR.finditer(passage.text)}
    if not denied_at:
        return
    denying = {int(claim.clause[match.start()]) for match in NEGATOR.finditer(claim.text)}
    for item in found:
        affirmed = item.figure is None and item.held >= SURE and len(item.text) > 1 and item.tag not in _FUNCTION
        asserts = affirmed and int(claim.clause[item.start]) not in denying and len(item.places)
        if asserts and all(_is_object(passage, place, denied_at) for place in item.places.tolist()):
            yield item.text, False


def _is_denied(passage: Reading, place: int, length: int) -> bool:
    clause = passage.clause[place]
    return any(
        passage.clause[match.start()] == clause and place - match.end() <= _BEFORE
        for match in NEGATOR.finditer(passage.text, max(place - _HEADS, 0), place + length + _AFTER)
    )


def _is_object(passage: Reading, place: int, denied_at: set[int]) -> bool:
    """A negator stands right before the place, or one character before: 免收|住宿费."""
    return any(end in denied_at and passage.clause[end - 1] == passage.clause[place] for end in (place, place - 1))


def missing_names(claim: Reading, passage: Reading, context: Reading, found: Sequence[Item]) -> list[str]:
    """Names of persons, places and things in the claim that neither passage nor context has."""
    starts = {item.start: item for item in found}
    lacking = [item for item in found if item.held < SURE and not item.figure and item.text not in context.text]
    names = (_name(claim, passage, item, starts.get(item.start + len(item.text))) for item in lacking)
    return [name for name in names if name]


def _name(claim: Reading, passage: Reading, item: Item, follower: Item | None) -> str:
    """The name that a word which the passage lacks is or belongs to; empty for other words."""
    text, before = item.text, claim.text[: item.start]
    if follower and follower.text.endswith(_HEAD_NOUNS) and item.held < _LOOSE and item.tag[0] in "nvjab":
        return text + follower.text
    if item.tag in NAMES:
        # rjieba takes a word before or behind into a name it does not know: 由宁溪.
        known = (len(text) > 2 and text[1:] in passage.text) or (
            text[:-1] in passage.text and (len(text) > 3 or text[-1] in _TAKEN_IN)
        )
        return "" if known or item.held > _OF_PARTS or (len(text) == 2 and item.tag == "nz") else text
    if item.held < _OF_PARTS and len(text) <= 2 and before and before[-1] in SURNAMES:
        return before[-1] + text if _ROLE.search(before[:-1]) else ""
    if item.tag[0] in "nj" and len(text) > 2 and item.held < _OF_PARTS and text[-1] in _PLACE_ENDS:
        return "" if text[1:] in passage.text else text
    return text if item.tag == "eng" and not claim.english and not item.held and len(text) > 1 else ""


def mistaken_names(missing: Sequence[str], passage: Reading) -> Iterator[tuple[str, str]]:
    """(a missing name, the one in the passage that differs in a single character): 蒋立军 for 蒋立群."""
    for name in missing:
        if len(name) < 3 or name.isascii():
            continue
        for at in range(len(name)):
            others = re.compile(re.escape(name[:at]) + "[\u3400-\u9fff]" + re.escape(name[at + 1 :]))
            if match := others.search(passage.text):
                yield name, match[0]
                break


def missing_english_names(written: str, passage: Reading) -> list[str]:
    """Names in an English claim (as written, with its capitals) that the passage has neither so nor by their sound."""
    sounds = sound(passage.text).replace(" ", "")
    names = []
    for first, name in _CAPITALISED.findall(written):
        folded = name.lower()
        if folded in passage.text or folded in _NO_NAMES or alternatives(folded):
            continue
        of_another = first and first.lower() in passage.text.split()
        if of_another or (_PINYIN.fullmatch(folded) and folded.replace("g", "").replace("h", "") not in sounds):
            names.append(name)
    return names
