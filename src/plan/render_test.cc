// SPDX-License-Identifier: Apache-2.0
// Hand-made plans against tests/golden/plan/; LLMFORGE_UPDATE_GOLDEN=1 rewrites the expected texts.
#include "plan/render.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"
#include "plan/text_diff.h"

using namespace lf;

namespace {

Change change(std::string path, Value before, Value after, Cause cause = Cause::spec,
              bool forces = false) {
  Change out;
  out.path = path;
  out.property = path.substr(0, path.find_first_of(".["));
  out.before = std::move(before);
  out.after = std::move(after);
  out.cause = cause;
  out.forces_replace = forces;
  return out;
}

PlanItem item(std::string address, std::string type, Action action, std::string id = "") {
  PlanItem out;
  out.address = std::move(address);
  out.type = std::move(type);
  out.provider = "cloud";
  out.action = action;
  out.node = 0;
  if (!id.empty()) {
    Record record;
    record.address = out.address;
    record.type = out.type;
    record.id = std::move(id);
    record.status = RecordStatus::ready;
    record.updated_at = *parse_timestamp("2026-11-20T10:00:00Z");
    out.record = std::move(record);
  }
  return out;
}

Plan mixed_plan() {
  Plan plan;
  PlanItem vpc = item("network.vpc", "cloud.net.vpc", Action::replace, "vpc-0123");
  vpc.changes.push_back(
      change("cidr", *parse_cidr("10.1.0.0/16"), *parse_cidr("10.2.0.0/16"), Cause::spec, true));
  vpc.changes.push_back(change("tags.Team", "ml", Value()));
  vpc.replace_because = {"cidr"};
  plan.items.push_back(vpc);

  PlanItem bucket =
      item("buckets[\"outputs\"].bucket", "cloud.store.bucket", Action::update, "lab-outputs");
  bucket.changes.push_back(change("versioning", false, true));
  bucket.changes.push_back(
      change("policy",
             R"({"Statement":[{"Effect":"Allow","Action":"get","Resource":"one/*"}],"Version":1})",
             R"({"Statement":[{"Effect":"Deny","Action":"get","Resource":"one/*"}],"Version":1})"));
  bucket.changes.push_back(
      change("rules[expire]", Value(), Map{{"days", 30}, {"prefix", "tmp/\x1b[31m"}}));
  bucket.changes.push_back(change("key", Value::secret("old"), Value::secret("new")));
  bucket.changes.back().secret = true;
  plan.items.push_back(bucket);

  PlanItem group = item("sg.main", "cloud.net.group", Action::none, "sg-1");
  plan.items.push_back(group);
  PlanItem rules = item("sg.main#ingress", "cloud.net.group", Action::update, "sg-1");
  rules.changes.push_back(
      change("ingress[tcp, 22]", Value(),
             Map{{"port", 22}, {"from", Unknown{"string", {"network.vpc.cidr"}}}}));
  plan.items.push_back(rules);

  PlanItem machine =
      item("machines[\"trainer\"].instance[0]", "cloud.compute.machine", Action::create);
  machine.changes.push_back(change("type", Value(), "g5.xlarge"));
  machine.changes.push_back(change("subnet", Value(), Unknown{"string", {"network.subnet.id"}}));
  machine.changes.push_back(change("user_data", Value(), "#!/bin/sh\nset -e\ntrain\n"));
  machine.changes.push_back(change("disk", Value(), 214748364800));
  machine.changes.push_back(change("tags", Value(), Map{{"Team", "ml"}}));
  machine.run_note = "starts run second (run first finished)";
  plan.items.push_back(machine);

  PlanItem queue = item("queue", "cloud.queue", Action::update, "q-1");
  queue.changes.push_back(change("delay", Duration{30, 0}, Duration{10, 0}, Cause::drift));
  queue.drift.push_back(change("delay", Duration{10, 0}, Duration{30, 0}, Cause::drift));
  plan.items.push_back(queue);

  PlanItem old = item("old", "cloud.queue", Action::remove, "q-0");
  old.node = kNoGraphId;
  plan.items.push_back(old);
  PlanItem deposed = item("network.vpc", "cloud.net.vpc", Action::remove, "vpc-0000");
  deposed.generation = 1;
  plan.items.push_back(deposed);
  PlanItem moved = item("machines[\"b\"].disk", "cloud.disk", Action::move, "d-1");
  moved.moved_from = "machines[\"a\"].disk";
  plan.items.push_back(moved);
  PlanItem ended = item("job", "cloud.compute.machine", Action::none, "m-1");
  ended.run_note = "run first: finished";
  plan.items.push_back(ended);
  PlanItem kept = item("key", "cloud.key", Action::none, "k-1");
  plan.items.push_back(kept);

  plan.outputs.push_back({"bucket", "a", "b", false, true});
  plan.outputs.push_back({"token", Value(), Value::secret("x"), true, true});
  plan.outputs.push_back({"ip", Value(), Unknown{"string", {"machines.trainer.ip"}}, false, true});
  plan.left_out.emplace_back("network.subnet", "pulled in: `machines` needs it");
  PlanFile ci;
  ci.path = ".github/workflows/ci.yml";
  ci.address = "files[\"ci\"]";
  ci.action = Action::update;
  ci.before = "on: push\njobs: {}\n";
  ci.content = Value("on: pull_request\njobs: {}\n");
  ci.edited = true;
  plan.files.push_back(ci);
  Operation create;
  create.kind = Operation::Kind::create;
  create.item = 4;
  plan.operations.push_back(create);
  return plan;
}

PlanView view_of(std::string format) {
  PlanView view;
  view.stack = "llm-lab";
  view.environment = "prod";
  view.region = "north-1";
  view.account = "123456789012";
  view.provider = "cloud";
  view.format = std::move(format);
  view.requests = 14;
  return view;
}

void check_golden(const std::string& name, const std::string& got) {
  const std::string path = std::string(LLMFORGE_SOURCE_DIR) + "/tests/golden/plan/" + name;
  if (std::getenv("LLMFORGE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << got;
    return;
  }
  std::ifstream in(path, std::ios::binary);
  std::stringstream want;
  want << in.rdbuf();
  INFO(path);
  CHECK(got == want.str());
}

}  // namespace

TEST_CASE("the forms of a plan", "[render][plan]") {
  const Plan plan = mixed_plan();
  check_golden("mixed.txt", render_plan(plan, view_of("text")));
  PlanView verbose = view_of("text");
  verbose.verbose = true;
  verbose.refreshed = false;
  check_golden("mixed_verbose.txt", render_plan(plan, verbose));
  check_golden("mixed.md", render_plan(plan, view_of("markdown")));
  check_golden("mixed.json", render_plan(plan, view_of("json")));
  PlanView narrow = view_of("text");
  narrow.width = 60;
  narrow.color = true;
  check_golden("mixed_narrow_color.txt", render_plan(plan, narrow));
}

TEST_CASE("no form shows a secret or a control character", "[render][plan]") {
  Plan plan = mixed_plan();
  plan.items[1].changes.push_back(
      change("holder", Value(), Map{{"deep", List{Value::secret("hunter2")}}}));
  plan.outputs.push_back({"list", Value(), List{Value::secret("hunter2")}, false, true});
  for (const char* format : {"text", "markdown", "json"}) {
    const std::string text = render_plan(plan, view_of(format));
    CHECK(text.find("hunter2") == std::string::npos);
    CHECK(text.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("a plan without changes is one line", "[render][plan]") {
  Plan plan;
  plan.items.push_back(item("key", "cloud.key", Action::none, "k-1"));
  CHECK(render_plan(plan, view_of("text")) ==
        "no changes: 1 resource is as the spec says (14 requests)\n");
  PlanView destroy = view_of("text");
  destroy.destroy = true;
  CHECK(render_plan(Plan{}, destroy) == "nothing to destroy (14 requests)\n");
  CHECK(render_plan(plan, view_of("markdown")).find("**No changes.**") != std::string::npos);
}

TEST_CASE("what is gone or ignored is told apart", "[render][plan]") {
  Plan plan;
  PlanItem gone = item("vpc", "cloud.vpc", Action::create);
  gone.drift.push_back(change("(resource)", "vpc-9", Value(), Cause::drift));
  plan.items.push_back(gone);
  PlanItem ignored = item("pool", "cloud.pool", Action::none, "p-1");
  ignored.drift.push_back(change("size", 3, 5, Cause::drift));
  plan.items.push_back(ignored);
  const std::string text = render_plan(plan, view_of("text"));
  CHECK(text.find("changed outside: it is gone (was \"vpc-9\"), will be made again") !=
        std::string::npos);
  CHECK(text.find("changed outside: size: 3 -> 5, left as it is") != std::string::npos);
  CHECK(text.find("1 to create; 2 changed outside") != std::string::npos);
}

TEST_CASE("a replacement that hangs on an unknown says so", "[render][plan]") {
  Plan plan;
  PlanItem one = item("vm", "cloud.vm", Action::replace, "vm-1");
  one.replace_if_changed = true;
  one.replace_because = {"image", "asked for by --replace"};
  one.changes.push_back(
      change("image", "img-1", Unknown{"string", {"data.image.id"}}, Cause::unknown, true));
  plan.items.push_back(one);
  const std::string text = render_plan(plan, view_of("text"));
  CHECK(text.find("replace vm-1 if changed: asked for by --replace") != std::string::npos);
  CHECK(text.find("~ image: \"img-1\" -> (known after apply: data.image.id) forces replacement if "
                  "it turns out different") != std::string::npos);
}

TEST_CASE("Markdown is cut in the middle and says so", "[render][plan]") {
  Plan plan = mixed_plan();
  for (int i = 0; i < 2000; ++i) {
    PlanItem one =
        item("workers[" + std::to_string(i) + "]", "cloud.compute.machine", Action::create);
    one.changes.push_back(change("type", Value(), "g5.xlarge"));
    plan.items.push_back(one);
  }
  PlanView view = view_of("markdown");
  view.bytes_max = 8000;
  const std::string text = render_plan(plan, view);
  CHECK(text.size() <= 8000);
  CHECK(text.size() > 6000);
  CHECK(text.find("vpc-0123") != std::string::npos);
  CHECK(text.find("vpc-0000") != std::string::npos);
  CHECK(text.find("forces replacement") != std::string::npos);
  CHECK(text.find("Left out for length: ") != std::string::npos);
  CHECK(text.find("plan: 2001 to create") != std::string::npos);
  // Deletions stay whatever the limit.
  view.bytes_max = 100;
  const std::string least = render_plan(plan, view);
  CHECK(least.find("vpc-0123") != std::string::npos);
  CHECK(least.find("plan: 2001 to create") != std::string::npos);
  CHECK(least.find("workers[7]") == std::string::npos);
}

TEST_CASE("text in a Markdown plan cannot close its fence", "[render][plan]") {
  Plan plan;
  PlanItem one = item("doc", "cloud.doc", Action::update, "d");
  one.changes.push_back(change("text", "a", "``` \n````\n<script>"));
  plan.items.push_back(one);
  const std::string text = render_plan(plan, view_of("markdown"));
  CHECK(text.find("`````diff") != std::string::npos);
  one.changes = {change("text", "x\ny\nz\n", "x\n````\nz\n")};
  one.changes[0].before = std::string(200, 'q') + "\nx\n";
  one.changes[0].after = std::string(200, 'q') + "\n````\n";
  plan.items[0] = one;
  CHECK(render_plan(plan, view_of("markdown")).find("`````diff") != std::string::npos);
}

TEST_CASE("JSON form of a plan", "[render][plan]") {
  const Result<Value> parsed = parse_json(render_plan(mixed_plan(), view_of("json")));
  REQUIRE(parsed);
  const Value& root = *parsed;
  CHECK(root["format"].as_string() == "llmforge.plan");
  CHECK(root["version"].as_int() == 1);
  CHECK(root["summary"]["replace"].as_int() == 1);
  CHECK(root["summary"]["delete"].as_int() == 2);
  CHECK(root["summary"]["update"].as_int() == 3);
  CHECK(root["summary"]["create"].as_int() == 1);
  const Value& vpc = root["resources"].as_list().front();
  CHECK(vpc["changes"].as_list()[0]["forces_replacement"].as_bool());
  CHECK(vpc["changes"].as_list()[0]["before"].as_string() == "10.1.0.0/16");
  const Value& late = root["resources"].as_list()[2];
  CHECK(late["address"].as_string() == "sg.main#ingress");
  const Value& unknown = late["changes"].as_list()[0]["after_unknown"].as_list()[0];
  CHECK(unknown["path"].as_list()[0].as_string() == "from");
  CHECK(unknown["origins"].as_list()[0].as_string() == "network.vpc.cidr");
}

TEST_CASE("values on one line", "[render]") {
  CHECK(show_value("a\nb\"", 80) == "\"a\\nb\\\"\"");
  CHECK(show_value(80, 80) == "80");
  CHECK(show_value(214748364800, 80, Type(Type::Kind::size)) == "200GiB");
  CHECK(show_value(List{1024}, 80, Type::list(Type(Type::Kind::size))) == "[1KiB]");
  CHECK(show_value(Value::secret("x"), 80) == "(secret)");
  CHECK(show_value(Unknown{"string", {"a.id", "b.id"}}, 80) == "(known after apply: a.id, b.id)");
  CHECK(show_value(Unknown{"string", {}, true}, 80) == "(secret, known after apply)");
  CHECK(show_value(Map{{"a", List{1, "x"}}, {"b c", true}}, 80) ==
        "{a: [1, \"x\"], \"b c\": true}");
  CHECK(show_value(Value(), 80) == "null");
  CHECK(show_value("äöüäöüäöü", 6) == "\"äöüä…");
  CHECK(show_value(std::string(500, 'x'), 40).starts_with("(500 bytes, 1 line, sha256 "));
}

TEST_CASE("line diff", "[render]") {
  const std::vector<std::string> a = {"1", "2", "3", "4", "5", "6"},
                                 b = {"1", "2", "3", "x", "5", "6", "7"};
  std::string text;
  for (const auto& line : line_diff(a, b, 1)) text += line.mark + line.text + "\n";
  CHECK(text == "@2 same lines\n 3\n-4\n+x\n 5\n 6\n+7\n");
  CHECK(line_diff({}, {}, 1).empty());
  CHECK(line_diff({"a"}, {"a"}, 0).front().mark == '@');
}
