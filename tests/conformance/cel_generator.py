# SPDX-License-Identifier: Apache-2.0
"""Random well-typed CEL: an expression of a wanted type, out of the standard and the extensions
that cel-go and llmforge both have. One seed is one list of expressions.

Types are words (`int`) and tuples (`("list", "int")`). What is generated passes a checker; its
evaluation may fail, and often does: bounds, overflows, missing keys, empty optionals, bad texts.
"""
import random

SCALARS = ["bool", "int", "uint", "double", "string", "bytes", "duration", "timestamp"]
KEYS = ["string", "int", "bool", "uint"]
ORDERED = ["int", "uint", "double", "string", "bytes", "bool", "duration", "timestamp"]

# The names that every expression may use: name -> (type, value as an expression).
VARIABLES = {
    "vb": ("bool", "true"),
    "vi": ("int", "7"),
    "vu": ("uint", "3u"),
    "vd": ("double", "2.5"),
    "vs": ("string", "'Größe 12'"),
    "vy": ("bytes", "b'\\x00\\xff\\x41'"),
    "vt": ("timestamp", "timestamp('2024-02-29T23:59:59.123456789Z')"),
    "vr": ("duration", "duration('36h15m0.5s')"),
    "li": (("list", "int"), "[3, -1, 4, 1, -5, 9, 2, 6]"),
    "ls": (("list", "string"), "['b', '', 'a', 'ä', 'b']"),
    "ld": (("list", "double"), "[1.5, -0.0, 1e300]"),
    "le": (("list", "int"), "[1].filter(x, x > 1)"),
    "ms": (("map", "string", "int"), "{'a': 1, 'b': -2, '': 3}"),
    "mi": (("map", "int", "string"), "{1: 'one', 2: 'two', -3: ''}"),
    "mm": (("map", "string", ("map", "string", "string")), "{'x': {'y': 'z'}, 'e': {}}"),
    "ml": (("map", "string", ("list", "int")), "{'x': [1, 2], 'e': []}"),
    "any": ("dyn", "{'n': null, 'l': [1, 'two', 3.0, 4u], 'm': {1: true, 'k': dyn('v')}}"),
    "oi": (("optional_type", "int"), "optional.of(5)"),
    "on": (("optional_type", "string"), "optional.none()"),
    "va": ("ip", "ip('10.1.2.3')"),
    "vc": ("cidr", "cidr('10.1.0.0/16')"),
}

NOTATION = {"duration": "google.protobuf.Duration", "timestamp": "google.protobuf.Timestamp",
            "ip": "net.IP", "cidr": "net.CIDR", "null": "null_type"}


def notation(kind):
    if isinstance(kind, tuple):
        return f"{kind[0]}({', '.join(notation(k) for k in kind[1:])})"
    return NOTATION.get(kind, kind)


