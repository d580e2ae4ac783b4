// The tree: against a plain model over random operations, and each habit of etcd's that no recorded
// case shows.
#include "core/kv/store.h"

#include <rapidcheck.h>

#include <map>

#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::kv;

namespace {

constexpr std::int64_t kNow = 1'795'394'538LL * 1'000'000'000;
const Context kContext{Instant{kNow}, {}};

// The same tree as a map from whole paths, with searches for all that the store finds by links.
struct Model {
  struct Item {
    bool dir = false;
    std::string value;
    std::uint64_t created = 0, modified = 0;
    std::int64_t expiration = 0;
  };
  std::map<std::string, Item> items{
      {"/", {true, "", 0, 0, 0}}, {"/0", {true, "", 0, 0, 0}}, {"/1", {true, "", 0, 0, 0}}};
  std::uint64_t index = 0;

  static std::string parent(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
  }
  static bool read_only(const std::string& path) {
    return path == "/" || path == "/0" || path == "/1";
  }
  bool below(const std::string& path, const std::string& dir) const {
    return path.size() > dir.size() && path.compare(0, dir.size(), dir) == 0 &&
           path[dir.size()] == '/';
  }
  // 0, 100 or 104, for the first component that is wrong.
  int lookup(const std::string& path) const {
    for (std::size_t end = path.find('/', 1); end != std::string::npos;
         end = path.find('/', end + 1)) {
      const auto at = items.find(path.substr(0, end));
      if (at == items.end()) return 100;
      if (!at->second.dir) return 104;
    }
    return items.contains(path) ? 0 : 100;
  }
  int make(const std::string& path, bool dir, const std::string& value, bool replace,
           std::int64_t expiration) {
    if (read_only(path)) return 107;
    for (std::size_t end = path.find('/', 1); end != std::string::npos;
         end = path.find('/', end + 1)) {
      const auto at = items.find(path.substr(0, end));
      if (at != items.end() && !at->second.dir) return 104;
    }
    const auto at = items.find(path);
    if (at != items.end() && !replace) return 105;
    if (at != items.end() && at->second.dir) return 102;
    ++index;
    for (std::string up = parent(path); !items.contains(up); up = parent(up)) {
      items[up] = {true, "", index, index, 0};
    }
    items[path] = {dir, dir ? "" : value, index, index, expiration};
    return 0;
  }
  int change(const std::string& path, const std::string& value, std::int64_t expiration, bool swap,
             const std::string& old_value, std::uint64_t old_index) {
    if (read_only(path)) return 107;
    if (const int code = lookup(path)) return code;
    Item& item = items[path];
    if (item.dir && (swap || !value.empty())) return 102;
    if (swap && ((!old_value.empty() && item.value != old_value) ||
                 (old_index != 0 && item.modified != old_index))) {
      return 101;
    }
    ++index;
    if (!item.dir) {
      item.value = value;
      item.modified = index;
    }
    item.expiration = expiration;
    return 0;
  }
  void erase(const std::string& path) {
    std::erase_if(items, [&](const auto& i) { return i.first == path || below(i.first, path); });
    ++index;
  }
  int remove(const std::string& path, bool dir, bool recursive) {
    if (read_only(path)) return 107;
    if (const int code = lookup(path)) return code;
    if (items[path].dir && !recursive) {
      if (!dir) return 102;
      for (const auto& [other, item] : items) {
        if (below(other, path)) return 108;
      }
    }
    erase(path);
    return 0;
  }
  void expire(std::int64_t cutoff) {
    for (;;) {
      const std::pair<const std::string, Item>* first = nullptr;
      for (const auto& item : items) {
        if (item.second.expiration == 0 || item.second.expiration > cutoff) continue;
        const auto key = [](const auto& i) {
          return std::pair(i.second.expiration, i.second.modified);
        };
        if (first == nullptr || key(item) < key(*first)) first = &item;
      }
      if (first == nullptr) return;
      erase(std::string(first->first));
    }
  }
};

void compare(const Store& store, const Model& model) {
  RC_ASSERT(store.index() == model.index);
  RC_ASSERT(store.size() == model.items.size());
  bool expiring = false;
  for (const auto& [path, item] : model.items) {
    Refusal missing;
    const Store::Handle handle = store.find(path, missing);
    RC_ASSERT(!missing);
    const Store::Node& node = store.node(handle);
    RC_ASSERT(node.dir == item.dir);
    RC_ASSERT(node.value == item.value);
    RC_ASSERT(node.created == item.created);
    RC_ASSERT(node.modified == item.modified);
    RC_ASSERT(node.expiration == item.expiration);
    std::string its_path;
    store.append_path(handle, its_path);
    RC_ASSERT(its_path == path);
    expiring = expiring || item.expiration != 0;
  }
  RC_ASSERT(store.has_expiring() == expiring);
}

std::uint64_t counter(const Store& store, Counter which) {
  return store.counters()[static_cast<std::size_t>(which)];
}

}  // namespace

