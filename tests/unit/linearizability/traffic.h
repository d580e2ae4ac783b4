// Long histories of a true store: clients that ask one thing after the other of keys by chance, and
// a part of them never hears the answer. Every write's value is its own.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "sim/judge/linearizability/history.h"

namespace quorumlab::linearizability {

struct Traffic {
  std::uint64_t seed = 1;
  std::size_t operations = 100'000;
  std::uint32_t clients = 10, keys = 100;
  std::uint64_t unknown_per_mille = 10;
  std::uint64_t write_percent = 40, erase_percent = 5, swap_percent = 0;
  bool indexes = false;
};

inline std::vector<Operation> make_traffic(const Traffic& t) {
  const Random random(t.seed);
  std::uint64_t drawn = 0;
  const auto lot = [&](std::uint64_t bound) { return below(random.draw(1, ++drawn), bound); };
  struct Item {
    std::string value;
    std::uint64_t index = 0;  // 0: not there
  };
  std::vector<Operation> history;
  history.reserve(t.operations);
  std::vector<std::int64_t> free_at(t.clients, 0);
  struct Effect {
    std::int64_t at;
    std::size_t operation;
  };
  std::vector<Effect> effects;
  std::vector<bool> unheard;
  for (std::size_t i = 0; i < t.operations; ++i) {
    const auto client = static_cast<std::uint32_t>(
        std::min_element(free_at.begin(), free_at.end()) - free_at.begin());
    Operation op;
    op.id = i;
    op.client = client;
    op.key = "key" + std::to_string(lot(t.keys));
    const std::uint64_t kind = lot(100);
    op.kind = kind < t.write_percent                                     ? Kind::set
              : kind < t.write_percent + t.erase_percent                 ? Kind::erase
              : kind < t.write_percent + t.erase_percent + t.swap_percent ? Kind::compare_and_swap
                                                                         : Kind::get;
    if (op.kind != Kind::get && op.kind != Kind::erase) op.value = "v" + std::to_string(i);
    op.invoked = {free_at[client] + 1 + static_cast<std::int64_t>(lot(1000))};
    op.returned = op.invoked + Duration{1 + static_cast<std::int64_t>(lot(20'000))};
    const bool unknown = lot(1000) < t.unknown_per_mille;
    free_at[client] = op.returned.ns;
    const auto length = static_cast<std::uint64_t>((op.returned - op.invoked).ns);
    // What nobody heard of may take effect long after its client gave up.
    effects.push_back({op.invoked.ns + static_cast<std::int64_t>(
                                           lot(unknown ? length * 50 : length + 1)),
                       i});
    unheard.push_back(unknown);
    history.push_back(std::move(op));
  }
  std::sort(effects.begin(), effects.end(), [](const Effect& a, const Effect& b) {
    return a.at != b.at ? a.at < b.at : a.operation < b.operation;
  });
  std::map<std::string, Item> store;
  std::uint64_t index = 0;
  for (const Effect& effect : effects) {
    Operation& op = history[effect.operation];
    Item& item = store[op.key];
    const bool unknown = unheard[effect.operation];
    op.result = Result::ok;
    if (unknown && lot(2) == 0) {
      op.result = Result::unknown;  // it is lost altogether
    } else if (op.kind == Kind::get) {
      if (item.index == 0) op.result = Result::not_found;
      op.value = item.value;
      if (t.indexes) op.index = item.index;
    } else {
      bool done = true;
      if (op.kind == Kind::compare_and_swap) {
        op.compares_value = true;
        op.expected_value = lot(4) == 0 ? "nothing like it" : item.value;
        done = item.index != 0 && op.expected_value == item.value;
        op.result = item.index == 0 ? Result::not_found
                    : done          ? Result::ok
                                    : Result::compare_failed;
      }
      if (done) {
        ++index;
        item = op.kind == Kind::erase ? Item{} : Item{op.value, index};
        if (t.indexes) op.index = index;
      }
    }
    if (!unknown) continue;
    op.result = Result::unknown;
    op.returned = kNever;
    op.index = 0;
    if (op.kind == Kind::get) op.value.clear();
  }
  return history;
}

// Lets one get late in the history show what its key had held before the last but one write that
// was answered before the get began. Answers its place; the history's size if none fits.
inline std::size_t spoil(std::vector<Operation>& history) {
  for (std::size_t i = history.size() * 9 / 10; i < history.size(); ++i) {
    Operation& read = history[i];
    if (read.kind != Kind::get || read.result != Result::ok) continue;
    std::vector<const Operation*> writes;
    for (const Operation& op : history) {
      if (op.kind == Kind::set && op.key == read.key && op.result == Result::ok &&
          op.returned < read.invoked) {
        writes.push_back(&op);
      }
    }
    std::sort(writes.begin(), writes.end(), [](const Operation* a, const Operation* b) {
      return a->returned < b->returned;
    });
    // A write that was over before another one began, which was over before the read began.
    for (std::size_t w = writes.size(); w-- > 0 && writes.size() > 3;) {
      if (writes[w]->returned < writes.back()->invoked) {
        read.value = writes[w]->value;
        read.index = 0;
        return i;
      }
    }
  }
  return history.size();
}

}  // namespace quorumlab::linearizability
