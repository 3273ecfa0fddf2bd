// SPDX-License-Identifier: Apache-2.0
// A queue service for benchmarks: fast enough never to be what is measured. One thread, epoll,
// HTTP/1.1 with kept-alive connections; SQS's JSON calls that llmforge sends, and STS's
// GetCallerIdentity. Nothing is checked (signatures, quotas): moto does that in the tests.
//
//   fake_sqs [MIN_MS MAX_MS SEED]     each call takes that long; prints its URL
//
// Beside the services: GET /log gives {"count", "bytes", "by_action", "calls"}; calls (with delays
// only) are [queue, begin, end] in ms, queue "" where the call names none. POST /clear forgets the
// log, POST /reset the queues as well.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <queue>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using Json = nlohmann::json;
constexpr const char* kAccount = "123456789012";
constexpr const char* kRegion = "us-west-2";

double now_ms() {
  using std::chrono::duration;
  return duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Queue {
  Json attributes = Json::object(), tags = Json::object();
};

struct Reply {
  int status = 200;
  std::string body, type = "application/x-amz-json-1.0", error;
};

struct Request {
  std::string method, path, target, body;
};

class Service {
 public:
  Reply answer(const Request& request, std::string& queue) {
    if (request.path.starts_with("/log")) return {200, log(), "application/json", ""};
    if (request.path.starts_with("/clear") || request.path.starts_with("/reset")) {
      count_ = bytes_ = 0;
      by_action_.clear();
      calls_.clear();
      if (request.path.starts_with("/reset")) queues_.clear();
      return {200, "{}", "application/json", ""};
    }
    ++count_;
    bytes_ += request.body.size();
    if (request.target.empty()) {
      ++by_action_["GetCallerIdentity"];
      return {200, identity(), "text/xml", ""};
    }
    const std::string action = request.target.substr(request.target.find('.') + 1);
    ++by_action_[action];
    const Json input = Json::parse(request.body, nullptr, false);
    if (!input.is_object()) return error("InvalidParameterValue");
    queue = input.value("QueueName", "");
    if (queue.empty()) {
      const std::string url = input.value("QueueUrl", "");
      queue = url.substr(url.rfind('/') + 1);
    }
    return call(action, input, queue);
  }
  void measured(const std::string& queue, double begin, double end) {
    calls_.push_back({queue, begin, end});
  }

 private:
  static Reply error(const std::string& code) {
    return {400, Json{{"__type", "com.amazonaws.sqs#" + code}, {"message", code}}.dump(),
            "application/x-amz-json-1.0", code};
  }
  static Reply ok(const Json& value) {
    return {200, value.dump(), "application/x-amz-json-1.0", ""};
  }
  static std::string url(const std::string& name) {
    return std::string("https://sqs.") + kRegion + ".amazonaws.com/" + kAccount + "/" + name;
  }
  static std::string identity() {
    const std::string arn = std::string("arn:aws:iam::") + kAccount + ":user/bench";
    return "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
           "<GetCallerIdentityResult><Arn>" +
           arn + "</Arn><UserId>AIDAEXAMPLE</UserId><Account>" + kAccount +
           "</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId>"
           "</ResponseMetadata></GetCallerIdentityResponse>";
  }

  Reply call(const std::string& action, const Json& input, const std::string& name) {
    if (action == "CreateQueue") {
      auto [at, fresh] = queues_.try_emplace(name);
      if (fresh) create(at->second, input, name);
      return ok({{"QueueUrl", url(name)}});
    }
    if (action == "ListQueues") return list(input);
    const auto found = queues_.find(name);
    if (found == queues_.end()) return error("QueueDoesNotExist");
    Queue& queue = found->second;
    if (action == "GetQueueUrl") return ok({{"QueueUrl", url(name)}});
    if (action == "GetQueueAttributes") return ok({{"Attributes", queue.attributes}});
    if (action == "ListQueueTags") {
      return ok(queue.tags.empty() ? Json::object() : Json{{"Tags", queue.tags}});
    }
    if (action == "SetQueueAttributes") {
      queue.attributes.update(input.value("Attributes", Json::object()));
    } else if (action == "TagQueue") {
      queue.tags.update(input.value("Tags", Json::object()));
    } else if (action == "UntagQueue") {
      for (const auto& key : input.value("TagKeys", Json::array())) {
        queue.tags.erase(key.get<std::string>());
      }
    } else if (action == "DeleteQueue") {
      queues_.erase(found);
    } else {
      return error("InvalidAction");
    }
    return ok(Json::object());
  }

  static void create(Queue& queue, const Json& input, const std::string& name) {
    queue.attributes = {{"VisibilityTimeout", "30"},
                        {"MaximumMessageSize", "1048576"},
                        {"MessageRetentionPeriod", "345600"},
                        {"DelaySeconds", "0"},
                        {"ReceiveMessageWaitTimeSeconds", "0"},
                        {"SqsManagedSseEnabled", "true"}};
    queue.attributes.update(input.value("Attributes", Json::object()));
    queue.attributes["QueueArn"] =
        std::string("arn:aws:sqs:") + kRegion + ":" + kAccount + ":" + name;
    queue.tags = input.value("tags", Json::object());
  }

  Reply list(const Json& input) {
    const std::string prefix = input.value("QueueNamePrefix", "");
    const size_t most = input.value("MaxResults", size_t{1000});
    auto at = input.contains("NextToken")
                  ? queues_.upper_bound(input["NextToken"].get<std::string>())
                  : queues_.lower_bound(prefix);
    Json urls = Json::array();
    std::string last;
    for (; at != queues_.end() && at->first.starts_with(prefix) && urls.size() < most; ++at) {
      urls.push_back(url(at->first));
      last = at->first;
    }
    Json out = Json::object();
    if (!urls.empty()) out["QueueUrls"] = urls;
    if (at != queues_.end() && at->first.starts_with(prefix) && input.contains("MaxResults")) {
      out["NextToken"] = last;
    }
    return ok(out);
  }

  std::string log() const {
    return Json{{"count", count_}, {"bytes", bytes_}, {"by_action", by_action_}, {"calls", calls_}}
        .dump();
  }

  std::map<std::string, Queue> queues_;
  std::map<std::string, uint64_t> by_action_;
  Json calls_ = Json::array();
  uint64_t count_ = 0, bytes_ = 0;
};

struct Connection {
  std::string in, out;
};

struct Delayed {
  double at, started;
  int socket;
  uint64_t generation;
  std::string text, queue;
  bool operator>(const Delayed& other) const { return at > other.at; }
};

class Server {
 public:
  Server(double min_ms, double max_ms, uint64_t seed) : min_(min_ms), max_(max_ms), random_(seed) {}

  int run() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&where), size) != 0 ||
        listen(listener_, 4096) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size) != 0) {
      std::perror("fake_sqs");
      return 1;
    }
    std::printf("http://127.0.0.1:%d\n", ntohs(where.sin_port));
    std::fflush(stdout);
    epoll_ = epoll_create1(0);
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
    std::vector<epoll_event> events(1024);
    while (true) {
      const int count =
          epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms());
      for (int i = 0; i < count; ++i) handle(events[static_cast<size_t>(i)]);
      send_due();
    }
  }

 private:
  void watch(int file, uint32_t what, int how) const {
    epoll_event event{};
    event.events = what;
    event.data.fd = file;
    epoll_ctl(epoll_, how, file, &event);
  }
  int wait_ms() const {
    if (delayed_.empty()) return -1;
    const double left = delayed_.top().at - now_ms();
    return left <= 0 ? 0 : static_cast<int>(left) + 1;
  }

  void handle(const epoll_event& event) {
    const int file = event.data.fd;
    if (file == listener_) {
      accept_all();
      return;
    }
    if ((event.events & EPOLLIN) != 0 && !read_all(file)) return;
    if ((event.events & EPOLLOUT) != 0) flush(file);
  }

  void accept_all() {
    while (true) {
      const int file = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
      if (file < 0) return;
      const int on = 1;
      setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connections_[file] = Connection{};
      ++generations_[file];
      watch(file, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  bool read_all(int file) {
    char buffer[65536];
    while (true) {
      const ssize_t got = read(file, buffer, sizeof buffer);
      if (got > 0) {
        connections_[file].in.append(buffer, static_cast<size_t>(got));
      } else if (got < 0 && errno == EAGAIN) {
        break;
      } else {
        drop(file);
        return false;
      }
    }
    Request request;
    while (take_request(connections_[file], request)) serve(file, request);
    return true;
  }

  void drop(int file) {
    connections_.erase(file);
    ++generations_[file];
    close(file);
  }

  static bool take_request(Connection& connection, Request& out) {
    const size_t end = connection.in.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const std::string head = connection.in.substr(0, end + 2);
    const size_t length = std::strtoull(header(head, "content-length").c_str(), nullptr, 10);
    if (connection.in.size() < end + 4 + length) return false;
    const size_t space = head.find(' '), second = head.find(' ', space + 1);
    out.method = head.substr(0, space);
    out.path = head.substr(space + 1, second - space - 1);
    out.target = header(head, "x-amz-target");
    out.body = connection.in.substr(end + 4, length);
    connection.in.erase(0, end + 4 + length);
    return true;
  }

  static std::string header(const std::string& head, const char* name) {
    const size_t size = std::strlen(name);
    for (size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
      if (strncasecmp(head.c_str() + at + 2, name, size) != 0 || head[at + 2 + size] != ':')
        continue;
      size_t begin = at + 3 + size;
      while (head[begin] == ' ') ++begin;
      return head.substr(begin, head.find("\r\n", begin) - begin);
    }
    return "";
  }

  void serve(int file, const Request& request) {
    const double started = now_ms();
    std::string queue;
    const Reply reply = service_.answer(request, queue);
    std::string text = "HTTP/1.1 " + std::to_string(reply.status) +
                       (reply.status == 200 ? " OK" : " Bad Request") +
                       "\r\nContent-Type: " + reply.type + "\r\nx-amzn-RequestId: r\r\n";
    if (!reply.error.empty()) text += "x-amzn-query-error: " + reply.error + ";Sender\r\n";
    text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body;
    if (max_ > 0 && request.path == "/") {
      const double wait = std::uniform_real_distribution<double>(min_, max_)(random_);
      delayed_.push({started + wait, started, file, generations_[file], std::move(text), queue});
      return;
    }
    connections_[file].out += text;
    flush(file);
  }

  void send_due() {
    while (!delayed_.empty() && delayed_.top().at <= now_ms()) {
      const Delayed due = delayed_.top();
      delayed_.pop();
      service_.measured(due.queue, due.started, now_ms());
      if (generations_[due.socket] != due.generation) continue;  // the client went away
      connections_[due.socket].out += due.text;
      flush(due.socket);
    }
  }

  void flush(int file) {
    const auto found = connections_.find(file);
    if (found == connections_.end()) return;
    std::string& out = found->second.out;
    while (!out.empty()) {
      const ssize_t sent = send(file, out.data(), out.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      out.erase(0, static_cast<size_t>(sent));
    }
    watch(file, out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  }

  double min_, max_;
  std::mt19937_64 random_;
  Service service_;
  int listener_ = -1, epoll_ = -1;
  std::unordered_map<int, Connection> connections_;
  std::unordered_map<int, uint64_t> generations_;
  std::priority_queue<Delayed, std::vector<Delayed>, std::greater<>> delayed_;
};

}  // namespace

int main(int argc, char** argv) {
  const double least = argc > 2 ? std::strtod(argv[1], nullptr) : 0;
  const double most = argc > 2 ? std::strtod(argv[2], nullptr) : 0;
  const uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  return Server(least, most, seed).run();
}
