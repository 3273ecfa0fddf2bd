// SPDX-License-Identifier: Apache-2.0
#include "graph/generated.h"

#include <map>
#include <optional>

#include "base/strings.h"

namespace lf {

namespace {

class FileReader {
 public:
  FileReader(const Graph& graph, const AttributeSource& source, Diagnostics& diagnostics)
      : graph_(graph), source_(source), diagnostics_(diagnostics) {}

  std::vector<GeneratedFile> wanted() {
    std::vector<GeneratedFile> out;
    for (size_t i = 0; i < graph_.files.size(); ++i) {
      if (auto file = one(i)) out.push_back(*std::move(file));
    }
    return out;
  }

 private:
  std::optional<GeneratedFile> one(size_t index) {
    const Graph::File& declared = graph_.files[index];
    Graph::FileValues values = graph_.file(index, source_, diagnostics_);
    Value& path = values.path;
    Value& content = values.content;
    const Value& mode = values.mode;
    if (path.is_error() || content.is_error() || mode.is_error()) return std::nullopt;
    GeneratedFile file;
    file.address = declared.address;
    if (!path.is_string() || !is_below(path.as_string())) {
      refuse(declared,
             "the path of `" + declared.address + "`" +
                 (path.is_string() ? ", `" + path.as_string() + "`," : "") +
                 (contains_unknown(path) ? " would be known only after apply"
                                         : " leads out of the folder that generated files go to"))
          .help.emplace_back(contains_unknown(path)
                                 ? "name it by what the spec itself gives; its content may wait"
                                 : "paths count from `files_root`, which may name another folder");
      return std::nullopt;
    }
    file.path = path.as_string();
    const auto [other, fresh] = paths_.emplace(file.path, &declared);
    if (!fresh) {
      auto& d = refuse(declared, "`" + declared.address + "` and `" + other->second->address +
                                     "` would both be written to `" + file.path + "`");
      d.others.push_back({other->second->decl->span, "the other one"});
      d.help.emplace_back("give one of them another `path`");
      return std::nullopt;
    }
    if (contains_secret(content)) {
      refuse(declared, "`" + declared.address + "` would hold a secret in plain text")
          .help.emplace_back("let the program that reads it find the secret by itself");
      return std::nullopt;
    }
    if (!content.is_string() && !content.is_unknown()) {
      refuse(declared, "the content of `" + declared.address + "` is no text")
          .help.emplace_back("`json(…)` and `yaml(…)` make texts of other values");
      return std::nullopt;
    }
    file.content = std::move(content);
    if (!mode.is_null() && !read_mode(mode, file.mode)) {
      refuse(declared, "`mode` of `" + declared.address + "` is no file mode")
          .help.emplace_back("write it in octal, in quotes: mode: \"0755\"");
      return std::nullopt;
    }
    return file;
  }

  Diagnostic& refuse(const Graph::File& declared, const std::string& message) {
    return diagnostics_.add(Code::LF0409, declared.decl->span, message);
  }

  static bool is_below(const std::string& path) {
    if (path.empty() || path.front() == '/' || path.back() == '/') return false;
    for (const std::string& part : split(path, '/')) {
      if (part.empty() || part == "." || part == ".." || part == ".git") return false;
    }
    return path.find('\0') == std::string::npos;
  }

  static bool read_mode(const Value& value, uint32_t& mode) {
    if (!value.is_string()) return false;
    const std::string& text = value.as_string();
    if (text.size() < 3 || text.size() > 4) return false;
    mode = 0;
    for (const char c : text) {
      if (c < '0' || c > '7') return false;
      mode = mode * 8 + static_cast<uint32_t>(c - '0');
    }
    return mode <= 0777;
  }

  const Graph& graph_;
  const AttributeSource& source_;
  Diagnostics& diagnostics_;
  std::map<std::string, const Graph::File*> paths_;
};

}  // namespace

std::vector<GeneratedFile> generated_files(const Graph& graph, const AttributeSource& source,
                                           Diagnostics& diagnostics) {
  return FileReader(graph, source, diagnostics).wanted();
}

}  // namespace lf
