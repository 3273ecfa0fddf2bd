// SPDX-License-Identifier: Apache-2.0
// spdlog stays in this file.
#include "cli/developer_log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "cli/progress_json.h"

namespace lf {

namespace {

class DeveloperLog final : public EventSink {
 public:
  DeveloperLog(std::shared_ptr<spdlog::logger> logger, bool requests)
      : logger_(std::move(logger)), lines_(requests, [this](std::string_view line) {
          logger_->debug("{}", line.substr(0, line.find('\n')));
        }) {}
  void on_event(const EngineEvent& event) override { lines_.on_event(event); }

 private:
  std::shared_ptr<spdlog::logger> logger_;
  ProgressJson lines_;
};

}  // namespace

Result<std::unique_ptr<EventSink>> make_developer_log(const Environment& environment) {
  const auto level = environment.find("LLMFORGE_LOG");
  if (level == environment.end() || level->second.empty() || level->second == "off") return nullptr;
  if (level->second != "debug" && level->second != "trace") {
    Error error(ErrorCode::invalid, "LLMFORGE_LOG is `" + level->second + "`");
    error.help.emplace_back("there are: off, debug, trace");
    return fail(std::move(error));
  }
  try {
    const auto path = environment.find("LLMFORGE_LOG_PATH");
    std::shared_ptr<spdlog::sinks::sink> sink;
    if (path == environment.end() || path->second.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path->second);
    }
    auto logger = std::make_shared<spdlog::logger>("llmforge", std::move(sink));
    logger->set_level(spdlog::level::trace);
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z [%P] %v");
    logger->flush_on(spdlog::level::trace);  // the last line before a crash is the one looked for
    return std::make_unique<DeveloperLog>(std::move(logger), level->second == "trace");
  } catch (const spdlog::spdlog_ex& error) {
    return fail(ErrorCode::io, std::string("the log cannot be written: ") + error.what());
  }
}

}  // namespace lf
