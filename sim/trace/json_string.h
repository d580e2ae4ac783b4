// A text as a JSON string, for those who write JSON without building a document first.
#pragma once

#include <string>
#include <string_view>

namespace quorumlab::trace {

// Appends `text` quoted, with what JSON wants escaped. Bytes above 127 pass as they are: our texts are UTF-8.
void put_json_string(std::string_view text, std::string& out);

}  // namespace quorumlab::trace
