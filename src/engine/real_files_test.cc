// SPDX-License-Identifier: Apache-2.0
#include "engine/real_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "engine/file_calls.h"

namespace lf {
namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/llmforge-test-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  std::string path;
};

TEST_CASE("files are written, read, listed, renamed and removed", "[real_files]") {
  Loop loop;
  RealFiles files(loop);
  Folder folder;
  REQUIRE(files.make_folders(folder / "a/b/c"));
  REQUIRE(files.make_folders(folder / "a/b/c/"));
  REQUIRE(files.write(folder / "a/file", "text", 0600));
  CHECK(*files.read(folder / "a/file") == "text");
  REQUIRE(files.write(folder / "a/file", "new", 0600));
  CHECK(*files.read(folder / "a/file") == "new");
  REQUIRE(files.sync_file(folder / "a/file"));
  REQUIRE(files.rename(folder / "a/file", folder / "a/other"));
  REQUIRE(files.sync_folder(folder / "a"));
  CHECK(*files.list(folder / "a") == std::vector<std::string>{"b", "other"});
  REQUIRE(files.truncate(folder / "a/other", 1));
  CHECK(*files.read(folder / "a/other") == "n");
  FileInfo info = *files.stat(folder / "a/other");
  CHECK((info.exists && !info.is_directory && !info.is_symlink && info.size == 1));
  CHECK(info.mode == 0600);
  REQUIRE(symlink("other", (folder / "a/link").c_str()) == 0);
  CHECK(files.stat(folder / "a/link")->is_symlink);
  CHECK(files.canonical(folder / "a/link")->ends_with("/a/other"));
  REQUIRE(files.remove(folder / "a/link"));
  REQUIRE(files.remove(folder / "a/other"));
  CHECK(!files.stat(folder / "a/other")->exists);
  REQUIRE(files.remove(folder / "a/b/c"));
  CHECK(files.stat(folder / "a/b")->is_directory);
}

TEST_CASE("failures name the path and the reason", "[real_files]") {
  Loop loop;
  RealFiles files(loop);
  Folder folder;
  Result<std::string> missing = files.read(folder / "none");
  REQUIRE(!missing);
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().message ==
        "cannot read " + (folder / "none") + ": no such file or directory");
  CHECK(files.canonical(folder / "none").error().code == ErrorCode::not_found);
  CHECK(files.list(folder / "none").error().code == ErrorCode::not_found);
  CHECK(files.remove(folder / "none").error().code == ErrorCode::not_found);
  CHECK(files.write(folder / "none/x", "", 0600).error().code == ErrorCode::io);
  CHECK(files.read(folder.path).error().message.ends_with("is a directory"));
  REQUIRE(files.write(folder / "file", "", 0600));
  CHECK(files.make_folders(folder / "file/x").error().message.ends_with("file: not a directory"));
  REQUIRE(symlink("loop", (folder / "loop").c_str()) == 0);
  CHECK(files.read(folder / "loop").error().message.ends_with("too many levels of symbolic links"));
}

TEST_CASE("a full disk is an io error that says so", "[real_files]") {
  Loop loop;
  RealFiles files(loop);
  Result<void> full = files.write("/dev/full", "text", 0600);
  REQUIRE(!full);
  CHECK(full.error().code == ErrorCode::io);
  CHECK(full.error().message == "cannot write /dev/full: no space left on device");
  CHECK(full.error().help.size() == 1);
  bool done = false;
  Result<void> appended;
  files.append_durably("/dev/full", "text", [&](Result<void> result) {
    appended = std::move(result);
    done = true;
  });
  loop.run_until(done);
  REQUIRE(!appended);
  CHECK(appended.error().message == "cannot append to /dev/full: no space left on device");
}