LITERALS = {
    "bool": ["true", "false"],
    "int": ["0", "1", "2", "3", "5", "10", "-1", "-2", "42", "255", "-128", "1000000007",
            "9223372036854775807", "-9223372036854775808", "4611686018427387904", "0x7f", "-0x10"],
    "uint": ["0u", "1u", "2u", "7u", "64u", "255u", "18446744073709551615u",
             "9223372036854775808u", "0xffu"],
    "double": ["0.0", "-0.0", "1.0", "0.5", "-1.5", "2.5", "3.14159", "1e10", "1e-7", "1e308",
               "-1e308", "9007199254740993.0", "9223372036854775807.0", "(0.0 / 0.0)",
               "(1.0 / 0.0)", "(-1.0 / 0.0)", "123456789.125", "0.1", "4e-324"],
    "string": ["''", "'a'", "'abc'", "'Hello World'", "'ÄÖ ü'", "'日本語'", "'😀x'", "' \\t pad\\n '",
               "'a,b,,c'", "'12'", "'-7'", "'1.5'", "'true'", "'1e3'", "'%s'", "\"quo'te\"",
               "'\\u00e9\\x41'", "r'\\d+'", "'2024-01-02T03:04:05Z'", "'1h30m'", "'10.0.0.1'",
               "'10.0.0.0/8'", "'::1'", "'fe80::/10'", "'aGVsbG8='", "'''multi 'q' line'''",
               "'abcabcabc'", "'e\\u0301'"],
    "bytes": ["b''", "b'abc'", "b'\\xff\\x00'", "b'ä'", "b'\\303\\244'", "b'\\xf0\\x9f'"],
    "duration": ["duration('0s')", "duration('1h')", "duration('-90m')", "duration('1.5s')",
                 "duration('1ns')", "duration('36h0m0.000000001s')", "duration('100000h')",
                 "duration('2562047h')", "duration('1us1ms')"],
    "timestamp": ["timestamp('1970-01-01T00:00:00Z')", "timestamp('2024-02-29T12:30:45.678Z')",
                  "timestamp('0001-01-01T00:00:00Z')", "timestamp('9999-12-31T23:59:59.999999999Z')",
                  "timestamp(1700000000)", "timestamp('1969-12-31T23:59:59.5Z')",
                  "timestamp('2021-03-28T01:30:00Z')"],
    "null": ["null"],
    "type": ["int", "string", "bool", "double", "bytes", "list", "map", "uint", "null_type",
             "type", "google.protobuf.Duration", "google.protobuf.Timestamp"],
    "ip": ["ip('10.0.0.1')", "ip('127.0.0.1')", "ip('::1')", "ip('fe80::1')", "ip('224.0.0.5')",
           "ip('0.0.0.0')", "ip('2001:db8::ff00:42:8329')"],
    "cidr": ["cidr('10.0.0.0/8')", "cidr('192.168.1.5/24')", "cidr('::/0')", "cidr('fe80::/10')",
             "cidr('127.0.0.1/32')", "cidr('2001:db8::/32')"],
}
ZONES = ["'UTC'", "'America/New_York'", "'Europe/Berlin'", "'+05:30'", "'-08:00'", "'Asia/Kathmandu'",
         "'Nope/Zone'", "'02:00'"]
# cel-go remembers the offset and writes it with string(): here only what looks at the instant.
OFFSETS = ["timestamp('2023-10-29T01:30:00+02:00')", "timestamp('1969-12-31T23:59:59.5-08:00')"]
# How a double is written is left open; these all write alike (and any one is read back the same).
WRITTEN_DOUBLES = ["0.0", "1.0", "0.5", "-1.5", "2.5", "3.14159", "0.1", "vd", "123.25", "(0.0 / 0.0)"]
REGEXES = ["'^a'", "'[a-z]+'", "'(a|b)*c'", "r'\\d{1,3}'", "'.'", "''", "'[[:upper:]]'", "'(?i)HELLO'",
           "'^$'", "r'\\bo'", "'a{2,}'", "'['"]
GETTERS = ["getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear",
           "getHours", "getMinutes", "getSeconds", "getMilliseconds"]
VERBS = {"s": None, "d": ["int", "uint"], "x": ["int", "uint", "string", "bytes"], "X": ["int", "string"],
         "o": ["int", "uint"], "b": ["int", "uint", "bool"], "f": ["double", "int"], ".2f": ["double"],
         ".0f": ["double"], "e": ["double"], ".3e": ["double"]}


