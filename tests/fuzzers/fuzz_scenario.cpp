// Scenario files come from people: each loads, or is refused with at least one problem that says
// where and what.
#include <cstddef>

#include "core/base/assert.h"
#include "sim/script/loader.h"

using namespace quorumlab;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  script::Problems problems;
  const script::Scenario scenario = script::load_text(text, "input.json", {}, problems);
  // Setting a value by path must be as safe as the file itself.
  script::Problems more;
  (void)script::load_text(text, "input.json", {{"cluster.nodes", "3"}, {"timeline[0].at", "1s"}},
                          more);
  return 0;
}