TEST_CASE("the store is a map that grows directories") {
  CHECK(rc::check([] {
    Store store;
    Model model;
    const auto part = rc::gen::elementOf(std::vector<std::string>{"a", "b", "_c"});
    const auto steps = *rc::gen::inRange(1, 120);
    for (int step = 0; step < steps; ++step) {
      std::string path = "/1";
      for (int depth = *rc::gen::weightedElement<int>({{1, 0}, {6, 1}, {6, 2}, {3, 3}}); depth > 0;
           --depth) {
        path += "/" + *part;
      }
      const std::string value = *rc::gen::element<std::string>("", "x", "y");
      const std::string old_value = *rc::gen::element<std::string>("", "x", "y");
      const bool dir = *rc::gen::weightedElement<bool>({{3, false}, {1, true}});
      const bool recursive = *rc::gen::arbitrary<bool>();
      const std::int64_t expiration =
          *rc::gen::element<std::int64_t>(0, 0, 0, kNow + 1, kNow + 2, kNow + 3);
      const std::uint64_t old_index = *rc::gen::element<std::uint64_t>(0, 0, model.index, 1);
      Store::Outcome outcome;
      int code = 0;
      switch (*rc::gen::inRange(0, 8)) {
        case 0:
        case 1:
          outcome = store.set(kContext, path, dir, value, {expiration, false});
          code = model.lookup(path);
          code = code == 104 ? 104 : model.make(path, dir, value, true, expiration);
          break;
        case 2:
          outcome = store.create(kContext, path, dir, value, false, {expiration, false});
          code = model.make(path, dir, value, false, expiration);
          break;
        case 3: {
          outcome = store.create(kContext, path, dir, value, true, {expiration, false});
          const std::string digits = std::to_string(model.index + 1);
          const std::string name = path + "/" + std::string(20 - digits.size(), '0') + digits;
          code = model.make(name, dir, value, false, expiration);
          if (code == 0) RC_ASSERT(outcome.event.key == name);
          break;
        }
        case 4:
          outcome = store.update(kContext, path, value, {expiration, false});
          code = model.change(path, value, expiration, false, "", 0);
          break;
        case 5:
          outcome = store.compare_and_swap(kContext, path, old_value, old_index, value,
                                           {expiration, false});
          code = model.change(path, value, expiration, true, old_value, old_index);
          break;
        case 6:
          outcome = store.remove(kContext, path, dir, recursive);
          code = model.remove(path, dir, recursive);
          break;
        default: {
          const std::int64_t cutoff = kNow + *rc::gen::inRange(0, 4);
          Event event;
          while (store.expire_next(kContext, cutoff, event)) RC_ASSERT(event.has_previous);
          model.expire(cutoff);
        }
      }
      RC_ASSERT(static_cast<int>(outcome.refusal.code) == code);
      if (!outcome.refusal && outcome.event.index() != 0)
        RC_ASSERT(outcome.event.index() == model.index);
      compare(store, model);
      if (step % 16 == 0) {
        Bytes bytes;
        store.encode(bytes);
        Store copy;
        ByteReader r(bytes);
        RC_ASSERT(copy.decode(r, Instant{kNow}));
        RC_ASSERT(r.finished());
        RC_ASSERT(copy.same_state(store));
        store = copy;
      }
    }
  }));
}

