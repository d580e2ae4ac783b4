// Queries: a question to everybody, or to whom the filters name, with answers by single packets until
// a deadline (serf.md 3.4).
#include <algorithm>

#include "core/gossip/codec.h"
#include "core/gossip/engine.h"
#include "core/gossip/text.h"

namespace quorumlab::gossip {
namespace {

constexpr std::string_view kInternalPrefix = "_serf_";
// Who wants to hear of answers that come too late waits so much longer (a rule that is off).
constexpr int kLatePatience = 4;
// memberlist's protocol version that understands relays.
constexpr std::uint8_t kRelayProtocol = 5;

// True if the hash was not there before.
bool insert_once(std::vector<std::uint64_t>& hashes, std::uint64_t hash) {
  const auto at = std::lower_bound(hashes.begin(), hashes.end(), hash);
  if (at != hashes.end() && *at == hash) return false;
  hashes.insert(at, hash);
  return true;
}

}  // namespace

// --- at the origin --------------------------------------------------------------------------------

Duration Engine::default_query_timeout() const {
  return config_.gossip_interval *
         static_cast<std::int64_t>(retransmit_limit(config_.query_timeout_mult, live_members()));
}

void Engine::query(const Turn& turn, std::uint64_t request, const QueryParams& params) {
  // Only the ping among serf's own may be asked by users, and without a payload.
  if (params.name.starts_with(kInternalPrefix) &&
      (params.name != "_serf_ping" || !params.payload.empty())) {
    return refuse(turn, request, Reason::reserved_name,
                  "Queries cannot contain the '_serf_' prefix");
  }
  start_query(turn, params, SerfState::Running::Purpose::user, request);
}

SerfState::Running* Engine::start_query(const Turn& turn, const QueryParams& params,
                                        SerfState::Running::Purpose purpose,
                                        std::uint64_t request) {
  Query query = std::move(scratch(turn).query);
  query.ltime = serf_.query_clock.time();
  query.id = static_cast<std::uint32_t>(draw(Draw::query_id) >> 33);
  query.address = address_of(turn, self_);
  query.source_node = config_.name;
  query.flags = params.want_ack ? kQueryFlagAck : 0;
  query.relay_factor = params.relay_factor;
  query.timeout = params.timeout.ns > 0 ? params.timeout : default_query_timeout();
  query.name = params.name;
  query.payload = params.payload.empty() ? ByteView{} : params.payload;

  // The filters' bytes first, all in one buffer; views of them once it no longer moves.
  Bytes& bytes = scratch(turn).filters;
  bytes.clear();
  std::vector<std::uint32_t>& ends = scratch(turn).ends;
  ends.clear();
  Filter& filter = scratch(turn).filter;
  if (!params.nodes.empty()) {
    filter.type = FilterType::node;
    filter.nodes.clear();
    for (const std::string& name : params.nodes) filter.nodes.push_back(name);
    encode_filter(filter, bytes);
    ends.push_back(static_cast<std::uint32_t>(bytes.size()));
  }
  for (const auto& [tag, expression] : params.tags) {
    filter.type = FilterType::tag;
    filter.tag = tag;
    filter.expr = expression;
    encode_filter(filter, bytes);
    ends.push_back(static_cast<std::uint32_t>(bytes.size()));
  }
  query.filters.clear();
  std::uint32_t begin = 0;
  for (const std::uint32_t end : ends) {
    query.filters.push_back(ByteView(bytes).subspan(begin, end - begin));
    begin = end;
  }

  scratch(turn).message.clear();
  encode(query, scratch(turn).message);
  if (scratch(turn).message.size() > config_.query_size_limit) {
    scratch(turn).text.clear();
    append_text("query exceeds limit of ", scratch(turn).text);
    append_number(config_.query_size_limit, scratch(turn).text);
    append_text(" bytes", scratch(turn).text);
    refuse(turn, request, Reason::query_too_large, as_text(scratch(turn).text));
    scratch(turn).query = std::move(query);
    return nullptr;
  }

  auto place = std::find_if(serf_.running.begin(), serf_.running.end(),
                            [](const auto& running) { return !running.active; });
  if (place == serf_.running.end()) place = serf_.running.insert(place, SerfState::Running{});
  const auto index = static_cast<std::size_t>(place - serf_.running.begin());
  SerfState::Running& running = *place;
  running.active = true;
  running.purpose = purpose;
  running.id = query.id;
  running.ltime = query.ltime;
  running.request = request;
  running.key_op = serf_.key_op;
  running.deadline = turn.now.monotonic + query.timeout;
  running.acked.clear();
  running.answered.clear();
  running.matching = running.failures = 0;
  running.nodes = purpose == SerfState::Running::Purpose::key ? live_members() : 0;
  running.keys.clear();
  const Instant end = on(Rule::query_deadline)
                          ? running.deadline
                          : turn.now.monotonic + query.timeout * kLatePatience;
  arm(end, TimerKind::query_end, query.id, query.ltime);
  note(turn, Fact::query_started, kNobody, query.ltime, query.id,
       static_cast<std::uint64_t>(query.timeout.ns));

  // Gossiped before it is handled here, since handling it may need the same buffers.
  broadcast(turn, Queue::queries, scratch(turn).message);
  handle_query(turn, query);
  scratch(turn).query = std::move(query);
  return &serf_.running[index];
}

void Engine::handle_response(const Turn& turn, const QueryResponse& response) {
  const NodeId from = host_named(turn, response.from);
  const std::uint64_t ack = response.is_ack() ? 1 : 0;
  const auto drop = [&](Reason why) {
    note(turn, Fact::answer_dropped, from, response.ltime, response.id, ack, why);
  };
  const auto found = std::find_if(
      serf_.running.begin(), serf_.running.end(),
      [&](const auto& running) { return running.active && running.ltime == response.ltime; });
  if (found == serf_.running.end()) return drop(Reason::not_running);
  SerfState::Running& running = *found;
  if (running.id != response.id) return drop(Reason::wrong_query_id);
  if (turn.now.monotonic > running.deadline && on(Rule::query_deadline)) {
    return drop(Reason::past_deadline);
  }
  std::vector<std::uint64_t>& counted = response.is_ack() ? running.acked : running.answered;
  const bool first = insert_once(counted, hash_bytes(as_bytes(response.from)));
  if (!first && on(Rule::count_answers_once)) return drop(Reason::duplicate);
  if (!first) counted.push_back(counted.back());  // sorted still, and counted
  note(turn, Fact::answer_counted, from, response.ltime, response.id, ack);

  using Purpose = SerfState::Running::Purpose;
  if (running.purpose == Purpose::key && !response.is_ack()) {
    return count_key_answer(turn, running, from, response.payload);
  }
  if (running.purpose == Purpose::name_conflict && !response.is_ack()) {
    return count_conflict_answer(turn, running, response.payload);
  }
  if (running.purpose != Purpose::user || running.request == 0) return;
  const std::uint32_t begin = turn.out.begin();
  append_text(as_text(response.payload), turn.out.bytes);
  Ready::Answer& result = answer(turn, running.request);
  result.kind = response.is_ack() ? Ready::Answer::Kind::ack : Ready::Answer::Kind::response;
  result.last = false;
  result.from = from;
  result.bytes = turn.out.end(begin);
}

void Engine::query_timer(const Turn& turn, const Timer& timer) {
  for (SerfState::Running& running : serf_.running) {
    if (running.active && running.id == timer.a && running.ltime == timer.b) {
      return end_query(turn, running);
    }
  }
}

void Engine::end_query(const Turn& turn, SerfState::Running& query) {
  query.active = false;
  note(turn, Fact::query_ended, kNobody, query.ltime, query.answered.size(), query.acked.size());
  using Purpose = SerfState::Running::Purpose;
  if (query.purpose == Purpose::key) return end_key_query(turn, query);
  if (query.purpose == Purpose::name_conflict) return end_conflict_query(turn, query);
  if (query.request != 0) answer(turn, query.request).count = query.answered.size();
}

// --- everywhere -----------------------------------------------------------------------------------

// Whether it is to be passed on: everything new is, whomever it is for.
bool Engine::handle_query(const Turn& turn, const Query& query) {
  witness(turn, serf_.query_clock, query.ltime);
  const NodeId origin = config_.addresses.host(query.address);
  const RingVerdict verdict =
      serf_.queries.take(query.ltime, query.id, serf_.query_clock.time(), config_.rules);
  if (verdict != RingVerdict::accepted) {
    const Reason why = verdict == RingVerdict::before_min_time  ? Reason::before_min_time
                       : verdict == RingVerdict::outside_window ? Reason::outside_window
                       : verdict == RingVerdict::duplicate      ? Reason::duplicate
                                                                : Reason::buffer_full;
    note(turn, Fact::query_dropped, origin, query.ltime, query.id, 0, why);
    return !on(Rule::rebroadcast_only_news);
  }
  const bool pass_on = (query.flags & kQueryFlagNoBroadcast) == 0;
  const bool for_us = passes_filters(turn, query);
  note(turn, Fact::query_received, origin, query.ltime, query.id, for_us ? 1 : 0);
  if (!for_us) return pass_on;

  SerfState::Delivered& delivered = serf_.arriving;
  delivered.handle = 0;
  delivered.ltime = query.ltime;
  delivered.id = query.id;
  delivered.relay_factor = query.relay_factor;
  delivered.origin = query.address;
  delivered.origin_name = query.source_node;
  delivered.deadline = turn.now.monotonic + query.timeout;
  if ((query.flags & kQueryFlagAck) != 0) {
    send_response(turn, delivered, kQueryFlagAck, {});
    note(turn, Fact::query_acked, origin, query.ltime, query.id);
  }
  snapshot_query(turn, query.ltime);
  if (query.name.starts_with(kInternalPrefix)) {
    handle_internal_query(turn, delivered, query.name.substr(kInternalPrefix.size()),
                          query.payload);
    return pass_on;
  }
  std::erase_if(serf_.delivered, [&](const auto& d) {
    return d.deadline < turn.now.monotonic && on(Rule::query_deadline);
  });
  if (serf_.delivered.size() >= SerfState::kMostDelivered) serf_.delivered.erase(serf_.delivered.begin());
  delivered.handle = ++serf_.last_handle;
  serf_.delivered.push_back(delivered);
  deliver_user(turn, EventKind::query, query.ltime, delivered.handle, query.name, query.payload);
  return pass_on;
}

bool Engine::passes_filters(const Turn& turn, const Query& query) {
  for (const ByteView bytes : query.filters) {
    Filter& filter = scratch(turn).filter;
    bool passes = decode_filter(bytes, filter) == WireError::none;
    if (passes && filter.type == FilterType::node) {
      passes = std::find(filter.nodes.begin(), filter.nodes.end(), config_.name) !=
               filter.nodes.end();
    } else if (passes) {
      const auto tag = std::find_if(serf_.tags.begin(), serf_.tags.end(),
                                    [&](const auto& t) { return t.first == filter.tag; });
      const std::string_view value =
          tag != serf_.tags.end() ? std::string_view(tag->second) : std::string_view{};
      passes = scratch(turn).regexp.compile(filter.expr);
      if (!passes) {
        note(turn, Fact::query_dropped, config_.addresses.host(query.address), query.ltime,
             query.id, 0, Reason::wrong_filter);
      }
      passes = passes && scratch(turn).regexp.found_in(value);
    }
    if (!passes) return false;
  }
  return true;
}

// --- answers --------------------------------------------------------------------------------------

void Engine::respond(const Turn& turn, std::uint64_t query_id, ByteView payload) {
  const auto found = std::find_if(serf_.delivered.begin(), serf_.delivered.end(),
                                  [&](const auto& d) { return d.handle == query_id; });
  if (found == serf_.delivered.end()) {
    note(turn, Fact::response_refused, kNobody, 0, 0, payload.size(), Reason::not_running);
    return;
  }
  SerfState::Delivered& query = *found;
  const auto refused = [&](Reason why) {
    note(turn, Fact::response_refused, config_.addresses.host(query.origin), query.ltime, query.id,
         payload.size(), why);
  };
  if (query.responded && on(Rule::respond_once)) return refused(Reason::already_answered);
  if (turn.now.monotonic > query.deadline && on(Rule::query_deadline)) {
    return refused(Reason::past_deadline);
  }
  // An empty answer is an answer, not nil.
  if (payload.data() == nullptr) payload = as_bytes("");
  if (send_response(turn, query, 0, payload)) query.responded = true;
}

bool Engine::send_response(const Turn& turn, const SerfState::Delivered& to, std::uint32_t flags,
                           ByteView payload) {
  const NodeId origin = config_.addresses.host(to.origin);
  QueryResponse response;
  response.ltime = to.ltime;
  response.id = to.id;
  response.from = config_.name;
  response.flags = flags;
  response.payload = payload;
  scratch(turn).reply.clear();
  encode(response, scratch(turn).reply);
  if (scratch(turn).reply.size() > config_.query_response_size_limit && !response.is_ack()) {
    note(turn, Fact::response_refused, origin, to.ltime, to.id, scratch(turn).reply.size(),
         Reason::response_too_large);
    return false;
  }
  if (!response.is_ack()) {
    note(turn, Fact::query_responded, origin, to.ltime, to.id, payload.size());
  }
  send_or_take(turn, to.origin, scratch(turn).reply);
  // By way of others, too; in a cluster too small for that nobody is asked to.
  if (to.relay_factor > 0 && serf_.members >= to.relay_factor + 1u) {
    Relay relay;
    relay.dest = to.origin;
    relay.dest_name = to.origin_name;
    relay.message = scratch(turn).reply;
    scratch(turn).message.clear();
    encode(relay, scratch(turn).message);
    if (scratch(turn).message.size() <= config_.query_response_size_limit) {
      chosen_.clear();
      choose_members(Draw::relays, to.relay_factor, [&](PeerId id) {
        return id != self_ && table_[id.value].status == Status::alive &&
               turn.names.record(table_[id.value].record).vsn[1] >= kRelayProtocol;
      });
      for (const PeerId helper : chosen_) {
        note(turn, Fact::response_relayed, host_of(turn, helper), 0);
        send_user(turn, address_of(turn, helper), scratch(turn).message);
      }
    }
  }
  return true;
}

// What a node says to itself needs no network.
void Engine::send_or_take(const Turn& turn, const Address& target, ByteView message) {
  if (target == address_of(turn, self_)) return notify_message(turn, message);
  send_user(turn, target, message);
}

void Engine::handle_relay(const Turn& turn, const Relay& relay) {
  note(turn, Fact::response_relayed, config_.addresses.host(relay.dest), 1);
  if (relay.message.empty()) return;
  if (relay.dest == address_of(turn, self_)) {
    // For us after all. Only answers are taken, so that no message can call itself.
    if (static_cast<SerfType>(relay.message[0]) == SerfType::query_response) {
      notify_message(turn, relay.message);
    }
    return;
  }
  send_user(turn, relay.dest, relay.message);
}

}  // namespace quorumlab::gossip
