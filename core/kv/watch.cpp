// Events kept, and events told.
#include "core/kv/watch.h"

#include "core/base/assert.h"

namespace quorumlab::kv {
namespace {

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// Whether `key` is below `path`, which ends with or without a slash.
bool is_below(std::string_view key, std::string_view path) {
  return starts_with(key, path) &&
         (path.ends_with('/') || (key.size() > path.size() && key[path.size()] == '/'));
}

// Whether what lies between the watched path and the key begins with '_' somewhere.
bool is_hidden_below(std::string_view path, std::string_view key) {
  if (path.size() > key.size()) return false;
  const std::string_view below = key.substr(path.size());
  return below.find("/_") != std::string_view::npos || starts_with(below, "_");
}

}  // namespace

void History::clear() {
  records_.clear();
  text_.clear();
  base_ = 0;
  first_ = last_ = 0;
}

ByteView History::bytes_of(std::uint64_t index) const {
  const Record& record = records_[index % kCapacity];
  return {text_.data() + (record.offset - base_), record.size};
}

void History::add(const Event& event, Instant noted) {
  const std::uint64_t index = event.index();
  if (first_ == 0) {
    first_ = index;
  } else if (index - first_ >= kCapacity) {
    first_ = index - kCapacity + 1;
  }
  last_ = index;
  const std::size_t place = index % kCapacity;
  if (records_.size() <= place) records_.resize(place + 1);
  const std::size_t begin = text_.size();
  kv::encode(event, text_);
  records_[place] = {base_ + begin, static_cast<std::uint32_t>(text_.size() - begin), noted};
  // What fell out of the ring goes once it is half of all there is: each byte is moved once or
  // less.
  const std::uint64_t dead = records_[first_ % kCapacity].offset - base_;
  if (dead > 4096 && dead * 2 > text_.size()) {
    text_.erase(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(dead));
    base_ += dead;
  }
}

Event History::event(std::uint64_t index) const {
  ASSERT(index >= first_ && index <= last_ && first_ != 0, "that event is not kept");
  const auto event = decode_event(bytes_of(index));
  ASSERT(event.has_value(), "the history holds what we encoded");
  return *event;
}

History::Found History::scan(std::string_view key, bool recursive, std::uint64_t index,
                             bool latest) const {
  if (index < first_) return {true, 0};
  Found found;
  for (std::uint64_t i = index; i <= last_ && first_ != 0; ++i) {
    const Event e = event(i);
    if (e.refresh) continue;
    bool concerns = e.key == key || (recursive && is_below(e.key, key));
    if ((e.action == Action::remove || e.action == Action::expire) && e.has_previous &&
        e.previous.dir) {
      concerns = concerns || starts_with(key, e.key);
    }
    if (!concerns) continue;
    found.index = i;
    if (!latest) break;
  }
  return found;
}

void History::encode(Bytes& out) const {
  ByteWriter w(out);
  w.varint(first_);
  w.varint(last_);
  for (std::uint64_t i = first_; first_ != 0 && i <= last_; ++i) w.sized(bytes_of(i));
}

bool History::decode(ByteReader& r, Instant now) {
  clear();
  const std::uint64_t first = r.varint(), last = r.varint();
  if (!r.ok() || (first == 0) != (last == 0) || last < first || last - first >= kCapacity ||
      last == UINT64_MAX) {
    return false;
  }
  for (std::uint64_t i = first; first != 0 && i <= last; ++i) {
    const auto event = decode_event(r.sized());
    if (!r.ok() || !event || event->index() != i) return false;
    add(*event, now);
  }
  return true;
}

bool History::operator==(const History& other) const {
  if (first_ != other.first_ || last_ != other.last_) return false;
  for (std::uint64_t i = first_; first_ != 0 && i <= last_; ++i) {
    if (as_text(bytes_of(i)) != as_text(other.bytes_of(i))) return false;
  }
  return true;
}

void Watchers::clear() {
  watchers_.clear();
  free_.clear();
  by_key_.clear();
  by_request_.clear();
  woken_.clear();
}

void Watchers::add(std::uint64_t request, std::string_view key, bool recursive, bool stream,
                   std::uint64_t since) {
  std::uint32_t place;
  if (free_.empty()) {
    place = static_cast<std::uint32_t>(watchers_.size());
    watchers_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
  }
  const auto [list, is_new] = by_key_.insert(key);
  if (is_new) list = {};
  Watcher& watcher = watchers_[place];
  watcher.request = request;
  watcher.since = since;
  watcher.recursive = recursive;
  watcher.stream = stream;
  watcher.next = kNone;
  watcher.previous = list.last;
  watcher.key = key;
  (list.last == kNone ? list.first : watchers_[list.last].next) = place;
  list.last = place;
  const auto [known, fresh] = by_request_.insert(request);
  ASSERT(fresh, "a request watches one key");
  known = place;
}

bool Watchers::remove(std::uint64_t request) {
  const std::uint32_t* place = by_request_.find(request);
  if (place == nullptr) return false;
  drop(*place);
  return true;
}

void Watchers::drop(std::uint32_t place) {
  Watcher& watcher = watchers_[place];
  List* list = by_key_.find(watcher.key);
  ASSERT(list != nullptr, "a watcher stands in the list of its key");
  (watcher.previous == kNone ? list->first : watchers_[watcher.previous].next) = watcher.next;
  (watcher.next == kNone ? list->last : watchers_[watcher.next].previous) = watcher.previous;
  if (list->first == kNone) by_key_.erase(watcher.key);
  by_request_.erase(watcher.request);
  free_.push_back(place);
}

void Watchers::notify_at(const Event& event, std::string_view path, bool removed) {
  const List* list = by_key_.find(path);
  if (list == nullptr) return;
  const bool original = event.key == path;
  if (!original && is_hidden_below(path, event.key)) return;
  for (std::uint32_t place = list->first; place != kNone;) {
    const Watcher& watcher = watchers_[place];
    const std::uint32_t next = watcher.next;
    if ((watcher.recursive || original || removed) && event.index() >= watcher.since) {
      woken_.push_back({watcher.request, watcher.stream});
      if (!watcher.stream) drop(place);
    }
    place = next;
  }
}

void Watchers::notify(const Event& event) {
  if (size() == 0) return;
  notify_at(event, "/", false);
  for (std::size_t end = 1; end < event.key.size();) {
    end = std::min(event.key.find('/', end), event.key.size());
    notify_at(event, event.key.substr(0, end), false);
    ++end;
  }
}

void Watchers::notify_removed(const Event& event, std::string_view path) {
  if (size() != 0) notify_at(event, path, true);
}

}  // namespace quorumlab::kv
