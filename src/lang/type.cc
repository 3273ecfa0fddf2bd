// SPDX-License-Identifier: Apache-2.0
#include "lang/type.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/assert.h"
#include "base/diagnostic.h"

namespace lf {

struct Type::Rep {
  Kind kind = Kind::any;
  std::string name;
  std::vector<std::string> values;
  std::vector<Type> elements;  // list, map (key, value), optional, secret, type (what it names)
  std::vector<Field> fields;
  std::unordered_map<std::string_view, size_t> index;  // of many fields
};

namespace {

constexpr std::array<std::pair<const char*, Type::Kind>, 26> kNames = {{
    {"any", Type::Kind::any},
    {"null", Type::Kind::null},
    {"bool", Type::Kind::boolean},
    {"int", Type::Kind::integer},
    {"uint", Type::Kind::uinteger},
    {"float", Type::Kind::floating},
    {"string", Type::Kind::string},
    {"bytes", Type::Kind::bytes},
    {"duration", Type::Kind::duration},
    {"timestamp", Type::Kind::timestamp},
    {"type", Type::Kind::type},
    {"size", Type::Kind::size},
    {"money", Type::Kind::money},
    {"ip", Type::Kind::ip},
    {"cidr", Type::Kind::cidr},
    {"email", Type::Kind::email},
    {"enum", Type::Kind::enumeration},
    {"ref", Type::Kind::ref},
    {"list", Type::Kind::list},
    {"map", Type::Kind::map},
    {"optional", Type::Kind::optional},
    {"secret", Type::Kind::secret},
    {"object", Type::Kind::object},
    // Other spellings, read but never written.
    {"dyn", Type::Kind::any},
    {"double", Type::Kind::floating},
    {"null_type", Type::Kind::null},
}};

const char* kind_name(Type::Kind kind) {
  for (const auto& [name, k] : kNames) {
    if (k == kind) return name;
  }
  return "param";
}

}  // namespace

Type::Type(Kind kind) {
  // The plain types are shared: one allocation each for the life of the program.
  static const auto plain = [] {
    std::array<std::shared_ptr<const Rep>, static_cast<size_t>(Kind::param) + 1> all;
    for (size_t i = 0; i < all.size(); ++i) {
      auto rep = std::make_shared<Rep>();
      rep->kind = static_cast<Kind>(i);
      all[i] = std::move(rep);
    }
    return all;
  }();
  rep_ = plain[static_cast<size_t>(kind)];
}

Type Type::of(Kind kind, std::vector<Type> elements, std::string name) {
  auto rep = std::make_shared<Rep>();
  rep->kind = kind;
  rep->elements = std::move(elements);
  rep->name = std::move(name);
  Type type;
  type.rep_ = std::move(rep);
  return type;
}

Type Type::list(Type element) {
  return of(Kind::list, {std::move(element)});
}
Type Type::map(Type value) {
  return map(Type(Kind::string), std::move(value));
}
Type Type::map(Type key, Type value) {
  return of(Kind::map, {std::move(key), std::move(value)});
}
Type Type::optional(Type element) {
  return of(Kind::optional, {std::move(element)});
}
Type Type::secret(Type element) {
  if (element.kind() == Kind::secret) return element;
  return of(Kind::secret, {std::move(element)});
}
Type Type::type_of(Type named) {
  return of(Kind::type, {std::move(named)});
}
Type Type::param(std::string name) {
  return of(Kind::param, {}, std::move(name));
}
Type Type::ref(std::string resource_type) {
  return of(Kind::ref, {}, std::move(resource_type));
}

Type Type::enumeration(std::vector<std::string> values) {
  auto rep = std::make_shared<Rep>();
  rep->kind = Kind::enumeration;
  rep->values = std::move(values);
  Type type;
  type.rep_ = std::move(rep);
  return type;
}

Type Type::object(std::string name, std::vector<Field> fields) {
  constexpr size_t kMany = 16;
  auto rep = std::make_shared<Rep>();
  rep->kind = Kind::object;
  rep->name = std::move(name);
  rep->fields = std::move(fields);
  if (rep->fields.size() > kMany) {
    for (size_t i = 0; i < rep->fields.size(); ++i) rep->index.emplace(rep->fields[i].name, i);
  }
  Type type;
  type.rep_ = std::move(rep);
  return type;
}

Type::Kind Type::kind() const {
  return rep_->kind;
}

const Type& Type::element() const {
  static const Type any;
  return rep_->elements.empty() ? any : rep_->elements.back();
}

const Type& Type::key() const {
  static const Type any;
  return rep_->elements.size() < 2 ? any : rep_->elements.front();
}

const std::string& Type::name() const {
  return rep_->name;
}
const std::vector<std::string>& Type::values() const {
  return rep_->values;
}
const std::vector<Type::Field>& Type::fields() const {
  return rep_->fields;
}

const Type::Field* Type::field(std::string_view name) const {
  if (!rep_->index.empty()) {
    const auto found = rep_->index.find(name);
    return found == rep_->index.end() ? nullptr : &rep_->fields[found->second];
  }
  for (const auto& field : rep_->fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::string Type::to_string() const {
  switch (kind()) {
    case Kind::list:
    case Kind::optional:
    case Kind::secret: return std::string(kind_name(kind())) + "<" + element().to_string() + ">";
    case Kind::map:
      if (key().kind() == Kind::string) return "map<" + element().to_string() + ">";
      return "map<" + key().to_string() + ", " + element().to_string() + ">";
    case Kind::ref: return name().empty() ? "ref" : "ref<" + name() + ">";
    case Kind::enumeration: {
      std::string out = "enum<";
      for (size_t i = 0; i < values().size(); ++i) out += (i ? ", " : "") + values()[i];
      return out + ">";
    }
    case Kind::object: {
      if (!name().empty()) return name();
      std::string out = "object{";
      for (size_t i = 0; i < fields().size(); ++i) {
        const Field& field = fields()[i];
        out += (i ? ", " : "") + field.name + (field.required ? "" : "?") + ": " +
               field.type.to_string();
      }
      return out + "}";
    }
    case Kind::param: return name();
    default: return kind_name(kind());
  }
}

bool Type::operator==(const Type& other) const {
  if (rep_ == other.rep_) return true;
  if (kind() != other.kind() || name() != other.name() || values() != other.values() ||
      rep_->elements != other.rep_->elements || fields().size() != other.fields().size()) {
    return false;
  }
  for (size_t i = 0; i < fields().size(); ++i) {
    const Field& a = fields()[i];
    const Field& b = other.fields()[i];
    if (a.name != b.name || a.required != b.required || !(a.type == b.type)) return false;
  }
  return true;
}

namespace {

// Reads the notation of to_string(); `any` for `object` without braces.
class TypeReader {
 public:
  explicit TypeReader(std::string_view text) : text_(text) {}

  std::optional<Type> whole(std::string* error) {
    auto type = read(0);
    skip();
    if (type && at_ < text_.size()) {
      fail("`" + std::string(text_.substr(at_)) + "` after the type `" + type->to_string() + "`");
      type.reset();
    }
    if (!type && error != nullptr) *error = error_;
    return type;
  }

 private:
  static constexpr int kDepthMax = 20;

  std::optional<Type> read(int depth) {
    if (depth > kDepthMax) return fail("the type is nested too deeply");
    const std::string word = name();
    if (word.empty()) return fail("a type is missing");
    const auto* found = std::find_if(kNames.begin(), kNames.end(),
                                     [&](const auto& entry) { return word == entry.first; });
    if (found == kNames.end()) return unknown_name(word);
    switch (found->second) {
      case Type::Kind::list:
      case Type::Kind::optional:
      case Type::Kind::secret: return wrapped(found->second, depth);
      case Type::Kind::map: return map(depth);
      case Type::Kind::ref: return reference();
      case Type::Kind::enumeration: return enumeration();
      case Type::Kind::object: return object(depth);
      default: return Type(found->second);
    }
  }

  std::optional<Type> wrapped(Type::Kind kind, int depth) {
    Type element;
    if (take('<')) {
      auto inner = read(depth + 1);
      if (!inner) return inner;
      if (!take('>')) return fail("`>` is missing");
      element = *inner;
    }
    if (kind == Type::Kind::list) return Type::list(element);
    return kind == Type::Kind::optional ? Type::optional(element) : Type::secret(element);
  }

  std::optional<Type> map(int depth) {
    if (!take('<')) return Type::map(Type());
    auto first = read(depth + 1);
    if (!first) return first;
    if (take(',')) {
      auto second = read(depth + 1);
      if (!second) return second;
      if (!take('>')) return fail("`>` is missing");
      return Type::map(*first, *second);
    }
    if (!take('>')) return fail("`>` is missing");
    return Type::map(*first);
  }

  std::optional<Type> reference() {
    if (!take('<')) return Type::ref("");
    const std::string target = name();
    if (target.empty() || !take('>')) return fail("`ref<…>` names one resource type");
    return Type::ref(target);
  }

  std::optional<Type> enumeration() {
    if (!take('<')) return fail("`enum<a, b>` lists its values");
    std::vector<std::string> values;
    do {
      skip();
      const size_t begin = at_;
      while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '>') ++at_;
      size_t end = at_;
      while (end > begin && text_[end - 1] == ' ') --end;
      if (end == begin) return fail("an enum's value is empty");
      values.emplace_back(text_.substr(begin, end - begin));
    } while (take(','));
    if (!take('>')) return fail("`>` is missing");
    return Type::enumeration(std::move(values));
  }

  std::optional<Type> object(int depth) {
    if (!take('{')) return Type(Type::Kind::object);
    std::vector<Type::Field> fields;
    if (take('}')) return Type::object("", {});
    do {
      std::string field = name();
      if (field.empty()) return fail("a field's name is missing");
      const bool required = !take('?');
      if (!take(':')) return fail("`:` is missing after the field `" + field + "`");
      auto type = read(depth + 1);
      if (!type) return type;
      fields.push_back({std::move(field), *type, required});
    } while (take(','));
    if (!take('}')) return fail("`}` is missing");
    return Type::object("", std::move(fields));
  }

  std::optional<Type> unknown_name(const std::string& word) {
    std::vector<std::string> names;
    for (const auto& entry : kNames) names.emplace_back(entry.first);
    std::string message = "`" + word + "` is no type";
    const std::string near = nearest(word, names);
    if (!near.empty()) message += "; did you mean `" + near + "`?";
    return fail(std::move(message));
  }

  std::nullopt_t fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
    return std::nullopt;
  }

  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string name() {
    skip();
    const size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                  text_[at_] == '_' || text_[at_] == '.' || text_[at_] == '-')) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string error_;
};

bool is_text(Type::Kind kind) {
  return kind == Type::Kind::string || kind == Type::Kind::email || kind == Type::Kind::enumeration;
}

bool object_fits(const Type& from, const Type& to) {
  if (!to.name().empty() && !from.name().empty()) return from.name() == to.name();
  for (const auto& wanted : to.fields()) {
    const Type::Field* given = from.field(wanted.name);
    if (given == nullptr ? wanted.required : !assignable(given->type, wanted.type)) return false;
  }
  return true;
}

}  // namespace

