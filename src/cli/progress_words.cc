// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_words.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace lf {

namespace {

constexpr MonotonicNs kThrottleQuietNs = 5'000'000'000;
constexpr size_t kSkippedTold = 10;

std::string subject(const std::string& address, const std::string& service,
                    const std::string& action) {
  const std::string call = printable(service) + " " + printable(action);
  return address.empty() ? call : printable(address) + ": " + call;
}

}  // namespace

std::string short_duration(int64_t ns) {
  const int64_t tenths = ns / 100'000'000;
  const int64_t seconds = tenths / 10;
  if (seconds < 10) return fmt::format("{}.{}s", seconds, tenths % 10);
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{:02}m", seconds / 3600, seconds % 3600 / 60);
}

std::string doing_word(std::string_view action) {
  if (action == "apply") return "applying";
  if (action.ends_with("e")) return std::string(action.substr(0, action.size() - 1)) + "ing";
  if (action == "forget") return "forgetting";
  return std::string(action) + "ing";
}

std::string done_word(std::string_view action) {
  if (action == "read") return "read";
  if (action == "forget") return "forgotten";
  if (action.ends_with("y") && action.size() > 1) {
    return std::string(action.substr(0, action.size() - 1)) + "ied";
  }
  if (action.ends_with("e")) return std::string(action) + "d";
  return std::string(action) + "ed";
}

std::string stage_text(const StageProgress& stage) {
  const bool waits = stage.left_ms > 0;
  std::string text = stage.stage == "identify"    ? "signing in"
                     : stage.stage == "look_up"   ? "looking up"
                     : stage.stage == "refresh"   ? "reading what is there"
                     : stage.stage == "preflight" ? "asking what is offered"
                     : stage.stage == "settle"    ? "looking for what the interrupted run made"
                                                  : printable(stage.stage);
  if (waits && !stage.address.empty()) {
    text = fmt::format("{}: looking whether the interrupted run made it, at most {} more",
                       printable(stage.address), short_duration(stage.left_ms * 1'000'000));
  }
  if (stage.total > 1) text += fmt::format(", {} of {}", stage.done, stage.total);
  return text;
}

std::string done_text(const NodeDone& done, size_t width) {
  const std::string start = printable(done.address) + ": " + done_word(done.action);
  const std::string end = " (" + short_duration(done.duration_ns) + ")";
  const std::string id = done.id.empty() ? "" : " " + printable(done.id);
  return utf8_length(start + id + end) > width ? start + end : start + id + end;
}

std::string colored(const ProgressLine& line, bool color) {
  if (!color || line.tone == ProgressTone::plain) return line.text;
  const char* start = line.tone == ProgressTone::good   ? "\x1b[32m"
                      : line.tone == ProgressTone::bad  ? "\x1b[31m"
                      : line.tone == ProgressTone::warn ? "\x1b[33m"
                                                        : "\x1b[2m";
  return start + line.text + "\x1b[0m";
}

ProgressLine ProgressText::begin(const RunStarted& run) {
  nodes_ = run.nodes;
  done_ = failed_ = skipped_ = 0;
  std::string text;
  if (!run.stack.empty()) {
    text = doing_word(run.command) + " " + printable(run.stack);
    if (!run.environment.empty() && run.environment != "default")
      text += " (" + printable(run.environment) + ")";
    text += ": ";
  }
  text += fmt::format("{} action{}", run.nodes, run.nodes == 1 ? "" : "s");
  if (run.expected_ms > 0) text += ", about " + short_duration(run.expected_ms * 1'000'000);
  return {text, ProgressTone::dim};
}

ProgressLine ProgressText::retry(const Retrying& r, MonotonicNs at) {
  const std::string delay = short_duration(r.delay_ms * 1'000'000);
  if (r.error.code != ErrorCode::throttled) {
    return {fmt::format("{}: {} (attempt {}), again in {}", subject(r.address, r.service, r.action),
                        printable(r.error.message), r.attempt, delay),
            ProgressTone::warn};
  }
  Throttle& throttle = throttles_[r.service];
  ++throttle.untold;
  if (throttle.any && at - throttle.told < kThrottleQuietNs && !verbose_) return {};
  const size_t n = throttle.untold;
  throttle = {at, 0, true};
  return {n == 1 ? fmt::format("{} asks to slow down ({}), again in {}", printable(r.service),
                               printable(r.action), delay)
                 : fmt::format("{} asked to slow down {} times (last: {}), again in {}",
                               printable(r.service), n, printable(r.action), delay),
          ProgressTone::warn};
}

