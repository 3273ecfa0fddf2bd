// SPDX-License-Identifier: Apache-2.0
#include "spec/words.h"

#include <algorithm>

namespace lf {

namespace {

// The words of several scopes, so that they read alike wherever they stand.
constexpr Word kDoc{"doc", "string", "One sentence for whoever reads this.", true};
constexpr Word kWhen{"when", "bool",
                     "Whether it exists at all. Must be known before anything is created."};
constexpr Word kForEach{
    "for_each", "any",
    "One for each element of this list or map, as `each.key` and `each.value`; texts are their own "
    "keys."};
constexpr Word kDependsOn{"depends_on", "any",
                          "What must be done before, beyond what expressions say: `[network]`."};
constexpr Word kProtect{"protect", "bool", "Whether any deletion of it is refused."};
constexpr Word kRetain{"retain", "bool",
                       "Whether it stays in the cloud when it leaves the spec or is destroyed."};
constexpr Word kShared{"shared", "bool",
                       "Whether one of that name that exists already is used: it is then neither "
                       "changed nor deleted. What this stack makes is its own.",
                       true};
constexpr Word kProvider{"provider", "string", "Which of `providers` makes it.", true};
constexpr Word kTimeouts{"timeouts", "", "How long its calls may take: `{create: 10m}`.", true};
constexpr Word kCreateFirst{"create_before_delete", "bool",
                            "Whether a replacement is made before the old one is deleted.", true};
constexpr Word kIgnore{"ignore_changes", "list<string>",
                       "Properties whose changes are left alone once it exists."};
constexpr Word kMovedFrom{"moved_from", "list<string>",
                          "Earlier keys or addresses of it: it moves instead of being replaced.",
                          true};

constexpr Word kLocals{"locals", "", "Names for expressions that are used more than once."};
constexpr Word kData{"data", "", "Look-ups: what is there already, such as images and zones."};
constexpr Word kResources{"resources", "", "Resources by their own type: the escape hatch."};
constexpr Word kModules{"modules", "", "Uses of modules of one's own."};
constexpr Word kFiles{"files", "", "Generated texts."};

constexpr Word kSpec[] = {
    {"llmforge", "int", "The language's version: 1.", true},
    {"stack", "string", "The stack's name: names its state and marks every resource.", true, true},
    kDoc,
    {"provider", "string", "The cloud, or the name of one of `providers`.", true},
    {"region", "string", "The region in which everything is made.", true},
    {"providers", "", "Several clouds, regions or sites in one spec, by name.", true},
    {"tags", "map<string>", "Tags that every resource gets which takes tags."},
    {"backend", "map<any>",
     "Where the state lives: `{path: FILE}`, from the spec's folder, or `{WORD: {…}}`, a store of "
     "the provider's (docs/state.md); may look at `vars`, `locals`, `stack`, `env` and `region`."},
    {"files_root", "string",
     "Where generated files are written, from the spec's folder; without it the top of the git "
     "work "
     "tree, else the spec's folder.",
     true},
    {"variables", "", "What may differ from run to run: `vars.NAME`.", true},
    kLocals,
    kData,
    kResources,
    kModules,
    kFiles,
    {"imports", "", "Other stacks by name, whose outputs expressions read: `${net.vpc_id}`."},
    {"outputs", "", "Values that the stack gives: `llmforge output NAME`."},
    {"environments", "",
     "Overlays by name, chosen with `--env`: maps merge key by key, lists are "
     "replaced whole, null removes."},
    {"policies", "", "Rules that refuse a plan, or warn."},
    {"checks", "", "What must hold before an apply and after it."},
    {"cost", "", "What is used each month, for what the stack costs."},
};

constexpr Word kModule[] = {
    {"llmforge", "int", "The language's version: 1.", true},
    {"block", "string", "The block's name, in a provider's package.", true},
    kDoc,
    {"each", "enum<name, none>", "`name`: many of it, by key; `none`: one.", true},
    {"inputs", "", "What the module takes; in its expressions by their names.", true},
    {"requires", "", "What must hold between inputs, before anything is planned."},
    kLocals,
    kData,
    kResources,
    kModules,
    kFiles,
    {"outputs", "", "What the module gives to whoever uses it."},
};

constexpr Word kType{"type", "string",
                     "The type: string, bool, int, float, cidr, ip, duration, size, money, email, "
                     "enum, list<T>, map<T>, object{name: T, name?: T}, secret<T>, any.",
                     true, true};
constexpr Word kDeclaration[] = {
    kType,
    {"default", "any", "The value where none is given. Without it a value is required.", true},
    kDoc,
    {"values", "list<string>", "The values of an `enum`.", true},
    {"secret", "bool", "Whether its value is never shown and never written to state.", true},
    {"required", "bool", "Whether a value must be given; default: where there is no `default`.",
     true},
    {"check", "string", "An expression over `this` that must be true.", true},
    {"message", "string", "What is said where the check does not hold.", true},
};
// The same, but a module's default may be an expression.
constexpr Word kInput[] = {
    kType,
    {"default", "any", "The value where none is given. Without it a value is required."},
    kDoc,
    kDeclaration[3],
    kDeclaration[4],
    kDeclaration[5],
    kDeclaration[6],
    kDeclaration[7],
};

constexpr Word kLookUp[] = {
    {"type", "string", "What is looked up.", true, true},
    {"when", "bool", "Whether it is looked up at all; else it is null."},
};

constexpr Word kResource[] = {
    {"type", "string", "The resource's type.", true, true},
    kWhen,
    kForEach,
    kDependsOn,
    kProtect,
    kRetain,
    kShared,
    kCreateFirst,
    kIgnore,
    {"replace_on", "any", "A value whose change replaces it."},
    kMovedFrom,
    {"adopt", "string", "The id of what exists already and is taken in instead of being made."},
    kTimeouts,
    {"run", "string",
     "The name of the job that it is: once it has ended by itself, only a new name starts it "
     "again."},
    {"run_result", "string",
     "What the job has left as its result: a text says that it ended, null that it has not."},
    {"restart", "enum<on_interruption>",
     "`on_interruption`: a run that was cut off is started again.", true},
    {"alternatives", "list<map<any>>",
     "Maps of properties, tried in this order while there is no capacity."},
    kProvider,
};

// Of what makes several resources: a block, a module.
constexpr Word kIgnoreInside = {
    "ignore_changes", "list<string>",
    "Properties of its resources whose changes are left alone: `[instance.image]`."};
constexpr Word kReplaceInside = {
    "replace_on", "any",
    "A value whose change replaces all that it makes, or a map of resources in it to such values."};
constexpr Word kAdoptInside = {
    "adopt", "any",
    "The id of what exists already and is taken in; a map of resources in it to ids where it makes "
    "several."};

constexpr Word kBlock[] = {
    kWhen,     kForEach,     kDependsOn,    kProtect,   kRetain,        kProvider,
    kTimeouts, kCreateFirst, kIgnoreInside, kMovedFrom, kReplaceInside, kAdoptInside,
};

constexpr Word kModuleUse[] = {
    {"use", "",
     "The module's file, from this file's folder: `./modules/db.yaml`; or one in a git repository: "
     "`{git: URL, ref: v1.2.0, path: db.yaml}`.",
     true, true},
    {"with", "", "The module's inputs."},
    kWhen,
    kForEach,
    kDependsOn,
    kProtect,
    kRetain,
    kProvider,
    kTimeouts,
    kCreateFirst,
    kIgnoreInside,
    kMovedFrom,
    kReplaceInside,
    kAdoptInside,
};

constexpr Word kFile[] = {
    {"path", "string", "Where it is written, below `files_root`.", false, true},
    {"content", "string", "Its text.", false, true},
    {"when", "bool", "Whether it is written at all."},
    {"mode", "any", "Its permissions in octal, in quotes: \"0755\"; without it 0644."},
};

constexpr Word kOutput[] = {
    {"value", "any", "The value.", false, true},
    kDoc,
    {"secret", "bool", "Whether it is a secret: never shown, and only its digest is kept.", true},
};

constexpr Word kProviderDecl[] = {
    {"kind", "string", "The cloud.", true, true},
    {"region", "string", "Its region; default: the stack's.", true},
    {"site", "string", "Its site, where the cloud has sites.", true},
    {"credentials", "map<string>",
     "Which of your credentials it uses, such as a profile or a role to assume; default: what the "
     "cloud's own tools find.",
     true},
};

constexpr Word kImport[] = {
    {"use", "string", "The file or folder of the other stack, from the spec's folder.", true, true},
    {"env", "string",
     "Which of its environments; default: the one of this name, where it has it, else its default "
     "one.",
     true},
};

constexpr Word kTimeoutWords[] = {
    {"create", "duration", "For its creation.", true},
    {"update", "duration", "For a change.", true},
    {"delete", "duration", "For its deletion.", true},
};

// Either `deny` or `warn`: the parser sees to it.
constexpr Word kPolicy[] = {
    {"deny", "any", "Where this is true the plan is refused. Sees `resource` and `plan`."},
    {"warn", "any", "Where this is true the reader is told."},
    {"message", "string", "What the reader is told; default: `doc`."},
    {"doc", "string", "Why there is such a rule.", true},
    {"where", "", "Which resources, by globs.", true},
    {"at", "string", "The property whose line is shown.", true},
    {"set", "", "Properties as they should be: shown as the line to write."},
};

constexpr Word kPolicyPlace[] = {
    {"types", "list<string>", "Globs over resource types.", true},
    {"actions", "list<string>",
     "create, update, replace, delete, adopt, move, forget, no-op; default: what is created, "
     "changed or adopted.",
     true},
    {"addresses", "list<string>", "Globs over addresses.", true},
    {"environments", "list<string>", "Globs over environments.", true},
};

constexpr Word kRequirement[] = {
    {"assert", "any", "What must hold; sees the module's inputs, locals and look-ups.", false,
     true},
    {"message", "string", "What is said where it does not hold.", true, true},
    {"of", "string", "The input that is to blame: where the error is shown.", true},
};

constexpr Word kCheck[] = {
    {"assert", "any", "What must hold; sees what outputs see.", false, true},
    {"message", "string", "What is said where it does not hold."},
    kDoc,
    {"when", "", "`before` apply, `after` it; default: both.", true},
};

constexpr Word kCost[] = {
    {"usage", "",
     "How much is used in a month, by address: `buckets.data: {storage: 100GiB}`. What is not "
     "given is assumed.",
     true},
};

}  // namespace

std::span<const Word> words_of(SpecPart part) {
  switch (part) {
    case SpecPart::spec: return kSpec;
    case SpecPart::module: return kModule;
    case SpecPart::variable: return kDeclaration;
    case SpecPart::input: return kInput;
    case SpecPart::look_up: return kLookUp;
    case SpecPart::resource: return kResource;
    case SpecPart::block: return kBlock;
    case SpecPart::module_use: return kModuleUse;
    case SpecPart::file: return kFile;
    case SpecPart::output: return kOutput;
    case SpecPart::provider: return kProviderDecl;
    case SpecPart::timeouts: return kTimeoutWords;
    case SpecPart::policy: return kPolicy;
    case SpecPart::policy_place: return kPolicyPlace;
    case SpecPart::check: return kCheck;
    case SpecPart::requirement: return kRequirement;
    case SpecPart::cost: return kCost;
    case SpecPart::import: return kImport;
  }
  return {};
}

std::vector<std::string> word_names(SpecPart part) {
  std::vector<std::string> out;
  for (const Word& word : words_of(part)) out.emplace_back(word.name);
  return out;
}

const Word* find_word(SpecPart part, std::string_view name) {
  const std::span<const Word> words = words_of(part);
  const auto found =
      std::find_if(words.begin(), words.end(), [&](const Word& w) { return w.name == name; });
  return found == words.end() ? nullptr : &*found;
}

}  // namespace lf
