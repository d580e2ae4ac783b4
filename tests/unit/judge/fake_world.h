// A world made by hand for the judges: real bytes of messages, log records and answers, without any
// node behind them, so that a test can let somebody misbehave in exactly one way.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/node/request.h"
#include "core/raft/message.h"
#include "core/raft/wal.h"
#include "sim/judge/judges.h"
#include "tests/catch.h"

namespace quorumlab::judge {

struct FakeEntry {
  std::uint64_t term = 1;
  std::string key = {};  // empty: a no-op
  std::string value = {};
  std::uint64_t session = 0, sequence = 0;
  Bytes change = {};  // of membership, encoded; empty: it is none
};

// An entry that changes who is a member.
inline FakeEntry changing(std::uint64_t term, const std::vector<raft::ConfChange::Step>& steps,
                          bool joint = false) {
  raft::ConfChange change;
  change.steps = steps;
  change.joint = joint;
  FakeEntry entry;
  entry.term = term;
  raft::encode(change, entry.change);
  return entry;
}

class FakeWorld {
 public:
  explicit FakeWorld(std::uint32_t nodes = 3) {
    Configuration members;
    for (std::uint32_t id = 1; id <= nodes; ++id) members.voters |= Configuration::bit(NodeId{id});
    judges.reset({nodes, true, members});
    for (std::uint32_t id = 1; id <= nodes; ++id) start(id);
  }

  void start(std::uint32_t node) {
    std::vector<FileContent> files;
    files.push_back({FileId::log, disk_[node]});
    judges.process_started(++now, ++record, NodeId{node}, files);
  }
  void crash(std::uint32_t node) {
    judges.process_down(++now, ++record, NodeId{node}, Judges::Death::crash);
  }

  static Bytes payload(const FakeEntry& entry) {
    Bytes bytes;
    if (!entry.change.empty()) return entry.change;
    if (entry.key.empty()) return bytes;
    Request request;
    request.kind = Request::Kind::write;
    request.session = entry.session;
    request.sequence = entry.sequence;
    request.first_outstanding = 1;
    request.key = as_bytes(entry.key);
    request.value = as_bytes(entry.value);
    encode(request, bytes);
    return bytes;
  }
  static raft::EntryKind kind(const FakeEntry& entry) {
    if (!entry.change.empty()) return raft::EntryKind::config;
    return entry.key.empty() ? raft::EntryKind::noop : raft::EntryKind::normal;
  }

  // Submits a write of entries and hard state; answers its id.
  std::uint64_t write(std::uint32_t node, std::uint64_t first,
                      const std::vector<FakeEntry>& entries, std::uint64_t term,
                      std::uint32_t vote = 0, std::uint64_t commit = 0) {
    Bytes bytes;
    if (submitted_[node].empty()) raft::append_header(bytes);
    if (!entries.empty()) {
      Bytes encoded;
      for (const FakeEntry& entry : entries) {
        raft::encode_entry({entry.term}, kind(entry), payload(entry), encoded);
      }
      raft::append_entries_record({first}, static_cast<std::uint32_t>(entries.size()), encoded,
                                  bytes);
    }
    raft::append_hard_state({{term}, {vote}, {commit}}, bytes);
    submitted_[node].insert(submitted_[node].end(), bytes.begin(), bytes.end());
    judges.write_submitted(++now, ++record, NodeId{node}, ++write_id, FileId::log,
                           Effects::Write::Mode::append, bytes);
    return write_id;
  }
  void durable(std::uint32_t node, std::uint64_t id) {
    disk_[node] = submitted_[node];
    judges.write_durable(++now, ++record, NodeId{node}, id);
  }
  void persist(std::uint32_t node, std::uint64_t first, const std::vector<FakeEntry>& entries,
               std::uint64_t term, std::uint32_t vote = 0) {
    durable(node, write(node, first, entries, term, vote));
  }
  void lose(std::uint32_t node) { submitted_[node] = disk_[node]; }
  Bytes& disk(std::uint32_t node) { return disk_[node]; }

