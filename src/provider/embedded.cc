// SPDX-License-Identifier: Apache-2.0
// The package files that the build put into the binary: one blob that starts with its own index, so
// that nothing is read before a file is asked for. Written by embed_main.cc:
//
//   u32 count
//   count times: u32 path offset, u32 path size, u32 text offset, u32 text size   (by path)
//   paths and texts
//
// Offsets count from the blob's begin; numbers are little-endian.
#include <cstring>

#include "base/assert.h"
#include "provider/package.h"

extern "C" {
extern const char lf_packages_begin[];
extern const char lf_packages_end[];
}

namespace lf {

namespace {

struct Slot {
  uint32_t path, path_size, text, text_size;
};

class EmbeddedFiles : public PackageFiles {
 public:
  std::optional<std::string_view> find(std::string_view path) const override {
    const size_t at = first_from(path);
    if (at == count() || this->path(at) != path) return std::nullopt;
    const Slot here = slot(at);
    return blob().substr(here.text, here.text_size);
  }

  std::vector<std::string> list(std::string_view prefix) const override {
    std::vector<std::string> out;
    for (size_t at = first_from(prefix); at < count() && path(at).starts_with(prefix); ++at) {
      out.emplace_back(path(at));
    }
    return out;
  }

 private:
  static std::string_view blob() {
    return {lf_packages_begin, static_cast<size_t>(lf_packages_end - lf_packages_begin)};
  }
  static size_t count() {
    uint32_t out = 0;
    LF_ASSERT(blob().size() >= sizeof(out));
    std::memcpy(&out, lf_packages_begin, sizeof(out));
    return out;
  }
  static Slot slot(size_t index) {
    Slot out;
    std::memcpy(&out, lf_packages_begin + sizeof(uint32_t) + index * sizeof(Slot), sizeof(out));
    return out;
  }
  static std::string_view path(size_t index) {
    const Slot here = slot(index);
    return blob().substr(here.path, here.path_size);
  }
  // The first entry whose path is not before `wanted`.
  static size_t first_from(std::string_view wanted) {
    size_t low = 0, high = count();
    while (low < high) {
      const size_t middle = low + (high - low) / 2;
      if (path(middle) < wanted)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }
};

}  // namespace

const PackageFiles& embedded_packages() {
  static const EmbeddedFiles kFiles;
  return kFiles;
}

}  // namespace lf