TEST_CASE("appends keep their order and share their syncs", "[real_files]") {
  Loop loop;
  RealFiles files(loop);
  Folder folder;
  constexpr int kAppends = 2000;
  std::vector<int> order;
  bool done = false;
  std::string expected[2];
  for (int i = 0; i < kAppends; ++i) {
    std::string line = std::to_string(i) + "\n";
    expected[i % 2] += line;
    files.append_durably(folder / std::to_string(i % 2), line, [&, i](Result<void> result) {
      CHECK(result);
      order.push_back(i);
      done = i == kAppends - 1;
    });
  }
  CHECK(order.empty());
  loop.run_until(done);
  REQUIRE(order.size() == kAppends);
  CHECK(std::is_sorted(order.begin(), order.end()));
  CHECK(*files.read(folder / "0") == expected[0]);
  CHECK(*files.read(folder / "1") == expected[1]);
  CHECK(files.writer().batch_count() < kAppends / 10);
}

TEST_CASE("waiting for the writer leaves everything on the disk", "[real_files]") {
  Loop loop;
  RealFiles files(loop);
  Folder folder;
  files.writer().wait_until_idle();  // nothing yet, no thread yet
  for (int i = 0; i < 100; ++i) {
    files.append_durably(folder / "file", "x", [](Result<void> result) { CHECK(result); });
  }
  files.writer().wait_until_idle();
  CHECK(files.read(folder / "file")->size() == 100);
  bool done = false;
  loop.post([&] { done = true; });
  loop.run_until(done);
}

TEST_CASE("an append that fails half-way leaves no torn record behind", "[real_files]") {
  Folder folder;
  // The limit on a file's size stops a write in its middle, as a full disk would; in a child, for
  // it holds for the whole process.
  pid_t child = fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{10, 10};
    setrlimit(RLIMIT_FSIZE, &limit);
    Loop loop;
    RealFiles files(loop);
    int failed = 0;
    bool done = false;
    files.append_durably(folder / "file", "12345678", [&](Result<void> result) {
      failed += result ? 0 : 1;
      files.append_durably(folder / "file", "abcdefgh", [&](Result<void> second) {
        failed += second ? 0 : 10;
        files.append_durably(folder / "file", "ok", [&](Result<void> third) {
          failed += third ? 0 : 100;
          done = true;
        });
      });
    });
    loop.run_until(done);
    files.writer().wait_until_idle();
    _exit(failed);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 10);
  Loop loop;
  RealFiles files(loop);
  CHECK(*files.read(folder / "file") == "12345678ok");
}

TEST_CASE("one holder of a lock at a time, and who it is", "[real_files]") {
  Loop loop;
  RealFiles files(loop);
  Folder folder;
  {
    auto held = files.lock(folder / "lock", "anna on host1");
    REQUIRE(held);
    auto second = files.lock(folder / "lock", "bert");
    REQUIRE(!second);
    CHECK(second.error().code == ErrorCode::locked);
    CHECK(second.error().message == "anna on host1");
  }
  CHECK(!files.stat(folder / "lock")->exists);
  auto again = files.lock(folder / "lock", "bert");
  REQUIRE(again);
  CHECK(*files.read(folder / "lock") == "bert");
  CHECK(files.lock(folder / "none/lock", "x").error().code == ErrorCode::io);
}

TEST_CASE("a lock dies with its owner, however that ends", "[real_files]") {
  Folder folder;
  int pipe_fds[2];
  REQUIRE(pipe(pipe_fds) == 0);
  pid_t child = fork();
  if (child == 0) {
    Loop loop;
    RealFiles files(loop);
    auto held = files.lock(folder / "lock", "the child");
    ssize_t ignored = ::write(pipe_fds[1], held ? "y" : "n", 1);
    (void)ignored;
    pause();
    _exit(0);
  }
  char answer = 0;
  REQUIRE(::read(pipe_fds[0], &answer, 1) == 1);
  CHECK(answer == 'y');
  Loop loop;
  RealFiles files(loop);
  CHECK(files.lock(folder / "lock", "me").error().message == "the child");
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(*files.read(folder / "lock") == "the child");  // it had no time to clear up
  CHECK(files.lock(folder / "lock", "me"));
  ::close(pipe_fds[0]);
  ::close(pipe_fds[1]);
}

TEST_CASE("the folder above a path", "[real_files]") {
  CHECK(parent_folder("a/b") == "a");
  CHECK(parent_folder("b") == ".");
  CHECK(parent_folder("/b") == "/");
  CHECK(parent_folder("/a//b/") == "/a");
  CHECK(parent_folder("/") == "/");
}

}  // namespace
}  // namespace lf
