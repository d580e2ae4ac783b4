// Trace files come from other people: each is read or refused, and what was read is written and
// read again as it was.
#include <cstddef>

#include "core/base/assert.h"
#include "sim/trace/file.h"

using namespace quorumlab;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = trace::decode_file({data, size}, "input");
  if (!file) {
    ASSERT(!file.error().what.empty(), "a refusal says why");
    return 0;
  }
  Bytes once, twice;
  trace::encode_file(file->info, file->trace, once);
  const auto again = trace::decode_file(once, "again");
  ASSERT(again.has_value(), "what was read can be written and read");
  ASSERT(again->trace.size() == file->trace.size(), "with all its records");
  trace::encode_file(again->info, again->trace, twice);
  ASSERT(once == twice, "and stays as it is");
  std::string line;
  for (trace::RecordId id = 1; id <= file->trace.size() && id <= 64; ++id) {
    trace::append_json_line(file->trace[id], id, file->info, file->trace, true, line);
  }
  return 0;
}
