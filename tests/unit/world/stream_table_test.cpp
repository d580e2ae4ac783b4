// The index of streams against a plain list of who knows which end.
#include <map>
#include <tuple>

#include "core/base/random.h"
#include "sim/world/stream.h"
#include "tests/catch.h"

namespace quorumlab::world {
namespace {

TEST_CASE("streams are found by whoever holds an open end, and places are taken from the lowest") {
  StreamTable table;
  // host, life, id -> place, end
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>,
           std::pair<std::uint32_t, std::uint32_t>>
      model;
  std::uint64_t ids = 0;
  const Random random(7);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const std::uint64_t dice = random.draw(1, i);
    const auto host = static_cast<std::uint32_t>(dice % 5 + 1);
    if (dice >> 32 & 1) {
      std::uint32_t lowest = 0;
      while (lowest < table.size() && table[lowest].used) ++lowest;
      const std::uint32_t place = table.open(host, 1, ++ids, host + 1);
      REQUIRE(place == lowest);
      model[{host, 1, ids}] = {place, 0};
      if (dice >> 33 & 1) model[{host + 1, 2, table.accept(place, 2)}] = {place, 1};
    } else if (table.size() != 0) {
      const auto place = static_cast<std::uint32_t>((dice >> 8) % table.size());
      const auto end = static_cast<std::uint32_t>(dice >> 34 & 1);
      const bool whole = (dice >> 35 & 1) != 0 && table[place].used;
      if (whole) {
        table.release(place);
      } else {
        table.shut(place, end);
      }
      std::erase_if(model, [&](const auto& entry) {
        return entry.second.first == place && (whole || entry.second.second == end);
      });
    }
    if (i % 64 != 0) continue;
    for (std::uint32_t place = 0; place < table.size(); ++place) {
      for (std::uint32_t end = 0; end < 2; ++end) {
        const Stream::End& at = table[place].ends[end];
        std::uint32_t found = 0;
        const auto known = model.find({at.host, at.life, at.id});
        const int answer = table.find(at.host, at.life, at.id, found);
        REQUIRE((answer >= 0) == (known != model.end()));
        if (answer < 0) continue;
        REQUIRE(static_cast<std::uint32_t>(answer) == known->second.first);
        REQUIRE(found == known->second.second);
      }
    }
  }
}

}  // namespace
}  // namespace quorumlab::world
