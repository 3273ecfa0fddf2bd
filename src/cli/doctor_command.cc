// SPDX-License-Identifier: Apache-2.0
// `doctor`: what this machine has and lacks for a stack: the spec, the state's folder, credentials,
// the clock, programs. One line a finding, with what to do.
#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"
#include "cli/command_tools.h"
#include "cli/version.h"

namespace lf {

namespace {

struct Finding {
  enum class Kind : uint8_t { good, lacking, bad } kind;
  std::string what, found;
  std::vector<std::string> help;
};

class Doctor {
 public:
  Doctor(CommandContext& context, Session& session) : context_(context), session_(session) {}

  Task<int> run() {
    const Spec& spec = session_.spec().spec;
    good("spec", printable(spec.path) + ", stack " + printable(spec.stack));
    folder();
    Task<Result<void>> reading = session_.read_state();
    Result<void> read = co_await std::move(reading);
    if (!read)
      bad("state", read.error());
    else
      good("state", session_.state_exists()
                        ? fmt::format("serial {}, {} resources", session_.state().identity.serial,
                                      session_.state().size())
                        : "none yet");
    Result<bool> sound = session_.check_offline();
    if (sound && *sound) {
      good("check", "the spec is valid");
    } else {
      findings_.push_back(
          {Finding::Kind::bad, "check", "the spec has errors", {"llmforge validate shows them"}});
    }
    Task<void> asking = clouds();
    co_await std::move(asking);
    programs();
    show();
    for (const auto& one : findings_) {
      if (one.kind == Finding::Kind::bad) co_return kFailed;
    }
    co_return kDone;
  }

 private:
  void good(std::string what, std::string found) {
    findings_.push_back({Finding::Kind::good, std::move(what), std::move(found), {}});
  }
  void bad(std::string what, const Error& error) {
    findings_.push_back({Finding::Kind::bad, std::move(what), error.message, error.help});
  }

  // Whether a state could be written where it would be.
  void folder() {
    FileSystem& files = session_.world().files;
    const std::string folder = session_.spec().spec.folder;
    const std::string probe = (folder.empty() ? "" : folder + "/") + ".llmforge-doctor";
    Result<void> written = files.write(probe, "", 0600);
    if (written) written = files.remove(probe);
    if (written)
      good("folder", (folder.empty() ? "." : printable(folder)) + " can be written");
    else
      bad("folder", written.error());
  }

  Task<void> clouds() {
    Task<Result<void>> identifying = session_.identify();
    Result<void> identified = co_await std::move(identifying);
    if (!identified) {
      bad("credentials", identified.error());
      co_return;
    }
    for (Cloud* cloud : session_.all_clouds()) {
      good("credentials",
           fmt::format("{}: account {}, {}", printable(cloud->instance().name),
                       printable(cloud->instance().account), printable(cloud->instance().region)));
    }
  }

  void program(const std::string& name, const std::string& use, const std::string& help) {
    if (is_installed(session_.world(), name)) {
      good(name, "is there, for " + use);
      return;
    }
    findings_.push_back(
        {Finding::Kind::lacking, name, "is not installed; it is for " + use,
         help.empty() ? std::vector<std::string>{} : std::vector<std::string>{help}});
  }

  void programs() {
    if (!session_.modules().git_uses().empty()) program("git", "modules out of git", "");
    for (const auto& provider : session_.spec().spec.providers) {
      Package* package = session_.packages().find(provider.kind);
      if (package == nullptr || package->info().session.type.empty()) continue;
      const auto* words = package->info().session.program.as_list();
      if (words == nullptr || words->empty() || words->front().as_constant() == nullptr) continue;
      program(words->front().as_constant()->string_or(), "`llmforge ssh`",
              package->info().session.missing);
    }
  }

  void show() {
    static constexpr const char* kWords[] = {"ok", "lacking", "wrong"};
    if (context_.options.json) {
      List list;
      for (const auto& one : findings_) {
        List help;
        for (const auto& line : one.help) help.emplace_back(line);
        list.emplace_back(Map{{"what", Value(one.what)},
                              {"result", Value(kWords[static_cast<int>(one.kind)])},
                              {"found", Value(one.found)},
                              {"help", Value(std::move(help))}});
      }
      print(to_json(Value(std::move(list))) + "\n");
      return;
    }
    std::string text = fmt::format("llmforge {}\n", kVersion);
    for (const auto& one : findings_) {
      text += fmt::format("{:<8} {}: {}\n", kWords[static_cast<int>(one.kind)], printable(one.what),
                          printable(one.found));
      for (const auto& line : one.help) text += "         help: " + printable(line) + "\n";
    }
    print(text);
  }

  CommandContext& context_;
  Session& session_;
  std::vector<Finding> findings_;
};

Task<int> examine(CommandContext* context, Session* session) {
  Doctor doctor(*context, *session);
  Task<int> running = doctor.run();
  const int code = co_await std::move(running);
  co_return code;
}

}  // namespace

int run_doctor(CommandContext& context) {
  return with_spec(context, context.options, examine);
}

}  // namespace lf
