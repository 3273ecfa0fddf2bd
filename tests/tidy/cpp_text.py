# SPDX-License-Identifier: Apache-2.0
"""C++ text without its comments and literals, as far as the tidy rules need it.

`CppText.code` has the length and the lines of the file; comments are blanks, and so is what stands
inside string and character literals (the quotes stay). `strings` holds the literals' contents.
No preprocessor, no grammar: the rules work on text, and each says what it can miss.
"""
import bisect
import re

_TOKEN = re.compile(
    r"""//(?:\\\n|[^\n])*            # a line comment
      | /\*.*?\*/                    # a block comment
      | R"(?P<tag>[^()\\\s]{0,16})\((?P<raw>.*?)\)(?P=tag)"
      | "(?P<text>(?:\\.|[^"\\\n])*)"
      | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'   # not the ' of 1'000
    """,
    re.S | re.X,
)


class CppText:
    def __init__(self, text):
        self.text = text
        self.strings = []  # (offset of the content, content)
        self._line_starts = [0] + [m.end() for m in re.finditer("\n", text)]
        out, at = [], 0
        for m in _TOKEN.finditer(text):
            out.append(text[at:m.start()])
            out.append(self._blank(m))
            at = m.end()
        out.append(text[at:])
        self.code = "".join(out)
        self.lines = text.split("\n")

    def line(self, offset):
        """The 1-based line of an offset."""
        return bisect.bisect_right(self._line_starts, offset)

    def _blank(self, m):
        def spaces(s):
            return re.sub(r"[^\n]", " ", s)

        whole = m.group()
        if whole.startswith("/"):
            return spaces(whole)
        group = "raw" if m.group("raw") is not None else "text"
        if m.group(group) is None:  # a character
            return "'" + " " * (len(whole) - 2) + "'"
        self.strings.append((m.start(group), m.group(group)))
        return '"' + spaces(whole[1:-1]) + '"'


def closing(code, opening):
    """The offset of the bracket that closes the one at `opening`, or the end of the text."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    stack = []
    for i in range(opening, len(code)):
        c = code[i]
        if c in pairs:
            stack.append(pairs[c])
        elif stack and c == stack[-1]:
            stack.pop()
            if not stack:
                return i
    return len(code)


def functions(text):
    """(name, first offset, last offset) of each function body that is not inside another one.

    Braces after `namespace`, a class head or `extern "C"` are looked into; a brace whose head has
    no parenthesis is data (tables may be long).
    """
    found, code = [], text.code
    head_start, i = 0, 0
    transparent = re.compile(
        r"^\s*(?:template\s*<[^{}]*>\s*)?(?:inline\s+)?(?:namespace|class|struct|union|enum|extern)\b")
    while i < len(code):
        c = code[i]
        if c == "#" and not code[:i].rpartition("\n")[2].strip():  # a directive, with its \ lines
            end = re.compile(r"(?<!\\)\n").search(code, i)
            i = head_start = end.end() if end else len(code)
            continue
        if c == "(":
            i = closing(code, i) + 1
            continue
        if c in ";}":
            head_start = i + 1
        elif c == "{":
            head = code[head_start:i]
            if transparent.match(head):
                head_start = i + 1
            else:
                end = closing(code, i)
                name = re.search(r"([\w:~]+)\s*\(", head)
                if name:
                    found.append((name.group(1), i - len(head.lstrip()), end))
                i = head_start = end
                continue
        i += 1
    return found
