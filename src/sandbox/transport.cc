// SPDX-License-Identifier: Apache-2.0
#include "sandbox/transport.h"

#include "base/replace_file.h"
#include "sandbox/saved.h"

namespace lf::sandbox {

namespace {

ModelOptions options_of(Package& package, uint64_t seed) {
  ModelOptions out;
  out.seed = seed;
  out.account_keys = package.info().sandbox_account_keys;
  for (const auto& [access_key, key] : package.info().sandbox_keys) {
    out.keys[access_key] = {key, package.info().sandbox_account};
    out.account_secret = key;
  }
  return out;
}

}  // namespace

SandboxTransport::SandboxTransport(Package& package, Sources& sources, Clock& clock,
                                   FileSystem& files, TransportOptions options)
    : clock_(clock),
      files_(files),
      options_(std::move(options)),
      model_(package, sources, options_of(package, options_.seed)),
      random_(options_.seed * 31 + 7) {
  model_.faults() = options_.faults;
}
SandboxTransport::~SandboxTransport() = default;

double SandboxTransport::chance() {
  random_ = random_ * 6364136223846793005U + 1442695040888963407U;
  return static_cast<double>(random_ >> 11) / 9007199254740992.0;
}

Result<void> SandboxTransport::save() {
  if (options_.folder.empty()) return {};
  if (!folder_made_) {
    auto made = files_.make_folders(options_.folder);
    if (!made) return made;
    folder_made_ = true;
  }
  return replace_file(files_, options_.folder + "/cloud.json", save_things(model_.things()), 0600);
}

void SandboxTransport::send(HttpRequest request, std::function<void(Result<HttpResponse>)> done) {
  const int64_t usual = request.mutation ? options_.write_ms : options_.read_ms;
  const auto delay = static_cast<int64_t>(static_cast<double>(usual) * 1e6 * (0.5 + chance()));
  const Timestamp now = clock_.now();
  Result<HttpResponse> result = model_.handle(request, now, now);
  const bool lost = model_.lose_answer();
  if (model_.take_changed()) {
    auto saved = save();
    if (!saved) result = fail(saved.error());
  }
  if (lost)
    result = fail(ErrorCode::outcome_unknown, "the connection was lost before the answer came");
  clock_.after(delay, [done = std::move(done), result = std::move(result)]() mutable {
    done(std::move(result));
  });
}

}  // namespace lf::sandbox
