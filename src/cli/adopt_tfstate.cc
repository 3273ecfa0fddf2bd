// SPDX-License-Identifier: Apache-2.0
// `adopt --from-tfstate FILE [SPEC]`: which things a Terraform state means, by the packages'
// adopt.yaml, and where their spec is written. The rest is adopt_bulk.cc.
#include "cli/adopt_tfstate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/replace_file.h"
#include "base/strings.h"
#include "cli/adopt_bulk.h"
#include "cli/tfstate.h"
#include "cli/yaml_text.h"
#include "provider/scope.h"

namespace lf {

namespace {

// The text, or the texts, that an expression over `attributes` gives.
std::vector<std::string> texts_of(const std::optional<cel::Interpolation>& expression,
                                  const Value& attributes, const char* otherwise) {
  Value value = attributes[otherwise];
  if (expression) {
    MapActivation names;
    names.set("attributes", attributes);
    value = cel::evaluate(*expression, names);
  }
  std::vector<std::string> out;
  if (value.is_list()) {
    for (const auto& one : value.as_list()) {
      if (one.is_string()) out.push_back(one.as_string());
    }
  } else if (value.is_string() && !value.as_string().empty()) {
    out.push_back(value.as_string());
  }
  return out;
}

std::string text_of(const std::optional<cel::Interpolation>& expression, const Value& attributes) {
  const auto texts = texts_of(expression, attributes, "");
  return texts.size() == 1 ? texts.front() : "";
}

class Gather {
 public:
  Gather(Packages& packages, BulkInput& out) : packages_(packages), out_(out) {}

  // The kinds of provider that were met are in `kinds`, the most frequent first.
  void run(const std::vector<TfInstance>& instances) {
    std::vector<const TfInstance*> parts;
    for (const auto& instance : instances) {
      const AdoptionFacts* facts = facts_of(instance.provider);
      const std::string reason = refusal(instance, facts);
      if (!reason.empty()) {
        out_.skipped.emplace_back(instance.address, reason);
        continue;
      }
      const ForeignType& type = facts->types.find(instance.type)->second;
      if (type.within.empty())
        add(instance, *facts, type);
      else
        parts.push_back(&instance);
    }
    for (const TfInstance* part : parts) add_part(*part);
  }

  const std::map<std::string, size_t>& kinds() const { return kinds_; }

 private:
  const AdoptionFacts* facts_of(const std::string& source) {
    for (const auto& name : packages_.names()) {
      const AdoptionFacts* facts = packages_.find(name)->adoption();
      if (facts == nullptr) continue;
      if (std::find(facts->providers.begin(), facts->providers.end(), source) !=
          facts->providers.end())
        return facts;
    }
    return nullptr;
  }

  // "": it can be served.
  static std::string refusal(const TfInstance& instance, const AdoptionFacts* facts) {
    if (instance.data) return "a data source: use a `data:` look-up, or the value itself";
    if (instance.deposed) return "deposed: the other tool has yet to delete it";
    if (facts == nullptr)
      return "no provider here is " +
             (instance.provider.empty() ? std::string("its provider") : instance.provider);
    const auto found = facts->types.find(instance.type);
    if (found == facts->types.end()) return "no type here serves " + instance.type;
    return found->second.reason;
  }

  void add(const TfInstance& instance, const AdoptionFacts& facts, const ForeignType& type) {
    const auto ids = texts_of(type.id, instance.attributes, "id");
    if (ids.size() != 1) {
      out_.skipped.emplace_back(instance.address, "the state does not say its id");
      return;
    }
    if (instance.tainted)
      out_.notes.push_back(instance.address +
                           " is tainted: the other tool's next apply would have replaced it");
    for (const auto& [property, when] : type.unseen) {
      MapActivation names;
      names.set("attributes", instance.attributes);
      if (cel::evaluate(when, names) == Value(true))
        out_.notes.push_back(instance.address + ": the cloud does not show `" + property +
                             "`; the spec leaves it out, and a new one would come up without it");
    }
    Thing thing;
    thing.from = instance.address;
    thing.names = instance.names;
    thing.type_name = type.type;
    thing.id = ids.front();
    thing.account = text_of(facts.account, instance.attributes);
    thing.region = text_of(facts.region, instance.attributes);
    thing.secrets = instance.secrets;
    ++kinds_[type.type.substr(0, type.type.find('.'))];
    for (const auto& other : out_.things) {
      if (other.type_name != thing.type_name || other.id != thing.id) continue;
      out_.skipped.emplace_back(instance.address, "the same thing as " + other.from);
      return;
    }
    out_.things.push_back(std::move(thing));
  }

