// How clients ask, try again and give up. What they know of the cluster they learned from answers
// and refusals. The way there and back is reliable but not eternal: a cut is silence.
#include <algorithm>

#include "sim/trace/words.h"
#include "sim/world/cluster.h"

namespace quorumlab::world {
namespace {

Request::Kind request_kind(const Action& action) {
  switch (action.verb) {
    case Verb::write:
      return Request::Kind::write;
    case Verb::erase:
      return Request::Kind::erase;
    case Verb::read:
      return action.mode == ReadKind::stale ? Request::Kind::read_stale : Request::Kind::read;
    case Verb::transfer:
      return Request::Kind::transfer;
    default:
      return Request::Kind::change_config;
  }
}

// Slot::flags of a request that was given on the node's own host.
constexpr std::uint8_t kLocal = 1;

// So many hints in a row a client follows; a cluster that has a leader needs one or two.
constexpr std::uint32_t kMostHints = 3;

// Reasons after which asking again would not help.
bool is_final(Reason reason) {
  switch (reason) {
    case Reason::would_lose_quorum:
    case Reason::already_so:
    case Reason::unknown_session:
      return true;
    default:
      return false;
  }
}

void add_steps(raft::ConfChange& change, const std::vector<NodeId>& nodes,
               raft::ConfChange::Kind kind) {
  for (const NodeId node : nodes) change.steps.push_back({kind, node});
}

}  // namespace

void Cluster::begin_operation(std::size_t history, const Action& action, RecordId cause) {
  if (clients_.hosts.empty()) {
    operations_[history].outcome = Operation::Outcome::refused;
    operations_[history].completed = now_;
    ++operations_finished_;
    return;
  }
  const std::uint32_t place = clients_.add();
  ActiveOperation& op = clients_.active[place];
  op.operation = static_cast<std::uint32_t>(history);
  op.client = operations_[history].client.value;
  op.fixed = is_server(action.to.value) ? action.to.value : 0;
  op.give_up_ns = now_.ns + (action.timeout.ns > 0 ? action.timeout : config_.client_timeout).ns;
  encode_request(op, action);
  attempt(place, cause);
}

void Cluster::encode_request(ActiveOperation& op, const Action& action) {
  ClientHost& client = client_at(op.client);
  if (action.verb == Verb::http) {
    op.http = true;
    op.follows = action.on;
    op.request = action.request;
    return;
  }
  if (config_.node.run_kv && action.verb <= Verb::erase) return encode_http_request(op, action);
  Request request;
  request.kind = request_kind(action);
  request.key = as_bytes(action.key);
  if (request.kind == Request::Kind::write || request.kind == Request::Kind::erase) {
    request.session = client.id;
    request.first_outstanding = next_in_session(op);
    request.sequence = op.sequence;
    if (action.verb == Verb::write) request.value = as_bytes(action.value);
  } else if (request.kind == Request::Kind::transfer) {
    if (!action.nodes.empty()) request.node = action.nodes.front();
  } else if (request.kind == Request::Kind::change_config) {
    raft::ConfChange change;
    change.joint = action.joint || action.verb == Verb::change;
    const raft::ConfChange::Kind kind = action.verb == Verb::remove ? raft::ConfChange::Kind::remove
                                        : action.learner ? raft::ConfChange::Kind::add_learner
                                                         : raft::ConfChange::Kind::add_voter;
    add_steps(change, action.nodes, kind);
    if (action.verb == Verb::change && !action.groups.empty()) {
      add_steps(change, action.groups.front(), raft::ConfChange::Kind::remove);
    }
    if (!change.joint && change.steps.size() > 1) {
      op.steps = change.steps;  // one by one: the next once the one before took effect
      encode_step(op);
      return;
    }
    scratch_.clear();
    raft::encode(change, scratch_);
    request.value = scratch_;
  }
  encode(request, op.request);
}

// Numbers the operation within its client's session; answers the first number still outstanding.
std::uint64_t Cluster::next_in_session(ActiveOperation& op) {
  op.sequence = ++client_at(op.client).sequence;
  std::uint64_t first = op.sequence;
  for (std::uint32_t i = 0; i < clients_.count(); ++i) {
    const ActiveOperation& other = clients_.active[i];
    if (other.used && other.client == op.client && other.sequence != 0) {
      first = std::min(first, other.sequence);
    }
  }
  return first;
}

void Cluster::encode_step(ActiveOperation& op) {
  raft::ConfChange change;
  change.steps.push_back(op.steps[op.next_step++]);
  scratch_.clear();
  raft::encode(change, scratch_);
  Request request;
  request.kind = Request::Kind::change_config;
  request.value = scratch_;
  op.request.clear();
  encode(request, op.request);
}

void Cluster::attempt(std::uint32_t place, RecordId cause) {
  ActiveOperation& op = clients_.active[place];
  const Operation& history = operations_[op.operation];
  ClientHost& client = client_at(op.client);
  op.asked = op.fixed != 0 ? op.fixed : client.believed;
  op.waiting_to_retry = false;
  ++op.tries;
  const std::uint64_t number = clients_.new_attempt(place);
  const RecordId record =
      emit(fact(WorldFact::client_invoked, op.client, cause, op.asked, 0, history.id,
                static_cast<std::uint64_t>(history.verb), op.tries));
  if (op.tries == 1) judges_.invoked(now_.ns, record, history.id, {op.client}, op.request);
  saw(Seen::request, 0, op.client, static_cast<std::uint64_t>(op.asked) << 32 | op.tries,
      op.request);
  if (is_server(op.asked)) {
    const SlotId slot = queue_.take(Slot::Kind::request, op.asked, op.client);
    queue_.fill(slot, op.request);
    queue_[slot].id = number;
    queue_[slot].cause = record;
    queue_.schedule(reliable(op.client, op.asked, Network::request,
                             static_cast<std::uint32_t>(op.request.size())),
                    slot);
  }
  // What curl does is done once.
  const bool once = history.verb == Verb::http;
  op.next_ns = once ? op.give_up_ns : std::min(now_.ns + config_.client_retry.ns, op.give_up_ns);
  if (op.http) {
    op.answer = {};
    op.told = 0;
    op.answered_ns = 0;
  }
  arm_client(client, op.next_ns);
}

// A command to the agent, given on the host itself: neither the network nor a client's guesses are
// between them. It waits for the answer as serf's own command line does.
void Cluster::begin_agent_command(std::size_t history, const Action& action, RecordId cause) {
  Operation& operation = operations_[history];
  operation.command = action.agent.kind;
  const std::uint32_t host = action.nodes.empty() ? 0 : action.nodes.front().value;
  if (clients_.hosts.empty() || !is_server(host)) {
    operation.outcome = Operation::Outcome::refused;
    operation.completed = now_;
    ++operations_finished_;
    return;
  }
  const std::uint32_t place = clients_.add();
  ActiveOperation& op = clients_.active[place];
  op.operation = static_cast<std::uint32_t>(history);
  op.client = operation.client.value;
  op.fixed = op.asked = host;
  op.local = true;
  op.tries = 1;
  constexpr Duration kPatience = seconds(60);
  op.give_up_ns = op.next_ns = now_.ns + (action.timeout.ns > 0 ? action.timeout : kPatience).ns;
  scratch_.clear();
  encode(action.agent, scratch_);
  Request request;
  request.kind = Request::Kind::agent;
  request.value = scratch_;
  encode(request, op.request);
  const RecordId record =
      emit(fact(WorldFact::client_invoked, op.client, cause, host, 0, operation.id,
                static_cast<std::uint64_t>(operation.verb), 1));
  saw(Seen::request, 0, op.client, static_cast<std::uint64_t>(host) << 32 | 1, op.request);
  const SlotId slot = queue_.take(Slot::Kind::request, host, op.client);
  queue_.fill(slot, op.request);
  queue_[slot].id = clients_.new_attempt(place);
  queue_[slot].cause = record;
  queue_[slot].flags = kLocal;
  queue_.schedule(now_.ns, slot);
  arm_client(client_at(op.client), op.give_up_ns);
}

// What the command line prints comes together in the history: an ack or a response a line.
void Cluster::on_agent_answer(SlotId slot, ActiveOperation& op) {
  const Slot& s = queue_[slot];
  ++events_;
  Operation& history = operations_[op.operation];
  const auto answer = decode_agent_answer(queue_.payload(s));
  const Reason reason = answer ? answer->reason : Reason::unreadable;
  const bool last = s.flags != 0;
  constexpr std::uint32_t kPart = 3, kWhole = 4;
  Record heard = fact(WorldFact::client_answered, op.client, s.cause, s.peer, last ? kWhole : kPart, history.id,
                      static_cast<std::uint64_t>(reason == Reason::none ? Response::Status::ok
                                                                        : Response::Status::dropped),
                      answer ? answer->count : 0);
  heard.reason = static_cast<std::uint16_t>(reason);
  const RecordId record = emit(heard);
  const std::uint32_t place = ClientTable::place_of(s.id);
  if (answer) add_printed(history, *answer);
  queue_.drop(slot);
  if (!last) return;
  if (keep_trace_ && (!history.value.empty() || reason != Reason::none)) {
    const std::string why = history.value.empty() ? trace::reason_words(heard) + "\n" : history.value;
    emit(fact(WorldFact::command_printed, op.client, record, op.asked, 0, history.id, trace_.text(why)));
  }
  finish(place,
         reason == Reason::none ? Operation::Outcome::accepted : Operation::Outcome::refused,
         reason, record);
}

void Cluster::add_printed(Operation& history, const AgentAnswer& answer) const {
  const bool key = history.command == AgentCommand::Kind::key;
  const std::string_view from =
      is_server(answer.from.value) ? std::string_view(config_.agent_name(answer.from)) : std::string_view{};
  const std::string_view text = as_text(answer.text);
  if (answer.kind == AgentAnswer::Kind::ack) {
    ++history.acks;
    history.value.append("Ack from '").append(from).append("'\n");
  } else if (answer.kind == AgentAnswer::Kind::response) {
    ++history.responses;
    if (key && from.empty()) {  // a key, and how many have it
      history.value.append(text).append(" [").append(std::to_string(answer.count)).append("]\n");
    } else if (key) {
      history.value.append(from).append(": ").append(text).append("\n");
    } else {
      history.value.append("Response from '").append(from).append("': ").append(text).append("\n");
    }
  } else {
    history.count = answer.count;
    if (key) {  // of how many, only the last answer tells: "1/3 nodes reported failure", or all
      const std::size_t slash = text.find('/'), end = text.find(' ');
      const std::string all = "/" + (slash < end ? std::string(text.substr(slash + 1, end - slash - 1))
                                                 : std::to_string(answer.count));
      for (std::size_t at = 0; (at = history.value.find("]\n", at)) != std::string::npos; at += all.size() + 2) {
        history.value.insert(at, all);
      }
    }
    history.value.append(text);
  }
}

// One entry in the queue for each client, at or before the first thing it has to do.
void Cluster::arm_client(ClientHost& client, std::int64_t at_ns) {
  if (client.queued_ns <= at_ns) return;
  const SlotId slot = queue_.take(Slot::Kind::client_timer, client.id, 0);
  queue_[slot].generation = ++client.timer_generation;
  queue_.schedule(std::max(at_ns, now_.ns), slot);
  client.queued_ns = at_ns;
}

void Cluster::on_client_timer(SlotId slot) {
  ClientHost& client = client_at(queue_[slot].node);
  const bool stale = queue_[slot].generation != client.timer_generation;
  queue_.drop(slot);
  if (stale) return;
  client.queued_ns = kNever.ns;
  for (std::uint32_t place = 0; place < clients_.count(); ++place) {
    ActiveOperation& op = clients_.active[place];
    if (!op.used || op.client != client.id || op.next_ns > now_.ns) continue;
    ++events_;
    if (op.give_up_ns <= now_.ns) {
      let_go(place, 0);
      finish(place, Operation::Outcome::timed_out, op.last_reason, 0);
      continue;
    }
    if (op.local) continue;      // it waits
    if (!op.waiting_to_retry) {  // silence: somebody else, and the one asked need not bother
      let_go(place, 0);
      ask_somebody_else(op);
    }
    attempt(place, 0);
  }
  std::int64_t first = kNever.ns;
  for (std::uint32_t place = 0; place < clients_.count(); ++place) {
    const ActiveOperation& op = clients_.active[place];
    if (op.used && op.client == client.id) first = std::min(first, op.next_ns);
  }
  if (first != kNever.ns) arm_client(client, first);
}

// All nodes in turn, whomever hints led to in between: a hint that is out of date would otherwise lead
// back and forth between two nodes for ever, while a third one leads.
void Cluster::ask_somebody_else(ActiveOperation& op) {
  ClientHost& client = client_at(op.client);
  client.rotation = client.rotation % node_count() + 1;
  if (client.rotation == op.asked) client.rotation = client.rotation % node_count() + 1;
  client.believed = client.rotation;
  op.hints = 0;
}

void Cluster::retry_later(ActiveOperation& op, std::uint32_t place, Duration wait, bool elsewhere) {
  ClientHost& client = client_at(op.client);
  if (elsewhere) ask_somebody_else(op);
  clients_.new_attempt(place);  // whatever else comes for the last attempt is not awaited
  op.waiting_to_retry = true;
  op.next_ns = std::min(now_.ns + wait.ns, op.give_up_ns);
  arm_client(client, op.next_ns);
}

// The connection to the node asked is closed.
void Cluster::let_go(std::uint32_t place, RecordId cause) {
  const ActiveOperation& op = clients_.active[place];
  if (!is_server(op.asked)) return;
  const SlotId slot = queue_.take(Slot::Kind::client_gone, op.asked, op.client);
  queue_[slot].id = clients_.current(place);
  queue_[slot].cause = cause;
  queue_.schedule(reliable(op.client, op.asked, Network::request, 0), slot);
}

void Cluster::on_request(SlotId slot) {
  Slot& s = queue_[slot];
  const std::uint32_t host = s.node, client = s.peer;
  if (s.flags != kLocal) {
    if (!network_.connected(client, host)) return queue_.drop(slot);
    if (network_.clogged(client, host)) return held_streams_.push_back(slot);
  }
  Process& p = at(host);
  if (p.state == Process::State::killed || p.state == Process::State::never_started) {
    s.kind = Slot::Kind::refused;
    std::swap(s.node, s.peer);
    queue_.schedule(reliable(host, client, Network::response, 0), slot);
    return;
  }
  if (!ready_for(p, slot)) return;
  ++events_;
  Event event;
  event.kind = Event::Kind::client_request;
  event.peer = {client};
  event.id = s.id;
  event.bytes = queue_.payload(s);
  step_with(p, event, slot, s.cause);
}

void Cluster::on_client_gone(SlotId slot) {
  const Slot gone = queue_[slot];
  if (!network_.connected(gone.peer, gone.node)) return queue_.drop(slot);
  Process& p = at(gone.node);
  if (!ready_for(p, slot)) return;
  queue_.drop(slot);
  ++events_;
  Event event;
  event.kind = Event::Kind::client_gone;
  event.peer = {gone.peer};
  event.id = gone.id;
  step(p, event, gone.cause);
}

void Cluster::carry_out_replies(Process& p, RecordId cause) {
  for (const Effects::Reply& reply : effects_.replies) {
    if ((reply.request & kAskBit) != 0) {
      answer_ask(reply, p, cause);
      continue;
    }
    const ByteView bytes = effects_.view(reply.bytes);
    saw(Seen::reply, reply.last ? 1 : 0, p.id.value, reply.request, bytes);
    const ActiveOperation* op = clients_.find(reply.request);
    if (op == nullptr) continue;  // the client has its answer already
    const SlotId slot = queue_.take(Slot::Kind::response, op->client, p.id.value);
    queue_.fill(slot, bytes);
    Slot& s = queue_[slot];
    s.id = reply.request;
    s.cause = cause;
    s.flags = reply.last ? 1 : 0;
    s.generation = p.life;
    if (op->local) {
      queue_.schedule(now_.ns, slot);
      continue;
    }
    std::int64_t arrival = reliable(p.id.value, op->client, Network::response,
                                    static_cast<std::uint32_t>(bytes.size()));
    if (op->http) {  // no part of an answer overtakes another
      ActiveOperation& http = clients_.active[ClientTable::place_of(reply.request)];
      arrival = http.answered_ns = std::max(arrival, http.answered_ns + 1);
    }
    queue_.schedule(arrival, slot);
  }
}

void Cluster::on_response(SlotId slot) {
  const Slot& s = queue_[slot];
  if ((s.id & kAskBit) != 0) return on_answer(slot);
  const std::uint32_t server = s.peer;
  ActiveOperation* op = clients_.find(s.id);
  if (op != nullptr && op->local) return on_agent_answer(slot, *op);
  if (op == nullptr || (s.flags == 0 && !op->http) || !network_.connected(server, s.node)) {
    return queue_.drop(slot);
  }
  if (network_.clogged(server, s.node)) return held_streams_.push_back(slot);
  ++events_;
  if (op->http) return on_http_part(slot, *op);
  const ByteView bytes = queue_.payload(s);
  const auto response = decode_response(bytes);
  const RecordId record =
      emit(fact(WorldFact::client_answered, op->client, s.cause, server, 0,
                operations_[op->operation].id,
                response ? static_cast<std::uint64_t>(response->status) : 0,
                response ? response->index.value : 0));
  take_response(s.id, server, s.generation, response, bytes, record);
  queue_.drop(slot);
}

// What the answer to an attempt means for its operation: it is over, or it is tried once more.
void Cluster::take_response(std::uint64_t attempt_id, std::uint32_t server, std::uint32_t life,
                            const std::optional<Response>& response, ByteView bytes,
                            RecordId record) {
  const std::uint32_t place = ClientTable::place_of(attempt_id);
  const bool current = clients_.current(place) == attempt_id;
  ActiveOperation& op = clients_.active[place];
  ClientHost& client = client_at(op.client);
  Operation& history = operations_[op.operation];
  const auto take = [&](Operation::Outcome outcome, Reason reason) {
    judges_.answered(now_.ns, record, history.id, {server}, bytes);
    client.believed =
        response && is_server(response->leader.value) ? response->leader.value : server;
    history.server = {server};
    history.life = life;
    if (response) {
      history.index = response->index;
      history.modified = response->modified;
      if (history.verb == Verb::read) history.value = as_text(response->value);
    }
    finish(place, outcome, reason, record);
  };
  if (!response || response->status == Response::Status::bad_request) {
    return take(Operation::Outcome::refused, response ? response->reason : Reason::none);
  }
  switch (response->status) {
    case Response::Status::ok:
      if (op.next_step < op.steps.size()) {
        client.believed = is_server(response->leader.value) ? response->leader.value : server;
        encode_step(op);
        retry_later(op, place, {0}, false);
        return;
      }
      return take(Operation::Outcome::accepted, Reason::none);
    case Response::Status::not_found:
      return take(Operation::Outcome::not_found, Reason::none);
    default:
      break;
  }
  // Not done, or nobody knows: once more, unless a newer attempt is under way or it would not help.
  const Reason reason = response->reason;
  const NodeId leader = response->leader;
  if (response->status == Response::Status::dropped && is_final(reason)) {
    // An earlier attempt of ours may be what made it so.
    const bool done_before = reason == Reason::already_so && op.tries > 1;
    if (!done_before) return take(Operation::Outcome::refused, reason);
    if (op.next_step >= op.steps.size()) return take(Operation::Outcome::accepted, reason);
    encode_step(op);
    return retry_later(op, place, {0}, false);
  }
  op.last_reason = reason;
  if (!current || op.waiting_to_retry) return;
  // A chain of hints that long goes round in a circle.
  const bool elsewhere = !is_server(leader.value) || leader.value == server || op.hints == kMostHints;
  if (!elsewhere) {
    client.believed = leader.value;
    ++op.hints;
  }
  retry_later(op, place, config_.client_retry / 10, elsewhere);
}

void Cluster::on_refused(SlotId slot) {
  if ((queue_[slot].id & kAskBit) != 0) return on_ask_refused(slot);
  const Slot refused = queue_[slot];
  queue_.drop(slot);
  ActiveOperation* op = clients_.find(refused.id);
  if (op == nullptr) return;
  const std::uint32_t place = ClientTable::place_of(refused.id);
  if (op->local) {
    ++events_;
    const RecordId record = emit(fact(WorldFact::client_refused, op->client, refused.cause,
                                      refused.peer, 0, operations_[op->operation].id));
    return finish(place, Operation::Outcome::refused, Reason::connection_refused, record);
  }
  if (!network_.connected(refused.peer, refused.node)) return;
  if (clients_.current(place) != refused.id || op->waiting_to_retry) return;
  ++events_;
  const RecordId record = emit(fact(WorldFact::client_refused, op->client, refused.cause,
                                    refused.peer, 0, operations_[op->operation].id));
  if (operations_[op->operation].verb == Verb::http) {
    return finish(place, Operation::Outcome::refused, Reason::connection_refused, record);
  }
  retry_later(*op, place, config_.client_retry / 10, true);
}

// The kernel of a killed process closes its connections.
void Cluster::refuse_clients_of(Process& p, RecordId cause) {
  for (std::uint32_t place = 0; place < clients_.count(); ++place) {
    const ActiveOperation& op = clients_.active[place];
    if (!op.used || op.asked != p.id.value || op.waiting_to_retry) continue;
    const SlotId slot = queue_.take(Slot::Kind::refused, op.client, p.id.value);
    queue_[slot].id = clients_.current(place);
    queue_[slot].cause = cause;
    // What the agent said last is still read.
    queue_.schedule(op.local ? now_.ns
                             : reliable(p.id.value, op.client, Network::response, 0),
                    slot);
  }
}

void Cluster::finish(std::uint32_t place, Operation::Outcome outcome, Reason reason,
                     RecordId cause) {
  ActiveOperation& op = clients_.active[place];
  Operation& history = operations_[op.operation];
  history.outcome = outcome;
  history.reason = reason;
  history.completed = now_;
  history.record = cause;
  if (outcome == Operation::Outcome::timed_out) {
    emit(fact(WorldFact::client_timed_out, op.client, cause, 0, 0, history.id));
  }
  ++operations_finished_;
  clients_.remove(place);
}

}  // namespace quorumlab::world
