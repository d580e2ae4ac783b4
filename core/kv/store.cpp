// The operations of the store, each as etcd 3.4 does it, with what it counts in which case: some
// refusals count as successes there.
#include "core/kv/store.h"

#include <algorithm>

#include "core/base/assert.h"

namespace quorumlab::kv {
namespace {

// An expiration before this is none: it comes from a time to live that overflowed.
constexpr std::int64_t kYear2000 = 946'684'800LL * 1'000'000'000;

bool is_read_only(std::string_view path) {
  return path == "/" || path == kClusterRoot || path == kUserRoot;
}

void append_number(std::uint64_t number, std::string& out) {
  char digits[20];
  std::size_t n = 0;
  do {
    digits[n++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  while (n > 0) out += digits[--n];
}

}  // namespace

void Store::clear() {
  nodes_.clear();
  free_.clear();
  heap_.clear();
  index_ = 0;
  counters_ = {};
  history_.clear();
  watchers_.clear();
  nodes_.emplace_back();
  nodes_[0].dir = true;
  add_child(0, kClusterRoot.substr(1), true, 0);
  add_child(0, kUserRoot.substr(1), true, 0);
}

Store::Outcome Store::refuse(ErrorCode code, std::string_view cause) const {
  Outcome outcome;
  outcome.refusal = {code, cause, index_};
  return outcome;
}

std::uint64_t Store::next_index(const Context& context, Action action) const {
  const bool grows = context.rules[Rule::index_grows_with_each_write] ||
                     (action != Action::update && action != Action::compare_and_swap) ||
                     index_ == 0;
  return grows ? index_ + 1 : index_;
}

// Into the history, and to those who watch; the change is made already.
void Store::finish(const Context& context, const Event& event) {
  index_ = event.index();
  history_.add(event, context.wall);
  if (!event.refresh || !context.rules[Rule::refresh_is_silent]) watchers_.notify(event);
}

NodeView Store::view(Handle handle) const {
  const Node& node = nodes_[handle];
  return {node.value, !node.dir, node.dir, node.expiration, node.modified, node.created};
}

Store::Outcome Store::create(const Context& context, std::string_view path, bool dir,
                             std::string_view value, bool unique, Lifetime lifetime) {
  const bool replace = !unique && !context.rules[Rule::create_only_if_absent];
  Outcome outcome =
      create_at(context, path, dir, value, unique, replace, lifetime.expiration, Action::create);
  count(outcome.refusal ? Counter::create_fail : Counter::create_success);
  if (!outcome.refusal) finish(context, outcome.event);
  return outcome;
}

Store::Outcome Store::set(const Context& context, std::string_view path, bool dir,
                          std::string_view value, Lifetime lifetime) {
  Refusal missing;
  const Handle before = find(path, missing);
  if (missing && (missing.code != ErrorCode::key_not_found || lifetime.refresh)) {
    count(Counter::sets_fail);
    Outcome outcome;
    outcome.refusal = missing;
    return outcome;
  }
  if (!missing) {
    previous_value_ = nodes_[before].value;
    if (lifetime.refresh) value = previous_value_;
    if (!context.rules[Rule::set_drops_ttl] && lifetime.expiration == kPermanent) {
      lifetime.expiration = nodes_[before].expiration;
    }
  }
  Outcome outcome =
      create_at(context, path, dir, value, false, true, lifetime.expiration, Action::set);
  count(outcome.refusal ? Counter::sets_fail : Counter::sets_success);
  if (outcome.refusal) return outcome;
  outcome.event.refresh = lifetime.refresh;
  finish(context, outcome.event);
  return outcome;
}

// Parents are made on the way; the event still has to be finished.
Store::Outcome Store::create_at(const Context& context, std::string_view path, bool dir,
                                std::string_view value, bool unique, bool replace,
                                std::int64_t expiration, Action action) {
  const std::uint64_t next = next_index(context, action);
  if (unique) {
    path_ = path;
    path_ += '/';
    const std::size_t begin = path_.size();
    Refusal missing;
    const Handle parent = find(path, missing);
    append_number(context.rules[Rule::unique_names_never_repeat] ? next
                  : missing                                      ? 1
                            : nodes_[parent].children.size() + 1,
                  path_);
    path_.insert(begin, 20 - (path_.size() - begin), '0');
    path = path_;
  }
  if (is_read_only(path)) return refuse(ErrorCode::root_read_only, "/");
  if (expiration < kYear2000) expiration = kPermanent;

  Handle at = root();
  const std::size_t last_slash = path.rfind('/');
  for (std::size_t begin = 1; begin <= last_slash;) {
    const std::size_t end = path.find('/', begin);
    const std::string_view name = path.substr(begin, end - begin);
    Handle next_dir = child(at, name);
    if (next_dir == kNone) {
      next_dir = add_child(at, name, true, next);
    } else if (!nodes_[next_dir].dir) {
      count(Counter::sets_fail);  // whatever the operation
      return refuse(ErrorCode::not_a_directory, path.substr(0, end));
    }
    at = next_dir;
    begin = end + 1;
  }

  Outcome outcome;
  outcome.event.action = action;
  outcome.event.key = path;
  const std::string_view name = path.substr(last_slash + 1);
  if (const Handle there = child(at, name); there != kNone) {
    if (!replace) return refuse(ErrorCode::key_exists, path);
    if (nodes_[there].dir) return refuse(ErrorCode::not_a_file, path);
    previous_value_ = nodes_[there].value;
    outcome.event.has_previous = true;
    outcome.event.previous = view(there);
    outcome.event.previous.value = previous_value_;
    unlink(there);
    release(there);
  }
  const Handle made = add_child(at, name, dir, next);
  if (!dir) nodes_[made].value = value;
  if (expiration != kPermanent) set_expiration(made, expiration);
  outcome.event.node = view(made);
  return outcome;
}

Store::Outcome Store::update(const Context& context, std::string_view path, std::string_view value,
                             Lifetime lifetime) {
  if (is_read_only(path)) {
    count(Counter::update_success);
    return refuse(ErrorCode::root_read_only, "/");
  }
  Outcome outcome;
  Handle handle = find(path, outcome.refusal);
  if (outcome.refusal) {
    if (outcome.refusal.code == ErrorCode::key_not_found &&
        !context.rules[Rule::update_only_if_present]) {
      return set(context, path, false, value, {lifetime.expiration, false});
    }
    count(Counter::update_fail);
    return outcome;
  }
  count(Counter::update_success);
  Node& node = nodes_[handle];
  if (node.dir && !value.empty()) return refuse(ErrorCode::not_a_file, path);
  Event& event = outcome.event;
  event.action = Action::update;
  event.key = path;
  event.has_previous = true;
  event.previous = view(handle);
  previous_value_ = node.value;
  event.previous.value = previous_value_;
  const std::uint64_t next = next_index(context, Action::update);
  // A directory keeps the index that it was made or last replaced with, whatever the answer says.
  if (!node.dir) {
    if (!lifetime.refresh) node.value = value;
    node.modified = next;
  }
  set_expiration(handle, lifetime.expiration);
  event.node = view(handle);
  event.node.modified = next;
  event.refresh = lifetime.refresh;
  finish(context, event);
  return outcome;
}

// On failure cause_ says why.
bool Store::compare(const Context& context, const Node& node, std::string_view previous_value,
                    std::uint64_t previous_index) {
  if (!context.rules[Rule::compare_before_swap]) return true;
  const bool value_matches = previous_value.empty() || node.value == previous_value;
  const bool index_matches = previous_index == 0 || node.modified == previous_index;
  cause_.clear();
  if (!value_matches) {
    cause_ += '[';
    cause_ += previous_value;
    cause_ += " != ";
    cause_ += node.value;
    cause_ += ']';
  }
  if (!index_matches) {
    if (!cause_.empty()) cause_ += ' ';
    cause_ += '[';
    append_number(previous_index, cause_);
    cause_ += " != ";
    append_number(node.modified, cause_);
    cause_ += ']';
  }
  return value_matches && index_matches;
}

Store::Outcome Store::compare_and_swap(const Context& context, std::string_view path,
                                       std::string_view previous_value,
                                       std::uint64_t previous_index, std::string_view value,
                                       Lifetime lifetime) {
  if (is_read_only(path)) {
    count(Counter::compare_and_swap_success);
    return refuse(ErrorCode::root_read_only, "/");
  }
  Outcome outcome;
  const Handle handle = find(path, outcome.refusal);
  if (!outcome.refusal && nodes_[handle].dir) {
    outcome = refuse(ErrorCode::not_a_file, path);
  } else if (!outcome.refusal &&
             !compare(context, nodes_[handle], previous_value, previous_index)) {
    outcome = refuse(ErrorCode::compare_failed, cause_);
  }
  count(outcome.refusal ? Counter::compare_and_swap_fail : Counter::compare_and_swap_success);
  if (outcome.refusal) return outcome;
  Event& event = outcome.event;
  event.action = Action::compare_and_swap;
  event.key = path;
  event.has_previous = true;
  event.previous = view(handle);
  Node& node = nodes_[handle];
  previous_value_ = node.value;
  event.previous.value = previous_value_;
  if (!lifetime.refresh) node.value = value;
  node.modified = next_index(context, Action::compare_and_swap);
  set_expiration(handle, lifetime.expiration);
  event.node = view(handle);
  event.refresh = lifetime.refresh;
  finish(context, event);
  return outcome;
}

Store::Outcome Store::compare_and_delete(const Context& context, std::string_view path,
                                         std::string_view previous_value,
                                         std::uint64_t previous_index) {
  Outcome outcome;
  const Handle handle = find(path, outcome.refusal);
  count(outcome.refusal ? Counter::compare_and_delete_fail : Counter::compare_and_delete_success);
  if (outcome.refusal) return outcome;
  if (nodes_[handle].dir) return refuse(ErrorCode::not_a_file, path);
  if (!compare(context, nodes_[handle], previous_value, previous_index)) {
    return refuse(ErrorCode::compare_failed, cause_);
  }
  Event& event = outcome.event;
  event.action = Action::compare_and_delete;
  event.key = path;
  event.has_previous = true;
  event.previous = view(handle);
  previous_value_ = nodes_[handle].value;
  event.previous.value = previous_value_;
  event.node.modified = next_index(context, event.action);
  event.node.created = event.previous.created;
  remove_all(context, event, handle);
  finish(context, event);
  return outcome;
}

Store::Outcome Store::remove(const Context& context, std::string_view path, bool dir,
                             bool recursive) {
  if (is_read_only(path)) {
    count(Counter::delete_success);
    return refuse(ErrorCode::root_read_only, "/");
  }
  Outcome outcome;
  const Handle handle = find(path, outcome.refusal);
  if (!outcome.refusal && nodes_[handle].dir) {
    if (!dir && !recursive) {
      outcome = refuse(ErrorCode::not_a_file, path);
    } else if (!recursive && !nodes_[handle].children.empty()) {
      outcome = refuse(ErrorCode::directory_not_empty, path);
    }
  }
  count(outcome.refusal ? Counter::delete_fail : Counter::delete_success);
  if (outcome.refusal) return outcome;
  Event& event = outcome.event;
  event.action = Action::remove;
  event.key = path;
  event.has_previous = true;
  event.previous = view(handle);
  previous_value_ = nodes_[handle].value;
  event.previous.value = previous_value_;
  event.node.dir = event.previous.dir;
  event.node.modified = next_index(context, event.action);
  event.node.created = event.previous.created;
  remove_all(context, event, handle);
  finish(context, event);
  return outcome;
}

bool Store::expire_next(const Context& context, std::int64_t cutoff, Event& event) {
  if (heap_.empty() || heap_[0].at > cutoff) return false;
  const Handle handle = heap_[0].node;
  path_.clear();
  append_path(handle, path_);
  event = {};
  event.action = Action::expire;
  event.key = path_;
  event.has_previous = true;
  event.previous = view(handle);
  previous_value_ = nodes_[handle].value;
  event.previous.value = previous_value_;
  event.node.dir = event.previous.dir;
  event.node.modified = next_index(context, event.action);
  event.node.created = event.previous.created;
  remove_all(context, event, handle);
  count(Counter::expire_count);
  finish(context, event);
  return true;
}

}  // namespace quorumlab::kv
