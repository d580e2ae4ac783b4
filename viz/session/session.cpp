// The tree of branches: how they begin, which is shown, and what is told about them.
#include "viz/session/session.h"

#include <algorithm>

#include "sim/script/quantity.h"
#include "viz/player/place.h"
#include "viz/session/describe.h"

namespace quorumlab::viz {
namespace {

constexpr std::int64_t kLookOn = 5'000'000'000;    // after what was done by hand
constexpr std::int64_t kRunOn = 10'000'000'000;
constexpr std::int64_t kNoticed = 6'000'000'000;   // of real time
constexpr std::int64_t kAhead = 2'000'000'000;     // of simulated time, before the cursor

script::Json* list_of(script::Json& document, const char* key) {
  script::Json* list = document.find(key);
  if (list == nullptr) {
    list = &document.members.emplace_back(key, script::Json{}).second;
    list->kind = script::Json::Kind::list;
  }
  return list;
}

// The scenario's own acts beside its timeline, those by hand, and a look at what comes of them.
script::Json with_deeds(const script::Json& plain, const std::vector<Done>& deeds) {
  script::Json out = plain;
  if (deeds.empty()) return out;
  script::Json* meanwhile = list_of(out, "meanwhile");
  std::int64_t last = 0;
  for (const Done& each : deeds) {
    meanwhile->items.push_back(each.entry);
    const bool looks = each.entry.members.size() == 1;
    last = std::max(last, each.time_ns + (looks ? 0 : kLookOn));
  }
  meanwhile->items.push_back(look_on(last));
  return out;
}

// A value as one would say it: "n1", "n1 n2 | n3", "n1 -> n2".
std::string said(const script::Json& value) {
  using Kind = script::Json::Kind;
  if (value.is(Kind::boolean)) return value.truth ? "" : "no";
  std::string out;
  if (value.is(Kind::list)) {
    const bool sides = std::any_of(value.items.begin(), value.items.end(), [](const script::Json& j) { return j.is(Kind::list); });
    for (const script::Json& item : value.items) out += (out.empty() ? "" : sides ? " | " : " ") + said(item);
  } else if (value.is(Kind::object)) {
    const script::Json *from = value.find("from"), *to = value.find("to");
    if (from != nullptr && to != nullptr) out = said(*from) + " -> " + said(*to);
    for (const auto& [key, member] : value.members) {
      if (&member == from || &member == to) continue;
      const std::string words = said(member);
      out += (out.empty() ? "" : ", ") + key + (words.empty() ? "" : " " + words);
    }
  } else {
    out = value.text;
  }
  return out;
}

// An entry of a scenario in the words that a deed has: "election_needs_majority off", "crash n1".
std::string entry_words(const std::string& verb, const script::Json& value) {
  if (verb == "rule") {
    for (const char* way : {"off", "on"}) {
      if (const script::Json* rule = value.find(way)) return said(*rule) + " " + way;
    }
  }
  const script::Json *key = value.find("key"), *to = value.find("value");
  if (verb == "write" && key != nullptr && to != nullptr) return "write " + said(*key) + " = " + said(*to);
  const std::string words = said(value);
  return verb + (words.empty() ? "" : " " + words);
}

std::string first_of(const script::Problems& problems) {
  return problems.empty() ? "it cannot be read" : problems.list().front().path + ": " + problems.list().front().what;
}

}  // namespace

std::unique_ptr<Session> Session::of_scenario(std::string_view text, const std::string& file,
                                              const std::vector<script::Setting>& settings,
                                              std::optional<std::uint64_t> seed, script::Problems& problems) {
  script::Json document = script::parse_json(text, problems);
  if (!problems.empty()) return nullptr;
  for (const script::Setting& setting : settings) script::apply(setting, document, problems);
  if (!problems.empty()) return nullptr;
  script::Scenario scenario = script::load_json(document, file, problems);
  if (!problems.empty()) return nullptr;
  std::unique_ptr<Session> out(new Session);
  out->file_ = file;
  const std::uint64_t chosen = seed.value_or(scenario.seed);
  if (chosen != scenario.seed) script::apply({"seed", std::to_string(chosen)}, document, problems);
  out->branches_.push_back(std::make_unique<Branch>(std::move(document), std::move(scenario), chosen));
  out->branches_[0]->name = "as the scenario says";
  return out;
}

std::unique_ptr<Session> Session::of_trace(TraceFile file) {
  std::unique_ptr<Session> out(new Session);
  out->file_ = file.path;
  out->claimed_ = true;
  out->claimed_scenario_ = file.scenario;
  out->claimed_digest_ = file.digest;
  if (!file.digest_known) out->claimed_why_ = "it was recorded by a version with other digests";
  Recording recording;
  recording.seed = file.seed;
  recording.names = recording.titles = file.names;
  recording.title = file.path;
  recording.trace = std::move(file.trace);
  script::Problems problems;
  script::Scenario scenario = script::load_text(file.scenario, file.path, {}, problems);
  if (problems.empty()) {
    describe(scenario, recording);
  } else {
    scenario = {};
    out->claimed_why_ = "it does not hold the scenario that it is a run of";
  }
  out->branches_.push_back(std::make_unique<Branch>(std::move(recording), std::move(scenario)));
  out->branches_[0]->name = "as recorded";
  return out;
}

// Runs a trace's scenario again; if that is the same run, it takes the recording's place.
bool Session::wake(std::string& why_not) {
  if (shown().has_world()) return true;
  const auto never = [&] {
    why_not = "this trace can only be looked at: " + claimed_why_;
    return false;
  };
  if (!claimed_why_.empty()) return never();
  script::Problems problems;
  script::Json document = script::parse_json(claimed_scenario_, problems);
  script::Scenario scenario = script::load_json(document, file_, problems);
  const std::uint64_t seed = shown().recording.seed;
  if (seed != scenario.seed) script::apply({"seed", std::to_string(seed)}, document, problems);
  auto again = std::make_unique<Branch>(std::move(document), std::move(scenario), seed);
  again->grow_whole();
  if (again->digest() != claimed_digest_) {
    claimed_why_ = "its scenario and seed now give another run (was it made with --set, or by another version?)";
    return never();
  }
  again->name = shown().name;
  again->player->take_over(player());
  branches_[shown_] = std::move(again);
  return true;
}

std::optional<script::Scenario> Session::load(const script::Json& document, std::string& why_not) const {
  script::Problems problems;
  script::Scenario out = script::load_json(document, file_, problems);
  if (problems.empty()) return out;
  why_not = first_of(problems);
  return std::nullopt;
}

std::optional<std::size_t> Session::add(std::unique_ptr<Branch> branch, const std::string& name, std::size_t parent,
                                        std::int64_t forked_ns, std::int64_t seen_ns) {
  branch->name = name;
  branch->parent = parent;
  branch->forked_ns = forked_ns;
  // Who is in the picture stays there.
  const Timeline& before = *branches_[parent]->timeline;
  for (std::uint32_t host = 1; host <= branch->recording.names.size(); ++host) {
    branch->recording.busy.push_back(host <= branches_[parent]->recording.names.size() && before.busy(host));
  }
  // What was done is seen done.
  const std::int64_t to = seen_ns + 1;
  branch->grow(to + kAhead);
  branch->player->take_over(*branches_[parent]->player);
  branch->player->play(false);
  branch->player->seek(to);
  branches_.push_back(std::move(branch));
  shown_ = branches_.size() - 1;
  if (beside_) compare(parent);
  return shown_;
}

std::optional<std::size_t> Session::fork(Done done, std::int64_t seen_ns, const std::string& name, std::string& why_not) {
  Branch& from = shown();
  if (from.over() && from.result().violation && seen_ns >= from.result().end.ns) {
    why_not = "the run ended here, where a checker was violated; go back, and act before it";
    return std::nullopt;
  }
  std::vector<Done> deeds;
  for (const Done& each : from.deeds) {
    if (each.time_ns <= seen_ns) deeds.push_back(each);
  }
  const std::int64_t time = done.time_ns;
  deeds.insert(std::upper_bound(deeds.begin(), deeds.end(), time, [](std::int64_t t, const Done& d) { return t < d.time_ns; }),
               std::move(done));
  script::Json document = with_deeds(from.plain, deeds);
  auto scenario = load(document, why_not);
  if (!scenario) return std::nullopt;
  // What is given at a nanosecond comes before that nanosecond's steps.
  auto branch = Branch::fork(from, time - 1, document, *scenario);
  if (!branch) branch = std::make_unique<Branch>(std::move(document), std::move(*scenario), from.recording.seed);
  branch->plain = from.plain;
  branch->deeds = std::move(deeds);
  return add(std::move(branch), name, shown_, time, seen_ns);
}

// Settings hold from the start: a run of its own.
std::optional<std::size_t> Session::set(const Deed& deed, std::string& why_not) {
  Branch& from = shown();
  const std::int64_t seen = player().cursor().time_ns;
  script::Problems problems;
  script::Json plain = from.plain;
  script::apply({deed.path, deed.text}, plain, problems);
  if (!problems.empty()) {
    why_not = first_of(problems);
    return std::nullopt;
  }
  std::vector<Done> deeds;
  for (const Done& each : from.deeds) {
    if (each.time_ns <= seen) deeds.push_back(each);
  }
  script::Json document = with_deeds(plain, deeds);
  auto scenario = load(document, why_not);
  if (!scenario) return std::nullopt;
  auto branch = std::make_unique<Branch>(std::move(document), std::move(*scenario), from.recording.seed);
  branch->plain = std::move(plain);
  branch->deeds = std::move(deeds);
  return add(std::move(branch), words(deed, from.recording) + " from the start", shown_, 0, seen);
}

std::optional<std::size_t> Session::run_on(std::string& why_not) {
  Branch& from = shown();
  from.grow_whole();
  const std::int64_t end = from.result().end.ns;
  return fork({end + kRunOn, look_on(end + kRunOn)}, end, "ten seconds more", why_not);
}

std::optional<std::size_t> Session::act(const Deed& deed, std::string& why_not) {
  if (!wake(why_not)) return std::nullopt;
  if (deed.kind == Deed::Kind::setting) return set(deed, why_not);
  if (deed.kind == Deed::Kind::run_on) return run_on(why_not);
  const std::int64_t seen = player().cursor().time_ns;
  if (deed.kind == Deed::Kind::reorder) shown().grow(seen + kAhead);
  auto done = as_entry(deed, seen, shown().recording, shown().scenario(), why_not);
  if (!done) return std::nullopt;
  const std::string name = words(deed, shown().recording) + " at " + moment_text(seen);
  return fork(std::move(*done), seen, name, why_not);
}

std::optional<std::int64_t> Session::time_of(std::string_view entry) {
  script::Problems problems;
  const script::Json json = script::parse_json(entry, problems);
  const script::Json* at = json.find("at");
  const auto time = at == nullptr || !problems.empty() ? std::nullopt : script::parse_duration(at->text);
  if (!time) return std::nullopt;
  return time->ns;
}

std::optional<std::size_t> Session::act(std::string_view entry, std::string& why_not) {
  if (!wake(why_not)) return std::nullopt;
  script::Problems problems;
  script::Json json = script::parse_json(entry, problems);
  const script::Json* at = json.find("at");
  const auto time = at == nullptr ? std::nullopt : script::parse_duration(at->text);
  if (!problems.empty() || !time) {
    why_not = "expected something like {\"at\": \"1.25s\", \"crash\": \"n1\"}, got " + std::string(entry);
    return std::nullopt;
  }
  std::string name;
  for (const auto& [key, value] : json.members) {
    if (key != "at") name += (name.empty() ? "" : ", ") + entry_words(key, value);
  }
  if (name.empty()) {
    why_not = "it does nothing: there is only a time";
    return std::nullopt;
  }
  shown().grow(time->ns + 1);
  return fork({time->ns, std::move(json)}, time->ns, name + " at " + moment_text(time->ns), why_not);
}

void Session::show(std::size_t branch) {
  if (branch >= branches_.size() || branch == shown_) return;
  const std::size_t before = shown_;
  Branch& to = *branches_[branch];
  to.grow(player().cursor().time_ns + kAhead);
  to.player->take_over(player());
  shown_ = branch;
  if (beside_) compare(before);
}

void Session::compare(std::optional<std::size_t> branch) {
  beside_ = branch && *branch < branches_.size() && *branch != shown_ ? branch : std::nullopt;
  beside_frame_ = {};
  same_ = 0;
  differs_ = false;
}

// The world is ahead of who looks on.
void Session::advance(std::int64_t real_ns, std::uint64_t most_events) {
  notice_ns_ -= std::min(notice_ns_, std::max<std::int64_t>(real_ns, 0));
  const std::int64_t wanted = player().cursor().time_ns + kAhead + player().speed();
  shown().grow(wanted, std::max<std::uint64_t>(most_events, 1));
  // What is left of the time brings the rest nearer, so that the whole run is to be seen soon.
  if (shown().reached_ns() >= wanted) shown().grow(INT64_MAX, most_events);
  player().advance(real_ns);
}

// Whether all that the act may lead to is there.
void Session::grow_for(const UiAct& act) {
  using Kind = UiAct::Kind;
  Branch& b = shown();
  const trace::RecordId from = player().cursor().record;
  const auto enough = [&] {
    switch (act.kind) {
      case Kind::next_event: return b.timeline->size() > from;
      case Kind::next_visible: return !b.timeline->marks().empty() && b.timeline->marks().back().record > from;
      case Kind::next_of:
        if (act.mark == Mark::commit) return !b.timeline->commits().empty() && b.timeline->commits().back().record > from;
        return std::any_of(b.timeline->marks().rbegin(), b.timeline->marks().rend(),
                           [&](const Marked& m) { return m.record > from && m.mark == act.mark; });
      case Kind::seek: return b.reached_ns() > act.time_ns;
      case Kind::next_bookmark:  // a bookmark stands where its own act has taken effect
      case Kind::last: return false;
      default: return true;
    }
  };
  while (!b.over() && !enough()) b.grow(INT64_MAX, 5'000);
}

void Session::act(const UiAct& act) {
  using Kind = UiAct::Kind;
  std::string why_not;
  switch (act.kind) {
    case Kind::deed:
      if (!this->act(act.deed, why_not)) tell("Not done: " + why_not, true);
      else tell("New branch: " + shown().name);
      break;
    case Kind::show_branch:
      show(act.number);
      tell("Branch: " + shown().name);
      break;
    case Kind::compare_branch:
      if (beside_ == act.number || act.number == shown_) compare(std::nullopt);
      else compare(act.number);
      break;
    case Kind::save_branch: {
      const std::string path = free_path();
      if (save(path, why_not)) tell("Saved as " + path + "; quorumlab run replays it to the same digest");
      else tell("Not saved: " + why_not, true);
      break;
    }
    default:
      grow_for(act);
      player().act(act);
  }
}

bool Session::seek_to(std::string_view place) {
  if (const auto time = parse_time(place)) {
    shown().grow(*time + 1);
    player().seek(*time);
    return true;
  }
  shown().grow_whole();
  if (place == "violation" || place == "failure") {
    const trace::RecordId id = shown().failure();
    if (id != 0) player().seek_record(id);
    return id != 0;
  }
  return player().seek_to(place);
}

bool Session::seek_failure() {
  if (!shown().failed() || shown().failure() == 0) return false;
  player().seek_record(shown().failure());
  return true;
}

void Session::tell(std::string told, bool bad) {
  offer_.notice = std::move(told);
  offer_.bad_news = bad;
  notice_ns_ = kNoticed;
}

}  // namespace quorumlab::viz
