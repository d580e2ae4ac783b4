// The profiles, and what is checked before an engine is born.
#include "core/gossip/config.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "core/gossip/crypto.h"
#include "core/gossip/message.h"
#include "core/gossip/ranges.h"
#include "core/gossip/suspicion.h"

namespace quorumlab::gossip {

Config Config::lan() { return {}; }

Config Config::wan() {
  Config c;
  c.probe_interval = seconds(5);
  c.probe_timeout = seconds(3);
  c.gossip_interval = milliseconds(500);
  c.gossip_nodes = 4;
  c.gossip_to_the_dead_time = seconds(60);
  c.push_pull_interval = seconds(60);
  c.suspicion_mult = 6;
  c.tcp_timeout = seconds(30);
  return c;
}

Config Config::local() {
  Config c;
  c.probe_timeout = milliseconds(200);
  c.indirect_checks = 1;
  c.gossip_interval = milliseconds(100);
  c.gossip_to_the_dead_time = seconds(15);
  c.push_pull_interval = seconds(15);
  c.retransmit_mult = 2;
  c.suspicion_mult = 3;
  c.tcp_timeout = seconds(1);
  return c;
}

namespace {

constexpr std::array kDurations{
    DurationRange{"probe_interval", &Config::probe_interval, milliseconds(1)},
    DurationRange{"probe_timeout", &Config::probe_timeout, milliseconds(1)},
    DurationRange{"gossip_interval", &Config::gossip_interval, milliseconds(1)},
    DurationRange{"gossip_to_the_dead_time", &Config::gossip_to_the_dead_time, {}},
    DurationRange{"push_pull_interval", &Config::push_pull_interval, {}},
    DurationRange{"tcp_timeout", &Config::tcp_timeout, milliseconds(1)},
    DurationRange{"dead_node_reclaim_time", &Config::dead_node_reclaim_time, {}},
    DurationRange{"handling_delay", &Config::handling_delay, {}},
    DurationRange{"broadcast_timeout", &Config::broadcast_timeout, {}},
    DurationRange{"leave_propagate_delay", &Config::leave_propagate_delay, {}},
    DurationRange{"coalesce_period", &Config::coalesce_period, {}},
    DurationRange{"quiescent_period", &Config::quiescent_period, {}},
    DurationRange{"user_coalesce_period", &Config::user_coalesce_period, {}},
    DurationRange{"user_quiescent_period", &Config::user_quiescent_period, {}},
    DurationRange{"reap_interval", &Config::reap_interval, milliseconds(1)},
    DurationRange{"reconnect_interval", &Config::reconnect_interval, milliseconds(1)},
    DurationRange{"reconnect_timeout", &Config::reconnect_timeout, {}},
    DurationRange{"tombstone_timeout", &Config::tombstone_timeout, {}},
    DurationRange{"recent_intent_timeout", &Config::recent_intent_timeout, {}},
    DurationRange{"queue_check_interval", &Config::queue_check_interval, milliseconds(1)},
};

constexpr std::array kCounts{
    CountRange{"indirect_checks", &Config::indirect_checks, 0, 64},
    CountRange{"gossip_nodes", &Config::gossip_nodes, 0, 64},
    CountRange{"retransmit_mult", &Config::retransmit_mult, 1, 12},
    CountRange{"suspicion_mult", &Config::suspicion_mult, 1, Suspicion::kMaxWanted + 2},
    CountRange{"suspicion_max_timeout_mult", &Config::suspicion_max_timeout_mult, 1, 100},
    CountRange{"awareness_max_multiplier", &Config::awareness_max_multiplier, 1, 100},
    // Room for an alive message with a full meta, a long name and the layers around it.
    CountRange{"udp_buffer_size", &Config::udp_buffer_size, 1024, 65'507},
    CountRange{"handoff_queue_depth", &Config::handoff_queue_depth, 1, 1u << 20},
    CountRange{"max_queue_depth", &Config::max_queue_depth, 1, 1u << 24},
    CountRange{"min_queue_depth", &Config::min_queue_depth, 0, 1u << 24},
    CountRange{"event_buffer", &Config::event_buffer, 1, 1u << 16},
    CountRange{"query_buffer", &Config::query_buffer, 1, 1u << 16},
    CountRange{"query_timeout_mult", &Config::query_timeout_mult, 1, 1000},
    CountRange{"query_response_size_limit", &Config::query_response_size_limit, 1, 9216},
    CountRange{"query_size_limit", &Config::query_size_limit, 1, 9216},
    CountRange{"user_event_size_limit", &Config::user_event_size_limit, 1, 9216},
};

// In the largest unit that leaves a whole number.
std::string in_words(Duration d) {
  constexpr std::pair<std::int64_t, const char*> kUnits[] = {
      {3'600'000'000'000, "h"}, {60'000'000'000, "m"}, {1'000'000'000, "s"},
      {1'000'000, "ms"},        {1'000, "us"},         {1, "ns"}};
  if (d.ns == 0) return "0s";
  for (const auto& [ns, unit] : kUnits) {
    if (d.ns % ns == 0) return std::to_string(d.ns / ns) + unit;
  }
  return {};
}

}  // namespace

std::span<const CountRange> count_ranges() { return kCounts; }
std::span<const DurationRange> duration_ranges() { return kDurations; }

std::vector<Error> problems(const Config& c) {
  std::vector<Error> out;
  const auto wrong = [&](std::string_view field, std::string what) {
    out.push_back({std::string(field), std::move(what)});
  };
  if (!c.id) wrong("id", "expected a node, got nobody");
  if (c.name.empty() || c.name.size() > 128) {
    wrong("name", "expected 1 to 128 bytes, got " + std::to_string(c.name.size()));
  }
  if (c.addresses.address(c.id).size == 0) wrong("addresses", "no address for this node");
  for (const DurationRange& range : kDurations) {
    const Duration value = c.*range.value;
    if (value >= range.low && value <= kLongest) continue;
    wrong(range.field,
          "expected " + in_words(range.low) + " to a year, got " + in_words(value));
  }
  if (c.probe_timeout > c.probe_interval) {
    wrong("probe_timeout", "expected no more than probe_interval, " + in_words(c.probe_interval) +
                               ", got " + in_words(c.probe_timeout));
  }
  for (const CountRange& range : kCounts) {
    const std::uint32_t value = c.*range.value;
    if (value >= range.low && value <= range.high) continue;
    wrong(range.field, "expected " + std::to_string(range.low) + " to " +
                           std::to_string(range.high) + ", got " + std::to_string(value));
  }
  if (c.label.size() > kMaxLabelBytes) {
    wrong("label", "expected at most " + std::to_string(kMaxLabelBytes) + " bytes, got " +
                       std::to_string(c.label.size()));
  }
  // A byte, a map, and for each tag at most five bytes more than its text.
  std::size_t meta = 4;
  for (const auto& [key, value] : c.tags) {
    meta += key.size() + value.size() + (key.size() < 32 ? 1 : 3) + (value.size() < 32 ? 1 : 3);
  }
  if (meta > kMetaMaxBytes) {
    wrong("tags", "expected at most " + std::to_string(kMetaMaxBytes) +
                      " bytes once encoded, got " + std::to_string(meta));
  }
  if (!std::ranges::is_sorted(c.tags)) wrong("tags", "expected keys in ascending order");
  if (c.keyring_file && c.keys.empty()) {
    wrong("keyring_file", "expected `keys`, which the file begins with");
  }
  for (const Bytes& key : c.keys) {
    if (is_key_size(key.size())) continue;
    wrong("keys", "expected 16, 24 or 32 bytes, got " + std::to_string(key.size()) + " bytes");
  }
  return out;
}

Result<void> Config::validate() const {
  std::vector<Error> all = gossip::problems(*this);
  if (all.empty()) return {};
  return tl::unexpected<Error>(std::move(all.front()));
}

}  // namespace quorumlab::gossip
