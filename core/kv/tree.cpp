// The tree below the store's operations: finding, linking and removing nodes, the heap of those
// that expire, and the bytes of a snapshot.
#include <algorithm>

#include "core/base/assert.h"
#include "core/kv/store.h"

namespace quorumlab::kv {

Store::Handle Store::find(std::string_view path, Refusal& refusal) const {
  Handle at = root();
  for (std::size_t begin = 1; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (!nodes_[at].dir) {
      refusal = {ErrorCode::not_a_directory, path.substr(0, begin - 1), index_};
      return kNone;
    }
    at = child(at, path.substr(begin, end - begin));
    if (at == kNone) {
      refusal = {ErrorCode::key_not_found, path.substr(0, end), index_};
      return kNone;
    }
    begin = end + 1;
  }
  return at;
}

void Store::append_path(Handle handle, std::string& out) const {
  if (handle == root()) {
    out += '/';
    return;
  }
  const std::size_t begin = out.size();
  std::size_t size = 0;
  for (Handle h = handle; h != root(); h = nodes_[h].parent) size += nodes_[h].name.size() + 1;
  out.resize(begin + size);
  char* at = out.data() + begin + size;
  for (Handle h = handle; h != root(); h = nodes_[h].parent) {
    const std::string& name = nodes_[h].name;
    at -= name.size();
    std::copy(name.begin(), name.end(), at);
    *--at = '/';
  }
}

std::vector<Store::Handle>::const_iterator Store::child_place(Handle parent,
                                                              std::string_view name) const {
  const std::vector<Handle>& children = nodes_[parent].children;
  // Nearly always so for keys in order.
  if (!children.empty() && nodes_[children.back()].name < name) return children.end();
  return std::lower_bound(children.begin(), children.end(), name,
                          [&](Handle l, std::string_view r) { return nodes_[l].name < r; });
}

Store::Handle Store::child(Handle parent, std::string_view name) const {
  const auto place = child_place(parent, name);
  if (place == nodes_[parent].children.end() || nodes_[*place].name != name) return kNone;
  return *place;
}

// REQUIRES: no child of that name.
Store::Handle Store::add_child(Handle parent, std::string_view name, bool dir,
                               std::uint64_t index) {
  Handle made;
  if (free_.empty()) {
    made = static_cast<Handle>(nodes_.size());
    nodes_.emplace_back();
  } else {
    made = free_.back();
    free_.pop_back();
  }
  Node& node = nodes_[made];
  node.parent = parent;
  node.heap_place = kNone;
  node.dir = dir;
  node.expiration = kPermanent;
  node.created = node.modified = index;
  node.name = name;
  node.value.clear();
  node.children.clear();
  const auto place = child_place(parent, node.name);
  nodes_[parent].children.insert(place, made);
  return made;
}

void Store::unlink(Handle handle) {
  const Node& node = nodes_[handle];
  const auto place = child_place(node.parent, node.name);
  ASSERT(place != nodes_[node.parent].children.end() && *place == handle,
         "a node stands among its parent's children");
  nodes_[node.parent].children.erase(place);
}

// The node is used again; it must be linked from nowhere.
void Store::release(Handle handle) {
  if (nodes_[handle].heap_place != kNone) heap_remove(nodes_[handle].heap_place);
  free_.push_back(handle);
}

// Children go before their directory, in the order of their names; who watches one hears of the
// event.
void Store::remove_all(const Context& context, const Event& event, Handle top) {
  const bool tell = watchers_.size() != 0 && context.rules[Rule::delete_notifies_children];
  unlink(top);
  walk_path_ = event.key;
  frames_.clear();
  frames_.push_back({top, 0, static_cast<std::uint32_t>(walk_path_.size())});
  while (!frames_.empty()) {
    Frame& frame = frames_.back();
    walk_path_.resize(frame.path_size);
    const Node& node = nodes_[frame.node];
    if (frame.next_child < node.children.size()) {
      const Handle next = node.children[frame.next_child++];
      if (tell) {
        walk_path_ += '/';
        walk_path_ += nodes_[next].name;
      }
      frames_.push_back({next, 0, static_cast<std::uint32_t>(walk_path_.size())});
      continue;
    }
    if (tell) watchers_.notify_removed(event, walk_path_);
    release(frame.node);
    frames_.pop_back();
  }
}

void Store::set_expiration(Handle handle, std::int64_t expiration) {
  Node& node = nodes_[handle];
  if (node.heap_place != kNone) heap_remove(node.heap_place);
  node.expiration = expiration;
  if (expiration != kPermanent) heap_push(handle);
}

void Store::heap_put(std::uint32_t place, const Expiring& entry) {
  heap_[place] = entry;
  nodes_[entry.node].heap_place = place;
}

void Store::heap_up(std::uint32_t place) {
  const Expiring entry = heap_[place];
  while (place > 0 && entry < heap_[(place - 1) / 2]) {
    heap_put(place, heap_[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  heap_put(place, entry);
}

void Store::heap_down(std::uint32_t place) {
  const Expiring entry = heap_[place];
  for (;;) {
    std::uint32_t lower = place * 2 + 1;
    if (lower >= heap_.size()) break;
    if (lower + 1 < heap_.size() && heap_[lower + 1] < heap_[lower]) ++lower;
    if (!(heap_[lower] < entry)) break;
    heap_put(place, heap_[lower]);
    place = lower;
  }
  heap_put(place, entry);
}

void Store::heap_push(Handle handle) {
  heap_.push_back({nodes_[handle].expiration, nodes_[handle].modified, handle});
  heap_up(static_cast<std::uint32_t>(heap_.size() - 1));
}

void Store::heap_remove(std::uint32_t place) {
  nodes_[heap_[place].node].heap_place = kNone;
  const Expiring last = heap_.back();
  heap_.pop_back();
  if (place == heap_.size()) return;
  heap_put(place, last);
  heap_up(place);
  heap_down(nodes_[last.node].heap_place);
}

void Store::encode(Bytes& out) const {
  ByteWriter w(out);
  w.varint(index_);
  for (const std::uint64_t counter : counters_) w.varint(counter);
  std::vector<Handle> open{root()};
  while (!open.empty()) {
    const Node& node = nodes_[open.back()];
    open.pop_back();
    w.sized(node.name);
    w.u8(node.dir ? 1 : 0);
    w.varint(static_cast<std::uint64_t>(node.expiration));
    w.varint(node.created);
    w.varint(node.modified);
    if (node.dir) {
      w.varint(node.children.size());
      open.insert(open.end(), node.children.rbegin(), node.children.rend());
    } else {
      w.sized(node.value);
    }
  }
  history_.encode(out);
}

bool Store::decode(ByteReader& r, Instant now) {
  // Whoever watches goes on, and misses what the snapshot brings, as with etcd.
  Watchers watchers = std::move(watchers_);
  clear();
  watchers_ = std::move(watchers);
  nodes_.clear();
  index_ = r.varint();
  for (std::uint64_t& counter : counters_) counter = r.varint();
  struct Open {
    Handle node;
    std::uint64_t left;
  };
  std::vector<Open> open;
  bool good = r.ok();
  do {
    const Handle made = static_cast<Handle>(nodes_.size());
    Node& node = nodes_.emplace_back();
    node.name = as_text(r.sized());
    const std::uint8_t dir = r.u8();
    node.dir = dir == 1;
    node.expiration = static_cast<std::int64_t>(r.varint());
    node.created = r.varint();
    node.modified = r.varint();
    std::uint64_t children = 0;
    if (node.dir) {
      children = r.varint();
    } else {
      node.value = as_text(r.sized());
    }
    good = r.ok() && dir <= 1 && children <= r.remaining();
    if (open.empty()) {
      good = good && node.dir && node.name.empty() && node.expiration == kPermanent;
    } else {
      Node& parent = nodes_[open.back().node];
      node.parent = open.back().node;
      --open.back().left;
      good = good && !node.name.empty() && node.name.find('/') == std::string::npos &&
             node.name != "." && node.name != ".." &&
             (parent.children.empty() || nodes_[parent.children.back()].name < node.name);
      parent.children.push_back(made);
    }
    if (good && node.expiration != kPermanent) heap_push(made);
    if (children > 0) open.push_back({made, children});
    while (!open.empty() && open.back().left == 0) open.pop_back();
  } while (good && !open.empty());
  // The internal roots are always there.
  Refusal missing;
  for (const std::string_view path : {kClusterRoot, kUserRoot}) {
    if (!good) break;
    const Handle there = find(path, missing);
    good = there != kNone && nodes_[there].dir;
  }
  good = good && history_.decode(r, now) && history_.last() <= index_;
  if (!good) {
    watchers = std::move(watchers_);
    clear();
    watchers_ = std::move(watchers);
  }
  return good;
}

bool Store::same_state(const Store& other) const {
  if (index_ != other.index_ || size() != other.size()) return false;
  Bytes mine, its;
  encode(mine);
  other.encode(its);
  return mine == its;
}

}  // namespace quorumlab::kv
