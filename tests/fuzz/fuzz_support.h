// SPDX-License-Identifier: Apache-2.0
// What the fuzz targets share: input cut into parts, files in memory, and what must hold of every
// diagnostic. A target promises more than not to crash: `must` ends the run where a promise breaks.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/world.h"

namespace lf::fuzz {

inline void must(bool holds, const char* promise, std::string_view detail = "") {
  if (holds) return;
  std::fprintf(stderr, "BROKEN PROMISE: %s\n%.*s\n", promise, static_cast<int>(detail.size()),
               detail.data());
  std::abort();
}

// The parts between the lines `--- NAME` of an input; what comes before the first has the name "".
// So one input is several files, and an ordinary file is an input.
std::vector<std::pair<std::string, std::string>> parts_of(std::string_view input);

// Renders every diagnostic in each form. Promises: no control character reaches a terminal raw,
// spans lie inside their sources, a fix replaces something that is there.
void check_diagnostics(const Diagnostics& diagnostics, const Sources& sources);

// Files to read and nothing else.
class MemoryFiles final : public FileSystem {
 public:
  std::map<std::string, std::string> files;

  Result<std::string> read(const std::string& path) override;
  Result<FileInfo> stat(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<std::string> canonical(const std::string& path) override;
  Result<void> make_folders(const std::string&) override { return refuse(); }
  Result<void> remove(const std::string&) override { return refuse(); }
  Result<void> rename(const std::string&, const std::string&) override { return refuse(); }
  Result<void> sync_folder(const std::string&) override { return refuse(); }
  Result<void> write(const std::string&, std::string_view, uint32_t) override { return refuse(); }
  Result<void> sync_file(const std::string&) override { return refuse(); }
  Result<void> truncate(const std::string&, uint64_t) override { return refuse(); }
  void append_durably(const std::string&, std::string,
                      std::function<void(Result<void>)> done) override {
    done(refuse());
  }
  Result<std::unique_ptr<Lock>> lock(const std::string&, std::string_view) override {
    return fail(ErrorCode::io, "read only");
  }

 private:
  static Result<void> refuse() { return fail(ErrorCode::io, "read only"); }
};

}  // namespace lf::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
