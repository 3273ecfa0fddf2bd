# SPDX-License-Identifier: Apache-2.0
"""cel.expr.Value and cel.expr.Type of the suite, in the notation of our line protocol."""
import math

from textproto import get, get_all


class NeedsMessage(Exception):
    """The case holds a message, an enum or a function that only protocol buffers could declare."""


PRIMITIVES = {"BOOL": "bool", "INT64": "int", "UINT64": "uint", "DOUBLE": "double",
              "STRING": "string", "BYTES": "bytes"}
WELL_KNOWN = {"google.protobuf.Duration": "google.protobuf.Duration",
              "google.protobuf.Timestamp": "google.protobuf.Timestamp",
              "google.protobuf.Value": "dyn", "google.protobuf.Any": "dyn",
              "google.protobuf.ListValue": "list(dyn)", "google.protobuf.Struct": "map(string, dyn)"}
WRAPPERS = {"BoolValue": "bool", "BytesValue": "bytes", "DoubleValue": "double",
            "FloatValue": "double", "Int32Value": "int", "Int64Value": "int",
            "StringValue": "string", "UInt32Value": "uint", "UInt64Value": "uint"}


def number_text(word):
    """A double of the text format as the protocol writes it."""
    value = float(str(word).rstrip("f") if "inf" not in word.lower() else word)
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "-inf" if value < 0 else "inf"
    return repr(value)


def scalar(kind, value):
    if kind == "bool":
        return {"type": "bool", "value": str(value) == "true"}
    if kind in ("int", "uint"):
        return {"type": kind, "value": str(int(str(value), 0))}
    if kind == "double":
        return {"type": "double", "value": number_text(value)}
    if kind == "bytes":
        return {"type": "bytes", "value": value.hex()}
    return {"type": "string", "value": value.decode("utf-8")}


def seconds_text(message):
    seconds, nanos = int(get(message, "seconds", "0")), int(get(message, "nanos", "0"))
    total = seconds * 10**9 + nanos
    sign, total = ("-" if total < 0 else ""), abs(total)
    whole, fraction = divmod(total, 10**9)
    text = f"{fraction:09d}".rstrip("0")
    return f"{sign}{whole}{'.' + text if text else ''}s"


def timestamp_text(message):
    import datetime
    seconds, nanos = int(get(message, "seconds", "0")), int(get(message, "nanos", "0"))
    base = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    text = f"{nanos:09d}".rstrip("0")
    return base.strftime("%Y").zfill(4) + base.strftime("-%m-%dT%H:%M:%S") + (
        "." + text if text else "") + "Z"


def json_like(message):
    """google.protobuf.Value."""
    for name, value in message:
        if name == "null_value":
            return {"type": "null", "value": None}
        if name == "bool_value":
            return scalar("bool", value)
        if name == "number_value":
            return scalar("double", value)
        if name == "string_value":
            return scalar("string", value)
        if name == "list_value":
            return {"type": "list", "value": [json_like(v) for v in get_all(value, "values")]}
        if name == "struct_value":
            return struct(value)
    return {"type": "null", "value": None}


def struct(message):
    return {"type": "map", "value": [[scalar("string", get(e, "key")),
                                      json_like(get(e, "value", []))]
                                     for e in get_all(message, "fields")]}


def any_value(message):
    """object_value: an Any in its expanded form."""
    if len(message) != 1 or not message[0][0].startswith("["):
        raise NeedsMessage("a message as a value")
    name, body = message[0][0].strip("[]").rpartition("/")[2], message[0][1]
    if name == "google.protobuf.Duration":
        return {"type": "duration", "value": seconds_text(body)}
    if name == "google.protobuf.Timestamp":
        return {"type": "timestamp", "value": timestamp_text(body)}
    if name == "google.protobuf.Value":
        return json_like(body)
    if name == "google.protobuf.Struct":
        return struct(body)
    if name == "google.protobuf.ListValue":
        return {"type": "list", "value": [json_like(v) for v in get_all(body, "values")]}
    kind = WRAPPERS.get(name.removeprefix("google.protobuf."))
    if kind:
        zero = {"bool": "false", "int": "0", "uint": "0", "double": "0"}.get(kind, b"")
        return scalar(kind, get(body, "value", zero))
    raise NeedsMessage(f"a {name} as a value")


def value_of(message):
    """cel.expr.Value to {"type", "value"}."""
    for name, value in message:
        if name == "null_value":
            return {"type": "null", "value": None}
        if name in ("bool_value", "int64_value", "uint64_value", "double_value", "string_value",
                    "bytes_value"):
            return scalar({"int64": "int", "uint64": "uint"}.get(name[:-6], name[:-6]), value)
        if name == "type_value":
            return {"type": "type", "value": value.decode()}
        if name == "list_value":
            return {"type": "list", "value": [value_of(v) for v in get_all(value, "values")]}
        if name == "map_value":
            return {"type": "map", "value": [[value_of(get(e, "key")), value_of(get(e, "value"))]
                                             for e in get_all(value, "entries")]}
        if name == "object_value":
            return any_value(value)
        if name == "enum_value":
            raise NeedsMessage("an enum of protocol buffers as a value")
    raise ValueError(f"no value: {message}")


def type_of(message):
    """cel.expr.Type in CEL's notation."""
    for name, value in message:
        if name == "primitive":
            return PRIMITIVES[str(value)]
        if name == "null":
            return "null_type"
        if name == "dyn":
            return "dyn"
        if name == "well_known":
            return {"DURATION": "google.protobuf.Duration",
                    "TIMESTAMP": "google.protobuf.Timestamp"}.get(str(value), "dyn")
        if name == "wrapper":
            return f"wrapper({PRIMITIVES[str(value)]})"
        if name == "list_type":
            return f"list({type_of(get(value, 'elem_type', [('dyn', [])]))})"
        if name == "map_type":
            return f"map({type_of(get(value, 'key_type'))}, {type_of(get(value, 'value_type'))})"
        if name == "type":
            return f"type({type_of(value)})" if value else "type"
        if name == "message_type":
            full = value.decode()
            short = full.removeprefix("google.protobuf.")
            if full in WELL_KNOWN:
                return WELL_KNOWN[full]
            if short in WRAPPERS:
                return f"wrapper({WRAPPERS[short]})"
            raise NeedsMessage(f"a variable of the message type {full}")
        if name == "abstract_type":
            inner = ", ".join(type_of(p) for p in get_all(value, "parameter_types"))
            return f"{get(value, 'name').decode()}({inner})"
        if name == "type_param":
            return value.decode()
    return "dyn"


def same(a, b):
    """Equal as the suite means it: kinds exact, NaN equal to itself, maps without order."""
    if a["type"] != b["type"]:
        return False
    if a["type"] == "double":
        x, y = float(a["value"]), float(b["value"])
        return x == y and math.copysign(1, x) == math.copysign(1, y) or (x != x and y != y)
    if a["type"] == "list":
        return len(a["value"]) == len(b["value"]) and all(map(same, a["value"], b["value"]))
    if a["type"] == "map":
        rest = list(b["value"])
        for key, value in a["value"]:
            found = [e for e in rest if same(key, e[0]) and same(value, e[1])]
            if not found:
                return False
            rest.remove(found[0])
        return not rest
    if a["type"] == "optional":
        if a["value"] is None or b["value"] is None:
            return a["value"] == b["value"]
        return same(a["value"], b["value"])
    return a["value"] == b["value"]
