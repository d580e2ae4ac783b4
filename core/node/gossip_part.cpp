// The gossip half of a node: events to the engine, the agent's commands, and what the engine wants
// done. The engine's Ready becomes effects; the answers that handlers give to queries are given here,
// since a handler belongs to the agent.
#include <algorithm>

#include "core/node/node.h"

namespace quorumlab {
namespace {

void answer(std::uint64_t request, const AgentAnswer& what, bool last, Effects& out) {
  const std::uint32_t begin = out.begin();
  encode(what, out.bytes);
  out.replies.push_back({request, last, out.end(begin)});
}

void refuse(std::uint64_t request, std::string_view why, Effects& out) {
  AgentAnswer what;
  what.reason = Reason::bad_command;
  what.text = as_bytes(why);
  answer(request, what, true, out);
}

}  // namespace

void Node::set_rule(gossip::Rule rule, bool on) {
  config_.gossip.rules.set(rule, on);
  gossip_.set_rule(rule, on);
}

void Node::settle(Now now, std::span<const gossip::Engine::Self> members, Effects& out) {
  gossip_.settle({now, out.names != nullptr ? *out.names : names_, out.gossip}, members);
  out.wake_at = gossip_.deadline();
}

bool Node::is_members_write(std::uint64_t id) const {
  return std::any_of(open_writes_.begin(), open_writes_.end(), [&](const OpenWrite& w) {
    return w.id == id && w.purpose == OpenWrite::Purpose::members;
  });
}

void Node::gossip_step(Now now, const Event& event, Effects& out) {
  if (!config_.run_gossip) return refuse(event.id, "no serf agent runs on this node", out);
  out.gossip.clear();
  const gossip::Turn turn{now, out.names != nullptr ? *out.names : names_, out.gossip};
  const bool ours = event.port == Port::gossip;
  switch (event.kind) {
    case Event::Kind::started: {
      ByteView snapshot, keyring;
      for (const FileContent& file : event.files) {
        if (file.file == FileId::members) snapshot = file.bytes;
        if (file.file == FileId::keyring) keyring = file.bytes;
      }
      gossip_.start(turn, snapshot, keyring);
      break;
    }
    case Event::Kind::packet:
      if (ours) gossip_.on_packet(turn, event.peer, event.bytes);
      break;
    case Event::Kind::stream_opened: {
      constexpr std::uint64_t kAcceptorBit = std::uint64_t{1} << 63;
      gossip_.on_stream_opened(turn, event.id, event.peer, (event.id & kAcceptorBit) == 0);
      break;
    }
    case Event::Kind::stream_refused:
      gossip_.on_stream_refused(turn, event.id);
      break;
    case Event::Kind::stream_bytes:
      gossip_.on_stream_bytes(turn, event.id, event.bytes);
      break;
    case Event::Kind::stream_closed:
      gossip_.on_stream_closed(turn, event.id);
      break;
    case Event::Kind::deadline_reached:
      if (gossip_.deadline() <= now.monotonic) gossip_.on_deadline(turn);
      break;
    case Event::Kind::client_request:
      if (is_agent_request(event.bytes)) agent_command(turn, event, out);
      break;
    case Event::Kind::client_gone:
      gossip_.forget_request(event.id);
      break;
    case Event::Kind::write_durable:
    case Event::Kind::write_failed:
      if (!config_.run_raft) on_write_durable(now, event.id, out);
      break;
    case Event::Kind::answered:
    case Event::Kind::ask_failed:
      break;  // an agent asks no server
    case Event::Kind::sends_blocked:
      gossip_.on_sends_blocked();
      break;
    case Event::Kind::sends_unblocked:
      gossip_.on_sends_unblocked(turn);
      break;
  }
  carry_out_gossip(turn, out);
  out.wake_at = config_.run_raft ? std::min(out.wake_at, gossip_.deadline()) : gossip_.deadline();
}

void Node::agent_command(const gossip::Turn& turn, const Event& event, Effects& out) {
  const auto request = decode_request(event.bytes);
  const auto command = request ? decode_agent_command(request->value) : std::nullopt;
  if (!command) return refuse(event.id, "the command cannot be read", out);
  using Kind = AgentCommand::Kind;
  const std::uint64_t id = event.id;
  switch (command->kind) {
    case Kind::join:
      return gossip_.join(turn, id, command->hosts, command->flag);
    case Kind::leave:
      return gossip_.leave(turn, id);
    case Kind::force_leave:
      return gossip_.force_leave(turn, id, command->name, command->flag);
    case Kind::set_tags:
      return gossip_.set_tags(turn, id, command->tags, command->names);
    case Kind::event:
      return gossip_.user_event(turn, id, command->name, as_bytes(command->payload),
                                command->flag);
    case Kind::query: {
      gossip::Engine::QueryParams params;
      params.name = command->name;
      params.payload = as_bytes(command->payload);
      params.nodes = command->names;
      params.tags = command->tags;
      params.want_ack = command->flag;
      params.relay_factor = command->number;
      params.timeout = command->timeout;
      return gossip_.query(turn, id, params);
    }
    case Kind::key:
      return gossip_.key(turn, id, static_cast<gossip::Engine::KeyOp>(command->number & 3),
                         as_bytes(command->payload));
    case Kind::on_query: {
      const auto at = std::find_if(answers_.begin(), answers_.end(),
                                   [&](const auto& a) { return a.first == command->name; });
      if (at != answers_.end()) {
        at->second = command->payload;
      } else {
        answers_.emplace_back(command->name, command->payload);
      }
      return answer(id, {}, true, out);
    }
    case Kind::members: {
      scratch_.clear();
      gossip_.for_each_member([&](gossip::PeerId member) {
        const gossip::Status status = gossip_.member(member).status;
        ByteWriter line(scratch_);
        line.raw(as_bytes(turn.names.name(member)));
        line.raw(as_bytes(std::string_view(" ")));
        line.raw(as_bytes(std::string_view(gossip::status_name(status))));
        line.raw(as_bytes(std::string_view("\n")));
      });
      AgentAnswer list;
      list.text = scratch_;
      return answer(id, list, true, out);
    }
  }
}

void Node::carry_out_gossip(const gossip::Turn& turn, Effects& out) {
  gossip::Ready& ready = turn.out;
  // A handler answers at once; what it answers adds to the Ready, and may not be told of again.
  for (std::size_t i = 0; i < ready.deliveries.size(); ++i) {
    const gossip::Ready::Delivery& d = ready.deliveries[i];
    if (d.kind != gossip::EventKind::query) continue;
    const std::string_view name = as_text(ready.view(d.name));
    for (const auto& [query, payload] : answers_) {
      if (query != name) continue;
      gossip_.respond(turn, d.query_id, as_bytes(payload));
      break;
    }
  }
  // Offsets stay as they are if nothing stands before them.
  std::uint32_t base = 0;
  if (out.bytes.empty()) {
    std::swap(out.bytes, ready.bytes);
  } else {
    base = out.begin();
    out.bytes.insert(out.bytes.end(), ready.bytes.begin(), ready.bytes.end());
  }
  const auto moved = [base](Slice s) { return Slice{s.offset + base, s.size}; };
  for (const auto& packet : ready.packets) {
    out.packets.push_back({packet.target, packet.kind, 0, moved(packet.bytes), Port::gossip});
  }
  for (const auto& stream : ready.streams) {
    out.streams.push_back({static_cast<Effects::Stream::Op>(stream.op), stream.id, stream.target,
                           moved(stream.bytes)});
  }
  for (const auto& write : ready.writes) {
    submit(write.file == gossip::Ready::Write::File::keyring ? FileId::keyring : FileId::members,
           write.replace ? Effects::Write::Mode::replace : Effects::Write::Mode::append,
           moved(write.bytes), OpenWrite::Purpose::members, 0, out);
  }
  for (const auto& d : ready.deliveries) {
    out.deliveries.push_back({d.kind, d.ltime, moved(d.name), moved(d.payload)});
  }
  out.notes.insert(out.notes.end(), ready.notes.begin(), ready.notes.end());
  for (const auto& a : ready.answers) {
    AgentAnswer what;
    what.kind = static_cast<AgentAnswer::Kind>(a.kind);
    what.reason = a.reason;
    what.from = a.from;
    what.count = a.count;
    // Encoded behind the bytes that it may point into.
    const Slice text = moved(a.bytes);
    scratch_.assign(out.bytes.begin() + text.offset, out.bytes.begin() + text.offset + text.size);
    what.text = scratch_;
    answer(a.request, what, a.last, out);
  }
  if (ready.stop) {
    out.stop = true;
    running_ = false;
  }
}

}  // namespace quorumlab
