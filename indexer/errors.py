"""The errors a user can cause, as a tree; bot/ and eval/ add some. Each is one line: what was wrong, where, what to do.

JiawenError
├── ContentError      kb/, or a file for it, is missing or cannot be used as it is
├── EncoderError      the embedding model cannot be loaded
├── IndexMissing      nothing has been published yet
├── IndexBroken       a published file is missing or altered
├── IndexMismatch     the index was written with another format or encoder
├── QuestionError     the question cannot be asked: empty, too long, no text, of a passage that is not there
└── SettingError      an environment variable has a value that means nothing
"""


class JiawenError(Exception):
    """Displayed to the user as `中文 | English`, without a traceback; exit code 1."""

    def __init__(self, chinese: str, english: str) -> None:
        self.chinese = chinese
        self.english = english
        super().__init__(f"{chinese} | {english}")


class ContentError(JiawenError):
    """kb/, or a file for it, is missing or cannot be used as it is."""


class EncoderError(JiawenError):
    """The embedding model cannot be loaded."""


class IndexMissing(JiawenError):
    """Nothing has been published yet."""


class IndexBroken(JiawenError):
    """A published file is missing or altered."""


class IndexMismatch(JiawenError):
    """The index was written with another format or encoder."""


class QuestionError(JiawenError):
    """The question cannot be asked: empty, too long, no text, of a passage that is not there."""


class SettingError(JiawenError):
    """An environment variable has a value that means nothing."""
