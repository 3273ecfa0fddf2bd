// SPDX-License-Identifier: Apache-2.0
#include "base/compress.h"

#include <zlib.h>

#include "base/assert.h"

namespace lf {

namespace {

constexpr int kGzip = 16;  // zlib: added to the window's size, a gzip head instead of zlib's own

Bytef* bytes(std::string_view data) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(data.data()));
}

}  // namespace

std::string gzip(std::string_view data) {
  z_stream stream{};
  const int ready = deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzip,
                                 MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY);
  LF_ASSERT(ready == Z_OK);
  std::string out(deflateBound(&stream, static_cast<uLong>(data.size())), '\0');
  stream.next_in = bytes(data);
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = bytes(out);
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, Z_FINISH);
  LF_ASSERT(done == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

bool is_gzip(std::string_view data) {
  return data.starts_with("\x1f\x8b");
}

std::optional<std::string> gunzip(std::string_view data, size_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, MAX_WBITS + kGzip) != Z_OK) return std::nullopt;
  stream.next_in = bytes(data);
  stream.avail_in = static_cast<uInt>(data.size());
  std::string out;
  int status = Z_OK;
  while (status == Z_OK && out.size() <= limit) {
    char part[16384];
    stream.next_out = reinterpret_cast<Bytef*>(part);
    stream.avail_out = sizeof part;
    status = inflate(&stream, Z_NO_FLUSH);
    out.append(part, sizeof part - stream.avail_out);
    // Nothing more came and nothing is missing from the output's side: the data is cut off.
    if (status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) status = Z_DATA_ERROR;
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || out.size() > limit) return std::nullopt;
  return out;
}

}  // namespace lf
