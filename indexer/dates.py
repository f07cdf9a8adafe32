"""When a document was published, where its file says so: one date that can be, or none. Nothing here is an error."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

_CHINA = timezone(timedelta(hours=8))
_DATE = (
    r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})\s?日?"
    r"(?:[T\s]*(\d{1,2})[:：](\d{2})(?:[:：]\d{2}(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?"
)
_WHOLE = re.compile(rf"\s*{_DATE}\s*", re.IGNORECASE)
# Not 成绩发布时间, which is not the document's; of 10月3日至5日 neither day is the one.
_LABELLED = re.compile(
    rf"(?<!\w)发布(?:时间|日期)[*\s]*[:：][*\s]*(?:{_DATE}(?!\d|\s*日?\s*[-—–~～至到]+\s*\d))?", re.IGNORECASE
)
_TOP = 6  # lines that are not empty: the title, and where from, by whom and when, a line each
_LONGEST_TOP = 2000  # characters


def one_date(written: Iterable[str]) -> str:
    """The date that these all give: 2024-04-16 or 2024-04-16 09:04 in China's time; else empty."""
    found = {_normal(match.groups()) if (match := _WHOLE.fullmatch(one)) else "" for one in written}
    return found.pop() if len(found) == 1 else ""


def date_line(text: str) -> str:
    """The date behind 发布时间 or 发布日期 in the first lines, as `one_date` gives it."""
    top = [line for line in text[:_LONGEST_TOP].split("\n") if line.strip()][:_TOP]
    found = {_normal(match.groups()) for line in top for match in _LABELLED.finditer(line)}
    return found.pop() if len(found) == 1 else ""


def _normal(parts: tuple[str | None, ...]) -> str:
    year, month, day, hour, minute, zone = parts
    try:
        moment = datetime(int(year or 0), int(month or 0), int(day or 0), int(hour or 0), int(minute or 0))
        if zone:
            moment = datetime.fromisoformat(f"{moment.isoformat()}{zone.upper()}").astimezone(_CHINA)
    except (ValueError, OverflowError):  # 2024-02-30
        return ""
    return f"{moment.date()} {moment:%H:%M}" if hour else f"{moment.date()}"
