// The rules of the key-value store by name, in the style of core/raft/rules.h: each is on by
// default, each stands at the place that obeys it, and switching one off is a bug that the judges
// can see.
#pragma once

#include "core/base/rule_set.h"

namespace quorumlab::kv {

// X(name, where the rule is stated, what it demands)
#define QUORUMLAB_KV_RULES(X)                                                                    \
  X(compare_before_swap, "etcd v2 api: compare and swap",                                        \
    "a swap or a conditional delete compares "                                                   \
    "first")                                                                                     \
  X(create_only_if_absent, "etcd v2 api: prevExist=false", "what exists is not created again")   \
  X(update_only_if_present, "etcd v2 api: prevExist=true", "what does not exist is not updated") \
  X(index_grows_with_each_write, "etcd v2 api: X-Etcd-Index",                                    \
    "each change has an index of its own")                                                       \
  X(unique_names_never_repeat, "etcd v2 api: in-order keys",                                     \
    "a key in order is named after its "                                                         \
    "index, not after how many there are")                                                       \
  X(set_drops_ttl, "etcd v2 api: ttl", "a write without ttl makes the key permanent")            \
  X(expire_by_leader_only, "etcd v2: SYNC",                                                      \
    "keys expire through the log, as the leader says, and "                                      \
    "not on each node by itself")                                                                \
  X(expire_by_command_time, "etcd v2: SYNC",                                                     \
    "the time in the command decides what expires, not "                                         \
    "the clock of who applies it")                                                               \
  X(leader_tells_time, "etcd v2: SYNC",                                                          \
    "the leader proposes the time every half second while "                                      \
    "a key can expire")                                                                          \
  X(refresh_is_silent, "etcd v2 api: refresh", "a refresh wakes no watcher")                     \
  X(watch_from_history, "etcd v2 api: waitIndex",                                                \
    "a watch that names an index is told what it "                                               \
    "missed")                                                                                    \
  X(history_in_order, "etcd v2 api: waitIndex",                                                  \
    "the first event after the index is told, not the "                                          \
    "latest")                                                                                    \
  X(delete_notifies_children, "etcd v2: watcher hub",                                            \
    "who watches below a directory learns that "                                                 \
    "it is gone")                                                                                \
  X(read_at_apply, "etcd v2 api: quorum=true",                                                   \
    "a quorum read goes through the log and is read "                                            \
    "where it stands there")                                                                     \
  X(answers_match_requests, "etcd: request ids",                                                 \
    "an answer goes to the request of that number "                                              \
    "in this life of the server")                                                                \
  X(removed_stays_removed, "etcd: membership", "a member that was removed never comes back")     \
  X(sessions_apply_once, "thesis 6.3", "a command of a session is applied once")

QUORUMLAB_DECLARE_RULES(QUORUMLAB_KV_RULES)

}  // namespace quorumlab::kv
