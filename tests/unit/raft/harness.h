// A cluster of engines in memory, driven by hand: messages are encoded, kept in one queue and
// delivered one by one, files are the bytes that wal.h makes, and a write becomes durable at once or
// when the test says so. One clock for all; no randomness but the engines' own.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/assert.h"
#include "core/raft/engine.h"
#include "core/raft/wal.h"

namespace quorumlab::raft::test {

struct Packet {
  NodeId source, target;
  MessageType type;
  Bytes bytes;
};

struct Write {
  std::uint64_t id = 0;
  bool snapshot = false;
  Bytes bytes;
  std::vector<Packet> promises;
};

struct Host {
  Config config;
  Engine engine;
  bool up = true;
  bool durable_at_once = true;
  Bytes log_file, snapshot_file;  // what survives a crash
  std::deque<Write> writes;       // submitted, not durable
  std::map<std::uint64_t, std::string> state;  // what was applied, by index
  std::vector<ReadReady> reads;
  std::vector<ProposalOutcome> outcomes;
  std::vector<Note> notes;
  std::vector<SnapshotMeta> restored;
  std::uint64_t starts = 0;
  bool refused = false;

  const Status& status() const { return engine.status(); }
  bool noted(Fact fact, Reason reason = Reason::none) const {
    return std::any_of(notes.begin(), notes.end(), [&](const Note& n) {
      return n.fact == fact && (reason == Reason::none || n.reason == reason);
    });
  }
};

class Cluster {
 public:
  // Nodes 1..n, the first `voters` of them (0: all) members.
  explicit Cluster(std::uint32_t n, const std::function<void(Config&)>& tweak = {},
                   std::uint32_t voters = 0) {
    for (std::uint32_t i = 1; i <= n; ++i) {
      Host host;
      host.config.id = {i};
      for (std::uint32_t v = 1; v <= (voters == 0 ? n : voters); ++v) {
        host.config.initial.voters.push_back({v});
      }
      if (tweak) tweak(host.config);
      hosts.push_back(std::move(host));
    }
    for (Host& host : hosts) start(host);
  }

  Host& host(std::uint32_t id) { return hosts.at(id - 1); }
  Engine& operator[](std::uint32_t id) { return host(id).engine; }
  Now now() const { return {now_, now_}; }

  void start(Host& host) {
    RecoverResult result = recover(host.log_file, host.snapshot_file,
                                   host.config.rules[Rule::verify_checksums]);
    host.refused = result.failure.has_value();
    host.up = !host.refused;
    if (host.refused) return;
    if (result.torn) host.log_file.resize(static_cast<std::size_t>(result.offset));
    if (result.needs_header) append_header(host.log_file);
    restore_state(host, result.recovered.snapshot_bytes);
    host.engine.reset(host.config, std::move(result.recovered),
                      Random(host.config.id.value * 1000 + host.starts++), now());
    pump(host);
  }
  // Power is lost: writes that are not durable, and what waits for them, are gone.
  void crash(std::uint32_t id) {
    host(id).up = false;
    host(id).writes.clear();
    std::erase_if(queue, [id](const Packet& p) { return p.target.value == id; });
  }
  void restart(std::uint32_t id) {
    crash(id);
    host(id).state.clear();
    start(host(id));
  }

  // Carries out what the engine wants, until it wants nothing more.
  void pump(Host& host) {
    Ready ready;
    while (host.engine.has_ready()) {
      host.engine.take_ready(ready);
      host.notes.insert(host.notes.end(), ready.notes.begin(), ready.notes.end());
      if (noted) {
        for (const Note& n : ready.notes) noted(host.config.id, n);
      }
      for (const Message& m : ready.messages) post(packet(m));
      if (ready.write_id != 0) {
        Write write{ready.write_id, false, {}, {}};
        append_write(ready, write.bytes);
        for (const Message& m : ready.messages_once_durable) write.promises.push_back(packet(m));
        host.writes.push_back(std::move(write));
      } else {
        ASSERT(ready.messages_once_durable.empty());
      }
      if (ready.snapshot_write_id != 0) {
        Write write{ready.snapshot_write_id, true, {}, {}};
        encode_snapshot(*ready.snapshot, ready.snapshot_bytes, write.bytes);
        host.writes.push_back(std::move(write));
      }
      if (ready.restore != nullptr) {
        host.restored.push_back(*ready.restore);
        restore_state(host, ready.restore_bytes);
      }
      if (ready.committed_first.value != 0) apply(host, ready);
      host.reads.insert(host.reads.end(), ready.reads.begin(), ready.reads.end());
      host.outcomes.insert(host.outcomes.end(), ready.outcomes.begin(), ready.outcomes.end());
      if (host.durable_at_once) make_durable(host);
    }
  }
  void make_durable(Host& host) {
    while (!host.writes.empty()) complete_write(host);
  }
  // The oldest write becomes durable (the engine's wishes wait for the next pump).
  void complete_write(Host& host) {
    const Write write = std::move(host.writes.front());
    host.writes.pop_front();
    if (write.snapshot) {
      host.snapshot_file = write.bytes;
    } else {
      host.log_file.insert(host.log_file.end(), write.bytes.begin(), write.bytes.end());
    }
    for (const Packet& p : write.promises) post(p);
    host.engine.on_durable(now(), write.id);
  }
  void flush(std::uint32_t id) {
    make_durable(host(id));
    pump(host(id));
  }

