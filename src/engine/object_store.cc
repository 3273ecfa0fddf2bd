// SPDX-License-Identifier: Apache-2.0
#include "engine/object_store.h"

#include <algorithm>

#include "base/strings.h"
#include "engine/observe.h"
#include "engine/retry.h"
#include "provider/scope.h"

namespace lf {

namespace {

constexpr int64_t kWriteMsMin = 3'000;
constexpr int64_t kBytesPerMsMin = 100;  // of the slowest line that counts

class CloudObjectStore final : public ObjectStore {
 public:
  CloudObjectStore(std::unique_ptr<Cloud> cloud, const StateStore& type, Map settings)
      : cloud_(std::move(cloud)), type_(type), settings_(std::move(settings)) {
    const Value* key = settings_.find("key");
    key_ = key == nullptr ? "" : key->string_or();
    const Map all = names("", "");
    const MapActivation activation(all);
    shown_ = to_text(cel::evaluate(type_.shown, activation));
  }

  std::string shown(const std::string& name) const override {
    return name.empty() ? shown_ : shown_ + "/" + name;
  }

  LeaseTimes lease() const override {
    return {type_.lease.seconds * 1000, type_.renew.seconds * 1000, type_.request.seconds * 1000};
  }

  Task<Result<std::optional<StoredObject>>> get(std::string name) override {
    CallOptions options = read_only();
    auto calling = cloud_->call(type_.service, &type_.get, Map(), names(key_ + "/" + name, ""),
                                std::move(options));
    Result<Answer> answer = co_await std::move(calling);
    if (!answer && is_absent(answer.error(), type_.get)) co_return std::optional<StoredObject>();
    if (!answer) co_return fail(explained(answer.error()));
    StoredObject out;
    out.bytes = answer->body.is_bytes() ? answer->body.as_bytes() : answer->body.string_or();
    const auto now = parse_http_date(header(*answer, "date"));
    const auto then = parse_http_date(header(*answer, "last-modified"));
    if (!now || !then)
      co_return fail(ErrorCode::corrupt, "the store of `" + shown_ +
                                             "` does not say when an object was written, and what "
                                             "time it is (`Last-Modified`, `Date`)");
    out.age_s = std::max<int64_t>(0, *now - *then);
    co_return std::optional<StoredObject>(std::move(out));
  }

  Task<Result<bool>> create(std::string name, std::string bytes) override {
    CallOptions options = writing(bytes.size());
    auto calling = cloud_->call(type_.service, &type_.create, Map(),
                                names(key_ + "/" + name, std::move(bytes)), std::move(options));
    Result<Answer> answer = co_await std::move(calling);
    if (answer) co_return true;
    const Error& error = answer.error();
    const auto& codes = type_.exists_on;
    const bool exists = std::find(codes.begin(), codes.end(), error.service_code) != codes.end();
    if (exists || error.http_status == 412) co_return false;
    co_return fail(explained(error));
  }

  Task<Result<void>> put(std::string name, std::string bytes) override {
    CallOptions options = writing(bytes.size());
    auto calling = cloud_->call(type_.service, &type_.put, Map(),
                                names(key_ + "/" + name, std::move(bytes)), std::move(options));
    Result<Answer> answer = co_await std::move(calling);
    if (!answer) co_return fail(explained(answer.error()));
    co_return Result<void>();
  }

  Task<Result<std::vector<std::string>>> list(std::string prefix) override {
    CallOptions options = read_only();
    auto calling = cloud_->list(type_.service, &type_.list, type_.items, type_.page, Map(),
                                names(key_ + "/" + prefix, ""), std::move(options));
    Result<List> items = co_await std::move(calling);
    if (!items) co_return fail(explained(items.error()));
    std::vector<std::string> out;
    for (const Value& item : *items) {
      const std::string name = at_path(item, type_.item_name).string_or();
      if (name.starts_with(key_ + "/")) out.push_back(name.substr(key_.size() + 1));
    }
    std::sort(out.begin(), out.end());
    co_return out;
  }

  Task<Result<void>> remove(std::string name) override {
    CallOptions options = writing(0);
    auto calling = cloud_->call(type_.service, &type_.remove, Map(), names(key_ + "/" + name, ""),
                                std::move(options));
    Result<Answer> answer = co_await std::move(calling);
    if (!answer && !is_absent(answer.error(), type_.remove))
      co_return fail(explained(answer.error()));
    co_return Result<void>();
  }

 private:
  static CallOptions read_only() {
    CallOptions out;
    out.idempotent = true;
    return out;
  }
  // An answer that got lost must not cost the lease: it is asked again in time for several tries.
  CallOptions writing(size_t bytes) const {
    CallOptions out;
    out.mutation = out.idempotent = true;
    const int64_t few_ms = std::max(kWriteMsMin, type_.renew.seconds * 1000 / 2);
    out.timeout_ms = few_ms + static_cast<int64_t>(bytes) / kBytesPerMsMin;
    return out;
  }
  static std::string header(const Answer& answer, const char* name) {
    const Value* value = answer.headers.find(name);
    return value == nullptr ? "" : value->string_or();
  }
  static bool is_absent(const Error& error, const Call& call) {
    return std::find(call.absent_on.begin(), call.absent_on.end(), error.service_code) !=
           call.absent_on.end();
  }

  Map names(const std::string& name, std::string body) const {
    Map out = cloud_->names();
    out.set("region", Value(cloud_->instance().region));
    out.set("self", Value(settings_));
    out.set("name", Value(name));
    out.set("body", Value(std::move(body)));
    return out;
  }

  Error explained(Error error) const {
    for (const auto& [code, help] : type_.explain) {
      if (code != error.service_code) continue;
      const Map all = names("", "");
      const MapActivation activation(all);
      error.help.insert(error.help.begin(), to_text(help.evaluate(activation)));
    }
    return error;
  }

  std::unique_ptr<Cloud> cloud_;
  const StateStore& type_;
  Map settings_;
  std::string key_, shown_;
};

}  // namespace

std::unique_ptr<ObjectStore> make_object_store(std::unique_ptr<Cloud> cloud, const StateStore& type,
                                               Map settings) {
  return std::make_unique<CloudObjectStore>(std::move(cloud), type, std::move(settings));
}

}  // namespace lf
