// Which facts are news, and which of them are the same news.
#include "viz/model/spread.h"

#include <algorithm>
#include <optional>

namespace quorumlab::viz {
namespace {

constexpr std::size_t kMostFollowed = 256;

std::optional<Spread> news_in(const trace::Record& r) {
  Spread out;
  out.about = r.peer;
  out.number = r.a;
  switch (static_cast<Fact>(r.kind)) {
    case Fact::member_alive:
      out.kind = Spread::Kind::alive;
      if (r.peer == r.node) return std::nullopt;  // of itself it always knew
      return out;
    case Fact::member_suspect: out.kind = Spread::Kind::suspect; return out;
    case Fact::member_dead: out.kind = r.c == 1 ? Spread::Kind::left : Spread::Kind::dead; return out;
    case Fact::user_event_accepted:
      out.kind = Spread::Kind::event;
      out.about = 0;
      out.hash = r.b;
      return out;
    default: return std::nullopt;
  }
}

}  // namespace

void Spreads::take(const trace::Trace& trace, trace::RecordId id) {
  const trace::Record& r = trace[id];
  if (r.kind < static_cast<std::uint16_t>(Fact::member_alive) || r.kind > static_cast<std::uint16_t>(Fact::user_event_accepted) ||
      hosts_ > kMostFollowed || r.node == 0 || r.node > hosts_) {
    return;
  }
  std::optional<Spread> news = news_in(r);
  if (!news) return;
  const auto [place, is_new] = places_.insert({{news->kind, news->about, news->number, news->hash}, all_.size()});
  if (is_new) {
    if (news->kind == Spread::Kind::event) news->about = r.node;
    news->record = id;
    all_.push_back(std::move(*news));
    knows_.emplace_back(hosts_, false);
  }
  if (knows_[place->second][r.node - 1]) return;
  knows_[place->second][r.node - 1] = true;
  all_[place->second].known_ns.push_back(r.time_ns);
}

const Spread* Spreads::newest(trace::RecordId by) const {
  const auto after = std::upper_bound(all_.begin(), all_.end(), by, [](trace::RecordId id, const Spread& s) { return id < s.record; });
  return after == all_.begin() ? nullptr : &*(after - 1);
}

}  // namespace quorumlab::viz
