// SPDX-License-Identifier: Apache-2.0
// `file:` URIs, as editors name documents, and paths, as everything here does.
#pragma once

#include <string>
#include <string_view>

namespace lf::editor {

// "file:///a%20b/c.yaml" -> "/a b/c.yaml", without `.` and `..`. Another scheme: the text as it is,
// which then names an open document and nothing else.
std::string path_of_uri(std::string_view uri);
std::string uri_of_path(std::string_view path);
// Without `.`, `..` and doubled slashes, by the text alone.
std::string normal_path(std::string_view path);
std::string folder_of(std::string_view path);  // "/a/b" -> "/a"; "" where there is no slash

}  // namespace lf::editor
