// Key rotation: keys are installed, made primary and removed by queries among the nodes, and whoever
// asked counts who did it (serf.md 3.10).
#include <algorithm>
#include <charconv>

#include "core/gossip/codec.h"
#include "core/gossip/engine.h"
#include "core/gossip/text.h"

namespace quorumlab::gossip {
namespace {

constexpr std::string_view kQueryNames[] = {"_serf_install-key", "_serf_use-key",
                                            "_serf_remove-key", "_serf_list-keys"};
// The shortest key in base64, with its length byte: how many could fit at most.
constexpr std::size_t kMinEncodedKey = 25;

}  // namespace

std::span<const Bytes> Engine::sealing_keys() const { return serf_.keys.keys(); }

void Engine::key(const Turn& turn, std::uint64_t request, KeyOp op, ByteView key) {
  const auto index = static_cast<std::size_t>(op);
  scratch(turn).payload.clear();
  // An empty key is no nil.
  encode(KeyRequest{key.data() == nullptr ? as_bytes("") : key}, scratch(turn).payload);
  QueryParams params;
  params.name = kQueryNames[index];
  params.payload = scratch(turn).payload;
  // The answers must know what they answer before this node gives its own.
  serf_.key_op = static_cast<std::uint8_t>(op);
  start_query(turn, params, SerfState::Running::Purpose::key, request);
}

// --- the file ---------------------------------------------------------------------------------------

// Without one the agent would know nothing but `keys` after a restart, and stay outside of a cluster
// whose keys have changed. A file that makes no sense ends the agent, as in the real one.
bool Engine::open_keyring(const Turn& turn, ByteView file) {
  if (!config_.keyring_file || !serf_.keys.enabled()) return true;
  if (file.empty()) {
    write_keyring(turn);
    return true;
  }
  if (serf_.keys.read_file(file)) return true;
  note(turn, Fact::refused_to_start, kNobody, 0, 0, 0, Reason::unreadable);
  stop_serf(turn, SerfState::Phase::stopped);
  return false;
}

void Engine::write_keyring(const Turn& turn) {
  if (!config_.keyring_file) return;
  const std::uint32_t begin = turn.out.begin();
  serf_.keys.append_file(turn.out.bytes);
  turn.out.writes.push_back({Ready::Write::File::keyring, true, turn.out.end(begin)});
}

// --- at each node ---------------------------------------------------------------------------------

void Engine::answer_key_query(const Turn& turn, const SerfState::Delivered& from, KeyOp op,
                              ByteView payload) {
  KeyResponse response;
  KeyResult result = KeyResult::ok;
  const bool enabled = serf_.keys.enabled();
  Bytes& text = scratch(turn).text;
  text.clear();
  if (op == KeyOp::list) {
    if (!enabled) {
      response.message = "Keyring is empty (encryption not enabled)";
    } else {
      response.result = true;
      // Base64 of all keys, one after the other; the views come once the buffer stands still.
      std::vector<std::uint32_t>& ends = scratch(turn).ends;
      ends.clear();
      for (const Bytes& k : serf_.keys.keys()) {
        append_base64(k, text);
        ends.push_back(static_cast<std::uint32_t>(text.size()));
      }
      std::uint32_t begin = 0;
      for (const std::uint32_t end : ends) {
        response.keys.push_back(as_text(ByteView(text).subspan(begin, end - begin)));
        begin = end;
      }
      response.primary_key = response.keys.front();
    }
    return send_key_list(turn, from, response);
  }
  KeyRequest request;
  const bool readable = payload.size() > 1 &&
                        payload[0] == static_cast<std::uint8_t>(SerfType::key_request) &&
                        decode(payload.subspan(1), request) == WireError::none;
  Reason reason = Reason::none;
  if (!readable) {
    reason = Reason::unreadable;
  } else if (!enabled) {
    response.message = "No keyring to modify (encryption not enabled)";
    reason = Reason::no_encryption;
  } else {
    result = op == KeyOp::install ? serf_.keys.add(request.key)
             : op == KeyOp::use   ? serf_.keys.use(request.key)
                                  : serf_.keys.remove(request.key, config_.rules);
    response.message = key_error(result);
    response.result = result == KeyResult::ok;
    if (response.result) {
      write_keyring(turn);
    } else {
      reason = Reason::key_refused;
    }
  }
  note(turn, Fact::key_changed, config_.addresses.host(from.origin),
       static_cast<std::uint64_t>(op), hash_bytes(request.key), serf_.keys.keys().size(), reason);
  scratch(turn).payload.clear();
  encode(response, scratch(turn).payload);
  send_response(turn, from, 0, scratch(turn).payload);
}

// As many keys as fit into an answer.
void Engine::send_key_list(const Turn& turn, const SerfState::Delivered& from,
                           KeyResponse& response) {
  const std::size_t all = response.keys.size();
  std::size_t shown =
      std::min<std::size_t>(all, config_.query_response_size_limit / kMinEncodedKey);
  std::string message;
  for (;;) {
    scratch(turn).payload.clear();
    encode(response, scratch(turn).payload);
    // What the answer adds around its payload is some sixty bytes and this node's name.
    QueryResponse whole{from.ltime, from.id, config_.name, 0, scratch(turn).payload};
    scratch(turn).reply.clear();
    encode(whole, scratch(turn).reply);
    if (scratch(turn).reply.size() <= config_.query_response_size_limit || shown == 0) break;
    response.keys.resize(shown);
    message = "truncated key list response, showing first " + std::to_string(shown) + " of " +
              std::to_string(all) + " keys";
    response.message = message;
    --shown;
  }
  send_response(turn, from, 0, scratch(turn).payload);
}

// --- at the origin --------------------------------------------------------------------------------

void Engine::count_key_answer(const Turn& turn, SerfState::Running& query, NodeId from,
                              ByteView payload) {
  KeyResponse response;
  std::string_view message;
  bool failed = false;
  if (payload.empty() || payload[0] != static_cast<std::uint8_t>(SerfType::key_response)) {
    message = "Invalid key query response type";
    failed = true;
  } else if (decode(payload.subspan(1), response) != WireError::none) {
    message = "Failed to decode key query response";
    failed = true;
  } else {
    message = response.message;
    failed = !response.result;
    for (const std::string_view key : response.keys) {
      auto at = std::find_if(query.keys.begin(), query.keys.end(),
                             [&](const auto& count) { return count.key == key; });
      if (at == query.keys.end()) {
        query.keys.push_back({std::string(key), 0});
        at = std::prev(query.keys.end());
      }
      ++at->nodes;
    }
  }
  if (failed) ++query.failures;
  if (query.request != 0 && (failed || !message.empty())) {
    const std::uint32_t begin = turn.out.begin();
    append_text(message, turn.out.bytes);
    Ready::Answer& result = answer(turn, query.request);
    result.kind = Ready::Answer::Kind::response;
    result.last = false;
    result.reason = failed ? Reason::key_refused : Reason::none;
    result.from = from;
    result.bytes = turn.out.end(begin);
  }
  // Everybody answered: no need to wait for the deadline.
  if (query.answered.size() >= query.nodes) end_query(turn, query);
}

void Engine::end_key_query(const Turn& turn, SerfState::Running& query) {
  const auto answered = static_cast<std::uint32_t>(query.answered.size());
  const std::uint32_t done = answered - std::min(answered, query.failures);
  note(turn, Fact::key_request_ended, kNobody, query.key_op, done, query.nodes);
  if (query.request == 0) return;
  std::sort(query.keys.begin(), query.keys.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  for (const SerfState::Running::KeyCount& count : query.keys) {
    const std::uint32_t begin = turn.out.begin();
    append_text(count.key, turn.out.bytes);
    Ready::Answer& result = answer(turn, query.request);
    result.kind = Ready::Answer::Kind::response;
    result.last = false;
    result.count = count.nodes;
    result.bytes = turn.out.end(begin);
  }
  const std::uint32_t begin = turn.out.begin();
  const bool failures = query.failures != 0;
  const bool missing = answered != query.nodes;
  if (failures || missing) {
    append_number(failures ? query.failures : answered, turn.out.bytes);
    append_text("/", turn.out.bytes);
    append_number(query.nodes, turn.out.bytes);
    append_text(failures ? " nodes reported failure" : " nodes reported success", turn.out.bytes);
  }
  Ready::Answer& result = answer(turn, query.request);
  result.count = done;
  result.reason = failures  ? Reason::nodes_failed
                  : missing ? Reason::nodes_missing
                            : Reason::none;
  result.bytes = turn.out.end(begin);
}

}  // namespace quorumlab::gossip
