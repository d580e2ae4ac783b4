// The tree of etcd's v2 store: directories and files under the internal roots /0 (the cluster), /1
// (what users see) and /2 (authentication), with its indexes, times to live, and the counters of
// /v2/stats/store. Replicated: fed by committed commands alone, the same on every node. A plain
// value.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/types.h"
#include "core/kv/errors.h"
#include "core/kv/event.h"
#include "core/kv/rules.h"
#include "core/kv/watch.h"

namespace quorumlab::kv {

inline constexpr std::string_view kClusterRoot = "/0";
inline constexpr std::string_view kUserRoot = "/1";

// The counters of /v2/stats/store, in its order but for the watchers.
enum class Counter : std::uint8_t {
  gets_success,
  gets_fail,
  sets_success,
  sets_fail,
  delete_success,
  delete_fail,
  update_success,
  update_fail,
  create_success,
  create_fail,
  compare_and_swap_success,
  compare_and_swap_fail,
  compare_and_delete_success,
  compare_and_delete_fail,
  expire_count
};
inline constexpr std::size_t kCounters = 15;
using Counters = std::array<std::uint64_t, kCounters>;

// When an operation happens: this node's wall clock, and the rules it obeys.
struct Context {
  Instant wall;
  Rules rules;
};

class Store {
 public:
  using Handle = std::uint32_t;
  static constexpr Handle kNone = UINT32_MAX;
  struct Node {
    Handle parent = kNone;
    std::uint32_t heap_place = kNone;  // in the heap of those that expire
    bool dir = false;
    std::int64_t expiration = kPermanent;
    std::uint64_t created = 0;
    std::uint64_t modified = 0;
    std::string name;
    std::string value;
    std::vector<Handle> children;  // ascending by name
  };
  // What an operation came to. Views point into its arguments and the store, and are good until the
  // next operation.
  struct Outcome {
    Refusal refusal;
    Event event;  // if it was not refused
  };
  // How long it lives from now on.
  struct Lifetime {
    std::int64_t expiration = kPermanent;
    bool refresh = false;  // keep the value, tell no watcher
  };

  Store() { clear(); }
  void clear();

  // Paths are absolute and clean ("/1/a/b"). Each operation counts in the counters and, if it
  // changes something, in the history, and wakes watchers.
  Outcome create(const Context& context, std::string_view path, bool dir, std::string_view value,
                 bool unique, Lifetime lifetime);
  Outcome set(const Context& context, std::string_view path, bool dir, std::string_view value,
              Lifetime lifetime);
  Outcome update(const Context& context, std::string_view path, std::string_view value,
                 Lifetime lifetime);
  // Conditions that are empty or 0 are not made.
  Outcome compare_and_swap(const Context& context, std::string_view path,
                           std::string_view previous_value, std::uint64_t previous_index,
                           std::string_view value, Lifetime lifetime);
  Outcome compare_and_delete(const Context& context, std::string_view path,
                             std::string_view previous_value, std::uint64_t previous_index);
  Outcome remove(const Context& context, std::string_view path, bool dir, bool recursive);
  // Removes the one that expires first, if it does so at or before `cutoff`; false if there is
  // none.
  bool expire_next(const Context& context, std::int64_t cutoff, Event& event);

  // The node there, or why there is none. Counts nothing.
  Handle find(std::string_view path, Refusal& refusal) const;
  const Node& node(Handle handle) const { return nodes_[handle]; }
  Handle root() const { return 0; }
  void append_path(Handle handle, std::string& out) const;

  std::uint64_t index() const { return index_; }
  bool has_expiring() const { return !heap_.empty(); }
  // When the first key expires; 0: none does.
  std::int64_t next_expiry() const { return heap_.empty() ? 0 : heap_[0].at; }
  std::size_t size() const { return nodes_.size() - free_.size(); }
  // Reads count where they happen: of quorum reads on every node, of others on the node asked.
  void count(Counter counter) { ++counters_[static_cast<std::size_t>(counter)]; }
  const Counters& counters() const { return counters_; }

  const History& history() const { return history_; }
  Watchers& watchers() { return watchers_; }
  const Watchers& watchers() const { return watchers_; }

  // Tree, history, index and counters; not the watchers.
  void encode(Bytes& out) const;
  [[nodiscard]] bool decode(ByteReader& r, Instant now);
  bool same_state(const Store& other) const;

 private:
  struct Expiring {
    std::int64_t at = 0;
    std::uint64_t order = 0;  // among those of the same nanosecond: who was modified first
    Handle node = kNone;
    bool operator<(const Expiring& o) const { return at != o.at ? at < o.at : order < o.order; }
  };

  Outcome create_at(const Context& context, std::string_view path, bool dir, std::string_view value,
                    bool unique, bool replace, std::int64_t expiration, Action action);
  Outcome refuse(ErrorCode code, std::string_view cause) const;
  // The index of the next change; index_ becomes it when the change is done.
  std::uint64_t next_index(const Context& context, Action action) const;
  void finish(const Context& context, const Event& event);
  bool compare(const Context& context, const Node& node, std::string_view previous_value,
               std::uint64_t previous_index);
  NodeView view(Handle handle) const;
  Handle child(Handle parent, std::string_view name) const;
  Handle add_child(Handle parent, std::string_view name, bool dir, std::uint64_t index);
  std::vector<Handle>::const_iterator child_place(Handle parent, std::string_view name) const;
  void unlink(Handle handle);
  void release(Handle handle);
  void remove_all(const Context& context, const Event& event, Handle top);
  void set_expiration(Handle handle, std::int64_t expiration);
  void heap_push(Handle handle);
  void heap_remove(std::uint32_t place);
  void heap_up(std::uint32_t place);
  void heap_down(std::uint32_t place);
  void heap_put(std::uint32_t place, const Expiring& entry);

  std::vector<Node> nodes_;
  std::vector<Handle> free_;
  std::vector<Expiring> heap_;
  std::uint64_t index_ = 0;
  Counters counters_{};
  History history_;
  Watchers watchers_;
  // What the views of the last outcome point into.
  std::string path_, previous_value_, cause_;
  // Room to work in.
  struct Frame {
    Handle node;
    std::uint32_t next_child;
    std::uint32_t path_size;
  };
  std::vector<Frame> frames_;
  std::string walk_path_;
};

}  // namespace quorumlab::kv
