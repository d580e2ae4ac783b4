// JSON as Go's encoding/json writes it, straight into bytes: strings with its escapes, times as
// RFC3339Nano, and the bodies of events, listings and errors. And the one JSON that is read: the
// peer URLs of the members API.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/types.h"
#include "core/kv/errors.h"
#include "core/kv/event.h"
#include "core/kv/store.h"

namespace quorumlab::kv {

void append_text(std::string_view text, Bytes& out);
void append_number(std::uint64_t number, Bytes& out);
void append_number(std::int64_t number, Bytes& out);
// In quotes.
void append_json_string(std::string_view text, Bytes& out);
// "2026-11-23T00:44:54.27580019Z"
void append_time(std::int64_t unix_ns, Bytes& out);
// "Mon, 23 Nov 2026 00:42:22 GMT", as in the header Date.
void append_http_date(std::int64_t unix_ns, Bytes& out);
// "3.659580369s", as time.Duration prints itself.
void append_duration(Duration duration, Bytes& out);

// Whole seconds left, rounded up; negative once it is over.
std::int64_t seconds_left(std::int64_t expiration, Instant wall);

// {"action":...}\n without the user root's prefix. `wall` is the clock that the time to live is
// told by. With `no_value`, only the action.
void append_event(const Event& event, Instant wall, bool no_value, Bytes& out);
// The same for a read of the tree. `frames` and `path` are room to work in.
class Listing {
 public:
  void append(const Store& store, Store::Handle handle, bool recursive, Instant wall, Bytes& out);

 private:
  struct Frame {
    Store::Handle node;
    std::uint32_t next_child;
    std::uint32_t path_size;
    bool any;
  };
  void open(const Store& store, Store::Handle handle, Instant wall, bool list, Bytes& out);
  void close(const Store& store, Store::Handle handle, Bytes& out);

  std::vector<Frame> frames_;
  std::string path_;
};
// {"errorCode":...}\n; the cause loses the user root's prefix.
void append_refusal(ErrorCode code, std::string_view cause, std::uint64_t index, Bytes& out);
// {"message":"..."} without a newline.
void append_message(std::string_view message, Bytes& out);

// {"peerURLs":["..."]}: what Go says is wrong with it, or nothing.
std::string parse_peer_urls(std::string_view body, std::vector<std::string>& urls);

}  // namespace quorumlab::kv
