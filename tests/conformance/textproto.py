# SPDX-License-Identifier: Apache-2.0
"""Protocol buffers' text format, as far as test data uses it, without any schema.

`parse(text)` gives a list of (name, value) pairs in order. A value is such a list (a message),
`bytes` (a string), or a `Token` (a number, an enum's word). Extension and Any names keep their
brackets: "[type.googleapis.com/x]".
"""
import re


class Token(str):
    """A bare word or number, as it is written."""


_TOKEN = re.compile(
    r"""(?:\s+|\#[^\n]*)*
    (?: (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<word>[+-]?[\w.][\w.+-]*)
      | (?P<symbol>[\[\]{}<>:,;/-])
      | (?P<end>\Z) )""",
    re.X | re.S,
)
_ESCAPE = re.compile(
    rb"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.S)
_SIMPLE = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t",
           b"v": b"\v"}


def _unescape(match):
    octal, hexadecimal, short, long, simple = match.groups()
    if octal:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal:
        return bytes([int(hexadecimal, 16)])
    if short or long:
        return chr(int(short or long, 16)).encode("utf-8")
    return _SIMPLE.get(simple, simple)


class _Parser:
    def __init__(self, text):
        self.text = text
        self.at = 0
        self.advance()

    def advance(self):
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            line = self.text.count("\n", 0, self.at) + 1
            raise ValueError(f"line {line}: {self.text[self.at:self.at + 30]!r}")
        self.kind, self.token = match.lastgroup, match.group(match.lastgroup)
        self.at = match.end()

    def take(self, symbol):
        if self.kind == "symbol" and self.token == symbol:
            self.advance()
            return True
        return False

    def expect(self, symbol):
        if not self.take(symbol):
            line = self.text.count("\n", 0, self.at) + 1
            raise ValueError(f"line {line}: {self.token!r} where {symbol!r} is wanted")

    def message(self, closing):
        fields = []
        while True:
            if closing is None and self.kind == "end":
                return fields
            if closing is not None and self.take(closing):
                return fields
            fields.append(self.field())
            if not self.take(","):
                self.take(";")

    def field(self):
        if self.take("["):
            name = "["
            while not (self.kind == "symbol" and self.token == "]"):
                name += self.token
                self.advance()
            self.advance()
            name += "]"
        else:
            name = self.token
            self.advance()
        self.take(":")
        return name, self.value()

    def value(self):
        if self.take("{"):
            return self.message("}")
        if self.take("<"):
            return self.message(">")
        if self.take("["):
            values = []
            while not self.take("]"):
                values.append(self.value())
                self.take(",")
            return values
        if self.kind == "string":
            data = b""
            while self.kind == "string":
                data += _ESCAPE.sub(_unescape, self.token[1:-1].encode("utf-8"))
                self.advance()
            return data
        sign = "-" if self.take("-") else ""
        word = Token(sign + self.token)
        self.advance()
        return word


def parse(text):
    return _Parser(text).message(None)


def get(message, name, default=None):
    """The first field of that name."""
    for key, value in message:
        if key == name:
            return value
    return default


def get_all(message, name):
    return [value for key, value in message if key == name]
