// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/developer_log.h"
#include "cli/progress_json.h"
#include "cli/progress_lines.h"
#include "cli/progress_tree.h"
#include "cli/trace.h"

namespace lf {

namespace {

TreeSize terminal_size() {
  TreeSize out;
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    out.width = size.ws_col;
    out.height = size.ws_row;
  }
  return out;
}

class Chosen final : public Progress, private EventSink {
 public:
  Chosen(const Options& options, const Terminal& terminal, World& world)
      : files_(world.files), trace_path_(options.trace) {
    const Write write = [](std::string_view text) { print_live(text); };
    const ProgressOptions how{terminal.color_err, options.verbose};
    if (options.json) {
      view_ = std::make_unique<ProgressJson>(options.verbose, write);
    } else if (terminal.live) {
      auto tree = std::make_unique<ProgressTree>(how, &world.clock, terminal_size, write);
      tree_ = tree.get();
      view_ = std::move(tree);
      before_printing([this] { tree_->clear(); });
    } else {
      view_ = std::make_unique<ProgressLines>(how, write);
    }
    auto log = make_developer_log(world.environment);
    if (log) {
      log_ = std::move(*log);
    } else {
      show_error(log.error(), options.json, terminal);  // a run is worth more than its log
    }
    if (!trace_path_.empty()) trace_ = std::make_unique<Trace>();
  }

  EventSink* sink() override { return this; }

  void close() override {
    if (tree_ != nullptr) {
      before_printing({});
      tree_->stop();
    }
    if (trace_ == nullptr) return;
    const Result<void> saved = trace_->save(files_, trace_path_);
    if (!saved)
      print_error("error: the trace could not be written: " + saved.error().message + "\n");
    trace_.reset();
  }

 private:
  void on_event(const EngineEvent& event) override {
    view_->on_event(event);
    if (trace_ != nullptr) trace_->on_event(event);
    if (log_ != nullptr) log_->on_event(event);
  }

  FileSystem& files_;
  std::string trace_path_;
  std::unique_ptr<EventSink> view_;
  ProgressTree* tree_ = nullptr;  // view_, where it is one
  std::unique_ptr<Trace> trace_;
  std::unique_ptr<EventSink> log_;  // for developers; null: none
};

}  // namespace

std::unique_ptr<Progress> make_progress(const Options& options, const Terminal& terminal,
                                        World& world) {
  return std::make_unique<Chosen>(options, terminal, world);
}

}  // namespace lf
