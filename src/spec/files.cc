// SPDX-License-Identifier: Apache-2.0
#include "spec/files.h"

#include <fmt/format.h>

#include <unordered_map>

#include "base/strings.h"

namespace lf {

namespace {

void unreadable(Diagnostics& diagnostics, Span from, const std::string& path, std::string_view why,
                std::string help = "") {
  Diagnostic& d = diagnostics.add(Code::LF0109, from,
                                  fmt::format("`{}` cannot be read: {}", printable(path), why));
  if (!help.empty()) d.help.push_back(std::move(help));
}

// The file behind `path`, if it is there and its links lead somewhere.
std::optional<FileInfo> look(FileSystem& files, const std::string& path, Span from,
                             Diagnostics& diagnostics) {
  const Result<FileInfo> info = files.stat(path);
  if (!info) {
    unreadable(diagnostics, from, path, info.error().message);
    return std::nullopt;
  }
  if (info->is_symlink) {
    if (const Result<std::string> target = files.canonical(path); !target) {
      unreadable(diagnostics, from, path, "it is a link to nothing, or links that lead in a circle",
                 "let it point to a file, or remove it");
      return std::nullopt;
    }
  }
  if (!info->exists) {
    unreadable(diagnostics, from, path, "there is no such file",
               from.valid() ? "the path is taken from the folder of the file that says it"
                            : "name a spec's file or its folder, from here on");
    return std::nullopt;
  }
  return *info;
}

std::optional<SourceId> read_known(FileSystem& files, const std::string& path, const FileInfo& info,
                                   Sources& sources, Span from, Diagnostics& diagnostics) {
  const auto too_large = [&](uint64_t size) {
    unreadable(diagnostics, from, path,
               fmt::format("it has {} bytes, more than the {} MiB that a spec may have", size,
                           kSpecBytesMax >> 20));
    return std::nullopt;
  };
  if (info.size > kSpecBytesMax) return too_large(info.size);
  Result<std::string> text = files.read(path);
  if (!text) {
    unreadable(diagnostics, from, path, text.error().message);
    return std::nullopt;
  }
  if (text->size() > kSpecBytesMax) return too_large(text->size());
  return sources.add(path, std::move(*text));
}

// Merges the top level of files.
class Merger {
 public:
  Merger(SyntaxTree& tree, Diagnostics& diagnostics) : tree_(tree), diagnostics_(diagnostics) {}

  void add(const Node& root) {
    for (size_t i = 0; i < root.size(); ++i) {
      const Node::Entry entry = root.entry(i);
      const auto [found, added] = index_.emplace(entry.key.text(), entries_.size());
      if (added) {
        entries_.push_back({entry.key, entry.value, {}, {}});
      } else {
        join(entries_[found->second], entry);
      }
    }
  }

  Node finish(Span span) {
    std::vector<NodeId> all;
    for (const Merged& merged : entries_) {
      all.push_back(merged.key.id());
      all.push_back(merged.children.empty() ? merged.value.id()
                                            : tree_.add_map(merged.value.span(),
                                                            merged.value.style(), merged.children));
    }
    return tree_.node(tree_.add_map(span, NodeStyle::block, all));
  }

 private:
  struct Merged {
    Node key;
    Node value;
    std::vector<NodeId> children;  // of several files; empty while only one has the key
    std::unordered_map<std::string_view, Node> keys;
  };

  void join(Merged& merged, const Node::Entry& entry) {
    if (!merged.value.is_map() || !entry.value.is_map()) {
      // `resources:` with nothing below it adds nothing.
      if (entry.value.is_null()) return;
      if (merged.value.is_null()) {
        merged.key = entry.key;
        merged.value = entry.value;
        return;
      }
      return twice(entry.key, merged.key, "");
    }
    if (merged.children.empty()) take(merged, merged.value, "");
    take(merged, entry.value, merged.key.text());
  }

