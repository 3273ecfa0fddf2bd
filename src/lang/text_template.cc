// SPDX-License-Identifier: Apache-2.0
#include "lang/text_template.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/json.h"
#include "lang/evaluator.h"

namespace lf::cel {
namespace {

enum class Kind : uint8_t { none, shell, json, yaml };

// A loop in a loop in a loop is a script; a hundred of them are a mistake or an attack.
constexpr size_t kNesting = 50;

struct Node {
  enum class What : uint8_t { text, value, raw, choice, loop } what = What::text;
  std::string text;
  size_t line = 0;
  std::optional<Expression> expression;  // value, raw, loop
  std::string key, element;              // names that a loop binds; `key` may be empty
  std::vector<Node> body;                // loop
  // choice: its conditions with what each shows; the last may have none (`else`).
  std::vector<std::pair<std::optional<Expression>, std::vector<Node>>> branches;
};

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_name(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// `word` and something after it.
std::optional<std::string_view> after_word(std::string_view text, std::string_view word) {
  if (!text.starts_with(word)) return std::nullopt;
  text.remove_prefix(word.size());
  if (text.empty() || (text.front() != ' ' && text.front() != '\t')) return std::nullopt;
  return trim(text);
}

class TemplateParser {
 public:
  TemplateParser(std::string_view text, std::string path) : text_(text), path_(std::move(path)) {}

  bool run() {
    std::vector<Node> nodes;
    open_.push_back({nullptr, &nodes, 0});
    while (at_ < text_.size() && error_.empty()) next();
    if (error_.empty() && open_.size() > 1) {
      fail(open_.back().line, "this line's block has no `<% end %>`");
    }
    root = std::move(nodes);
    return error_.empty();
  }

  std::vector<Node> root;
  Kind kind = Kind::none;
  const std::string& error() const { return error_; }

 private:
  struct Open {
    Node* node;                // the choice or the loop; null: the template itself
    std::vector<Node>* nodes;  // where what follows goes
    size_t line;
    bool closing = false;  // an `else` came
  };

  void fail(size_t line, const std::string& message) {
    if (error_.empty()) error_ = "`" + path_ + "`, line " + std::to_string(line) + ": " + message;
  }

  void literal(std::string_view text) {
    auto& nodes = *open_.back().nodes;
    if (text.empty()) return;
    if (nodes.empty() || nodes.back().what != Node::What::text) {
      nodes.emplace_back();
      nodes.back().line = line_;
    }
    nodes.back().text += text;
    line_ += static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  void next() {
    const size_t tag = text_.find("<%", at_);
    if (tag == std::string_view::npos) {
      literal(text_.substr(at_));
      at_ = text_.size();
      return;
    }
    if (text_.substr(tag, 3) == "<%%") {
      literal(text_.substr(at_, tag - at_));
      literal("<%");
      at_ = tag + 3;
      return;
    }
    const size_t end = text_.find("%>", tag + 2);
    if (end == std::string_view::npos) {
      literal(text_.substr(at_, tag - at_));
      return fail(line_, "`<%` is not closed; `<%%` stands for a plain `<%`");
    }
    std::string_view inside = text_.substr(tag + 2, end - tag - 2);
    if (inside.starts_with('=')) {
      literal(text_.substr(at_, tag - at_));
      at_ = end + 2;
      return value(inside.substr(1));
    }
    whole_line(tag, end, inside);
  }

  void value(std::string_view inside) {
    const bool raw = inside.starts_with('=');
    if (raw) inside.remove_prefix(1);
    Node node;
    node.what = raw ? Node::What::raw : Node::What::value;
    node.line = line_;
    node.expression = expression(inside);
    line_ += static_cast<size_t>(std::count(inside.begin(), inside.end(), '\n'));
    open_.back().nodes->push_back(std::move(node));
  }

  // A statement or a comment, which takes its line with it.
  void whole_line(size_t tag, size_t end, std::string_view inside) {
    const size_t line_begin = text_.rfind('\n', tag) == std::string_view::npos || tag == 0
                                  ? 0
                                  : text_.rfind('\n', tag) + 1;
    size_t line_end = text_.find('\n', end);
    line_end = line_end == std::string_view::npos ? text_.size() : line_end + 1;
    const bool alone =
        trim(text_.substr(line_begin, tag - line_begin)).empty() &&
        trim(text_.substr(end + 2, line_end - end - 2 - (text_[line_end - 1] == '\n' ? 1 : 0)))
            .empty();
    const bool comment = inside.starts_with('#');
    if (!alone) {
      literal(text_.substr(at_, tag - at_));
      at_ = end + 2;
      if (!comment) fail(line_, "`<%" + std::string(inside) + "%>` must stand alone on its line");
      line_ += static_cast<size_t>(std::count(inside.begin(), inside.end(), '\n'));
      return;
    }
    literal(text_.substr(at_, line_begin > at_ ? line_begin - at_ : 0));
    if (comment) {
      const auto given = after_word(trim(inside.substr(1)), "kind:");
      if (given && line_ == 1) read_kind(*given);
    } else {
      statement(trim(inside));
    }
    const std::string_view line = text_.substr(line_begin, line_end - line_begin);
    line_ += static_cast<size_t>(std::count(line.begin(), line.end(), '\n'));
    at_ = line_end;
  }

  void read_kind(std::string_view name) {
    static const std::map<std::string_view, Kind> kKinds = {
        {"none", Kind::none}, {"shell", Kind::shell}, {"json", Kind::json}, {"yaml", Kind::yaml}};
    const auto found = kKinds.find(name);
    if (found == kKinds.end()) {
      return fail(line_, "no kind is named `" + std::string(name) +
                             "`: a template is of kind none, shell, json or yaml");
    }
    kind = found->second;
  }

  void statement(std::string_view text) {
    if (const auto condition = after_word(text, "if")) {
      Node& node = add(Node::What::choice);
      node.branches.emplace_back(expression(*condition), std::vector<Node>());
      return push(node, node.branches.back().second);
    }
    if (const auto rest = after_word(text, "for")) return loop(*rest);
    Open& open = open_.back();
    const bool choice = open.node != nullptr && open.node->what == Node::What::choice;
    if (text == "end") {
      if (open.node == nullptr) return fail(line_, "`<% end %>` closes nothing");
      open_.pop_back();
    } else if (text == "else" || after_word(text, "elif")) {
      if (!choice || open.closing) {
        return fail(line_, "`<% " + std::string(text) + " %>` belongs to no `<% if … %>`");
      }
      const auto condition = after_word(text, "elif");
      open.closing = !condition;
      open.node->branches.emplace_back(condition ? expression(*condition) : std::nullopt,
                                       std::vector<Node>());
      open.nodes = &open.node->branches.back().second;
    } else {
      fail(line_, "`<% " + std::string(text) +
                      " %>` is no statement: write `if E`, `elif E`, `else`, `for x in E` or "
                      "`end`, or `<%= E %>` for a value");
    }
  }

  void loop(std::string_view rest) {
    const size_t in = rest.find(" in ");
    if (in == std::string_view::npos) return fail(line_, "write `<% for x in LIST %>`");
    std::string_view names = trim(rest.substr(0, in));
    std::string_view key;
    if (const size_t comma = names.find(','); comma != std::string_view::npos) {
      key = trim(names.substr(0, comma));
      names = trim(names.substr(comma + 1));
      if (!is_name(key)) return fail(line_, "`" + std::string(key) + "` is no name");
    }
    if (!is_name(names)) return fail(line_, "`" + std::string(names) + "` is no name");
    Node& node = add(Node::What::loop);
    node.key = key;
    node.element = names;
    node.expression = expression(rest.substr(in + 4));
    push(node, node.body);
  }

  Node& add(Node::What what) {
    auto& nodes = *open_.back().nodes;
    nodes.emplace_back();
    nodes.back().what = what;
    nodes.back().line = line_;
    return nodes.back();
  }

  void push(Node& node, std::vector<Node>& nodes) {
    if (open_.size() > kNesting) return fail(line_, "blocks are nested too deeply here");
    open_.push_back({&node, &nodes, line_});
  }

  std::optional<Expression> expression(std::string_view text) {
    Diagnostics diagnostics;
    auto parsed = Expression::parse(trim(text), TextMap(), diagnostics);
    if (!parsed) {
      const auto found = diagnostics.sorted();
      fail(line_, (found.empty() ? std::string("this is no expression") : found.front().message) +
                      ": `" + std::string(trim(text)) + "`");
    }
    return parsed;
  }

  std::string_view text_;
  std::string path_, error_;
  size_t at_ = 0, line_ = 1;
  std::vector<Open> open_;
};

// `vars`, and over them what loops have bound.
class TemplateNames : public Activation {
 public:
  TemplateNames(const Map& vars, const Activation& outer) : vars_(vars), outer_(outer) {}
  std::optional<Value> lookup(std::string_view name) const override {
    for (auto bound = loops.rbegin(); bound != loops.rend(); ++bound) {
      if (bound->first == name) return bound->second;
    }
    const Value* value = vars_.find(name);
    return value == nullptr ? std::nullopt : std::optional<Value>(*value);
  }
  Value read_file(const std::string& path) const override { return outer_.read_file(path); }
  std::optional<std::string> read_zone(const std::string& name) const override {
    return outer_.read_zone(name);
  }

  std::vector<std::pair<std::string, Value>> loops;

 private:
  const Map& vars_;
  const Activation& outer_;
};

// POSIX: between single quotes everything stands for itself but the single quote.
std::string shell_word(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

class Renderer {
 public:
  Renderer(Kind kind, const std::string& path, const Map& vars, const Activation& outer,
           Budget& budget)
      : names_(vars, outer), kind_(kind), path_(path), budget_(budget) {}

  Value run(const std::vector<Node>& nodes) {
    show(nodes);
    if (!error_.is_null()) return taint_.wrap(error_);
    if (taint_.unknown()) return taint_.as_unknown("string");
    return taint_.wrap(Value(std::move(out_)));
  }

 private:
  void show(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      if (!error_.is_null()) return;
      switch (node.what) {
        case Node::What::text: append(node.text); break;
        case Node::What::value:
        case Node::What::raw: value(node); break;
        case Node::What::choice: choice(node); break;
        case Node::What::loop: loop(node); break;
      }
    }
  }

  void append(std::string_view text) {
    if (!budget_.spend(1 + text.size() / 8)) {
      error_ = too_costly();
      return;
    }
    out_ += text;
  }

  void fail(const Node& node, const std::string& message) {
    error_ = Value::error("`" + path_ + "`, line " + std::to_string(node.line) + ": " + message);
  }

  // nullopt: an error was noted, or the value is not known.
  std::optional<Value> evaluate(const Node& node, const Expression& expression) {
    const EvalLimits limits{.cost_max = budget_.left()};
    Evaluator evaluator(names_, limits, expression.slots());
    Value result = evaluator.eval(expression.ast());
    if (!budget_.spend(budget_.left() - evaluator.left())) {
      error_ = too_costly();
      return std::nullopt;
    }
    taint_.absorb(result);
    if (result.is_object()) result = result.as_object()->identity().value_or(result);
    taint_.absorb_deep(result);
    if (result.is_error()) {
      fail(node, result.error_message());
      return std::nullopt;
    }
    if (result.is_unknown()) return std::nullopt;
    return result;
  }

  void value(const Node& node) {
    const auto result = evaluate(node, *node.expression);
    if (!result || taint_.unknown()) return;
    const auto text = written(*result, node.what == Node::What::raw ? Kind::none : kind_);
    if (!text) {
      return fail(node, "a value of type `" + type_name(*result) + "` cannot be written here: `" +
                            node.expression->text() + "`");
    }
    append(*text);
  }

  static std::optional<std::string> written(const Value& value, Kind kind) {
    const bool document = kind == Kind::json || kind == Kind::yaml;
    // JSON is YAML; and in this form nothing is read as something else.
    if (document) return value.is_object() ? std::nullopt : std::optional(to_json(value));
    if (value.is_optional() || value.is_null() || value.is_object()) return std::nullopt;
    if (kind == Kind::shell && value.is_list()) {
      std::string words;
      for (const auto& element : value.as_list()) {
        const auto word = written(element, Kind::shell);
        if (!word || element.is_list()) return std::nullopt;
        words += (words.empty() ? "" : " ") + *word;
      }
      return words;
    }
    if (value.is_list() || value.is_map()) return std::nullopt;
    return kind == Kind::shell ? shell_word(to_text(value)) : to_text(value);
  }

  void choice(const Node& node) {
    for (const auto& [condition, body] : node.branches) {
      if (condition) {
        const auto result = evaluate(node, *condition);
        if (!error_.is_null()) return;
        // What is not known yet may show any of them: each is looked at, for errors.
        if (!result) {
          show(body);
          continue;
        }
        if (!result->is_bool()) {
          return fail(node, "a condition must be true or false: `" + condition->text() + "`");
        }
        if (!result->as_bool()) continue;
      }
      return show(body);
    }
  }

  void loop(const Node& node) {
    const auto range = evaluate(node, *node.expression);
    if (!range) return;
    if (!range->is_list() && !range->is_map()) {
      return fail(node, "`for` goes over a list or a map: `" + node.expression->text() + "`");
    }
    const size_t before = names_.loops.size();
    const auto once = [&](const Value& key, const Value& element) {
      if (!node.key.empty()) names_.loops.emplace_back(node.key, key);
      names_.loops.emplace_back(node.element, element);
      show(node.body);
      names_.loops.resize(before);
    };
    if (range->is_map()) {
      // One name over a map is its keys, as in the language's own macros.
      for (const auto& [key, element] : range->as_map()) {
        once(key, node.key.empty() ? key : element);
        if (!error_.is_null()) return;
      }
      return;
    }
    int64_t index = 0;
    for (const auto& element : range->as_list()) {
      once(Value(index++), element);
      if (!error_.is_null()) return;
    }
  }

  TemplateNames names_;
  Kind kind_;
  const std::string& path_;
  Budget& budget_;
  std::string out_;
  Value error_;
  Taint taint_;
};

}  // namespace

struct TextTemplate::Rep {
  std::string path;
  Kind kind = Kind::none;
  std::vector<Node> nodes;
};

std::variant<TextTemplate, std::string> TextTemplate::parse(std::string_view text,
                                                            const std::string& path) {
  TemplateParser parser(text, path);
  if (!parser.run()) return parser.error();
  auto rep = std::make_shared<Rep>();
  rep->path = path;
  rep->kind = parser.kind;
  rep->nodes = std::move(parser.root);
  TextTemplate out;
  out.rep_ = std::move(rep);
  return out;
}

Value TextTemplate::render(const Map& vars, const Activation& outer, Budget& budget) const {
  return Renderer(rep_->kind, rep_->path, vars, outer, budget).run(rep_->nodes);
}

}  // namespace lf::cel
