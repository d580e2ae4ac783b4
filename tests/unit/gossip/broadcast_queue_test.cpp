// The queue of what is to be gossiped: its order, its limit, what fits, what is replaced.
#include "core/gossip/broadcast_queue.h"

#include <rapidcheck.h>

#include <map>
#include <string>

#include "tests/catch.h"
#include "tests/unit/gossip/hex.h"

namespace quorumlab::gossip {
namespace {

Bytes text(std::string_view t) { return {t.begin(), t.end()}; }

std::vector<std::string> take(BroadcastQueue& queue, std::uint32_t bytes, std::uint32_t limit,
                              std::uint32_t overhead = 2) {
  std::vector<std::string> taken;
  BroadcastQueue::Budget budget;
  budget.bytes = bytes;
  budget.overhead = overhead;
  budget.parts = 1000;
  budget.transmit_limit = limit;
  queue.take(budget, [&](const BroadcastQueue::Item&, ByteView message) {
    taken.emplace_back(as_text(message));
  });
  return taken;
}

TEST_CASE("a message is sent so often, with a cliff from nine nodes to ten") {
  for (std::uint64_t n = 1; n <= 9; ++n) CHECK(retransmit_limit(4, n) == 4);
  for (std::uint64_t n = 10; n <= 99; ++n) CHECK(retransmit_limit(4, n) == 8);
  CHECK(retransmit_limit(4, 100) == 12);
  CHECK(retransmit_limit(4, 999) == 12);
  CHECK(retransmit_limit(4, 1000) == 16);
  CHECK(retransmit_limit(2, 9) == 2);
  CHECK(retransmit_limit(2, 10) == 4);
  CHECK(retransmit_limit(4, 0) == 0);
}

TEST_CASE("sent least often first, then the longest, then the newest") {
  BroadcastQueue queue;
  queue.queue(text("aa"));
  queue.queue(text("bbbb"));
  queue.queue(text("cc"));
  CHECK(take(queue, 100, 9) == std::vector<std::string>{"bbbb", "cc", "aa"});
  queue.queue(text("d"));
  CHECK(take(queue, 100, 9) == std::vector<std::string>{"d", "bbbb", "cc", "aa"});
  CHECK(take(queue, 3, 9) == std::vector<std::string>{"d"});
  // "d" was sent twice and the others twice.
  CHECK(take(queue, 100, 9) == std::vector<std::string>{"bbbb", "cc", "aa", "d"});
}

TEST_CASE("the longest that fits is taken, with what each costs beside its bytes") {
  BroadcastQueue queue;
  queue.queue(text("123456"));
  queue.queue(text("1234"));
  queue.queue(text("12"));
  CHECK(take(queue, 9, 9) == std::vector<std::string>{"123456"});  // one byte is left, less than 2
  CHECK(take(queue, 10, 9) == std::vector<std::string>{"1234", "12"});
  CHECK(take(queue, 2, 9).empty());
  CHECK(queue.size() == 3);
}

TEST_CASE("a message is sent exactly as often as the limit says, and whoever waits is told") {
  for (std::uint32_t limit = 1; limit < 12; ++limit) {
    BroadcastQueue queue;
    queue.queue(text("x"), 7);
    for (std::uint32_t sent = 1; sent <= limit; ++sent) {
      CHECK(queue.finished().empty());
      CHECK(take(queue, 100, limit).size() == 1);
    }
    CHECK(queue.empty());
    CHECK(queue.finished() == std::vector<std::uint32_t>{7});
    CHECK(take(queue, 100, limit).empty());
  }
}

TEST_CASE("a message about a member takes the place of the older one") {
  BroadcastQueue queue;
  Rumour rumour{PeerId{3}, 1, 0, 4};
  queue.queue(rumour, 3, 70, 11);
  rumour.incarnation = 2;
  queue.queue(rumour, 3, 50, 12);
  queue.queue(Rumour{PeerId{4}, 1, 0, 4}, 4, 60);
  CHECK(queue.size() == 2);
  CHECK(queue.finished() == std::vector<std::uint32_t>{11});
  std::vector<std::uint32_t> taken;
  BroadcastQueue::Budget budget{1000, 2, 100, 1, true};
  queue.take(budget, [&](const BroadcastQueue::Item& item, ByteView) {
    taken.push_back(item.rumour.node.value * 100 + item.rumour.incarnation);
  });
  CHECK(taken == std::vector<std::uint32_t>{401, 302});
  CHECK(budget.bytes == 1000 - 60 - 50 - 4);
  CHECK(queue.finished() == std::vector<std::uint32_t>{11, 12});
}

TEST_CASE("a storm of messages takes memory while it lasts, and not for every tier it passes") {
  constexpr std::uint32_t kMessages = 5000, kLimit = 16;
  BroadcastQueue queue;
  const auto storm = [&] {
    for (std::uint32_t i = 0; i < kMessages; ++i) {
      Rumour rumour;
      rumour.about = i;
      queue.queue(rumour, i, 50);
    }
  };
  storm();
  // An item, a key and a place in the table of names, a quarter more than is used.
  CHECK(queue.bytes() < kMessages * 100);
  std::uint64_t sent = 0;
  std::size_t most = 0;
  while (!queue.empty()) {
    BroadcastQueue::Budget budget{1400, 2, 127, kLimit, true};
    queue.take(budget, [&](const BroadcastQueue::Item& item, ByteView) {
      sent += item.name == item.rumour.about ? 1 : 0;
    });
    most = std::max(most, queue.bytes());
  }
  CHECK(sent == std::uint64_t{kMessages} * kLimit);
  CHECK(most < kMessages * 130);
  CHECK(queue.bytes() < 80'000);
  storm();
  CHECK(queue.size() == kMessages);
}

TEST_CASE("pruning drops what was sent most often") {
  BroadcastQueue queue;
  queue.queue(text("old"), 1);
  take(queue, 100, 9);
  take(queue, 100, 9);
  queue.queue(text("newer"), 2);
  take(queue, 6, 9, 0);
  queue.queue(text("new"), 3);
  CHECK(queue.prune(5) == 0);
  CHECK(queue.prune(2) == 1);
  CHECK(queue.finished() == std::vector<std::uint32_t>{1});
  CHECK(queue.prune(0) == 2);
  CHECK(queue.empty());
}

// memberlist's own way, as slow as it reads.
struct Model {
  struct Item {
    std::uint64_t id;
    std::uint32_t name, transmits;
    std::string bytes;
  };
  std::vector<Item> items;
  std::uint64_t ids = 0;

  void queue(std::uint32_t name, std::string bytes) {
    std::erase_if(
        items, [&](const Item& i) { return name != BroadcastQueue::kUnnamed && i.name == name; });
    if (items.empty()) ids = 0;
    items.push_back({++ids, name, 0, std::move(bytes)});
  }
  std::vector<std::uint64_t> take(std::uint32_t room, std::uint32_t limit) {
    std::vector<std::uint64_t> sizes;
    std::vector<Item> again;
    std::uint32_t tiers = 0;
    for (const Item& i : items) tiers = std::max(tiers, i.transmits + 1);
    for (std::uint32_t tier = 0; tier < tiers; ++tier) {
      for (;;) {
        auto best = items.end();
        for (auto i = items.begin(); i != items.end(); ++i) {
          if (i->transmits != tier || i->bytes.size() + 2 > room) continue;
          if (best == items.end() || i->bytes.size() > best->bytes.size() ||
              (i->bytes.size() == best->bytes.size() && i->id > best->id)) {
            best = i;
          }
        }
        if (best == items.end()) break;
        room -= static_cast<std::uint32_t>(best->bytes.size()) + 2;
        sizes.push_back(best->id * 1000 + best->bytes.size());
        Item item = *best;
        items.erase(best);
        if (++item.transmits < limit) again.push_back(item);
      }
    }
    items.insert(items.end(), again.begin(), again.end());
    if (items.empty()) ids = 0;
    return sizes;
  }
};

TEST_CASE("any sequence of queueing and taking goes as in a model of memberlist") {
  CHECK(rc::check([] {
    BroadcastQueue queue;
    Model model;
    const auto steps = *rc::gen::inRange(1, 60);
    for (int i = 0; i < steps; ++i) {
      if (*rc::gen::inRange(0, 3) != 0) {
        const auto size = *rc::gen::inRange(1, 40);
        const auto name = *rc::gen::inRange(0, 6);
        if (name == 0) {
          queue.queue(Bytes(static_cast<std::size_t>(size), 'x'));
          model.queue(BroadcastQueue::kUnnamed, std::string(static_cast<std::size_t>(size), 'x'));
        } else {
          const auto n = static_cast<std::uint32_t>(name);
          queue.queue(Rumour{PeerId{n}, 0, 0, 4}, n, static_cast<std::uint16_t>(size));
          model.queue(n, std::string(static_cast<std::size_t>(size), 'x'));
        }
      } else {
        const auto room = static_cast<std::uint32_t>(*rc::gen::inRange(0, 120));
        const auto limit = static_cast<std::uint32_t>(*rc::gen::inRange(1, 6));
        std::vector<std::uint64_t> taken;
        BroadcastQueue::Budget budget{room, 2, 1000, limit, true};
        queue.take(budget, [&](const BroadcastQueue::Item& item, ByteView) {
          taken.push_back(item.id * std::uint64_t{1000} + item.size);
        });
        RC_ASSERT(taken == model.take(room, limit));
      }
      RC_ASSERT(queue.size() == model.items.size());
    }
  }));
}

}  // namespace
}  // namespace quorumlab::gossip
