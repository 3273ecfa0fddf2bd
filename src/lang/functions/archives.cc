// SPDX-License-Identifier: Apache-2.0
// zip(): an archive whose bytes hang on nothing but its files. They are stored, not compressed, for
// compressors differ, and carry no time of their own.
#include <zlib.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "lang/functions.h"

namespace lf::cel {
namespace {

void little(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

// 1980-01-01T00:00:00, the first moment that the format can say.
constexpr uint64_t kDate = (1 << 5) | 1;
constexpr uint64_t kUtf8Names = 0x0800;

// What a local header and its entry in the central directory have in common: from the version that
// is needed to extract it to the length of its name (APPNOTE.TXT 4.3.7).
std::string described(const std::string& name, const std::string& data) {
  std::string out;
  little(out, 20, 2);
  little(out, kUtf8Names, 2);
  little(out, 0, 2);  // stored
  little(out, 0, 2);  // time
  little(out, kDate, 2);
  little(out, crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size())),
         4);
  little(out, data.size(), 4);
  little(out, data.size(), 4);
  little(out, name.size(), 2);
  return out;
}

std::string archive(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string out, directory;
  for (const auto& [name, data] : files) {
    const size_t offset = out.size();
    const std::string head = described(name, data);
    out += "PK\x03\x04" + head;
    little(out, 0, 2);  // extra field
    out += name + data;
    directory += "PK\x01\x02";
    little(directory, (3 << 8) | 20, 2);  // made by: Unix
    directory += head;
    little(directory, 0, 8);  // extra field, comment, disk, internal attributes
    little(directory, uint64_t{0100644} << 16, 4);  // a file that all may read
    little(directory, offset, 4);
    directory += name;
  }
  const size_t begin = out.size();
  out += directory + "PK\x05\x06";
  little(out, 0, 4);
  little(out, files.size(), 2);
  little(out, files.size(), 2);
  little(out, directory.size(), 4);
  little(out, begin, 4);
  little(out, 0, 2);
  return out;
}

// Names that an archive may hold: below the folder that it is unpacked into.
bool is_inside(const std::string& name) {
  return !name.empty() && name.front() != '/' && name.find("..") == std::string::npos &&
         name.find('\\') == std::string::npos && name.size() < 0x10000;
}

Value zip(const Call& call) {
  if (!call[0].is_map()) return no_overload(call);
  std::vector<std::pair<std::string, std::string>> files;
  size_t total = 0;
  for (const auto& [name, data] : call[0].as_map()) {
    if (!name.is_string() || (!data.is_string() && !data.is_bytes())) return no_overload(call);
    if (!is_inside(name.as_string())) {
      return Value::error("`" + name.as_string() + "` is no name of a file in an archive");
    }
    files.emplace_back(name.as_string(), data.is_string() ? data.as_string() : data.as_bytes());
    total += files.back().first.size() + files.back().second.size();
  }
  if (files.size() >= 0xffff || total >= 0x40000000) return too_costly();
  if (!call.budget.spend(files.size() + total / 8)) return too_costly();
  std::sort(files.begin(), files.end());
  return Bytes{archive(files)};
}

constexpr FunctionEntry kTable[] = {
    {"zip", zip, 0, "(map<string, string>) bytes; (map<string, bytes>) bytes",
     "A zip archive of the files of a map, name to content; its bytes hang on nothing else."},
};

}  // namespace

std::span<const FunctionEntry> archive_functions() {
  return kTable;
}

}  // namespace lf::cel