  void send(raft::Message message) {
    Bytes bytes;
    encode(message, bytes);
    judges.packet_sent(++now, ++record, message.source, message.target,
                       static_cast<std::uint8_t>(message.type), bytes);
  }
  void send(raft::MessageType type, std::uint32_t source, std::uint32_t target, std::uint64_t term,
            std::uint64_t index = 0, std::uint64_t commit = 0, bool reject = false) {
    raft::Message m;
    m.type = type;
    m.source = {source};
    m.target = {target};
    m.term = {term};
    m.index = {index};
    m.commit = {commit};
    m.reject = reject;
    send(m);
  }
  void heartbeat(std::uint32_t source, std::uint64_t term, std::uint64_t commit = 0) {
    send(raft::MessageType::heartbeat, source, source == 1 ? 2 : 1, term, 0, commit);
  }
  void grant(std::uint32_t voter, std::uint32_t candidate, std::uint64_t term) {
    send(raft::MessageType::request_vote_response, voter, candidate, term);
  }
  void fact(Fact fact, std::uint32_t node, std::uint64_t a, std::uint64_t b = 0,
            std::uint64_t c = 0) {
    trace::Record r;
    r.time_ns = ++now;
    r.kind = static_cast<std::uint16_t>(fact);
    r.node = node;
    r.a = a;
    r.b = b;
    r.c = c;
    judges.fact(r, ++record);
  }
  // The node applies what its own log holds at `index`.
  void apply(std::uint32_t node, std::uint64_t index, std::uint64_t term) {
    std::uint64_t chain = 0;
    REQUIRE(judges.shadow(NodeId{node}).chain_at(index, chain));
    fact(Fact::applied, node, index, term, chain);
  }

  void ask(std::uint64_t operation, Request::Kind kind, const std::string& key,
           const std::string& value, std::uint64_t session = 0, std::uint64_t sequence = 0) {
    Request request;
    request.kind = kind;
    request.session = session;
    request.sequence = sequence;
    request.first_outstanding = 1;
    request.key = as_bytes(key);
    request.value = as_bytes(value);
    Bytes bytes;
    encode(request, bytes);
    judges.invoked(++now, ++record, operation, NodeId{100}, bytes);
  }
  void answer(std::uint64_t operation, std::uint32_t server, Response::Status status,
              std::uint64_t index, std::uint64_t modified = 0, const std::string& value = "") {
    Response response;
    response.status = status;
    response.index = {index};
    response.modified = {modified};
    response.value = as_bytes(value);
    Bytes bytes;
    encode(response, bytes);
    judges.answered(++now, ++record, operation, NodeId{server}, bytes);
  }

  void write_snapshot(std::uint32_t node, std::uint64_t index, std::uint64_t term,
                      std::uint64_t chain, const raft::ConfState& conf) {
    raft::SnapshotMeta meta;
    meta.index = {index};
    meta.term = {term};
    meta.chain = chain;
    meta.conf = conf;
    Bytes bytes;
    raft::encode_snapshot(meta, {}, bytes);
    judges.write_submitted(++now, ++record, NodeId{node}, ++write_id, FileId::snapshot,
                           Effects::Write::Mode::replace, bytes);
  }
  // The node leads, elected by itself and these.
  void elect(std::uint32_t node, std::uint64_t term, const std::vector<std::uint32_t>& others,
             std::uint64_t last = 0) {
    persist(node, 0, {}, term, node);
    for (const std::uint32_t other : others) {
      persist(other, 0, {}, term, node);
      grant(other, node, term);
    }
    fact(Fact::became_leader, node, term, last, others.size() + 1);
  }

  // What tripped: this checker, and no other.
  bool only(Checker checker) const {
    for (std::size_t i = 0; i < kCheckerCount; ++i) {
      const bool tripped = judges.violation(static_cast<Checker>(i)).has_value();
      if (tripped != (i == static_cast<std::size_t>(checker))) {
        UNSCOPED_INFO(checker_name(static_cast<Checker>(i))
                      << (tripped ? " tripped" : " is silent"));
        return false;
      }
    }
    return true;
  }
  bool clean() const { return !judges.violation().has_value(); }

  Judges judges;
  std::int64_t now = 0;
  trace::RecordId record = 0;
  std::uint64_t write_id = 0;

 private:
  std::map<std::uint32_t, Bytes> disk_, submitted_;
};

}  // namespace quorumlab::judge
