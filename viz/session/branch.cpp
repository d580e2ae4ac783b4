// A world that runs in slices, each some thousand events.
#include "viz/session/branch.h"

#include <algorithm>

#include "core/gossip/rules.h"
#include "core/kv/rules.h"
#include "core/raft/rules.h"
#include "viz/session/describe.h"

namespace quorumlab::viz {
namespace {

constexpr std::size_t kMostPoints = 32;
constexpr std::int64_t kLongestSlice = 1'000'000'000, kShortestSlice = 1'000;

}  // namespace

Branch::Branch(script::Json its_document, script::Scenario scenario, std::uint64_t seed)
    : document(std::move(its_document)), plain(document), scenario_(std::move(scenario)), has_world_(true) {
  recording.seed = seed;
  take_words();
  script::RunOptions options;
  options.seed = seed;
  options.keep_trace = true;
  runner_.begin(sim_, options, result_);
  watch();
}

std::unique_ptr<Branch> Branch::fork(const Branch& from, std::int64_t last_ns, script::Json document,
                                     script::Scenario scenario) {
  std::shared_ptr<const Point> nearest;
  for (const auto& point : from.points_) {
    if (point->until_ns <= last_ns && !point->runner.concluding()) nearest = point;
  }
  if (!nearest) return nullptr;
  std::unique_ptr<Branch> out(new Branch(Recording{}));
  out->document = std::move(document);
  out->scenario_ = std::move(scenario);
  out->has_world_ = true;
  out->recording.seed = from.recording.seed;
  out->take_words();
  out->sim_ = nearest->sim;
  out->runner_ = nearest->runner;
  out->runner_.follow(out->scenario_);
  out->result_ = nearest->result;
  out->reached_ns_ = nearest->until_ns;
  out->point_events_ = out->sim_.events();
  out->point_distance_ = from.point_distance_;
  for (const auto& point : from.points_) {
    if (point->until_ns <= nearest->until_ns) out->points_.push_back(point);
  }
  out->watch();
  return out;
}

Branch::Branch(Recording its_recording, script::Scenario scenario)
    : recording(std::move(its_recording)), scenario_(std::move(scenario)) {
  recording.growing = false;
  timeline = std::make_unique<Timeline>(recording);
  player = std::make_unique<Player>(*timeline);
}

void Branch::take_words() {
  const world::ClusterConfig& cluster = scenario_.cluster;
  recording.names = recording.titles = cluster.host_names();
  recording.kinds.assign(cluster.names.size(), Host::Kind::server);
  recording.kinds.insert(recording.kinds.end(), cluster.clients, Host::Kind::client);
  recording.kinds.insert(recording.kinds.end(), cluster.apps.size(), Host::Kind::program);
  recording.raft = cluster.node.run_raft;
  describe(scenario_, recording);
}

void Branch::watch() {
  recording.growing = true;
  recording.trace = sim_.trace();
  timeline = std::make_unique<Timeline>(recording);
  player = std::make_unique<Player>(*timeline);
}

void Branch::keep_point() {
  points_.push_back(std::make_shared<const Point>(Point{reached_ns_, sim_, runner_, result_}));
  point_events_ = sim_.events();
  if (points_.size() <= kMostPoints) return;
  // Every second one goes, and later ones lie twice as far apart.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < points_.size(); i += 2) points_[kept++] = points_[i];
  points_.resize(kept);
  point_distance_ *= 2;
}

void Branch::grow(std::int64_t until_ns, std::uint64_t most_events) {
  if (!recording.growing) return;
  const std::uint64_t first = sim_.events();
  while (recording.growing && reached_ns_ < until_ns && sim_.events() - first < most_events) {
    const std::uint64_t before = sim_.events();
    const std::int64_t next = std::min(until_ns, reached_ns_ > INT64_MAX - slice_ns_ ? INT64_MAX : reached_ns_ + slice_ns_);
    recording.growing = runner_.go_on(sim_, result_, {next});
    reached_ns_ = next;
    const std::uint64_t handled = sim_.events() - before;
    if (handled > 2'000) slice_ns_ = std::max(slice_ns_ / 2, kShortestSlice);
    else if (handled < 500) slice_ns_ = std::min(slice_ns_ * 2, kLongestSlice);
    if (recording.growing && !runner_.concluding() && sim_.events() - point_events_ >= point_distance_) keep_point();
  }
  recording.checks.resize(judge::kCheckerCount);
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) recording.checks[i] = sim_.checks(static_cast<judge::Checker>(i));
  recording.undecided = !recording.growing && result_.undecided;
  recording.trace = sim_.trace();
  recording.reached_ns = recording.growing ? reached_ns_ : result_.end.ns;
  timeline->extend();
}

bool Branch::failed() const {
  if (has_world_) return over() && result_.verdict != script::Verdict::held && result_.verdict != script::Verdict::interrupted;
  // A trace does not say how its run was judged; its scenario may want the violation.
  return failure() != 0 && !scenario_.expect_violation;
}

trace::RecordId Branch::failure() const {
  for (const Marked& m : timeline->marks()) {
    if (m.mark == Mark::violation) return m.record;
  }
  return 0;
}

void Branch::rules_on(std::vector<Offer::Rule>& rules, trace::RecordId by) const {
  const NodeConfig& node = scenario_.cluster.node;
  for (Offer::Rule& rule : rules) {
    if (const auto r = raft::find_rule(rule.name)) rule.on = node.raft.rules[*r];
    else if (const auto g = gossip::find_rule(rule.name)) rule.on = node.gossip.rules[*g];
    else if (const auto k = kv::find_rule(rule.name)) rule.on = node.kv.server.rules[*k];
  }
  // The engines' rules have numbers of their own; the words of an act tell them apart.
  for (const Marked& m : timeline->marks()) {
    if (m.record > by) break;
    const trace::Record& r = recording.trace[m.record];
    if (!r.is(trace::WorldFact::act) || static_cast<world::Verb>(r.b) != world::Verb::set_rule) continue;
    const std::string_view text = recording.trace.text_at(r.c);
    for (Offer::Rule& rule : rules) {
      if (text.ends_with(rule.name + " off")) rule.on = false;
      else if (text.ends_with(rule.name + " on")) rule.on = true;
    }
  }
}

}  // namespace quorumlab::viz