  void take(Merged& merged, const Node& map, std::string_view block) {
    for (size_t i = 0; i < map.size(); ++i) {
      const Node::Entry entry = map.entry(i);
      const auto [found, added] = merged.keys.emplace(entry.key.text(), entry.key);
      if (!added) {
        twice(entry.key, found->second, block);
        continue;
      }
      merged.children.push_back(entry.key.id());
      merged.children.push_back(entry.value.id());
    }
  }

  void twice(const Node& key, const Node& first, std::string_view block) {
    Diagnostic& d = diagnostics_.add(
        Code::LF0103, key.span(),
        block.empty() ? fmt::format("the key `{}` is in two files", printable(key.text()))
                      : fmt::format("the key `{}` of `{}` is in two files", printable(key.text()),
                                    printable(block)),
        "the second one");
    d.others.push_back({first.span(), "the first one"});
    d.help.emplace_back("a folder's files are one spec: keep it in one of them");
  }

  SyntaxTree& tree_;
  Diagnostics& diagnostics_;
  std::vector<Merged> entries_;
  std::unordered_map<std::string_view, size_t> index_;
};

Node read_root(SyntaxTree& tree, SourceId source, Diagnostics& diagnostics,
               const YamlLimits& limits) {
  const Node root = read_yaml(tree, source, diagnostics, limits);
  if (!root || root.is_map()) return root;
  if (!root.is_poisoned()) {
    diagnostics.add(
        Code::LF0101, root.span(),
        fmt::format("a spec is a map of keys, not a {}", root.is_list() ? "list" : "text"));
  }
  return {};
}

std::vector<std::string> yaml_files(FileSystem& files, const std::string& folder,
                                    Diagnostics& diagnostics) {
  std::vector<std::string> paths;
  const Result<std::vector<std::string>> names = files.list(folder);
  if (!names) {
    unreadable(diagnostics, {}, folder, names.error().message);
    return paths;
  }
  bool other_ending = false;
  for (const std::string& name : *names) {
    if (name.starts_with('.')) continue;
    other_ending = other_ending || name.ends_with(".yml");
    if (name.ends_with(".yaml"))
      paths.push_back(folder + (folder.ends_with('/') ? "" : "/") + name);
  }
  if (paths.empty()) {
    unreadable(diagnostics, {}, folder, "the folder holds no `*.yaml` file",
               other_ending ? "files of a spec end in `.yaml`, not `.yml`" : "");
  }
  return paths;
}

}  // namespace

std::optional<SourceId> read_source(FileSystem& files, const std::string& path, Sources& sources,
                                    Diagnostics& diagnostics, Span from) {
  const auto info = look(files, path, from, diagnostics);
  if (!info) return std::nullopt;
  if (info->is_directory) {
    unreadable(diagnostics, from, path, "it is a folder");
    return std::nullopt;
  }
  return read_known(files, path, *info, sources, from, diagnostics);
}

SpecFiles read_spec_files(FileSystem& files, const std::string& path, Sources& sources,
                          SyntaxTree& tree, Diagnostics& diagnostics, const YamlLimits& limits) {
  SpecFiles out;
  const auto info = look(files, path, {}, diagnostics);
  if (!info) return out;
  if (!info->is_directory) {
    const auto source = read_known(files, path, *info, sources, {}, diagnostics);
    if (!source) return out;
    out.files.push_back(*source);
    out.root = read_root(tree, *source, diagnostics, limits);
    return out;
  }
  Merger merger(tree, diagnostics);
  Span span;
  bool whole = true;
  for (const std::string& file : yaml_files(files, path, diagnostics)) {
    const auto file_info = look(files, file, {}, diagnostics);
    if (file_info && file_info->is_directory) continue;
    const auto source =
        file_info ? read_known(files, file, *file_info, sources, {}, diagnostics) : std::nullopt;
    if (!source) {
      whole = false;
      continue;
    }
    out.files.push_back(*source);
    const Node root = read_root(tree, *source, diagnostics, limits);
    if (!root) {
      whole = false;
      continue;
    }
    if (!span.valid()) span = root.span();
    merger.add(root);
  }
  // With a file missing, what refers to its keys would only be reported as a consequence.
  if (whole && !out.files.empty()) out.root = merger.finish(span);
  return out;
}

}  // namespace lf