TEST_CASE("refusals that etcd counts as successes, and the two that count elsewhere") {
  Store s;
  s.set(kContext, "/1/f", false, "x", {});
  s.set(kContext, "/1/d", true, "", {});
  s.update(kContext, "/1", "x", {});
  s.update(kContext, "/1/d", "x", {});
  CHECK(counter(s, Counter::update_success) == 2);
  s.update(kContext, "/1/none", "x", {});
  CHECK(counter(s, Counter::update_fail) == 1);
  s.compare_and_swap(kContext, "/1", "", 1, "x", {});
  CHECK(counter(s, Counter::compare_and_swap_success) == 1);
  s.compare_and_swap(kContext, "/1/d", "", 1, "x", {});
  s.compare_and_swap(kContext, "/1/f", "y", 0, "x", {});
  CHECK(counter(s, Counter::compare_and_swap_fail) == 2);
  s.compare_and_delete(kContext, "/1", "y", 0);
  s.compare_and_delete(kContext, "/1/f", "y", 0);
  CHECK(counter(s, Counter::compare_and_delete_success) == 2);
  s.compare_and_delete(kContext, "/1/none", "y", 0);
  CHECK(counter(s, Counter::compare_and_delete_fail) == 1);
  s.remove(kContext, "/1", true, true);
  CHECK(counter(s, Counter::delete_success) == 1);
  s.remove(kContext, "/1/d", false, false);
  CHECK(counter(s, Counter::delete_fail) == 1);
  // Below a file: a set counts once, a create counts as a failed set too. Both seen.
  s.set(kContext, "/1/f/x", false, "", {});
  CHECK(counter(s, Counter::sets_fail) == 1);
  s.create(kContext, "/1/f/x", false, "", false, {});
  CHECK(counter(s, Counter::sets_fail) == 2);
  CHECK(counter(s, Counter::create_fail) == 1);
  CHECK(s.index() == 2);
}

TEST_CASE("an overflowed expiration is none for what is made, but ends what is updated") {
  Store s;
  const std::int64_t past = -1'000;
  CHECK(s.create(kContext, "/1/a", false, "x", false, {past, false}).event.node.expiration ==
        kPermanent);
  CHECK(s.set(kContext, "/1/a", false, "x", {past, false}).event.node.expiration == kPermanent);
  CHECK_FALSE(s.has_expiring());
  s.update(kContext, "/1/a", "x", {past, false});
  Event event;
  REQUIRE(s.expire_next(kContext, kNow, event));
  CHECK(event.key == "/1/a");
}

TEST_CASE("of keys that expire together, the one written first goes first") {
  Store s;
  for (const auto path : {"/1/c", "/1/a", "/1/b", "/1/d"})
    s.set(kContext, path, false, "", {kNow, false});
  s.update(kContext, "/1/c", "", {kNow, false});
  std::string order;
  Event event;
  while (s.expire_next(kContext, kNow, event)) order += event.key;
  CHECK(order == "/1/a/1/b/1/d/1/c");
  CHECK(s.index() == 9);
}

TEST_CASE("a directory that expires takes all with it, in one event") {
  Store s;
  s.set(kContext, "/1/d", true, "", {kNow + 5, false});
  s.set(kContext, "/1/d/x/y", false, "1", {kNow + 9, false});
  Event event;
  REQUIRE_FALSE(s.expire_next(kContext, kNow + 4, event));
  REQUIRE(s.expire_next(kContext, kNow + 5, event));
  CHECK(event.key == "/1/d");
  CHECK(event.node.dir);
  CHECK_FALSE(s.has_expiring());
  CHECK(s.size() == 3);
}

TEST_CASE("names are bytes, and may be long and deep") {
  Store s;
  std::string deep = "/1";
  for (int i = 0; i < 100'000; ++i) deep += "/d";
  REQUIRE_FALSE(s.set(kContext, deep, false, "x", {}).refusal);
  CHECK(s.size() == 100'003);
  Bytes bytes;
  s.encode(bytes);
  ByteReader r(bytes);
  Store copy;
  REQUIRE(copy.decode(r, Instant{kNow}));
  CHECK(copy.same_state(s));
  REQUIRE_FALSE(s.remove(kContext, "/1/d", false, true).refusal);
  CHECK(s.size() == 3);
  const std::string name = "/1/" + std::string(1 << 20, '\xff');
  REQUIRE_FALSE(s.set(kContext, name, false, std::string(1 << 20, '\0'), {}).refusal);
  REQUIRE_FALSE(s.remove(kContext, name, false, false).refusal);
}

TEST_CASE("a damaged snapshot is refused, and leaves an empty store") {
  Store s;
  s.set(kContext, "/1/a/b", false, "x", {kNow, false});
  s.set(kContext, "/1/c", true, "", {});
  Bytes bytes;
  s.encode(bytes);
  int refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    ByteReader cut(ByteView(bytes.data(), at));
    Store copy;
    CHECK_FALSE(copy.decode(cut, Instant{kNow}));
    CHECK(copy.size() == 3);
    Bytes bad = bytes;
    bad[at] ^= 0xff;
    ByteReader r(bad);
    if (!copy.decode(r, Instant{kNow})) ++refused;
  }
  CHECK(refused > 0);
}