ProgressLine ProgressText::call_done(const CallDone& done) {
  ++requests_;
  if (!verbose_) return {};
  const auto found = sent_.find(done.call);
  if (found == sent_.end()) return {};
  const Sent sent = std::move(found->second);
  sent_.erase(found);
  std::string text = fmt::format(
      "  {} {} {}", subject(sent.address, sent.service, sent.action),
      done.http_status == 0 ? std::string("no answer") : std::to_string(done.http_status),
      fmt::format("{}ms", done.duration_ns / 1'000'000));
  if (sent.queued_ns >= 1'000'000)
    text += fmt::format(" (held back {}ms)", sent.queued_ns / 1'000'000);
  if (sent.attempt > 1) text += fmt::format(" attempt {}", sent.attempt);
  if (done.failed) text += std::string(" ") + to_string(done.error);
  if (!done.request_id.empty()) text += " " + printable(done.request_id);
  return {text, ProgressTone::dim};
}

ProgressLine ProgressText::line(const EngineEvent& event) {
  if (const auto* run = std::get_if<RunStarted>(&event.what)) return begin(*run);
  if (const auto* settled = std::get_if<Settled>(&event.what)) {
    return {settled->found.empty()
                ? fmt::format("{}: an earlier run began to make it, but it was never made",
                              printable(settled->address))
                : fmt::format("{}: an earlier run made {}; taken over", printable(settled->address),
                              printable(settled->found)),
            ProgressTone::warn};
  }
  if (const auto* sent = std::get_if<CallSent>(&event.what)) {
    if (verbose_)
      sent_[sent->call] = {sent->address, sent->service, sent->action, sent->attempt,
                           sent->queued_ns};
    return {};
  }
  if (const auto* done = std::get_if<CallDone>(&event.what)) return call_done(*done);
  if (const auto* r = std::get_if<Retrying>(&event.what)) return retry(*r, event.at);
  if (const auto* attempt = std::get_if<CapacityAttempt>(&event.what)) {
    return attempt->got ? ProgressLine{fmt::format("{}: got {}", printable(attempt->address),
                                                   printable(attempt->choice)),
                                       ProgressTone::good}
                        : ProgressLine{fmt::format("{}: no {}{}{}", printable(attempt->address),
                                                   printable(attempt->choice),
                                                   attempt->reason.empty() ? "" : ": ",
                                                   printable(attempt->reason)),
                                       ProgressTone::warn};
  }
  if (const auto* done = std::get_if<NodeDone>(&event.what)) {
    ++done_;
    return {done_text(*done), ProgressTone::good};
  }
  if (const auto* failed = std::get_if<NodeFailed>(&event.what)) {
    ++failed_;
    return {fmt::format("{}: could not {}: {}{} ({})", printable(failed->address), failed->action,
                        printable(failed->error.message),
                        failed->error.request_id.empty()
                            ? ""
                            : ", request id " + printable(failed->error.request_id),
                        short_duration(failed->duration_ns)),
            ProgressTone::bad};
  }
  if (const auto* skipped = std::get_if<NodeSkipped>(&event.what)) {
    ++skipped_;
    if (skipped_ > kSkippedTold && !verbose_) return {};
    return {fmt::format("{}: skipped, {}", printable(skipped->address),
                        skipped->culprit.empty()
                            ? "asked to stop"
                            : "it needs " + printable(skipped->culprit) + ", which failed"),
            ProgressTone::warn};
  }
  if (const auto* message = std::get_if<Message>(&event.what)) {
    const char* level = message->level == Message::Level::error     ? "error"
                        : message->level == Message::Level::warning ? "warning"
                                                                    : "note";
    return {fmt::format("{}: {}{}{}", level, printable(message->address),
                        message->address.empty() ? "" : ": ", printable(message->text)),
            message->level == Message::Level::note    ? ProgressTone::dim
            : message->level == Message::Level::error ? ProgressTone::bad
                                                      : ProgressTone::warn};
  }
  if (std::holds_alternative<RunEnded>(event.what) && skipped_ > kSkippedTold && !verbose_) {
    return {fmt::format("and {} more skipped", skipped_ - kSkippedTold), ProgressTone::warn};
  }
  return {};
}

}  // namespace lf
