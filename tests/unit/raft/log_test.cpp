// The log in memory against the simplest model of one: a list of entries that remembers everything.
#include "core/raft/log.h"

#include <rapidcheck.h>

#include <string>

#include "core/raft/progress.h"
#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::raft;

namespace {

struct Model {
  struct Item {
    std::uint64_t term;
    std::string payload;
  };
  std::vector<Item> items;  // index 1 is items[0]
  std::uint64_t base = 0;

  std::uint64_t term(std::uint64_t index) const { return index == 0 ? 0 : items[index - 1].term; }
};

void same(const Log& log, const Model& model) {
  RC_ASSERT(log.base_index().value == model.base);
  RC_ASSERT(log.last_index().value == model.items.size());
  std::uint64_t chain = 0;
  for (std::uint64_t i = 1; i <= model.items.size(); ++i) {
    const Model::Item& item = model.items[i - 1];
    chain = chain_hash(chain, {item.term}, EntryKind::normal, as_bytes(item.payload));
    if (i < model.base) {
      RC_ASSERT(!log.term({i}).has_value());
      continue;
    }
    RC_ASSERT(log.chain({i}) == chain);
    RC_ASSERT(log.term({i}) == Term{item.term});
    if (i == model.base) continue;
    const Entry entry = log.entry({i});
    RC_ASSERT(entry.index.value == i);
    RC_ASSERT(as_text(entry.payload) == item.payload);
  }
  RC_ASSERT(!log.term(log.last_index().next()).has_value());
}

}  // namespace

TEST_CASE("appending, truncating and compacting do what they say") {
  CHECK(rc::check([] {
    Log log;
    Model model;
    std::uint64_t term = 1;
    const int steps = *rc::gen::inRange(1, 60);
    for (int i = 0; i < steps; ++i) {
      const int dice = *rc::gen::inRange(0, 10);
      if (dice < 7) {
        term += static_cast<std::uint64_t>(*rc::gen::inRange(0, 2));
        const std::string payload(static_cast<std::size_t>(*rc::gen::inRange(0, 200)), 'x');
        log.append({term}, EntryKind::normal, as_bytes(payload));
        model.items.push_back({term, payload});
      } else if (dice < 9) {
        if (model.items.size() == model.base) continue;
        const auto from = *rc::gen::inRange(model.base + 1, model.items.size() + 2);
        log.truncate_from({from});
        if (from <= model.items.size()) model.items.resize(from - 1);
      } else {
        const auto to = *rc::gen::inRange(model.base, model.items.size() + 1);
        log.compact_to({to});
        model.base = to;
      }
      same(log, model);
    }
    const Log copy = log;
    same(copy, model);
  }));
}

TEST_CASE("a slice holds the entries it names, and fits as many as it may") {
  Log log;
  for (int i = 1; i <= 50; ++i) {
    log.append({1}, EntryKind::normal, as_bytes(std::string(static_cast<std::size_t>(i), 'a')));
  }
  log.compact_to({10});
  EntryReader reader(LogIndex{11}, log.slice({11}, {50}));
  Entry entry;
  std::uint64_t seen = 10;
  while (reader.next(entry)) CHECK(entry.payload.size() == ++seen);
  CHECK(reader.ok());
  CHECK(seen == 50);
  for (std::uint64_t most = 0; most < 400; most += 7) {
    const LogIndex last = log.fit({11}, {50}, most);
    CHECK(last >= LogIndex{11});  // one always goes
    if (last > LogIndex{11}) CHECK(log.bytes_between({11}, last) <= most);
    if (last < LogIndex{50}) CHECK(log.bytes_between({11}, last.next()) > most);
  }
}

TEST_CASE("the place from which a follower may match skips later terms") {
  Log log;
  for (const std::uint64_t term : {1, 1, 2, 2, 2, 5, 5}) log.append({term}, EntryKind::noop, {});
  CHECK(log.last_not_after({7}, {5}).index.value == 7);
  CHECK(log.last_not_after({7}, {4}).index.value == 5);
  CHECK(log.last_not_after({7}, {1}).index.value == 2);
  CHECK(log.last_not_after({4}, {9}).index.value == 4);
  CHECK(log.last_not_after({7}, {0}).index.value == 0);
  log.compact_to({3});
  const Log::Position gone = log.last_not_after({7}, {1});
  CHECK(gone.index.value == 2);
  CHECK(gone.term.value == 0);  // nothing is known there any more
}

TEST_CASE("the window of appends in flight grows, shrinks and counts bytes") {
  Inflights window;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    window.add({i}, 10);
    if (i % 3 == 0) window.free_to({i - 1});
  }
  CHECK(window.count() == 2);
  CHECK(window.bytes() == 20);
  CHECK(window.full(2, 0));
  CHECK_FALSE(window.full(3, 0));
  CHECK(window.full(3, 20));
  window.free_to({200});
  CHECK(window.count() == 0);
  CHECK(window.bytes() == 0);
}
