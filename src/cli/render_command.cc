// SPDX-License-Identifier: Apache-2.0
// `render`: what a spec generates, without a request: files, and texts that resources get, with
// what state knows of the cloud. `--out DIR` writes them there; NAME prints one.
#include <fmt/format.h>

#include "base/json.h"
#include "base/replace_file.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "cli/generated.h"
#include "graph/generated.h"

namespace lf {

namespace {

struct Rendered {
  std::string path, address;
  Value content;
};

// Texts of several lines among the properties: user data, scripts, documents.
std::vector<Rendered> texts_of(Session& session, const AttributeSource& source) {
  std::vector<Rendered> out;
  const Graph& graph = session.offline_graph();
  for (GraphId id = 0; id < graph.nodes.size(); ++id) {
    const GraphNode& node = graph.nodes[id];
    if (!node.facet.empty()) continue;
    Diagnostics said_before;
    for (const auto& [name, value] : graph.desired(id, source, said_before)) {
      const bool text = value.is_string() && value.as_string().find('\n') != std::string::npos;
      if (text || (value.is_unknown() && to_text(name) == "user_data"))
        out.push_back({"", node.address + "." + to_text(name), value});
    }
  }
  return out;
}

int print_one(CommandContext& context, const std::vector<Rendered>& all, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& one : all) {
    if (one.path != name && one.address != name) {
      names.push_back(one.path.empty() ? one.address : one.path);
      continue;
    }
    if (one.content.is_string()) {
      print(one.content.as_string());
      return kDone;
    }
    Error error(ErrorCode::invalid, "`" + name + "` is not known before apply");
    for (const auto& origin : one.content.as_unknown().origins)
      error.help.push_back("it needs `" + origin + "`");
    return tell(context, error);
  }
  Error error(ErrorCode::invalid, "nothing that is generated is named `" + name + "`");
  const std::string near = nearest(name, names);
  if (!near.empty()) error.help.push_back("did you mean `" + near + "`?");
  if (near.empty() && !names.empty()) error.help.push_back("there are: " + join(names, ", "));
  tell(context, error);
  return kUsage;
}

int write_all(CommandContext& context, const std::vector<Rendered>& all) {
  size_t written = 0;
  for (const auto& one : all) {
    if (!one.content.is_string()) {
      print_error("note: `" + printable(one.path.empty() ? one.address : one.path) +
                  "` is not known before apply\n");
      continue;
    }
    std::string name = one.path;
    if (name.empty()) {
      for (const char c : one.address) name += c == '/' || c == '"' ? '_' : c;
    }
    const std::string path = context.options.out + "/" + name;
    FileSystem& files = context.world.files;
    if (auto made = ensure_folder(files, folder_of(path)); !made)
      return tell(context, made.error());
    const auto done = replace_file(files, path, one.content.as_string(), 0644);
    if (!done) return tell(context, done.error());
    ++written;
  }
  print_error(fmt::format("wrote {} file{} to {}\n", written, written == 1 ? "" : "s",
                          printable(context.options.out)));
  return kDone;
}

void list_all(const CommandContext& context, const std::vector<Rendered>& all) {
  if (context.options.json) {
    List list;
    for (const auto& one : all) {
      Map entry;
      if (!one.path.empty()) entry.set("path", Value(one.path));
      entry.set("address", Value(one.address));
      entry.set("known", Value(one.content.is_string()));
      if (one.content.is_string()) entry.set("content", one.content);
      list.emplace_back(std::move(entry));
    }
    print(to_json(Value(std::move(list))) + "\n");
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : all) {
    rows.push_back({one.path.empty() ? one.address : one.path,
                    one.content.is_string()
                        ? fmt::format("{} bytes", one.content.as_string().size())
                        : "not known before apply",
                    one.path.empty() ? "" : one.address});
  }
  print(rows.empty() ? "this stack generates no file\n" : table(rows));
}

Task<int> render_all(CommandContext* context, Session* session) {
  Task<Result<void>> opening = session->read_state();
  Result<void> opened = co_await std::move(opening);
  if (!opened) co_return tell(*context, opened.error());
  Result<bool> sound = session->check_offline();
  if (!sound) co_return tell(*context, sound.error());
  std::vector<Rendered> all;
  if (*sound) {
    const RecordSource source(session->offline_graph(), session->state());
    for (const auto& file :
         generated_files(session->offline_graph(), source, session->diagnostics()))
      all.push_back({file.path, file.address, file.content});
    for (auto& text : texts_of(*session, source)) all.push_back(std::move(text));
  }
  if (session->diagnostics().has_errors()) {
    show_diagnostics(session->diagnostics(), session->sources(), context->options.json,
                     context->terminal);
    co_return kUsage;
  }
  const auto& names = context->options.arguments;
  if (!names.empty()) co_return print_one(*context, all, names.front());
  if (!context->options.out.empty()) co_return write_all(*context, all);
  list_all(*context, all);
  co_return kDone;
}

bool is_spec(FileSystem& files, const std::string& path) {
  Sources sources;
  Diagnostics ignored;
  const auto info = files.stat(path);
  return info && info->exists &&
         read_stack_head(files, path, "default", sources, ignored).has_value();
}

}  // namespace

int run_render(CommandContext& context) {
  Options options = context.options;
  auto& names = options.arguments;
  // One argument may be either; a generated file's path names a file, too, but no stack.
  const bool names_spec =
      names.size() == 2 || (names.size() == 1 && is_spec(context.world.files, names.front()));
  if (names_spec) {
    options.spec = names.front();
    names.erase(names.begin());
  }
  return with_spec(context, options, render_all);
}

}  // namespace lf