class Generator:
    """expressions() of one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.scope = [(name, kind) for name, (kind, _) in VARIABLES.items()]
        self.names = 0

    # --- choosing ---
    def pick(self, options):
        return options[self.random.randrange(len(options))]

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def any_type(self, depth=2):
        roll = self.random.randrange(100)
        if depth == 0 or roll < 62:
            return self.pick(SCALARS)
        if roll < 78:
            return ("list", self.any_type(depth - 1))
        if roll < 90:
            return ("map", self.pick(KEYS), self.any_type(depth - 1))
        if roll < 95:
            return ("optional_type", self.any_type(depth - 1))
        return self.pick(["ip", "cidr", "null", "type"])

    def fresh(self):
        self.names += 1
        return self.pick(["x", "y", "i", "k", "v"]) + str(self.names % 7)

    def within(self, variables, kind, depth):
        """An expression of `kind` that sees `variables`, too."""
        before = self.scope
        names = {name for name, _ in variables}
        self.scope = [v for v in before if v[0] not in names] + variables * 4
        out = self.of(kind, depth)
        self.scope = before
        return out

    # --- expressions ---
    def of(self, kind, depth):
        if self.chance(1) and depth > 0 and kind not in ("dyn", "type"):
            return f"dyn({self.of(self.pick(SCALARS), depth - 1)})"  # of a wrong type, mostly
        known = [name for name, its in self.scope if its == kind]
        if known and self.chance(45 if depth <= 0 else 15):
            return self.pick(known)
        if depth <= 0:
            return self.leaf(kind)
        ways = self.ways(kind)
        if self.chance(30):
            ways = self.common_ways(kind)
        return self.pick(ways)(depth - 1)

    def leaf(self, kind):
        if kind == "dyn":
            return f"dyn({self.leaf(self.pick(SCALARS))})"
        if not isinstance(kind, tuple):
            return self.pick(LITERALS[kind])
        if kind[0] == "list":
            return "[" + ", ".join(self.leaf(kind[1]) for _ in range(self.pick([0, 1, 2, 3]))) + "]"
        if kind[0] == "map":
            count = self.pick([0, 1, 2])
            keys = sorted({self.leaf(kind[1]) for _ in range(count)})
            return "{" + ", ".join(f"{key}: {self.leaf(kind[2])}" for key in keys) + "}"
        if self.chance(30):
            return "optional.none()"
        return f"optional.of({self.leaf(kind[1])})"

    def common_ways(self, kind):
        """What gives any type."""
        of = self.of
        ways = [
            lambda d: f"({of('bool', d)} ? {of(kind, d)} : {of(kind, d)})",
            lambda d: f"{of(('list', kind), d)}[{self.index(d)}]",
            lambda d: self.bind(kind, d),
            lambda d: f"{of(('optional_type', kind), d)}.orValue({of(kind, d)})",
            lambda d: f"{of(('optional_type', kind), d)}.value()",
            lambda d: self.leaf(kind),
        ]
        key = self.pick(KEYS)
        ways.append(lambda d: f"{of(('map', key, kind), d)}[{of(key, d)}]")
        return ways

    def ways(self, kind):
        name = kind if isinstance(kind, str) else kind[0]
        return getattr(self, "ways_" + name)(kind)

    def index(self, depth):
        return self.pick(["0", "1", "2", "-1"]) if self.chance(70) else self.of("int", depth)

    def unfolded(self, kind, depth):
        """A text that no checker sees through: cel-go refuses `ip('a')` before it is evaluated."""
        text = self.of(kind, depth)
        return f"(vs + {text}).substring(9)" if self.chance(30) else f"('' + {text})"

    def some(self, element, depth):
        """A list that is not written as `[]`, which cel-go's macros refuse at once."""
        text = self.of(("list", element), depth)
        return "le" if text == "[]" else text

    def bind(self, kind, depth):
        name, its = self.fresh(), self.any_type(1)
        held = self.of(its, depth)
        return f"cel.bind({name}, {held}, {self.within([(name, its)], kind, depth)})"

    def chain(self, kind, operators, depth):
        """Operators without parentheses, so that precedence counts."""
        parts = [self.of(kind, depth)]
        for _ in range(self.pick([1, 1, 1, 2, 3])):
            parts += [self.pick(operators), self.of(kind, depth)]
        return "(" + " ".join(parts) + ")"

    def macro(self, name, kind_of_list, body, depth, more=""):
        """x.NAME(v, body)"""
        variable = self.fresh()
        over = self.of(("list", kind_of_list), depth)
        return f"{over}.{name}({variable}, {self.within([(variable, kind_of_list)], body, depth)}{more})"

    def over_two(self, name, body, depth, filtered=None):
        """A macro of two variables over a list or a map."""
        first, second = self.fresh(), self.fresh()
        if first == second:
            second += "z"
        value = self.pick(SCALARS)
        key = "int" if self.chance(50) else self.pick(KEYS)
        if key == "int":
            over = self.of(("list", value), depth)
        elif name == "transformList":  # a map has no order: at most one entry
            over = f"{{{self.leaf(key)}: {self.of(value, depth)}}}"
        else:
            over = self.of(("map", key, value), depth)
        seen = [(first, key), (second, value)]
        arguments = [self.within(seen, k, depth) for k in ([filtered] if filtered else []) + [body]]
        return f"{over}.{name}({first}, {second}, {', '.join(arguments)})"

    # --- by type ---
    def ways_bool(self, _):
        of = self.of

        def compare(d):
            kind = self.pick(ORDERED)
            return f"({of(kind, d)} {self.pick(['<', '<=', '>', '>='])} {of(kind, d)})"

        def compare_numbers(d):
            sides = [of(self.pick(["int", "uint", "double"]), d) for _ in range(2)]
            return f"({sides[0]} {self.pick(['<', '<=', '>', '>='])} {sides[1]})"

        def equal(d):
            kind = self.any_type()
            return f"({of(kind, d)} {self.pick(['==', '!='])} {of(kind, d)})"

        def equal_any(d):
            sides = [of(self.any_type(), d) for _ in range(2)]
            return f"(dyn({sides[0]}) {self.pick(['==', '!='])} dyn({sides[1]}))"

        def contained(d):
            kind = self.pick(SCALARS)
            if self.chance(50):
                return f"({of(kind, d)} in {of(('list', kind), d)})"
            kind = self.pick(KEYS)
            return f"({of(kind, d)} in {of(('map', kind, self.any_type(1)), d)})"

        def has(d):
            return self.pick([
                lambda: f"has({of(('map', 'string', self.any_type(1)), d)}.{self.pick(['a', 'x', 'k'])})",
                lambda: "has(any." + self.pick(["n", "l", "m.k", "m", "zz", "zz.k"]) + ")"])()

        return [
            lambda d: self.chain("bool", ["&&", "||"], d), lambda d: f"!{of('bool', d)}",
            lambda d: f"(!!{of('bool', d)})", compare, compare, compare_numbers, equal, equal,
            equal_any, contained, has,
            lambda d: self.macro(self.pick(["all", "exists", "exists_one"]), self.pick(SCALARS), "bool", d),
            lambda d: self.over_two(self.pick(["all", "exists", "existsOne"]), "bool", d),
            lambda d: f"{of('string', d)}.{self.pick(['contains', 'startsWith', 'endsWith'])}"
                      f"({of('string', d)})",
            lambda d: f"{of('string', d)}.matches({self.pick(REGEXES)})",
            lambda d: f"({self.pick(OFFSETS)} {self.pick(['<', '==', '>='])} {of('timestamp', d)})",
            lambda d: f"bool({of(self.pick(['string', 'bool']), d)})",
            lambda d: f"{of(('optional_type', self.any_type(1)), d)}.hasValue()",
            lambda d: f"math.{self.pick(['isNaN', 'isInf', 'isFinite'])}({of('double', d)})",
            lambda d: f"{of('ip', d)}.{self.pick(['isLoopback', 'isUnspecified', 'isGlobalUnicast'])}()",
            lambda d: f"{of('ip', d)}.{self.pick(['isLinkLocalMulticast', 'isLinkLocalUnicast'])}()",
            lambda d: f"{self.pick(['isIP', 'isCIDR', 'ip.isCanonical'])}({of('string', d)})",
            lambda d: f"{of('cidr', d)}.containsIP({of(self.pick(['ip', 'string']), d)})",
            lambda d: f"{of('cidr', d)}.containsCIDR({of(self.pick(['cidr', 'string']), d)})",
        ]

    def ways_int(self, _):
        of = self.of
        sized = lambda: self.pick(["string", "bytes", ("list", self.any_type(1)),
                                   ("map", self.pick(KEYS), self.any_type(1))])
        return [
            lambda d: self.chain("int", ["+", "-", "*", "/", "%"], d), lambda d: f"(-({of('int', d)}))",
            lambda d: self.chain("int", ["+", "-"], d),
            lambda d: f"int({of(self.pick(['int', 'uint', 'double', 'string', 'timestamp']), d)})",
            lambda d: f"size({of(sized(), d)})", lambda d: f"{of(sized(), d)}.size()",
            lambda d: f"{of('timestamp', d)}.{self.pick(GETTERS)}"
                      f"({self.pick(ZONES) if self.chance(50) else ''})",
            lambda d: f"{of('duration', d)}.{self.pick(GETTERS[-4:])}()",
            lambda d: f"{self.pick(OFFSETS)}.{self.pick(GETTERS)}({self.pick(ZONES)})",
            lambda d: f"int({self.pick(OFFSETS)})",
            lambda d: f"{of('string', d)}.{self.pick(['indexOf', 'lastIndexOf'])}({of('string', d)}"
                      f"{', ' + self.index(d) if self.chance(40) else ''})",
            lambda d: f"math.{self.pick(['abs', 'sign', 'bitNot'])}({of('int', d)})",
            lambda d: f"math.{self.pick(['bitAnd', 'bitOr', 'bitXor'])}({of('int', d)}, {of('int', d)})",
            lambda d: f"math.{self.pick(['bitShiftLeft', 'bitShiftRight'])}({of('int', d)}, "
                      f"{self.pick(['0', '1', '5', '63', '64', '-1'])})",
            lambda d: f"math.{self.pick(['greatest', 'least'])}({of('int', d)}, {of('int', d)})",
            lambda d: f"math.{self.pick(['greatest', 'least'])}({self.some('int', d)})",
            lambda d: f"{of('ip', d)}.family()", lambda d: f"{of('cidr', d)}.prefixLength()",
        ]

    def ways_uint(self, _):
        of = self.of
        return [
            lambda d: self.chain("uint", ["+", "-", "*", "/", "%"], d),
            lambda d: f"uint({of(self.pick(['int', 'uint', 'double', 'string']), d)})",
            lambda d: f"math.{self.pick(['abs', 'sign', 'bitNot'])}({of('uint', d)})",
            lambda d: f"math.{self.pick(['bitAnd', 'bitOr', 'bitXor'])}({of('uint', d)}, {of('uint', d)})",
            lambda d: f"math.{self.pick(['bitShiftLeft', 'bitShiftRight'])}({of('uint', d)}, "
                      f"{self.pick(['0', '1', '63', '64', '-1'])})",
            lambda d: f"math.{self.pick(['greatest', 'least'])}({of('uint', d)}, {of('uint', d)})",
        ]

    def ways_double(self, _):
        of = self.of
        number = lambda d: of(self.pick(["int", "uint", "double"]), d)
        return [
            lambda d: self.chain("double", ["+", "-", "*", "/"], d), lambda d: f"(-({of('double', d)}))",
            lambda d: f"double({of(self.pick(['int', 'uint', 'double', 'string']), d)})",
            lambda d: f"math.{self.pick(['ceil', 'floor', 'round', 'trunc', 'abs', 'sign'])}({of('double', d)})",
            lambda d: f"math.sqrt({number(d)})", lambda d: f"double(string({of('double', d)}))",
            lambda d: f"math.{self.pick(['greatest', 'least'])}({of('double', d)}, {of('double', d)})",
            lambda d: f"math.{self.pick(['greatest', 'least'])}({self.some('double', d)})",
        ]

    def ways_string(self, _):
        of = self.of
        convertible = ["bool", "int", "uint", "string", "bytes", "timestamp", "ip", "cidr"]
        return [
            lambda d: self.chain("string", ["+"], d),
            lambda d: f"string({of(self.pick(convertible), d)})",
            lambda d: f"string({self.pick(WRITTEN_DOUBLES)})",
            lambda d: f"string({self.leaf('duration')})",
            lambda d: f"{of('string', d)}.charAt({self.index(d)})",
            lambda d: f"{of('string', d)}.substring({self.index(d)}"
                      f"{', ' + self.index(d) if self.chance(50) else ''})",
            lambda d: f"{of('string', d)}.{self.pick(['lowerAscii', 'upperAscii', 'trim', 'reverse'])}()",
            lambda d: f"{of('string', d)}.replace({of('string', d)}, {of('string', d)}"
                      f"{', ' + self.index(d) if self.chance(40) else ''})",
            lambda d: f"{of(('list', 'string'), d)}.join({of('string', d) if self.chance(70) else ''})",
            lambda d: f"strings.quote({of('string', d)})",
            lambda d: f"base64.encode({of('bytes', d)})", self.formatted, self.formatted,
        ]

    def formatted(self, depth):
        text, arguments = "", []
        for _ in range(self.pick([0, 1, 1, 2, 3])):
            verb = self.pick(list(VERBS))
            kinds = VERBS[verb]
            kind = self.any_type(1) if kinds is None else self.pick(kinds)
            while kinds is None and kind in ("ip", "cidr"):
                kind = self.any_type(1)
            text += self.pick(["", "a ", "%% ", "ü:"]) + "%" + verb
            arguments.append(f"dyn({self.of(kind, depth)})")
        return f"'{text}'.format([{', '.join(arguments)}])"

    def ways_bytes(self, _):
        of = self.of
        return [lambda d: self.chain("bytes", ["+"], d),
                lambda d: f"bytes({of(self.pick(['string', 'bytes']), d)})",
                lambda d: f"base64.decode({of('string', d)})",
                lambda d: f"base64.decode(base64.encode({of('bytes', d)}))"]

    def ways_duration(self, _):
        of = self.of
        return [lambda d: self.chain("duration", ["+", "-"], d),
                lambda d: f"({of('timestamp', d)} - {of('timestamp', d)})",
                lambda d: f"duration({of(self.pick(['string', 'duration']), d)})",
                lambda d: f"duration(string({self.leaf('duration')}))"]

    def ways_timestamp(self, _):
        of = self.of
        return [lambda d: f"({of('timestamp', d)} {self.pick(['+', '-'])} {of('duration', d)})",
                lambda d: f"({of('duration', d)} + {of('timestamp', d)})",
                lambda d: f"timestamp({of(self.pick(['string', 'timestamp', 'int']), d)})",
                lambda d: f"timestamp(string({of('timestamp', d)}))"]

    def ways_null(self, _):
        return [lambda d: "null", lambda d: "any.n"]

    def ways_type(self, _):
        return [lambda d: f"type({self.of(self.any_type(), d)})", lambda d: self.leaf("type")]

    def ways_ip(self, _):
        return [lambda d: f"ip({self.unfolded('string', d)})", lambda d: f"{self.of('cidr', d)}.ip()"]

    def ways_cidr(self, _):
        return [lambda d: f"cidr({self.unfolded('string', d)})", lambda d: f"{self.of('cidr', d)}.masked()"]

    def ways_dyn(self, _):
        return [lambda d: f"dyn({self.of(self.any_type(), d)})",
                lambda d: self.pick(["any.l", "any.m", "any.n", "any.m.k", "any.m[1]", "any.zz"]),
                lambda d: f"any.l[{self.index(d)}]"]

    def ways_list(self, kind):
        of, element = self.of, kind[1]

        def literal(d):
            items = [of(element, d) for _ in range(self.pick([0, 1, 2, 3]))]
            if self.chance(15):
                items.append("?" + of(("optional_type", element), d))
            return "[" + ", ".join(items) + "]"

        def mapped(d):
            source = self.pick(SCALARS)
            if self.chance(40):
                name, over = self.fresh(), of(("list", source), d)
                seen = [(name, source)]
                return (f"{over}.map({name}, {self.within(seen, 'bool', d)}, "
                        f"{self.within(seen, element, d)})")
            return self.macro("map", source, element, d)

        ways = [
            literal, literal, mapped, lambda d: self.chain(kind, ["+"], d),
            lambda d: self.macro("filter", element, "bool", d),
            lambda d: self.over_two("transformList", element, d, "bool" if self.chance(40) else None),
            lambda d: f"{of(kind, d)}.slice({self.index(d)}, {self.index(d)})",
            lambda d: f"{of(kind, d)}.{self.pick(['reverse', 'distinct'])}()",
            lambda d: f"optional.unwrap([{of(('optional_type', element), d)}, "
                      f"{of(('optional_type', element), d)}])",
            lambda d: f"{of(('list', ('optional_type', element)), d)}.unwrapOpt()",
        ]
        if element in ORDERED:
            ways += [lambda d: f"{of(kind, d)}.sort()",
                     lambda d: self.macro("sortBy", element, self.pick(ORDERED), d)]
        if not isinstance(element, tuple) and element not in ("null", "type"):
            ways.append(lambda d: f"{of(('list', kind), d)}.flatten()")
        if element == "int":
            ways.append(lambda d: f"lists.range({self.pick(['0', '1', '3', '10', '-1'])})")
        if element == "string":
            ways.append(lambda d: f"{of('string', d)}.split({of('string', d)}"
                                  f"{', ' + self.index(d) if self.chance(40) else ''})")
        return ways

    def ways_map(self, kind):
        of, (_, key, value) = self.of, kind

        def literal(d):
            count = self.pick([0, 1, 2])
            keys = sorted({of(key, d) for _ in range(count)})  # the same twice is an error
            entries = [f"{k}: {of(value, d)}" for k in keys]
            if self.chance(15):
                entries.insert(0, f"?{of(key, d)}: {of(('optional_type', value), d)}")
            return "{" + ", ".join(entries) + "}"

        def transformed(d):
            first, second, source = self.fresh(), self.fresh() + "w", self.pick(SCALARS)
            seen = [(first, key), (second, source)]
            condition = self.within(seen, "bool", d) + ", " if self.chance(40) else ""
            return (f"{of(('map', key, source), d)}.transformMap({first}, {second}, {condition}"
                    f"{self.within(seen, value, d)})")

        def entries(d):
            return self.over_two_map("transformMapEntry", kind, d)

        return [literal, literal, transformed, entries]

    def over_two_map(self, name, kind, depth):
        first, second, source = self.fresh(), self.fresh() + "w", self.pick(SCALARS)
        over = self.of(("list", source), depth)
        seen = [(first, "int"), (second, source)]
        return (f"{over}.{name}({first}, {second}, {{{self.within(seen, kind[1], depth)}: "
                f"{self.within(seen, kind[2], depth)}}})")

    def ways_optional_type(self, kind):
        of, inner = self.of, kind[1]

        def mapped(d):
            name, source = self.fresh(), self.pick(SCALARS)
            over, flat = of(("optional_type", source), d), self.chance(40)
            body = self.within([(name, source)], kind if flat else inner, d)
            return f"{over}.{'optFlatMap' if flat else 'optMap'}({name}, {body})"

        ways = [
            lambda d: f"optional.of({of(inner, d)})", lambda d: "optional.none()",
            lambda d: f"optional.ofNonZeroValue({of(inner, d)})" if inner != "timestamp" else
            self.leaf(kind),  # cel-go's zero is the year 1, protocol buffers' 1970
            lambda d: f"{of(kind, d)}.or({of(kind, d)})", mapped,
            lambda d: f"{of(('list', inner), d)}[?{self.index(d)}]",
            lambda d: f"{of(('list', inner), d)}.{self.pick(['first', 'last'])}()",
            lambda d: f"{of(('map', 'string', inner), d)}.?{self.pick(['a', 'x', 'k'])}",
        ]
        key = self.pick(KEYS)
        ways.append(lambda d: f"{of(('map', key, inner), d)}[?{of(key, d)}]")
        return ways

    def expression(self):
        self.names = 0
        kind = "dyn" if self.chance(3) else self.any_type()
        return self.of(kind, self.pick([1, 2, 2, 3, 3, 3, 4]))
