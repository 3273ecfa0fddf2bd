// SPDX-License-Identifier: Apache-2.0
#include "plan/checks.h"

#include <algorithm>

#include "base/strings.h"
#include "graph/context.h"

namespace lf {

namespace {

class Checks {
 public:
  Checks(const Graph& graph, const AttributeSource& source, Diagnostics& diagnostics)
      : graph_(graph),
        scope_{graph.context->root.get(), nullptr},
        use_(*graph.context, source),
        diagnostics_(diagnostics) {}

  // False: not known yet.
  bool run(const CheckDecl& check, Moment moment) {
    Value value = graph_.context->evaluate_in(check.condition, scope_, &diagnostics_);
    if (value.is_optional())
      value = value.optional_value() == nullptr ? Value(false) : Value(*value.optional_value());
    if (value.is_error()) return true;
    if (contains_secret(value)) {
      diagnostics_.add(Code::LF0406, check.condition.span, "a secret may not decide `assert`");
      return true;
    }
    if (contains_unknown(value)) {
      later(check, moment, unknown_origins(value));
      return false;
    }
    if (value.is_bool() && value.as_bool()) return true;
    if (!value.is_bool()) {
      diagnostics_.add(
          Code::LF0405, check.condition.span,
          std::string("`assert` must be true or false, not ") + to_string(value.kind()));
      return true;
    }
    failed(check, moment);
    return true;
  }

 private:
  const cel::Expression& expression(const CheckDecl& check) const {
    return *check.condition.text->parts()[0].expression;
  }

  void later(const CheckDecl& check, Moment moment, const std::vector<std::string>& origins) {
    const std::string waits = "known only after apply: " + join(origins, ", ");
    if (moment == Moment::before) {
      diagnostics_.add(Code::LF0522, expression(check).span(),
                       "`" + check.name + "` is checked after apply", waits);
      return;
    }
    diagnostics_.add(Code::LF0522, expression(check).span(),
                     "`" + check.name + "` was not checked: not all that it looks at is there",
                     "not known: " + join(origins, ", "));
  }

  void failed(const CheckDecl& check, Moment moment) {
    std::string text = message(check);
    if (text.empty()) text = "its assertion is false";
    auto& d = diagnostics_.add(Code::LF0521, expression(check).span(),
                               "check `" + check.name + "` does not hold" +
                                   (moment == Moment::after ? " after apply" : "") + ": " + text);
    if (!check.doc.empty()) d.help.push_back(check.doc);
    if (moment == Moment::after)
      d.help.push_back("what was done is recorded; mend the cause and apply again");
  }

  std::string message(const CheckDecl& check) {
    if (!check.message) return "";
    const Value value = graph_.context->evaluate_in(*check.message, scope_, &diagnostics_);
    if (value.is_error()) return "";
    if (contains_secret(value)) {
      diagnostics_.add(Code::LF0406, check.message->span, "a message may not show a secret");
      return "";
    }
    return to_text(value);
  }

  const Graph& graph_;
  const Scope scope_;
  const SourceScope use_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::vector<const CheckDecl*> run_checks(const std::vector<CheckDecl>& checks, Moment moment,
                                         const Graph& graph, const AttributeSource& source,
                                         Diagnostics& diagnostics,
                                         const std::vector<const CheckDecl*>& also) {
  std::vector<const CheckDecl*> open;
  if (checks.empty() || graph.context == nullptr) return open;
  Checks run(graph, source, diagnostics);
  for (const auto& check : checks) {
    const bool now = moment == Moment::before ? check.before : check.after;
    const bool again = std::find(also.begin(), also.end(), &check) != also.end();
    if ((now || again) && !run.run(check, moment)) open.push_back(&check);
  }
  return open;
}

PlannedValues::PlannedValues(const Graph& graph, const Plan& plan)
    : by_node_(graph.nodes.size(), nullptr), source_(graph, by_node_) {
  for (const auto& item : plan.items) {
    if (item.node != kNoGraphId) by_node_[item.node] = &item;
  }
}

}  // namespace lf
