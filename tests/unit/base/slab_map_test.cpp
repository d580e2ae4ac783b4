// The map that keeps its buffers: against std::map, through insertions, removals, growth and clearing.
#include "core/base/slab_map.h"

#include <map>

#include "core/base/random.h"
#include "tests/catch.h"

using namespace quorumlab;

namespace {

// Few keys, so that most of them come back; some end up in each other's way in the table.
template <class Map, class Reference, class KeyOf>
void compare(Map& map, Reference& reference, KeyOf key_of, std::uint64_t seed) {
  const Random random(seed);
  for (std::uint64_t i = 0; i < 4'000; ++i) {
    const auto key = key_of(below(random.draw(1, i), 200));
    switch (below(random.draw(2, i), 3)) {
      case 0:
        map.insert(key).first = i;
        reference[key] = i;
        break;
      case 1:
        REQUIRE(map.erase(key) == (reference.erase(key) != 0));
        break;
      default: {
        const auto* found = map.find(key);
        const auto at = reference.find(key);
        REQUIRE((found != nullptr) == (at != reference.end()));
        if (found != nullptr) REQUIRE(*found == at->second);
      }
    }
    REQUIRE(map.size() == reference.size());
  }
  auto at = reference.begin();
  for (const auto* entry : map.sorted()) {
    REQUIRE(entry->key == at->first);
    REQUIRE(entry->value == at->second);
    ++at;
  }
  REQUIRE(at == reference.end());
}

}  // namespace

TEST_CASE("it holds what an ordinary map holds, also after it was cleared") {
  SlabMap<std::string, std::uint64_t> words;
  SlabMap<std::uint64_t, std::uint64_t> numbers;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    std::map<std::string, std::uint64_t> more_words;
    std::map<std::uint64_t, std::uint64_t> more_numbers;
    compare(words, more_words, [](std::uint64_t n) { return "key " + std::to_string(n); }, seed);
    compare(numbers, more_numbers, [](std::uint64_t n) { return n * n; }, seed);
    words.clear();
    numbers.clear();
    REQUIRE(words.size() == 0);
    REQUIRE(words.find("key 1") == nullptr);
  }
}

TEST_CASE("equal is who holds the same, in whatever order it came") {
  SlabMap<std::string, std::uint64_t> one, other;
  one.insert("a").first = 1;
  one.insert("b").first = 2;
  other.insert("b").first = 2;
  CHECK_FALSE(one == other);
  other.insert("c").first = 3;
  CHECK_FALSE(one == other);
  other.erase("c");
  other.insert("a").first = 1;
  CHECK(one == other);
  const auto copy = one;
  one.insert("a").first = 9;
  CHECK(copy == other);
  CHECK_FALSE(one == other);
}
