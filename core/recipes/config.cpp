// Names, titles and speech bubbles.
#include "core/recipes/config.h"

#include <algorithm>

#include "core/base/hash.h"

namespace quorumlab::recipes {

std::uint64_t key_hash(const AppConfig& config) { return hash_bytes(as_bytes(config.key)); }

std::int64_t ttl_seconds(const AppConfig& config) {
  return std::max<std::int64_t>(1, config.ttl.ns / seconds(1).ns);
}

NodeId host_named(const AppConfig& config, std::string_view value) {
  for (const Host& host : config.hosts) {
    if (host.name == value) return host.id;
  }
  return kNobody;
}

std::string_view title_of(const AppConfig& config, std::string_view value) {
  if (value == config.name && !config.title.empty()) return config.title;
  for (const Host& host : config.hosts) {
    if (host.name == value && !host.title.empty()) return host.title;
  }
  return value;
}

void say(Turn& turn, NodeId as, std::initializer_list<std::string_view> parts) {
  const std::uint32_t begin = turn.out.begin();
  ByteWriter writer(turn.out.bytes);
  for (const std::string_view part : parts) writer.raw(as_bytes(part));
  turn.out.speeches.push_back({as, turn.out.end(begin)});
}

}  // namespace quorumlab::recipes
