// SPDX-License-Identifier: Apache-2.0
// ip() and cidr() as the network extension has them, with subnet() and host() beyond it.
#include <algorithm>

#include "base/units.h"
#include "lang/functions.h"

namespace lf::cel {
namespace {

// ::ffff:c0a8:1 is the address 192.168.0.1.
Ip unmapped(Ip ip) {
  if (!ip.v6) return ip;
  static constexpr uint8_t kPrefix[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (!std::equal(std::begin(kPrefix), std::end(kPrefix), ip.bytes.begin())) return ip;
  Ip v4;
  std::copy(ip.bytes.begin() + 12, ip.bytes.end(), v4.bytes.begin());
  return v4;
}

Value read_ip(const std::string& text) {
  if (text.find('%') != std::string::npos) {
    return Value::error("IP Address with zone value is not allowed");
  }
  if (text.find(':') != std::string::npos && text.find('.') != std::string::npos) {
    return Value::error("IPv4-mapped IPv6 address is not allowed");
  }
  const auto ip = parse_ip(text);
  if (!ip)
    return Value::error("IP Address '" + text + "' parse error during conversion from string");
  return unmapped(*ip);
}

Value read_cidr(const std::string& text) {
  if (text.find('%') != std::string::npos) {
    return Value::error("CIDR with zone value is not allowed");
  }
  if (text.find(':') != std::string::npos && text.find('.') != std::string::npos) {
    return Value::error("IPv4-mapped IPv6 address is not allowed");
  }
  const auto cidr = parse_cidr(text);
  if (!cidr) {
    return Value::error("`" + text +
                        "`: network address parse error during conversion from string");
  }
  return *cidr;
}

Value make_ip(const Call& call) {
  if (call[0].is_ip()) return call[0];
  if (call[0].is_cidr() && call.method) return call[0].as_cidr().address;
  if (!call[0].is_string() || call.method) return no_overload(call);
  return read_ip(call[0].as_string());
}

Value make_cidr(const Call& call) {
  if (call[0].is_cidr()) return call[0];
  return call[0].is_string() ? read_cidr(call[0].as_string()) : no_overload(call);
}

Value is_ip(const Call& call) {
  return call[0].is_string() ? Value(read_ip(call[0].as_string()).is_ip()) : no_overload(call);
}
Value is_cidr(const Call& call) {
  return call[0].is_string() ? Value(read_cidr(call[0].as_string()).is_cidr()) : no_overload(call);
}

Value is_canonical(const Call& call) {
  if (!call[0].is_string()) return no_overload(call);
  const Value ip = read_ip(call[0].as_string());
  if (ip.is_error()) return ip;
  return format_ip(ip.as_ip()) == call[0].as_string();
}

Value family(const Call& call) {
  return call[0].is_ip() ? Value(call[0].as_ip().v6 ? 6 : 4) : no_overload(call);
}

bool all_zero(const Ip& ip, size_t begin, size_t end) {
  return std::all_of(ip.bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                     ip.bytes.begin() + static_cast<std::ptrdiff_t>(end),
                     [](uint8_t b) { return b == 0; });
}
bool unspecified(const Ip& ip) {
  return all_zero(ip, 0, ip.v6 ? 16 : 4);
}
bool loopback(const Ip& ip) {
  return ip.v6 ? all_zero(ip, 0, 15) && ip.bytes[15] == 1 : ip.bytes[0] == 127;
}
bool multicast(const Ip& ip) {
  return ip.v6 ? ip.bytes[0] == 0xFF : (ip.bytes[0] & 0xF0) == 0xE0;
}
bool link_local_multicast(const Ip& ip) {
  if (ip.v6) return ip.bytes[0] == 0xFF && (ip.bytes[1] & 0x0F) == 2;
  return ip.bytes[0] == 224 && ip.bytes[1] == 0 && ip.bytes[2] == 0;
}
bool link_local_unicast(const Ip& ip) {
  if (ip.v6) return ip.bytes[0] == 0xFE && (ip.bytes[1] & 0xC0) == 0x80;
  return ip.bytes[0] == 169 && ip.bytes[1] == 254;
}
bool broadcast(const Ip& ip) {
  return !ip.v6 &&
         std::all_of(ip.bytes.begin(), ip.bytes.begin() + 4, [](uint8_t b) { return b == 255; });
}
bool global_unicast(const Ip& ip) {
  return !unspecified(ip) && !loopback(ip) && !multicast(ip) && !link_local_unicast(ip) &&
         !broadcast(ip);
}

template <bool (*Test)(const Ip&)>
Value tested(const Call& call) {
  return call[0].is_ip() ? Value(Test(call[0].as_ip())) : no_overload(call);
}

Value contains_ip(const Call& call) {
  if (!call[0].is_cidr()) return no_overload(call);
  const Value ip = call[1].is_string() ? read_ip(call[1].as_string()) : call[1];
  if (ip.is_error()) return ip;
  return ip.is_ip() ? Value(contains(call[0].as_cidr(), ip.as_ip())) : no_overload(call);
}
Value contains_cidr(const Call& call) {
  if (!call[0].is_cidr()) return no_overload(call);
  const Value inner = call[1].is_string() ? read_cidr(call[1].as_string()) : call[1];
  if (inner.is_error()) return inner;
  return inner.is_cidr() ? Value(contains(call[0].as_cidr(), inner.as_cidr())) : no_overload(call);
}
Value overlaps_cidr(const Call& call) {
  if (!call[0].is_cidr()) return no_overload(call);
  const Value other = call[1].is_string() ? read_cidr(call[1].as_string()) : call[1];
  if (other.is_error()) return other;
  return other.is_cidr() ? Value(overlaps(call[0].as_cidr(), other.as_cidr())) : no_overload(call);
}
Value masked_cidr(const Call& call) {
  return call[0].is_cidr() ? Value(masked(call[0].as_cidr())) : no_overload(call);
}
Value prefix_length(const Call& call) {
  return call[0].is_cidr() ? Value(call[0].as_cidr().prefix) : no_overload(call);
}

// cidr.subnet(newbits, n): the n-th of the 2^newbits equal parts.
Value subnet_of(const Call& call) {
  if (!call[0].is_cidr() || !call[1].is_int() || !call[2].is_int()) return no_overload(call);
  const Cidr& cidr = call[0].as_cidr();
  const int64_t bits = call[1].as_int();
  const int64_t n = call[2].as_int();
  const int64_t room = (cidr.address.v6 ? 128 : 32) - cidr.prefix;
  const std::string text = format_cidr(cidr);
  if (bits < 0 || bits > room) {
    return Value::error("a " + text + " has room for " + std::to_string(room) +
                        " more bits of prefix, not " + std::to_string(bits));
  }
  const auto part =
      n < 0 ? std::nullopt : subnet(cidr, static_cast<int>(bits), static_cast<uint64_t>(n));
  if (!part) {
    return Value::error("with " + std::to_string(bits) + " more bits of prefix " + text +
                        " has no subnet number " + std::to_string(n));
  }
  return *part;
}

// cidr.host(n): the n-th address; negative numbers count from the end.
Value host_of(const Call& call) {
  if (!call[0].is_cidr() || !call[1].is_int()) return no_overload(call);
  const auto ip = host(call[0].as_cidr(), call[1].as_int());
  if (!ip) {
    return Value::error(format_cidr(call[0].as_cidr()) + " has no address number " +
                        std::to_string(call[1].as_int()));
  }
  return *ip;
}

constexpr FunctionEntry kTable[] = {
    {"ip", make_ip, 0, "(string) ip; (ip) ip; cidr.() ip",
     "The IP address that a text says; of a range, the address it was written with."},
    {"cidr", make_cidr, 0, "(string) cidr; (cidr) cidr",
     "The range of addresses that a text such as '10.0.0.0/16' says."},
    {"isIP", is_ip, 0, "(string) bool", "Whether a text is an IP address."},
    {"isCIDR", is_cidr, 0, "(string) bool", "Whether a text is a range of addresses."},
    {"ip.isCanonical", is_canonical, 0, "(string) bool",
     "Whether a text is an IP address in its usual form."},
    {"family", family, 0, "ip.() int", "4 or 6."},
    {"isUnspecified", tested<unspecified>, 0, "ip.() bool", "Whether it is 0.0.0.0 or ::."},
    {"isLoopback", tested<loopback>, 0, "ip.() bool",
     "Whether it is the machine itself, such as 127.0.0.1."},
    {"isGlobalUnicast", tested<global_unicast>, 0, "ip.() bool",
     "Whether it is one machine's address, beyond its own link."},
    {"isLinkLocalMulticast", tested<link_local_multicast>, 0, "ip.() bool",
     "Whether it is a group's address on one link."},
    {"isLinkLocalUnicast", tested<link_local_unicast>, 0, "ip.() bool",
     "Whether it is one machine's address on one link, such as 169.254.0.1."},
    {"containsIP", contains_ip, 0, "cidr.(ip) bool; cidr.(string) bool",
     "Whether an address is in the range."},
    {"containsCIDR", contains_cidr, 0, "cidr.(cidr) bool; cidr.(string) bool",
     "Whether another range is wholly in this one."},
    {"overlaps", overlaps_cidr, 0, "cidr.(cidr) bool; cidr.(string) bool",
     "Whether two ranges have an address in common."},
    {"masked", masked_cidr, 0, "cidr.() cidr", "The range with no bits behind its prefix."},
    {"prefixLength", prefix_length, 0, "cidr.() int", "How many bits the prefix has."},
    {"subnet", subnet_of, 0, "cidr.(int, int) cidr",
     "Part n of the range, where its prefix is made longer by so many bits."},
    {"host", host_of, 0, "cidr.(int) ip",
     "Address n of the range; from the end where n is negative."},
};

}  // namespace

std::span<const FunctionEntry> network_functions() {
  return kTable;
}

}  // namespace lf::cel