  void add_part(const TfInstance& instance) {
    const ForeignType& type = facts_of(instance.provider)->types.find(instance.type)->second;
    const auto ids = texts_of(type.id, instance.attributes, "");
    bool found = false;
    for (auto& thing : out_.things) {
      const bool fits = type.within == "*" || thing.type_name == type.within;
      if (!fits || std::find(ids.begin(), ids.end(), thing.id) == ids.end()) continue;
      thing.parts.push_back(instance.address);
      thing.secrets.insert(thing.secrets.end(), instance.secrets.begin(), instance.secrets.end());
      found = true;
    }
    if (found) return;
    out_.skipped.emplace_back(
        instance.address, ids.empty()
                              ? "the state does not say what it is part of"
                              : fmt::format("it is part of `{}`, which this state does not manage",
                                            join(ids, "`, `")));
  }

  Packages& packages_;
  BulkInput& out_;
  std::map<std::string, size_t> kinds_;
};

// "infra/network.yaml" -> "network", "infra/llmforge.yaml" -> "infra": as stacks may be named.
std::string stack_name(FileSystem& files, const std::string& path) {
  std::string stem = path.substr(path.rfind('/') + 1);
  stem = stem.substr(0, stem.rfind('.'));
  if (stem == "llmforge") {
    const auto folder = files.canonical(folder_of(path));
    stem = folder ? folder->substr(folder->rfind('/') + 1) : stem;
  }
  std::string out;
  for (const char c : lower(stem)) {
    const bool good = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (out.empty() && std::isalpha(static_cast<unsigned char>(c)) == 0) continue;
    if (good || (!out.empty() && out.back() != '-')) out += good ? c : '-';
  }
  out = out.substr(0, 40);
  while (out.ends_with('-')) out.pop_back();
  return out.empty() ? "adopted" : out;
}

// Most frequent first; "": none said.
template <class Count>
std::string most(const Count& counts) {
  const auto found =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return found == counts.end() ? "" : found->first;
}

int usage(CommandContext& context, const Error& error) {
  tell(context, error);
  return kUsage;
}

}  // namespace

int run_adopt_tfstate(CommandContext& context) {
  Options options = context.options;
  if (options.arguments.size() > 1 || (!options.arguments.empty() && !options.spec.empty())) {
    print_error("error: adopt --from-tfstate wants FILE and at most one SPEC\n");
    return kUsage;
  }
  if (!options.arguments.empty()) options.spec = options.arguments.front();
  FileSystem& files = context.world.files;
  const auto text = files.read(options.from_tfstate);
  if (!text) return usage(context, text.error());
  const auto instances = read_tfstate(*text, options.from_tfstate);
  if (!instances) return usage(context, instances.error());

  BulkInput input;
  input.source = options.from_tfstate.substr(options.from_tfstate.rfind('/') + 1);
  Sources sources;
  Diagnostics diagnostics;
  const auto overlay = read_overlay(files, options.provider_dirs);
  if (!overlay) return tell(context, overlay.error());
  Packages packages(sources, diagnostics, *overlay);
  Gather gather(packages, input);
  gather.run(*instances);
  if (diagnostics.has_errors()) {
    show_diagnostics(diagnostics, sources, options.json, context.terminal);
    return kUsage;
  }
  const auto spec = find_target(files, options.spec, input);
  if (!spec) return usage(context, spec.error());
  options.spec = *spec;
  if (input.fresh) {
    std::map<std::string, size_t> regions;
    for (const auto& thing : input.things) {
      if (!thing.region.empty()) ++regions[thing.region];
    }
    if (input.things.empty() || regions.empty()) {
      Error error(ErrorCode::invalid,
                  input.things.empty()
                      ? "`" + input.source + "` holds nothing that can be taken in"
                      : "`" + input.source + "` does not say which region its things are in");
      for (const auto& [what, why] : input.skipped) error.help.push_back(what + ": " + why);
      if (input.things.empty() && input.skipped.empty())
        error.help.emplace_back("it manages no resource at all: terraform state list shows none");
      if (!input.things.empty())
        error.help.push_back("write `" + input.path +
                             "` with `stack`, `provider` and `region` first");
      return usage(context, error);
    }
    input.text =
        fmt::format("# Taken in from {}.\nllmforge: 1\nstack: {}\nprovider: {}\nregion: {}\n",
                    printable(input.source), stack_name(files, input.path), most(gather.kinds()),
                    yaml_string(most(regions)));
  }
  return adopt_into(context, options, input, nullptr);
}

}  // namespace lf
