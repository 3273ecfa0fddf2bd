// SPDX-License-Identifier: Apache-2.0
#include "sim/object_server.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "base/strings.h"

namespace lf::sim {

namespace {

std::string http_date(int64_t seconds) {
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const int64_t days = seconds / 86'400, rest = seconds % 86'400;
  const std::chrono::sys_days date{std::chrono::days(days)};
  const std::chrono::year_month_day ymd(date);
  const std::chrono::weekday weekday(date);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[weekday.c_encoding()],
                     static_cast<unsigned>(ymd.day()),
                     kMonths[static_cast<unsigned>(ymd.month()) - 1], static_cast<int>(ymd.year()),
                     rest / 3600, rest / 60 % 60, rest % 60);
}

HttpResponse answer(int status, std::string body, Timestamp now) {
  HttpResponse out;
  out.status = status;
  out.headers.emplace_back("Date", http_date(now.seconds));
  out.body = std::move(body);
  return out;
}

HttpResponse refusal(int status, const std::string& code, Timestamp now) {
  return answer(status, "<Error><Code>" + code + "</Code><Message>" + code + "</Message></Error>",
                now);
}

std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool in_host(const HttpRequest& request) {
  return request.host.starts_with(std::string(kStateBucket) + ".");
}

}  // namespace

bool ObjectServer::is_for(const HttpRequest& request) {
  return in_host(request) || request.path == std::string("/") + kStateBucket ||
         request.path.starts_with(std::string("/") + kStateBucket + "/");
}

HttpResponse ObjectServer::list(const std::string& query, Timestamp now) const {
  std::string prefix;
  for (const std::string& one : split(query, '&')) {
    if (one.starts_with("prefix=")) prefix = decoded(one.substr(7));
  }
  std::string body = "<ListBucketResult><IsTruncated>false</IsTruncated>";
  for (const auto& [key, object] : objects) {
    if (key.starts_with(prefix)) body += "<Contents><Key>" + key + "</Key></Contents>";
  }
  return answer(200, body + "</ListBucketResult>", now);
}

HttpResponse ObjectServer::handle(const HttpRequest& request, Timestamp now) {
  std::string key = decoded(request.path);
  if (!in_host(request)) key = key.substr(1 + std::string(kStateBucket).size());
  while (key.starts_with('/')) key.erase(0, 1);
  if (key.empty()) return list(request.query, now);
  const auto found = objects.find(key);
  if (request.method == "PUT") {
    const bool only_new = request.header("if-none-match") != nullptr && !creates_replace;
    if (only_new && found != objects.end()) return refusal(412, "PreconditionFailed", now);
    objects[key] = {request.body, now.seconds};
    return answer(200, "", now);
  }
  if (request.method == "DELETE") {
    if (found != objects.end()) objects.erase(found);
    return answer(204, "", now);
  }
  if (found == objects.end()) return refusal(404, "NoSuchKey", now);
  HttpResponse out = answer(200, found->second.bytes, now);
  out.headers.emplace_back("Last-Modified", http_date(found->second.written_s));
  return out;
}

}  // namespace lf::sim
