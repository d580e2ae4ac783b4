// Trace files come from other people: each is read or refused, and what was read is written and
// read again as it was.
#include <cstddef>
#include <cstring>
#include <string>

#include "core/base/assert.h"
#include "sim/trace/file.h"

using namespace quorumlab;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = trace::decode_file({data, size}, "input");
  if (!file) {
    ASSERT(!file.error().what.empty(), "a refusal says why");
    return 0;
  }
  Bytes written;
  trace::encode_file(file->info, file->trace, written);
  const auto again = trace::decode_file(written, "again");
  ASSERT(again.has_value(), "what was read can be written and read");
  ASSERT(again->trace.size() == file->trace.size(), "with all its records");
  for (trace::RecordId id = 1; id <= file->trace.size(); ++id) {
    ASSERT(std::memcmp(&again->trace[id], &file->trace[id], sizeof(trace::Record)) == 0,
           "which stay as they are");
  }
  std::string line;
  for (trace::RecordId id = 1; id <= file->trace.size() && id <= 64; ++id) {
    trace::append_json_line(file->trace[id], id, file->info, file->trace, true, line);
  }
  return 0;
}
