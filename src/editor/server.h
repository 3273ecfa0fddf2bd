// SPDX-License-Identifier: Apache-2.0
// The language server: JSON-RPC messages in, messages out, without any I/O of its own but reading
// files. Requests are answered in order; diagnostics follow when nothing more is waiting, so that
// fast typing is checked once.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/value.h"
#include "editor/location.h"
#include "editor/shelf.h"
#include "editor/workspace.h"

namespace lf::editor {

struct ServerOptions {
  WorkspaceOptions workspace;
  std::string version;       // of llmforge
  std::string cache_folder;  // for what is opened and lies in the binary; "" for none
  // Reads --provider-dir folders that a client names when it connects.
  std::function<Result<std::shared_ptr<const PackageFiles>>(const std::vector<std::string>&)>
      read_packages;
};

class Server {
 public:
  Server(FileSystem& disk, ServerOptions options);
  ~Server();

  void receive(std::string_view message);
  // False: nothing is queued and nothing is left to be checked.
  bool busy() const { return !queue_.empty() || unchecked_; }
  bool has_requests() const { return !queue_.empty(); }
  // Handles one message, or checks what changed where none is queued. Gives messages to be sent.
  std::vector<std::string> step();
  // Set after `exit`: 0 where `shutdown` came before, else 1.
  std::optional<int> exit_code() const { return exit_code_; }

 private:
  struct Failure {
    int64_t code;
    std::string message;
  };
  using Answer = std::expected<Value, Failure>;
  using Handler = Answer (Server::*)(const Value& params);
  struct Method {
    Handler run;
    bool notification;
  };
  static const std::map<std::string_view, Method>& methods();

  // server.cc: the life of a connection
  void handle(const Value& message);
  void answer(const Value& id, const Answer& answer);
  void notify(const char* method, Value params);
  void log(const std::string& text);
  Answer initialize(const Value& params);
  Answer initialized(const Value& params);
  Answer shutdown(const Value& params);
  Answer leave(const Value& params);
  Answer ignore(const Value& params);
  Value capabilities() const;
  void configure(const Value& settings);

  // server_documents.cc: what is open, and what is wrong with it
  Answer did_open(const Value& params);
  Answer did_change(const Value& params);
  Answer did_close(const Value& params);
  Answer did_save(const Value& params);
  Answer did_change_watched_files(const Value& params);
  void publish();
  Value diagnostic(const Diagnostic& diagnostic, const Checked& root, Locator& locator,
                   const Location& at);
  std::string page_of(Code code);
  Answer code_action(const Value& params);
  Answer formatting(const Value& params);

  // server_language.cc: questions about a place
  struct Target {  // what a request asks about
    std::string path;
    Checked* root = nullptr;  // nullptr: none of ours
    SourceId source = kNoSource;
    uint32_t offset = 0;
    const Occurrence* occurrence = nullptr;
  };
  std::expected<Target, Failure> target(const Value& params);
  std::optional<Location> shown(Locator& locator, const Sources& sources, Span span);
  Answer document_symbol(const Value& params);
  Answer hover(const Value& params);
  Answer completion(const Value& params);
  Answer definition(const Value& params);
  Value module_file(const Target& at);
  Answer references(const Value& params);
  Answer document_highlight(const Value& params);
  Answer prepare_rename(const Value& params);
  Answer rename(const Value& params);

  ServerOptions options_;
  Workspace workspace_;
  FileSystem& disk_;
  Shelf shelf_;
  std::deque<Value> queue_;
  std::vector<std::string> out_;
  std::map<std::string, std::string> published_;  // path to the diagnostics as they were sent
  bool unchecked_ = false;
  bool initialized_ = false, down_ = false;
  bool watches_ = false;  // the client tells of changed files when asked to
  int64_t next_id_ = 1;
  std::optional<int> exit_code_;
};

}  // namespace lf::editor
