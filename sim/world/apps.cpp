// Programs on hosts of their own: what they ask of servers and of each other, and what comes back. The
// way is that of clients: reliable but not eternal, and a cut is silence.
#include <algorithm>

#include "sim/world/cluster.h"

namespace quorumlab::world {

void Cluster::start_app(Process& p, const Random& random) {
  recipes::App& app = std::holds_alternative<recipes::App>(p.node)
                          ? std::get<recipes::App>(p.node)
                          : p.node.emplace<recipes::App>();
  p.said.clear();
  app.reset(config_.apps[place_of(p.id.value) - servers_].app, random);
}

void Cluster::carry_out_asks(Process& p, RecordId cause) {
  for (const Effects::Speech& speech : effects_.speeches) {
    if (speech.kind != Effects::Speech::Kind::aloud) {
      const bool note = speech.kind == Effects::Speech::Kind::note;
      Record told = fact(note ? WorldFact::noted : WorldFact::state_told, p.id.value, cause);
      told.a = speech.kind == Effects::Speech::Kind::lead ? 1 : 0;
      if (keep_trace_) told.b = trace_.text(as_text(effects_.view(speech.text)));
      emit(told);
      continue;
    }
    Record said = fact(WorldFact::said, speech.as ? speech.as.value : p.id.value, cause, p.id.value);
    const std::string_view text = as_text(effects_.view(speech.text));
    if (keep_trace_) said.b = trace_.text(text);
    emit(said);
    if (!is_app(p.id.value)) continue;
    if (std::find(p.said.begin(), p.said.end(), text) == p.said.end()) p.said.emplace_back(text);
  }
  for (const Effects::Ask& ask : effects_.asks) {
    if (ask.hang_up) {
      const auto open = std::find_if(asks_.begin(), asks_.end(), [&](const OpenAsk& o) {
        return o.host == p.id.value && o.id == ask.id;
      });
      if (open == asks_.end()) continue;  // it is answered
      tell_gone(*open, cause);
      asks_.erase(open);
      continue;
    }
    const ByteView bytes = effects_.view(ask.bytes);
    const std::uint64_t number = kAskBit | ++asks_made_;
    Record asked = fact(WorldFact::asked, p.id.value, cause, ask.target.value, 0, ask.id, bytes.size());
    if (keep_trace_) asked.c = trace_.keep(bytes);
    const RecordId record = emit(asked);
    saw(Seen::request, 1, p.id.value, static_cast<std::uint64_t>(ask.target.value) << 32, bytes);
    asks_.push_back({number, ask.id, p.id.value, ask.target.value, 0});
    if (!has_process(ask.target)) continue;  // silence, as from an address that nobody has
    const SlotId slot = queue_.take(Slot::Kind::request, ask.target.value, p.id.value);
    queue_.fill(slot, bytes);
    queue_[slot].id = number;
    queue_[slot].cause = record;
    queue_.schedule(reliable(p.id.value, ask.target.value, Network::request,
                             static_cast<std::uint32_t>(bytes.size())),
                    slot);
  }
}

Cluster::OpenAsk* Cluster::find_ask(std::uint64_t number) {
  const auto at = std::lower_bound(asks_.begin(), asks_.end(), number,
                                   [](const OpenAsk& o, std::uint64_t n) { return o.number < n; });
  return at != asks_.end() && at->number == number ? &*at : nullptr;
}

void Cluster::drop_ask(const OpenAsk* ask) { asks_.erase(asks_.begin() + (ask - asks_.data())); }

// A server answers, perhaps in parts; none overtakes another.
void Cluster::answer_ask(const Effects::Reply& reply, Process& p, RecordId cause) {
  const ByteView bytes = effects_.view(reply.bytes);
  saw(Seen::reply, reply.last ? 3 : 2, p.id.value, reply.request, bytes);
  OpenAsk* ask = find_ask(reply.request);
  if (ask == nullptr) return;  // nobody waits for it any more
  const SlotId slot = queue_.take(Slot::Kind::response, ask->host, p.id.value);
  queue_.fill(slot, bytes);
  Slot& s = queue_[slot];
  s.id = reply.request;
  s.cause = cause;
  s.flags = reply.last ? 1 : 0;
  ask->arrival_ns = std::max(ask->arrival_ns + 1,
                             reliable(p.id.value, ask->host, Network::response,
                                      static_cast<std::uint32_t>(bytes.size())));
  queue_.schedule(ask->arrival_ns, slot);
}

void Cluster::on_answer(SlotId slot) {
  Slot& s = queue_[slot];
  OpenAsk* ask = find_ask(s.id);
  if (ask == nullptr || !network_.connected(s.peer, s.node)) return queue_.drop(slot);
  if (network_.clogged(s.peer, s.node)) return held_streams_.push_back(slot);
  Process& p = at(s.node);
  if (!ready_for(p, slot)) return;
  ++events_;
  Event event;
  event.kind = Event::Kind::answered;
  event.peer = {s.peer};
  event.id = ask->id;
  event.last = s.flags != 0;
  event.bytes = queue_.payload(s);
  Record answered = fact(WorldFact::answered, p.id.value, s.cause, s.peer, event.last ? 1 : 0, event.id,
                         event.bytes.size());
  if (keep_trace_) answered.c = trace_.keep(event.bytes);
  const RecordId record = emit(answered);
  if (event.last) drop_ask(ask);
  step_with(p, event, slot, record);
}

void Cluster::on_ask_refused(SlotId slot) {
  OpenAsk* ask = find_ask(queue_[slot].id);
  if (ask == nullptr || !network_.connected(queue_[slot].peer, queue_[slot].node)) {
    return queue_.drop(slot);
  }
  Process& p = at(queue_[slot].node);
  if (!ready_for(p, slot)) return;
  const Slot refused = queue_[slot];
  queue_.drop(slot);
  ++events_;
  Event event;
  event.kind = Event::Kind::ask_failed;
  event.peer = {refused.peer};
  event.id = ask->id;
  drop_ask(ask);
  step(p, event, emit(fact(WorldFact::ask_refused, p.id.value, refused.cause, refused.peer, 0, event.id)));
}

// The kernel of a killed server closes its connections.
void Cluster::refuse_asks_of(Process& p, RecordId cause) {
  for (const OpenAsk& ask : asks_) {
    if (ask.target != p.id.value) continue;
    const SlotId slot = queue_.take(Slot::Kind::refused, ask.host, p.id.value);
    queue_[slot].id = ask.number;
    queue_[slot].cause = cause;
    queue_.schedule(std::max(ask.arrival_ns + 1,
                             reliable(p.id.value, ask.host, Network::response, 0)),
                    slot);
  }
}

// The program is gone; servers hear of it unless its host lost power.
void Cluster::forget_asks_by(Process& p, bool tell, RecordId cause) {
  if (!is_app(p.id.value)) return;
  std::erase_if(asks_, [&](const OpenAsk& ask) {
    if (ask.host != p.id.value) return false;
    if (tell) tell_gone(ask, cause);
    return true;
  });
}

void Cluster::tell_gone(const OpenAsk& ask, RecordId cause) {
  if (!has_process({ask.target})) return;
  const SlotId slot = queue_.take(Slot::Kind::client_gone, ask.target, ask.host);
  queue_[slot].id = ask.number;
  queue_[slot].cause = cause;
  queue_.schedule(reliable(ask.host, ask.target, Network::request, 0), slot);
}

}  // namespace quorumlab::world
