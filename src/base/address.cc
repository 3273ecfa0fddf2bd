// SPDX-License-Identifier: Apache-2.0
// Addresses and networks (units.h). All arithmetic on 128 bits, IPv4 in the lowest 32.
#include <fmt/format.h>

#include "base/units.h"

namespace lf {

namespace {

__extension__ typedef unsigned __int128 Bits;
__extension__ typedef __int128 SignedBits;

int width(const Ip& ip) {
  return ip.v6 ? 128 : 32;
}

Bits to_bits(const Ip& ip) {
  Bits bits = 0;
  for (int i = 0; i < width(ip) / 8; ++i) bits = (bits << 8) | ip.bytes[static_cast<size_t>(i)];
  return bits;
}

Ip from_bits(Bits bits, bool v6) {
  Ip ip;
  ip.v6 = v6;
  for (int i = width(ip) / 8 - 1; i >= 0; --i) {
    ip.bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(bits & 0xff);
    bits >>= 8;
  }
  return ip;
}

Bits ones(int n) {
  return n >= 128 ? ~Bits{0} : (Bits{1} << n) - 1;
}
Bits host_mask(const Cidr& cidr) {
  return ones(width(cidr.address) - cidr.prefix);
}
Bits first(const Cidr& cidr) {
  return to_bits(cidr.address) & ~host_mask(cidr);
}

// A whole number without sign or leading zeros.
std::optional<int> small_number(std::string_view text, int max) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  if (value > max) return std::nullopt;
  return value;
}

bool parse_v4(std::string_view text, uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    const size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return false;
    const auto part = small_number(text.substr(0, dot), 255);
    if (!part) return false;
    out[i] = static_cast<uint8_t>(*part);
    if (i < 3) text.remove_prefix(dot + 1);
  }
  return true;
}

// Groups of one side of "::", the last of them maybe IPv4. Returns the bytes written, -1: wrong.
int parse_groups(std::string_view text, uint8_t* out, bool may_end_v4) {
  int n = 0;
  while (!text.empty()) {
    const size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    if (colon == std::string_view::npos && may_end_v4 && part.find('.') != part.npos) {
      if (n > 12 || !parse_v4(part, out + n)) return -1;
      return n + 4;
    }
    if (part.empty() || part.size() > 4 || n > 14) return -1;
    unsigned value = 0;
    for (const char c : part) {
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return -1;
      value = value * 16 + static_cast<unsigned>(digit);
    }
    out[n++] = static_cast<uint8_t>(value >> 8);
    out[n++] = static_cast<uint8_t>(value & 0xff);
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return -1;
  }
  return n;
}

}  // namespace

std::optional<Ip> parse_ip(std::string_view text) {
  Ip ip;
  if (text.find(':') == std::string_view::npos) {
    if (!parse_v4(text, ip.bytes.data())) return std::nullopt;
    return ip;
  }
  ip.v6 = true;
  const size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    if (parse_groups(text, ip.bytes.data(), true) != 16) return std::nullopt;
    return ip;
  }
  uint8_t tail[16] = {};
  const int before = parse_groups(text.substr(0, gap), ip.bytes.data(), false);
  const int after = parse_groups(text.substr(gap + 2), tail, true);
  if (before < 0 || after < 0 || before + after > 14) return std::nullopt;
  for (int i = 0; i < after; ++i) ip.bytes[static_cast<size_t>(16 - after + i)] = tail[i];
  return ip;
}

std::string format_ip(const Ip& ip) {
  const auto& b = ip.bytes;
  if (!ip.v6) return fmt::format("{}.{}.{}.{}", b[0], b[1], b[2], b[3]);
  unsigned groups[8];
  for (size_t i = 0; i < 8; ++i) groups[i] = b[2 * i] * 256u + b[2 * i + 1];
  // IPv4-mapped addresses are written as such (RFC 5952, section 5).
  bool mapped = groups[5] == 0xffff;
  for (int i = 0; i < 5; ++i) mapped = mapped && groups[i] == 0;
  if (mapped) return fmt::format("::ffff:{}.{}.{}.{}", b[12], b[13], b[14], b[15]);
  int best = -1, best_length = 1;  // a single zero group is never shortened
  for (int i = 0; i < 8; ++i) {
    int length = 0;
    while (i + length < 8 && groups[i + length] == 0) ++length;
    if (length > best_length) {
      best = i;
      best_length = length;
    }
  }
  std::string out;
  for (int i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    out += fmt::format("{:x}", groups[i]);
  }
  return out;
}

std::optional<Cidr> parse_cidr(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto ip = parse_ip(text.substr(0, slash));
  if (!ip) return std::nullopt;
  const auto prefix = small_number(text.substr(slash + 1), width(*ip));
  if (!prefix) return std::nullopt;
  return Cidr{*ip, *prefix};
}

std::string format_cidr(const Cidr& cidr) {
  return fmt::format("{}/{}", format_ip(cidr.address), cidr.prefix);
}

bool contains(const Cidr& outer, const Ip& ip) {
  return outer.address.v6 == ip.v6 && (to_bits(ip) & ~host_mask(outer)) == first(outer);
}

bool contains(const Cidr& outer, const Cidr& inner) {
  return inner.prefix >= outer.prefix && contains(outer, inner.address);
}

bool overlaps(const Cidr& a, const Cidr& b) {
  return a.prefix <= b.prefix ? contains(a, b.address) : contains(b, a.address);
}

Cidr masked(const Cidr& cidr) {
  return {from_bits(first(cidr), cidr.address.v6), cidr.prefix};
}

std::optional<Cidr> subnet(const Cidr& cidr, int newbits, uint64_t n) {
  const int prefix = cidr.prefix + newbits;
  if (newbits < 0 || newbits > 128 || prefix > width(cidr.address)) return std::nullopt;
  if (newbits < 64 && n >> newbits != 0) return std::nullopt;
  // newbits == 0 leaves no bits to number, and a shift by the whole width is undefined.
  const Bits offset = n == 0 ? Bits{0} : Bits{n} << (width(cidr.address) - prefix);
  return Cidr{from_bits(first(cidr) + offset, cidr.address.v6), prefix};
}

std::optional<Ip> host(const Cidr& cidr, int64_t n) {
  const Bits last = host_mask(cidr);
  Bits offset = 0;
  if (n >= 0) {
    offset = static_cast<Bits>(n);
    if (offset > last) return std::nullopt;
  } else {
    const Bits back = static_cast<Bits>(-(static_cast<SignedBits>(n))) - 1;  // -1: the last address
    if (back > last) return std::nullopt;
    offset = last - back;
  }
  return from_bits(first(cidr) + offset, cidr.address.v6);
}

}  // namespace lf
