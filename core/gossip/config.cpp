// The profiles, and what is checked before an engine is born.
#include "core/gossip/config.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/gossip/crypto.h"
#include "core/gossip/message.h"
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

Result<void> Config::validate() const {
  if (!id) return error("id", "expected a node, got nobody");
  if (name.empty() || name.size() > 128) {
    return error("name", "expected 1 to 128 bytes, got " + std::to_string(name.size()));
  }
  if (addresses.address(id).size == 0) return error("addresses", "no address for this node");

  struct Span {
    std::string_view field;
    Duration value, low;
  };
  constexpr Duration kLongest = seconds(366 * 24 * 3600);
  const std::array spans{
      Span{"probe_interval", probe_interval, milliseconds(1)},
      Span{"probe_timeout", probe_timeout, milliseconds(1)},
      Span{"gossip_interval", gossip_interval, milliseconds(1)},
      Span{"gossip_to_the_dead_time", gossip_to_the_dead_time, {}},
      Span{"push_pull_interval", push_pull_interval, {}},
      Span{"tcp_timeout", tcp_timeout, milliseconds(1)},
      Span{"dead_node_reclaim_time", dead_node_reclaim_time, {}},
      Span{"handling_delay", handling_delay, {}},
      Span{"broadcast_timeout", broadcast_timeout, {}},
      Span{"leave_propagate_delay", leave_propagate_delay, {}},
      Span{"coalesce_period", coalesce_period, {}},
      Span{"quiescent_period", quiescent_period, {}},
      Span{"user_coalesce_period", user_coalesce_period, {}},
      Span{"user_quiescent_period", user_quiescent_period, {}},
      Span{"reap_interval", reap_interval, milliseconds(1)},
      Span{"reconnect_interval", reconnect_interval, milliseconds(1)},
      Span{"reconnect_timeout", reconnect_timeout, {}},
      Span{"tombstone_timeout", tombstone_timeout, {}},
      Span{"recent_intent_timeout", recent_intent_timeout, {}},
      Span{"queue_check_interval", queue_check_interval, milliseconds(1)},
  };
  for (const Span& span : spans) {
    if (span.value < span.low || span.value > kLongest) {
      return error(std::string(span.field), "expected " + std::to_string(span.low.ns) +
                                                " ns to a year, got " +
                                                std::to_string(span.value.ns) + " ns");
    }
  }
  if (probe_timeout > probe_interval) {
    return error("probe_timeout", "expected no more than probe_interval");
  }

  struct Count {
    std::string_view field;
    std::uint32_t value, low, high;
  };
  const std::array counts{
      Count{"indirect_checks", indirect_checks, 0, 64},
      Count{"gossip_nodes", gossip_nodes, 0, 64},
      Count{"retransmit_mult", retransmit_mult, 1, 12},
      Count{"suspicion_mult", suspicion_mult, 1, Suspicion::kMaxWanted + 2},
      Count{"suspicion_max_timeout_mult", suspicion_max_timeout_mult, 1, 100},
      Count{"awareness_max_multiplier", awareness_max_multiplier, 1, 100},
      // Room for an alive message with a full meta, a long name and the layers around it.
      Count{"udp_buffer_size", udp_buffer_size, 1024, 65'507},
      Count{"handoff_queue_depth", handoff_queue_depth, 1, 1u << 20},
      Count{"max_queue_depth", max_queue_depth, 1, 1u << 24},
      Count{"min_queue_depth", min_queue_depth, 0, 1u << 24},
      Count{"event_buffer", event_buffer, 1, 1u << 16},
      Count{"query_buffer", query_buffer, 1, 1u << 16},
      Count{"query_timeout_mult", query_timeout_mult, 1, 1000},
      Count{"query_response_size_limit", query_response_size_limit, 1, 9216},
      Count{"query_size_limit", query_size_limit, 1, 9216},
      Count{"user_event_size_limit", user_event_size_limit, 1, 9216},
  };
  for (const Count& count : counts) {
    if (count.value < count.low || count.value > count.high) {
      return error(std::string(count.field), "expected " + std::to_string(count.low) + " to " +
                                                 std::to_string(count.high) + ", got " +
                                                 std::to_string(count.value));
    }
  }

  if (label.size() > kMaxLabelBytes) {
    return error("label", "expected at most " + std::to_string(kMaxLabelBytes) + " bytes, got " +
                              std::to_string(label.size()));
  }
  // A byte, a map, and for each tag at most five bytes more than its text.
  std::size_t meta = 4;
  for (const auto& [key, value] : tags) {
    meta += key.size() + value.size() + (key.size() < 32 ? 1 : 3) + (value.size() < 32 ? 1 : 3);
  }
  if (meta > kMetaMaxBytes) {
    return error("tags", "expected at most " + std::to_string(kMetaMaxBytes) +
                             " bytes once encoded, got " + std::to_string(meta));
  }
  if (!std::ranges::is_sorted(tags)) return error("tags", "expected keys in ascending order");
  if (keyring_file && keys.empty()) return error("keyring_file", "expected `keys`, which the file begins with");
  for (const Bytes& key : keys) {
    if (!is_key_size(key.size())) {
      return error("keys",
                   "expected 16, 24 or 32 bytes, got " + std::to_string(key.size()) + " bytes");
    }
  }
  return {};
}

}  // namespace quorumlab::gossip
