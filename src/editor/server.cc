// SPDX-License-Identifier: Apache-2.0
// Connecting, dispatching, leaving.
#include "editor/server.h"

#include <algorithm>

#include "base/json.h"
#include "editor/lsp_json.h"
#include "editor/uri.h"

namespace lf::editor {

Server::Server(FileSystem& disk, ServerOptions options)
    : options_(std::move(options)),
      workspace_(disk, options_.workspace),
      disk_(disk),
      shelf_(disk, options_.cache_folder) {}
Server::~Server() = default;

const std::map<std::string_view, Server::Method>& Server::methods() {
  static const std::map<std::string_view, Method> kMethods = {
      {"initialize", {&Server::initialize, false}},
      {"initialized", {&Server::initialized, true}},
      {"shutdown", {&Server::shutdown, false}},
      {"exit", {&Server::leave, true}},
      {"$/cancelRequest", {&Server::ignore, true}},
      {"textDocument/didOpen", {&Server::did_open, true}},
      {"textDocument/didChange", {&Server::did_change, true}},
      {"textDocument/didClose", {&Server::did_close, true}},
      {"textDocument/didSave", {&Server::did_save, true}},
      {"workspace/didChangeWatchedFiles", {&Server::did_change_watched_files, true}},
      {"textDocument/codeAction", {&Server::code_action, false}},
      {"textDocument/formatting", {&Server::formatting, false}},
      {"textDocument/documentSymbol", {&Server::document_symbol, false}},
      {"textDocument/hover", {&Server::hover, false}},
      {"textDocument/completion", {&Server::completion, false}},
      {"textDocument/definition", {&Server::definition, false}},
      {"textDocument/references", {&Server::references, false}},
      {"textDocument/documentHighlight", {&Server::document_highlight, false}},
      {"textDocument/prepareRename", {&Server::prepare_rename, false}},
      {"textDocument/rename", {&Server::rename, false}},
  };
  return kMethods;
}

void Server::receive(std::string_view message) {
  Result<Value> parsed = parse_json(message);
  if (!parsed) {
    answer(Value(), std::unexpected(Failure{kParseError, parsed.error().message}));
    return;
  }
  if (!parsed->is_map()) {
    answer(Value(), std::unexpected(Failure{kInvalidRequest, "a message is a JSON object"}));
    return;
  }
  if ((*parsed)["method"].string_or() != "$/cancelRequest") {
    queue_.push_back(std::move(*parsed));
    return;
  }
  // What was not begun yet need not be done.
  const Value& id = (*parsed)["params"]["id"];
  const auto waiting = std::find_if(queue_.begin(), queue_.end(), [&](const Value& message_value) {
    return message_value.as_map().find("id") != nullptr && message_value["id"] == id &&
           message_value["method"].is_string();
  });
  if (waiting == queue_.end() || id.is_null()) return;
  queue_.erase(waiting);
  answer(id, std::unexpected(Failure{kCancelled, "cancelled"}));
}

std::vector<std::string> Server::step() {
  if (!queue_.empty()) {
    const Value message = std::move(queue_.front());
    queue_.pop_front();
    handle(message);
  } else if (unchecked_) {
    unchecked_ = false;
    publish();
  }
  return std::exchange(out_, {});
}

void Server::handle(const Value& message) {
  const Value* id = message.as_map().find("id");
  const Value& method_value = message["method"];
  if (!method_value.is_string()) {
    // An answer to a request of ours needs nothing done.
    const bool is_answer = id != nullptr && (message.as_map().find("result") != nullptr ||
                                             message.as_map().find("error") != nullptr);
    if (!is_answer)
      answer(id == nullptr ? Value() : *id,
             std::unexpected(Failure{kInvalidRequest, "`method` is missing"}));
    return;
  }
  const std::string& name = method_value.as_string();
  const auto method = methods().find(name);
  if (method == methods().end()) {
    if (id != nullptr)
      answer(*id, std::unexpected(Failure{kNoSuchMethod, "no method is called " + name}));
    return;
  }
  const bool early = name == "initialize" || name == "exit";
  if (!early && (!initialized_ || down_)) {
    if (id != nullptr)
      answer(*id, std::unexpected(Failure{down_ ? kInvalidRequest : kNotInitialized,
                                          down_ ? "after shutdown" : "before initialize"}));
    return;
  }
  const Answer done = (this->*method->second.run)(message["params"]);
  if (id != nullptr) answer(*id, done);
}

void Server::answer(const Value& id, const Answer& done) {
  Map out{{"jsonrpc", Value("2.0")}, {"id", id}};
  if (done) {
    out.set("result", *done);
  } else {
    out.set("error", Value(Map{{"code", Value(done.error().code)},
                               {"message", Value(done.error().message)}}));
  }
  out_.push_back(to_json(Value(std::move(out))));
}

void Server::notify(const char* method, Value params) {
  out_.push_back(to_json(Value(
      Map{{"jsonrpc", Value("2.0")}, {"method", Value(method)}, {"params", std::move(params)}})));
}

void Server::log(const std::string& text) {
  notify("window/logMessage", Value(Map{{"type", Value(2)}, {"message", Value(text)}}));
}

Server::Answer Server::initialize(const Value& params) {
  if (initialized_) return std::unexpected(Failure{kInvalidRequest, "initialized twice"});
  initialized_ = true;
  const Value& client = params["capabilities"];
  // The units that cost nothing where the client offers them, else the protocol's own.
  const Value& offered = client["general"]["positionEncodings"];
  if (offered.is_list()) {
    for (const Value& one : offered.as_list()) {
      if (one.string_or() == "utf-8") workspace_.set_units(Units::utf8);
    }
  }
  const Value& watched = client["workspace"]["didChangeWatchedFiles"]["dynamicRegistration"];
  watches_ = watched.is_bool() && watched.as_bool();
  configure(params["initializationOptions"]);
  return Value(Map{{"capabilities", capabilities()},
                   {"serverInfo", Value(Map{{"name", Value("llmforge")},
                                            {"version", Value(options_.version)}})}});
}

Value Server::capabilities() const {
  const bool utf8 = workspace_.units() == Units::utf8;
  return Value(Map{
      {"positionEncoding", Value(utf8 ? "utf-8" : "utf-16")},
      {"textDocumentSync",
       Value(Map{{"openClose", Value(true)}, {"change", Value(2)}, {"save", Value(true)}})},
      {"documentSymbolProvider", Value(true)},
      {"hoverProvider", Value(true)},
      {"completionProvider",
       Value(Map{{"triggerCharacters",
                  Value(List{Value("."), Value("{"), Value("["), Value("'"), Value(":")})}})},
      {"definitionProvider", Value(true)},
      {"referencesProvider", Value(true)},
      {"documentHighlightProvider", Value(true)},
      {"renameProvider", Value(Map{{"prepareProvider", Value(true)}})},
      {"codeActionProvider", Value(Map{{"codeActionKinds", Value(List{Value("quickfix")})}})},
      {"documentFormattingProvider", Value(true)},
  });
}

// {"spec": path, "environment": name, "variables": {name: text}, "providerDirs": [path]}
void Server::configure(const Value& settings) {
  if (!settings.is_map()) return;
  WorkspaceOptions& out = options_.workspace;
  if (settings["spec"].is_string()) out.spec = path_of_uri(settings["spec"].as_string());
  if (settings["environment"].is_string())
    out.check.environment = settings["environment"].as_string();
  if (const Value& variables = settings["variables"]; variables.is_map()) {
    for (const auto& [name, value] : variables.as_map()) {
      out.check.variables.emplace_back(to_text(name), to_text(value));
    }
  }
  if (const Value& folders = settings["providerDirs"]; folders.is_list()) {
    std::vector<std::string> paths;
    for (const Value& folder : folders.as_list()) paths.push_back(folder.string_or());
    auto read = options_.read_packages(paths);
    if (read) {
      out.check.overlay = std::move(*read);
    } else {
      log(read.error().message);
    }
  }
  workspace_.configure(out);
}

Server::Answer Server::initialized(const Value&) {
  if (!watches_) return Value();
  List watchers;
  for (const char* pattern : {"**/*.yaml", "**/llmforge.lock"}) {
    watchers.emplace_back(Map{{"globPattern", Value(pattern)}});
  }
  const Value registration(
      Map{{"id", Value("files")},
          {"method", Value("workspace/didChangeWatchedFiles")},
          {"registerOptions", Value(Map{{"watchers", Value(std::move(watchers))}})}});
  out_.push_back(
      to_json(Value(Map{{"jsonrpc", Value("2.0")},
                        {"id", Value("llmforge-" + std::to_string(next_id_++))},
                        {"method", Value("client/registerCapability")},
                        {"params", Value(Map{{"registrations", Value(List{registration})}})}})));
  return Value();
}

Server::Answer Server::shutdown(const Value&) {
  down_ = true;
  return Value();
}

Server::Answer Server::leave(const Value&) {
  exit_code_ = down_ ? 0 : 1;
  return Value();
}

Server::Answer Server::ignore(const Value&) {
  return Value();
}

}  // namespace lf::editor
