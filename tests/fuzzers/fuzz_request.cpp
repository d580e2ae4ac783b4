// What clients send and are sent: each is read or refused, and has one form only.
#include <algorithm>
#include <cstddef>

#include "core/base/assert.h"
#include "core/node/request.h"

using namespace quorumlab;

namespace {

template <class Decoded>
void check_one_form(const Decoded& decoded, ByteView bytes) {
  if (!decoded) return;
  Bytes again;
  encode(*decoded, again);
  ASSERT(again.size() == bytes.size() && std::equal(again.begin(), again.end(), bytes.begin()),
         "one request, one form");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  check_one_form(decode_request(bytes), bytes);
  check_one_form(decode_response(bytes), bytes);
  return 0;
}
