// SPDX-License-Identifier: Apache-2.0
// The model cloud in process: a Transport whose answers come after the time that the cloud takes.
// Kept in FOLDER/cloud.json, written after each mutation before its answer goes out: whatever kills
// the process, the model cloud keeps what it did.
#pragma once

#include <memory>
#include <string>

#include "base/world.h"
#include "sandbox/model.h"

namespace lf::sandbox {

struct TransportOptions {
  std::string folder;  // "": nothing is kept
  uint64_t seed = 1;
  int64_t read_ms = 40,
          write_ms = 120;  // usual times; each call takes between half and one and a half
  Faults faults;
};

class SandboxTransport final : public Transport {
 public:
  // All must outlive it. `clock`: the same that the engine uses.
  SandboxTransport(Package& package, Sources& sources, Clock& clock, FileSystem& files,
                   TransportOptions options);
  ~SandboxTransport() override;
  Result<void> save();
  void send(HttpRequest request, std::function<void(Result<HttpResponse>)> done) override;
  Model& model() { return model_; }

 private:
  double chance();

  Clock& clock_;
  FileSystem& files_;
  TransportOptions options_;
  Model model_;
  uint64_t random_;
  bool folder_made_ = false;
};

}  // namespace lf::sandbox