std::optional<Type> Type::parse(std::string_view text, std::string* error) {
  return TypeReader(text).whole(error);
}

bool assignable(const Type& from, const Type& to) {
  using Kind = Type::Kind;
  if (from.kind() == Kind::any || to.kind() == Kind::any) return true;
  // A secret may stand anywhere by type; where it may go is a rule of its own.
  if (from.kind() == Kind::secret) return assignable(from.element(), to);
  if (to.kind() == Kind::secret) return assignable(from, to.element());
  if (from.kind() == Kind::null) return true;  // not set
  if (from.kind() == Kind::optional) return assignable(from.element(), to);
  if (to.kind() == Kind::optional) return assignable(from, to.element());
  switch (to.kind()) {
    case Kind::floating: return from.kind() == Kind::floating || from.kind() == Kind::integer;
    case Kind::integer: return from.kind() == Kind::integer || from.kind() == Kind::size;
    case Kind::string:
      return is_text(from.kind()) || from.kind() == Kind::ref || from.kind() == Kind::ip ||
             from.kind() == Kind::cidr || (from.kind() == Kind::object && !from.name().empty());
    case Kind::email: return from.kind() == Kind::email || from.kind() == Kind::string;
    case Kind::enumeration:
      if (from.kind() != Kind::enumeration) return from.kind() == Kind::string;
      return std::any_of(from.values().begin(), from.values().end(), [&](const std::string& v) {
        return std::find(to.values().begin(), to.values().end(), v) != to.values().end();
      });
    case Kind::ref:
      if (from.kind() == Kind::string) return true;
      return (from.kind() == Kind::ref || from.kind() == Kind::object) &&
             (to.name().empty() || from.name().empty() || from.name() == to.name());
    case Kind::list: return from.kind() == Kind::list && assignable(from.element(), to.element());
    case Kind::map:
      if (from.kind() == Kind::object) {
        return std::all_of(from.fields().begin(), from.fields().end(),
                           [&](const auto& f) { return assignable(f.type, to.element()); });
      }
      return from.kind() == Kind::map && assignable(from.key(), to.key()) &&
             assignable(from.element(), to.element());
    case Kind::object:
      if (from.kind() == Kind::map) return true;  // which keys it has shows at run time
      return from.kind() == Kind::object && object_fits(from, to);
    // What is written as text may come as text; its form is checked with the value.
    case Kind::size:
      return from.kind() == Kind::size || from.kind() == Kind::integer ||
             from.kind() == Kind::string;
    case Kind::duration:
    case Kind::timestamp:
    case Kind::money:
    case Kind::ip:
    case Kind::cidr: return from.kind() == to.kind() || from.kind() == Kind::string;
    case Kind::param: return from == to;
    default: return from.kind() == to.kind();
  }
}

}  // namespace lf
