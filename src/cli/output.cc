// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <set>

#include "base/json.h"
#include "base/strings.h"

namespace lf {

Terminal find_terminal(bool no_color, const char* no_color_variable, const char* term) {
  Terminal out;
  const bool plain = no_color || (no_color_variable != nullptr && *no_color_variable != '\0');
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  const bool out_tty = isatty(STDOUT_FILENO) != 0, err_tty = isatty(STDERR_FILENO) != 0;
  out.color_out = out_tty && !plain && !dumb;
  out.color_err = err_tty && !plain && !dumb;
  out.interactive = isatty(STDIN_FILENO) != 0 && err_tty;
  out.live = err_tty && !dumb;
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    out.width = std::clamp<int>(size.ws_col, 40, 200);
  }
  return out;
}

namespace {

std::function<void()>& live_view() {
  static std::function<void()> clear;
  return clear;
}

extern "C" void llmforge_stop_asking(int signal) {
  constexpr char kText[] = "\nnothing was changed\n";
  const ssize_t ignored = ::write(STDERR_FILENO, kText, sizeof kText - 1);
  (void)ignored;
  ::_exit(128 + signal);
}

}  // namespace

namespace {
Capture* captured = nullptr;
}  // namespace

void capture_output(Capture* capture) {
  captured = capture;
}

void before_printing(std::function<void()> clear) {
  live_view() = std::move(clear);
}
namespace {
int first_output_error = 0;  // of stdout; a later flush does not know it any more
}

void print_live(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}
void print(std::string_view text) {
  if (captured != nullptr) {
    captured->out += text;
    return;
  }
  if (live_view()) live_view()();
  std::fwrite(text.data(), 1, text.size(), stdout);
}
void print_error(std::string_view text) {
  if (captured != nullptr) {
    captured->err += text;
    return;
  }
  if (live_view()) live_view()();
  // What was printed before stands before it, where both go to one terminal or file.
  (void)flush_output();
  std::fwrite(text.data(), 1, text.size(), stderr);
}
bool flush_output() {
  if (std::fflush(stdout) != 0 && first_output_error == 0) first_output_error = errno;
  return output_error() == 0;
}
int output_error() {
  if (first_output_error == 0 && std::ferror(stdout) != 0) first_output_error = EIO;
  return first_output_error;
}

void show_error(const Error& error, bool json, const Terminal& terminal) {
  if (captured != nullptr) captured->errors.push_back(error);
  if (json) {
    Map map;
    map.set("severity", Value("error"));
    map.set("class", Value(to_string(error.code)));
    map.set("message", Value(error.message));
    if (!error.service_code.empty()) map.set("service_code", Value(error.service_code));
    if (!error.request_id.empty()) map.set("request_id", Value(error.request_id));
    List help;
    for (const auto& line : error.help) help.emplace_back(line);
    map.set("help", Value(std::move(help)));
    print_error(to_json(Value(std::move(map))) + "\n");
    return;
  }
  const char* red = terminal.color_err ? "\x1b[1;31m" : "";
  const char* bold = terminal.color_err ? "\x1b[1m" : "";
  const char* reset = terminal.color_err ? "\x1b[0m" : "";
  std::string text =
      std::string(red) + "error" + reset + bold + ": " + printable(error.message) + reset + "\n";
  if (!error.request_id.empty()) text += "  request id " + printable(error.request_id) + "\n";
  for (const auto& line : error.help) text += "  help: " + printable(line) + "\n";
  print_error(text);
}

void show_diagnostics(const Diagnostics& diagnostics, const Sources& sources, bool json,
                      const Terminal& terminal) {
  RenderOptions options;
  options.color = terminal.color_err;
  options.width = terminal.width;
  size_t errors = 0;
  std::set<std::string> codes;
  if (captured != nullptr) captured->diagnostics.append(diagnostics);
  for (const auto& diagnostic : diagnostics.sorted()) {
    if (diagnostic.severity() == Severity::error) {
      ++errors;
      codes.insert(std::string(info(diagnostic.code).name));
    }
    print_error(json ? render_json(diagnostic, sources) + "\n"
                     : render(diagnostic, sources, options) + "\n");
  }
  if (!json && errors > 0) {
    print_error(std::to_string(errors) + (errors == 1 ? " error" : " errors") + "; more about " +
                (codes.size() == 1 ? "it" : "one") + ": llmforge explain " +
                (codes.size() == 1 ? *codes.begin() : "CODE") + "\n");
  }
}

bool ask(std::string_view question, std::string& answer) {
  print_error(question);
  std::fflush(stderr);
  struct sigaction stop {};
  struct sigaction before_int {};
  struct sigaction before_term {};
  struct sigaction before_hup {};
  stop.sa_handler = llmforge_stop_asking;
  sigaction(SIGINT, &stop, &before_int);
  sigaction(SIGTERM, &stop, &before_term);
  sigaction(SIGHUP, nullptr, &before_hup);
  if (before_hup.sa_handler != SIG_IGN) sigaction(SIGHUP, &stop, nullptr);
  const bool read = static_cast<bool>(std::getline(std::cin, answer));
  sigaction(SIGINT, &before_int, nullptr);
  sigaction(SIGTERM, &before_term, nullptr);
  sigaction(SIGHUP, &before_hup, nullptr);
  if (!read) print_error("\n");
  return read;
}

}  // namespace lf
