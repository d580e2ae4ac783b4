// Streams: the exchange of whole states (anti-entropy, and how a node joins), pings that packets
// did not manage, and what peers want on streams of theirs (serf.md 1.7, 4.3).
#include <algorithm>
#include <bit>

#include "core/gossip/codec.h"
#include "core/gossip/engine.h"

namespace quorumlab::gossip {
namespace {

constexpr std::uint64_t kUnscaledMembers = 32;
constexpr std::size_t kMostExchanges = 128;  // at once, from others

// What Go says of a stream that came to nothing.
std::string stream_error(const Address& address, bool opened, Reason reason,
                         std::string_view words) {
  switch (reason) {
    case Reason::connection_refused:
      return "dial tcp " + address.text() + ": connect: connection refused";
    case Reason::timed_out:
      return (opened ? "read tcp " : "dial tcp ") + address.text() + ": i/o timeout";
    case Reason::connection_lost:
      return "EOF";
    default:
      return std::string(words);
  }
}

}  // namespace

// --- the schedule -------------------------------------------------------------------------------

Duration push_pull_period(Duration interval, std::uint64_t members) {
  if (members <= kUnscaledMembers) return interval;
  // ceil(log2 members - log2 32) + 1
  const auto doublings = static_cast<std::int64_t>(std::bit_width(members - 1)) - 5;
  return interval * (doublings + 1);
}

void Engine::push_pull_due(const Turn& turn) {
  const Instant now = turn.now.monotonic;
  push_pull_at_ = now + push_pull_period(config_.push_pull_interval, order_.size());
  if (!push_pull_begun_) {  // the stagger is over; the first period begins
    push_pull_begun_ = true;
    return;
  }
  if (!on(Rule::push_pull)) return;
  chosen_.clear();
  choose_members(Draw::push_pull_target, 1,
                 [&](PeerId id) { return id != self_ && table_[id.value].state == State::alive; });
  if (chosen_.empty()) return;
  push_pull_at_ = kNever;  // the next period begins when this exchange is over
  open_stream(turn, Stream::Use::push_pull, Address(address_of(turn, chosen_[0])));
}

// --- streams ------------------------------------------------------------------------------------

Engine::Stream* Engine::find_stream(std::uint64_t id) {
  const auto at = std::ranges::find(streams_, id, &Stream::id);
  return at == streams_.end() ? nullptr : &*at;
}

Engine::Stream& Engine::add_stream(const Turn& turn, std::uint64_t id, Stream::Use use) {
  Stream& stream = streams_.emplace_back();
  stream.id = id;
  stream.use = use;
  stream.opened = use == Stream::Use::accepted;
  // Readers of great states hold megabytes: they go from engine to engine.
  std::vector<StreamReader>& spare = turn.out.scratch.spare_readers;
  if (!spare.empty()) {
    stream.reader = std::move(spare.back());
    spare.pop_back();
  }
  stream.reader.reset(use == Stream::Use::accepted ? StreamSide::dialled : StreamSide::accepted);
  return stream;
}

std::uint64_t Engine::open_stream(const Turn& turn, Stream::Use use, const Address& target) {
  const std::uint64_t id = ++last_stream_;
  Stream& stream = add_stream(turn, id, use);
  stream.address = target;
  stream.peer = config_.addresses.host(target);
  stream.expires = turn.now.monotonic + config_.tcp_timeout;
  arm(stream.expires, TimerKind::stream, 0, id);
  turn.out.streams.push_back({Ready::Stream::Op::open, id, stream.peer, {}});
  return id;
}

void Engine::close_stream(const Turn& turn, std::uint64_t id) {
  turn.out.streams.push_back({Ready::Stream::Op::close, id, kNobody, {}});
  Stream* stream = find_stream(id);
  if (stream == nullptr) return;
  turn.out.scratch.spare_readers.push_back(std::move(stream->reader));
  if (stream != &streams_.back()) *stream = std::move(streams_.back());
  streams_.pop_back();
}

void Engine::send_on_stream(const Turn& turn, std::uint64_t id, StreamSide side) {
  const std::uint32_t begin = turn.out.begin();
  make_stream(turn.out.scratch.message, wire(), side, draw_nonce(), turn.out.bytes);
  turn.out.streams.push_back({Ready::Stream::Op::send, id, kNobody, turn.out.end(begin)});
}

void Engine::on_stream_opened(const Turn& turn, std::uint64_t id, NodeId peer, bool by_us) {
  if (!started_) return;
  if (!by_us) {
    Stream& stream = add_stream(turn, id, Stream::Use::accepted);
    stream.peer = peer;
    stream.expires = turn.now.monotonic + config_.tcp_timeout;
    arm(stream.expires, TimerKind::stream, 0, id);
    return;
  }
  Stream* stream = find_stream(id);
  if (stream == nullptr) {  // given up meanwhile
    turn.out.streams.push_back({Ready::Stream::Op::close, id, kNobody, {}});
    return;
  }
  stream->opened = true;
  if (stream->use == Stream::Use::ping) {
    Ping ping;
    ping.seq_no = stream->seq_no;
    ping.node = turn.names.name(probe_.target);
    ping.source = config_.addresses.address(config_.id);
    ping.source_node = config_.name;
    write_message(turn, ping);
  } else {
    // Dialling had a time of its own; reading and writing get as much.
    stream->expires = turn.now.monotonic + config_.tcp_timeout;
    arm(stream->expires, TimerKind::stream, 0, id);
    write_push_pull(turn, stream->use == Stream::Use::join);
  }
  send_on_stream(turn, id, StreamSide::dialled);
}

void Engine::on_stream_bytes(const Turn& turn, std::uint64_t id, ByteView bytes) {
  Stream* stream = find_stream(id);
  if (stream == nullptr) return;
  WireSettings settings = wire();
  settings.known = &turn.names.states();
  switch (stream->reader.feed(bytes, settings)) {
    case StreamReader::Progress::need_more:
      return;
    case StreamReader::Progress::message:
      stream_message(turn, id);
      break;
    case StreamReader::Progress::error: {
      const WireError error = stream->reader.error();
      note(turn, Fact::gossip_dropped, stream->peer, static_cast<std::uint64_t>(error),
           bytes.size());
      if (stream->use == Stream::Use::accepted) {
        write_message(turn, ErrorResponse{wire_error_words(error)});
        send_on_stream(turn, id, StreamSide::accepted);
      }
      finish_stream(turn, id, Reason::unreadable, wire_error_words(error));
      break;
    }
  }
  collect_finished(turn);
}

void Engine::on_stream_refused(const Turn& turn, std::uint64_t id) {
  finish_stream(turn, id, Reason::connection_refused);
  collect_finished(turn);
}

void Engine::on_stream_closed(const Turn& turn, std::uint64_t id) {
  finish_stream(turn, id, Reason::connection_lost);
  collect_finished(turn);
}

void Engine::stream_timer(const Turn& turn, const Timer& timer) {
  const Stream* stream = find_stream(timer.b);
  if (stream == nullptr || stream->expires > turn.now.monotonic) return;
  finish_stream(turn, timer.b, Reason::timed_out);
}

// Ends a stream; what it was for has failed if there is a reason. `words` say more.
void Engine::finish_stream(const Turn& turn, std::uint64_t id, Reason reason,
                           std::string_view words) {
  const Stream* stream = find_stream(id);
  if (stream == nullptr) return;
  const Stream::Use use = stream->use;
  const std::uint64_t join = stream->join;
  const bool opened = stream->opened;
  const Address address = stream->address;
  const NodeId peer = stream->peer;
  const bool failed = reason != Reason::none;
  close_stream(turn, id);
  if (failed && use != Stream::Use::ping) {
    note(turn, Fact::push_pull_failed, peer, 0, use == Stream::Use::join ? 1 : 0, 0, reason);
  }
  if (use == Stream::Use::push_pull) {
    push_pull_at_ =
        turn.now.monotonic + push_pull_period(config_.push_pull_interval, order_.size());
  } else if (use == Stream::Use::join) {
    const auto at = std::ranges::find(joins_, join, &Joining::id);
    if (at == joins_.end()) return;
    if (failed) {
      ++at->failed;
      at->errors += "\n\t* Failed to join " + address.ip_text() + ": " +
                    stream_error(address, opened, reason, words);
    } else {
      ++at->contacted;
    }
    continue_join(turn, join);
  }
}

void Engine::stream_message(const Turn& turn, std::uint64_t id) {
  Stream& stream = *find_stream(id);
  const Part part = stream.reader.message();
  const NodeId peer = stream.peer;
  const bool accepted = stream.use == Stream::Use::accepted;
  switch (part.type) {
    case MessageType::push_pull: {
      if (stream.use == Stream::Use::ping) break;
      PushPullReader reader(part.body());
      const bool join = reader.header().join;
      std::string words;
      const Reason reason = check_remote(turn, part.body(), reader, words);
      if (accepted) {
        // Ourselves counted: who comes when so many are under way has to try again.
        const auto under_way = std::ranges::count(streams_, Stream::Use::accepted, &Stream::use);
        if (static_cast<std::size_t>(under_way) >= kMostExchanges) {
          note(turn, Fact::push_pull_failed, peer, 0, join ? 1 : 0, 0, Reason::too_many_exchanges);
          return close_stream(turn, id);
        }
        // Who cannot be merged is answered all the same, and finds out for itself.
        if (reason != Reason::unreadable) {
          write_push_pull(turn, join);
          send_on_stream(turn, id, StreamSide::accepted);
        }
      }
      if (reason == Reason::none) merge_remote(turn, peer, part.body(), reader, !accepted);
      return finish_stream(turn, id, reason, words);
    }
    case MessageType::ping: {
      Ping ping;
      if (!accepted || decode(part.body(), ping) != WireError::none) break;
      if (!ping.node.empty() && ping.node != config_.name && on(Rule::ping_only_for_own_name)) {
        note(turn, Fact::ping_for_another, peer);
        return close_stream(turn, id);
      }
      write_message(turn, Ack{ping.seq_no, {}});
      send_on_stream(turn, id, StreamSide::accepted);
      return close_stream(turn, id);
    }
    case MessageType::ack: {
      Ack ack;
      if (stream.use != Stream::Use::ping || decode(part.body(), ack) != WireError::none) break;
      if (probe_.stream == id && ack.seq_no == probe_.seq_no) probe_.stream_answered = true;
      return close_stream(turn, id);
    }
    case MessageType::user: {
      ByteView user;
      if (!accepted || decode_user_stream(part.body(), user) != WireError::none) break;
      notify_message(turn, user);
      return close_stream(turn, id);
    }
    case MessageType::error: {
      ErrorResponse response;
      if (decode(part.body(), response) != WireError::none) break;
      return finish_stream(turn, id, Reason::unreadable,
                           "remote error: " + std::string(response.error));
    }
    default:
      break;
  }
  finish_stream(turn, id, Reason::unreadable, "unexpected message");
}

// --- the exchange -------------------------------------------------------------------------------

void Engine::write_push_pull(const Turn& turn, bool join) {
  Scratch& scratch = turn.out.scratch;
  scratch.payload.clear();
  append_user_state(turn, join, scratch.payload);
  scratch.message.clear();
  encode(PushPullHeader{static_cast<std::int64_t>(order_.size()),
                        static_cast<std::int64_t>(scratch.payload.size()), join},
         scratch.message);
  // What is about to be written lies all over the memory: it is called for some members ahead.
  constexpr std::size_t kRecordAhead = 4, kMemberAhead = 12;
  const KnownStates& states = turn.names.states();
  Bytes& out = scratch.message;
  std::size_t size = out.size();
  for (std::size_t i = 0; i < order_.size(); ++i) {
    if (i + kMemberAhead < order_.size()) {
      prefetch_line(&table_[order_[i + kMemberAhead].value]);
      states.prefetch(table_[order_[i + kRecordAhead].value].record.value);
    }
    const PeerId id = order_[i];
    const Member& member = table_[id.value];
    const auto state = static_cast<std::uint8_t>(member.state);
    const std::size_t room = states.room(member.record.value, state);
    if (room != 0) [[likely]] {
      if (out.size() < size + room) out.resize(std::max(2 * out.size(), size + room));
      std::uint8_t* const at = out.data() + size;
      size += static_cast<std::size_t>(
          states.write(member.record.value, member.incarnation, state, at) - at);
      continue;
    }
    const PeerRecord& record = turn.names.record(member.record);
    PushNodeState node;
    node.name = turn.names.name(id);
    node.address = record.address;
    node.meta = record.meta;
    node.incarnation = member.incarnation;
    node.state = state;
    node.vsn.bytes = record.vsn;
    out.resize(size);
    encode(node, out);
    size = out.size();
  }
  out.resize(size);
  out.insert(out.end(), scratch.payload.begin(), scratch.payload.end());
}

const Versions& Engine::own_versions(const Turn& turn) {
  if (versions_fresh_) return versions_;
  versions_ = {};
  for (const Member& member : table_) {  // in whatever order
    if (member.state == State::unknown) continue;
    versions_.add(turn.names.record(member.record).vsn, member.state == State::alive);
  }
  versions_fresh_ = true;
  return versions_;
}

Reason Engine::check_remote(const Turn& turn, ByteView body, PushPullReader& reader,
                            std::string& words) {
  std::vector<PushedState>& pushed = turn.out.scratch.pushed;
  pushed.clear();
  Versions versions;
  // Nearly all speak the same versions.
  std::array<std::uint8_t, 6> last{};
  bool last_alive = false, any = false;
  const auto add = [&](const std::array<std::uint8_t, 6>& vsn, bool alive) {
    if (any && alive == last_alive && vsn == last) return;
    versions.add(vsn, alive);
    last = vsn;
    last_alive = alive;
    any = true;
  };
  PushNodeState node;
  for (;;) {
    const ByteView rest = reader.rest();
    PushedState state;
    state.offset = static_cast<std::uint32_t>(body.size() - rest.size());
    const KnownStates::Found found = turn.names.states().recognise(rest);
    if (found.size != 0 && reader.pass(found.size)) {
      state.record = {found.number};
      state.incarnation = found.incarnation;
      state.state = found.state;
      const PeerRecord& record = turn.names.record(state.record);
      state.peer = record.peer;
      add(record.vsn, found.state == static_cast<std::uint8_t>(State::alive));
    } else if (reader.next(node)) {
      const bool alive = node.state == static_cast<std::uint8_t>(State::alive);
      if (node.vsn.size == 0) node.vsn.bytes = {};
      state.peer = turn.names.find(node.name);
      add(node.vsn.bytes, alive && node.vsn.size > 0);
    } else {
      break;
    }
    pushed.push_back(state);
  }
  if (reader.error() != WireError::none) {
    words = wire_error_words(reader.error());
    return Reason::unreadable;
  }
  if (!on(Rule::check_protocol_versions)) return Reason::none;
  versions.add(own_versions(turn));
  if (versions.hold_all()) return Reason::none;
  for (PushPullReader again(body); words.empty() && again.next(node);) {
    if (node.vsn.size == 0) node.vsn.bytes = {};
    words = versions.misfit(node.name, node.vsn.bytes);
  }
  for (std::size_t i = 0; words.empty() && i < order_.size(); ++i) {
    const PeerId id = order_[i];
    words = versions.misfit(turn.names.name(id), turn.names.record(table_[id.value].record).vsn);
  }
  return Reason::incompatible_version;
}

// Takes in what another node believes. Its dead are suspected here, since this node may know
// better, and so may they: each such exchange begins a suspicion of its own.
// REQUIRES: check_remote found nothing; `reader` is at the end of the states.
void Engine::merge_remote(const Turn& turn, NodeId peer, ByteView body,
                          const PushPullReader& reader, bool asked) {
  const std::vector<PushedState>& pushed = turn.out.scratch.pushed;
  const bool needs_news =
      on(Rule::alive_needs_higher_incarnation) && on(Rule::left_needs_newer_alive);
  // Nearly all of them: what handle_alive would find to be no news.
  const auto no_news = [&](PeerId id, std::uint32_t incarnation,
                           const std::array<std::uint8_t, 6>& vsn, auto&& same_address) {
    return needs_news && id != self_ && known(id) && incarnation <= table_[id.value].incarnation &&
           vsn[0] != 0 && vsn[0] <= vsn[1] && same_address(table_[id.value].record);
  };
  constexpr std::size_t kAhead = 12;
  for (std::size_t i = 0; i < pushed.size(); ++i) {
    if (i + kAhead < pushed.size()) {
      const PeerId later = pushed[i + kAhead].peer;
      if (later.value < table_.size()) prefetch_line(&table_[later.value]);
    }
    const PushedState& state = pushed[i];
    if (state.record && state.state == static_cast<std::uint8_t>(State::alive)) {
      const PeerRecord& record = turn.names.record(state.record);
      if (no_news(state.peer, state.incarnation, record.vsn, [&](RecordId known) {
            return known == state.record || turn.names.record(known).address == record.address;
          })) {
        continue;
      }
    }
    PushNodeState node;
    std::size_t size = 0;
    if (read_node(body.subspan(state.offset), node, size) != WireError::none) continue;
    switch (node.state) {
      case static_cast<std::uint8_t>(State::alive): {
        if (no_news(turn.names.find(node.name, state.peer), node.incarnation, node.vsn.bytes,
                    [&](RecordId known) {
                      return turn.names.record(known).address == node.address;
                    })) {
          break;
        }
        Alive alive;
        alive.incarnation = node.incarnation;
        alive.node = node.name;
        alive.address = node.address;
        alive.meta = node.meta;
        alive.vsn = node.vsn;
        handle_alive(turn, peer, alive);
        break;
      }
      case static_cast<std::uint8_t>(State::left):
        handle_dead(turn, {node.incarnation, node.name, node.name});
        break;
      case static_cast<std::uint8_t>(State::dead):
        if (!on(Rule::dead_in_push_pull_is_suspect)) {
          handle_dead(turn, {node.incarnation, node.name, config_.name});
          break;
        }
        [[fallthrough]];
      case static_cast<std::uint8_t>(State::suspect):
        handle_suspect(turn, {node.incarnation, node.name, config_.name});
        break;
      default:
        break;
    }
  }
  const bool join = reader.header().join;
  note(turn, Fact::push_pull_done, peer, static_cast<std::uint64_t>(reader.header().nodes),
       join ? 1 : 0, asked ? 1 : 0);
  if (!reader.user_state().empty()) merge_user_state(turn, reader.user_state(), join);
}

// --- joining ------------------------------------------------------------------------------------

void Engine::begin_join(const Turn& turn, std::span<const Address> targets, std::uint64_t request,
                        bool replay) {
  Joining join;
  join.id = ++last_join_;
  join.request = request;
  join.replay = replay;
  join.targets.assign(targets.begin(), targets.end());
  joins_.push_back(std::move(join));
  continue_join(turn, last_join_);
}

void Engine::continue_join(const Turn& turn, std::uint64_t id) {
  const auto at = std::ranges::find(joins_, id, &Joining::id);
  if (at == joins_.end()) return;
  const Address self = config_.addresses.address(config_.id);
  while (at->next < at->targets.size()) {
    const Address target = at->targets[at->next++];
    if (target == self) {  // a node can always reach itself, and learns nothing
      ++at->contacted;
      continue;
    }
    const std::uint64_t stream = open_stream(turn, Stream::Use::join, target);
    find_stream(stream)->join = id;
    return;
  }
  std::string errors;
  if (at->contacted == 0 && at->failed > 0) {
    errors = std::to_string(at->failed) + (at->failed == 1 ? " error" : " errors") +
             " occurred:" + at->errors + "\n\n";
  }
  const std::uint64_t request = at->request;
  const std::uint32_t contacted = at->contacted;
  joins_.erase(at);
  join_finished(turn, request, contacted, errors);
}

}  // namespace quorumlab::gossip