  // Delivers the oldest packet; false when there is none.
  bool deliver_one() {
    if (queue.empty()) return false;
    const Packet p = std::move(queue.front());
    queue.pop_front();
    if (filter && !filter(p)) return true;
    give(p);
    return true;
  }
  void give(const Packet& p) {
    if (p.target.value == 0 || p.target.value > hosts.size()) return;
    Host& to = host(p.target.value);
    if (!to.up) return;
    const std::optional<Message> message =
        decode(p.bytes, to.config.rules[Rule::verify_checksums]);
    ASSERT(message.has_value(), "a message was not read back");
    to.engine.on_message(now(), *message);
    pump(to);
  }
  void give(const Message& m) { give(packet(m)); }
  void deliver(int most = 100'000) {
    while (most-- > 0 && deliver_one()) {
    }
    ASSERT(queue.empty(), "messages without end");
  }

  // Time passes; deadlines fire in their order, messages arrive at once.
  void run_for(Duration d) {
    const Instant end = now_ + d;
    deliver();
    for (;;) {
      Instant next = end;
      Host* due = nullptr;
      for (Host& host : hosts) {
        if (host.up && host.engine.deadline() < next) {
          next = host.engine.deadline();
          due = &host;
        }
      }
      now_ = std::max(now_, next);
      if (due == nullptr) break;
      fire(*due);
      deliver();
    }
  }
  void fire(Host& host) {
    host.engine.on_deadline(now());
    pump(host);
  }
  // Time jumps to this node's deadline, whatever the others miss, and it fires; nothing is delivered.
  void timeout(std::uint32_t id) {
    now_ = std::max(now_, host(id).engine.deadline());
    fire(host(id));
  }
  void skip(Duration d) { now_ = now_ + d; }

  // This node campaigns now and wins, if messages get through.
  void elect(std::uint32_t id) {
    for (int i = 0; i < 20 && host(id).status().role != Role::leader; ++i) {
      if (host(id).config.check_quorum) skip(seconds(10));  // nobody's lease runs
      timeout(id);
      deliver();
    }
    ASSERT(host(id).status().role == Role::leader, "it did not win");
  }
  std::uint32_t leader() {
    std::uint32_t found = 0;
    Term term{};
    for (Host& h : hosts) {
      if (h.up && h.status().role == Role::leader && h.status().term >= term) {
        found = h.config.id.value;
        term = h.status().term;
      }
    }
    return found;
  }
  ProposeResult propose(std::uint32_t id, std::string_view command, std::uint64_t request = 0) {
    const ProposeResult result = host(id).engine.propose(now(), as_bytes(command), request);
    pump(host(id));
    return result;
  }
  ProposeResult change(std::uint32_t id, const ConfChange& change) {
    const ProposeResult result = host(id).engine.propose_change(now(), change);
    pump(host(id));
    return result;
  }
  void read(std::uint32_t id, std::uint64_t request) {
    host(id).engine.read(now(), request);
    pump(host(id));
  }
  void transfer(std::uint32_t id, std::uint32_t target) {
    host(id).engine.transfer_leadership(now(), {target});
    pump(host(id));
  }
  // A snapshot of everything applied; it and the shorter log are on disk at once.
  void compact(std::uint32_t id, std::uint64_t keep = 0) {
    Host& h = host(id);
    h.engine.compact(h.status().applied, state_bytes(h), keep);
    h.snapshot_file.clear();
    encode_snapshot(h.engine.snapshot_meta(), h.engine.snapshot_bytes(), h.snapshot_file);
    h.log_file.clear();
    encode_log_file(h.engine, h.log_file);
    pump(h);
  }
  // Isolates nodes from the rest until heal().
  void isolate(std::vector<std::uint32_t> ids) {
    filter = [ids](const Packet& p) {
      const auto in = [&](NodeId n) {
        return std::find(ids.begin(), ids.end(), n.value) != ids.end();
      };
      return in(p.source) == in(p.target);
    };
  }
  void heal() { filter = {}; }

  void post(const Packet& p) {
    if (sent) sent(p);
    queue.push_back(p);
  }
  static Packet packet(const Message& m) {
    Packet p{m.source, m.target, m.type, {}};
    encode(m, p.bytes);
    return p;
  }
  static std::string values(const Host& h) {
    std::string all;
    for (const auto& [index, value] : h.state) all += value + " ";
    return all;
  }

  std::deque<Host> hosts;
  std::deque<Packet> queue;
  std::function<bool(const Packet&)> filter;
  std::function<void(NodeId, const Note&)> noted;
  std::function<void(const Packet&)> sent;  // sees everything that leaves a node

 private:
  void apply(Host& host, const Ready& ready) {
    for (LogIndex i = ready.committed_first; i <= ready.committed_last; i = i.next()) {
      const Entry entry = host.engine.entry(i);
      if (entry.kind == EntryKind::normal) {
        host.state[i.value] = std::string(as_text(entry.payload));
      } else if (entry.kind == EntryKind::config) {
        const std::optional<ConfChange> change = decode_conf_change(entry.payload);
        ASSERT(change.has_value());
        host.engine.apply_config(now(), i, *change);
      }
    }
  }
  static Bytes state_bytes(const Host& host) {
    Bytes bytes;
    ByteWriter out(bytes);
    for (const auto& [index, value] : host.state) {
      out.varint(index);
      out.sized(value);
    }
    return bytes;
  }
  static void restore_state(Host& host, ByteView bytes) {
    host.state.clear();
    ByteReader in(bytes);
    while (in.ok() && in.remaining() != 0) {
      const std::uint64_t index = in.varint();
      host.state[index] = std::string(as_text(in.sized()));
    }
  }

  Instant now_{1'000'000'000};
};

}  // namespace quorumlab::raft::test
