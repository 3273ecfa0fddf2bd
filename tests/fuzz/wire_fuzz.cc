// SPDX-License-Identifier: Apache-2.0
// What services answer, on any bytes: XML, JSON, and every protocol's answers and errors. The first
// byte chooses the status. Promise: what was read as XML can be written and read again.
#include "base/json.h"
#include "fuzz_support.h"
#include "provider/protocol.h"
#include "provider/xml.h"

using namespace lf;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static constexpr int kStatus[] = {200, 204, 301, 400, 404, 409, 429, 500, 503};
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (const auto json = parse_json(text); json) {
    const std::string written = to_json(*json);
    fuzz::must(parse_json(written).has_value(), "written JSON is JSON", written);
  }
  if (const auto xml = parse_xml(text); xml) {
    if (const auto written = write_xml(xml->root, "", Value(xml->content)); written) {
      fuzz::must(parse_xml(*written).has_value(), "written XML is XML", *written);
    }
  }
  HttpResponse response;
  response.status = kStatus[data[0] % std::size(kStatus)];
  response.body = text;
  WireCall call;
  call.service = "service";
  call.action = "Action";
  for (const Protocol protocol : {Protocol::ec2query, Protocol::query, Protocol::json,
                                  Protocol::rest_json, Protocol::rest_xml}) {
    const auto answer = decode(protocol, call, response);
    if (!answer) fuzz::must(!to_error(answer.error(), call).message.empty(), "an error says what");
  }
  return 0;
}
