"""What a text itself tells: plain text of HTML, hashtags, mentions and links written in it."""

import re
from functools import lru_cache
from html.parser import HTMLParser

_HASHTAG = re.compile(r"(?<![\w&#/])#(\w*[^\W\d]\w*)")
_MENTION = re.compile(r"(?<![\w@/.])@([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)")
_URL = re.compile(r"https?://[^\s<>\"']+")
_TRAILING = ".,;:!?…'\")]}»"
_BLOCKS = frozenset({"p", "div", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"})
_LINES = frozenset({"li", "tr"})
_SILENT = frozenset({"script", "style", "template"})


class _PlainText(HTMLParser):
    """Collects the text of HTML; paragraphs become blank lines, ``<br>`` and list items line breaks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.links: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        if tag == "br":
            self.parts.append("\n")
        elif tag in _BLOCKS:
            self.parts.append("\n\n")
        elif tag in _LINES:
            self.parts.append("\n")
        elif tag == "a":
            named = dict(attrs)
            classes = (named.get("class") or "").split()
            href = named.get("href") or ""
            if href.startswith(("http://", "https://")) and not {"mention", "hashtag"} & set(classes):
                self.links.append(href)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0
        if tag in _BLOCKS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


@lru_cache(maxsize=4)  # a record asks for its text, then for its links
def _parsed(html: str) -> _PlainText:
    parser = _PlainText()
    parser.feed(html)
    parser.close()
    return parser


def html_text(html: str) -> str:
    """Plain text of HTML: line breaks kept, at most one blank line, nothing around it."""
    words = "".join(_parsed(html).parts)
    lines = (line.strip(" \t\r") for line in words.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def html_links(html: str) -> list[str]:
    """Addresses that the HTML links to, without mentions and hashtags, each once, in order."""
    return list(dict.fromkeys(_parsed(html).links))


def hashtags(text: str | None) -> list[str] | None:
    """Hashtags written in a text, without the sign, each once, in order; None without a text."""
    return None if text is None else list(dict.fromkeys(_HASHTAG.findall(text)))


def mentions(text: str | None) -> list[str] | None:
    """Handles after ``@`` in a text, each once, in order; None without a text."""
    return None if text is None else list(dict.fromkeys(_MENTION.findall(text)))


def urls(text: str | None) -> list[str] | None:
    """Links written in a text, each once, in order; None without a text."""
    if text is None:
        return None
    return list(dict.fromkeys(found.rstrip(_TRAILING) for found in _URL.findall(text)))
