// SPDX-License-Identifier: Apache-2.0
// CEL on any bytes: parsed as an expression and as a scalar with `${…}`, checked, evaluated with
// known, unknown and secret names. Promises: evaluation is bounded by its cost, the same twice, and
// the value of what the checker gave a type has that type.
#include <map>

#include "base/json.h"
#include "fuzz_support.h"
#include "lang/convert.h"
#include "lang/expression.h"
#include "lang/jsonl.h"

using namespace lf;

namespace {

class Names : public cel::Activation, public cel::TypeScope {
 public:
  Names() {
    add("b", Value(true), "bool");
    add("i", Value(int64_t{7}), "int");
    add("d", Value(1.5), "double");
    add("s", Value("text"), "string");
    add("l", Value(List{Value(int64_t{1}), Value(int64_t{2})}), "list(int)");
    add("m", Value(Map{{"a", "x"}, {"b", "y"}}), "map(string, string)");
    add("u", Value(Unknown{"string", {"net.id"}, false}), "string");
    add("h", Value::secret("hush"), "string");
    add("any", Value(Map{{"k", List{Value(), Value(1.0)}}}), "dyn");
  }
  std::optional<Value> lookup(std::string_view name) const override {
    const auto found = values_.find(name);
    return found == values_.end() ? std::nullopt : std::optional<Value>(found->second);
  }
  std::optional<Type> type_of(std::string_view name) const override {
    const auto found = types_.find(name);
    return found == types_.end() ? std::nullopt : std::optional<Type>(found->second);
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& entry : types_) out.push_back(entry.first);
    return out;
  }
  bool has_dotted_names() const override { return false; }
  std::string container() const override { return ""; }

 private:
  void add(const std::string& name, Value value, const char* type) {
    values_.insert_or_assign(name, std::move(value));
    types_.insert_or_assign(name, cel::parse_cel_notation(type).value_or(Type()));
  }
  std::map<std::string, Value, std::less<>> values_;
  std::map<std::string, Type, std::less<>> types_;
};

constexpr cel::EvalLimits kLimits{.cost_max = 200'000, .depth_max = 200};

void run_expression(std::string_view text, SourceId source, const Sources& sources,
                    const Names& names) {
  Diagnostics diagnostics;
  const auto expression = cel::Expression::parse(text, TextMap(source, 0), diagnostics);
  fuzz::must(expression.has_value() != diagnostics.has_errors(), "no expression means an error");
  if (expression) {
    cel::check(*expression, names, diagnostics);
    const Value value = cel::evaluate(*expression, names, kLimits);
    const std::string shown = to_json(cel::to_tagged(value));
    fuzz::must(shown == to_json(cel::to_tagged(cel::evaluate(*expression, names, kLimits))),
               "an expression has one value", shown);
    for (const cel::Reference& each : expression->references()) {
      fuzz::must(each.begin <= each.end && each.end <= text.size(), "a reference is in the text");
    }
  }
  fuzz::check_diagnostics(diagnostics, sources);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Names kNames;
  Sources sources;
  const SourceId source =
      sources.add("spec.yaml", std::string(reinterpret_cast<const char*>(data), size));
  const std::string_view text = sources.get(source).text();
  run_expression(text, source, sources, kNames);
  if (cel::Interpolation::has_expression(text)) {
    Diagnostics diagnostics;
    const auto scalar = cel::Interpolation::parse(text, TextMap(source, 0), diagnostics);
    if (scalar) cel::evaluate(*scalar, kNames, kLimits);
    fuzz::check_diagnostics(diagnostics, sources);
  }
  return 0;
}
