// Whatever bytes come as a request, a command, a snapshot or a part of an answer: read or refused,
// with one form each, and a server goes on after them.
#include <algorithm>
#include <cstddef>

#include "core/base/assert.h"
#include "core/kv/server.h"

using namespace quorumlab;
using namespace quorumlab::kv;

namespace {

template <class Decoded>
void check_one_form(const Decoded& decoded, ByteView bytes) {
  if (!decoded) return;
  Bytes again;
  encode(*decoded, again);
  ASSERT(again.size() == bytes.size() && std::equal(again.begin(), again.end(), bytes.begin()),
         "one value, one form");
}

void check_replies(const Out& out) {
  for (const Out::Reply& reply : out.replies) {
    HttpResponse response;
    ASSERT(add_part(out.view(reply.bytes), response) == reply.first, "answers can be read");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  const auto request = decode_http_request(bytes);
  const auto command = decode_command(bytes);
  check_one_form(request, bytes);
  check_one_form(command, bytes);
  check_one_form(decode_event(bytes), bytes);
  HttpResponse response;
  if (!add_part(bytes, response)) ASSERT(response == HttpResponse{}, "refused as a whole");
  if (const auto parsed = parse_http_response(as_text(bytes))) {
    ASSERT(parsed->status >= 100, "an answer has a status");
  }

  ServerConfig config;
  config.node = NodeId{1};
  config.members = {{0, NodeId{1}, "n", {"http://n:7001"}, {"http://n:4001"}}};
  Server server(config);
  RaftView view;
  view.leader = NodeId{1};
  view.is_leader = true;
  view.term = Term{2};
  Now now{Instant{0}, Instant{1'795'394'538'000'000'000}};
  Out out;
  server.start(now, view, out);
  if (server.restore(now, bytes, LogIndex{1}, Term{2})) {
    Bytes again;
    server.encode(again);
    ASSERT(again.size() == size && std::equal(again.begin(), again.end(), data),
           "one state, one form");
    view.commit = LogIndex{1};
  }
  if (request) {
    out.clear();
    server.on_request(now, 1, *request, view, out);
    check_replies(out);
    Bytes proposed;
    if (!out.proposals.empty()) {
      const ByteView its = out.view(out.proposals[0].bytes);
      proposed.assign(its.begin(), its.end());
    } else if (!out.memberships.empty()) {
      const ByteView its = out.view(out.memberships[0].command);
      proposed.assign(its.begin(), its.end());
    }
    if (!proposed.empty())
      ASSERT(decode_command(proposed).has_value(), "what we propose we can read");
    out.clear();
    server.apply(now, LogIndex{2}, Term{2}, proposed, view, out);
    check_replies(out);
  }
  out.clear();
  server.apply(now, LogIndex{3}, Term{2}, bytes, view, out);
  now.monotonic = now.monotonic + seconds(8);
  now.wall = now.wall + seconds(8);
  server.on_deadline(now, view, out);
  Bytes state;
  server.encode(state);
  Server copy(config);
  ASSERT(copy.restore(now, state, LogIndex{3}, Term{2}), "what we save we can read");
  ASSERT(copy.same_state(server), "and it is the same");
  return 0;
}
