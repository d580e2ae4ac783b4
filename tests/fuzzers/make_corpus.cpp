// Writes the first inputs of the fuzzers' corpora: one of each kind of thing, as our own encoders
// write it, or serf did. `make_corpus tests/fuzzers/corpus`; run again when a format changes.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "core/gossip/stream.h"
#include "core/kv/server.h"
#include "core/node/request.h"
#include "core/raft/wal.h"
#include "sim/trace/file.h"
#include "tests/unit/gossip/hex.h"
#include "tests/unit/gossip/pcap.h"

using namespace quorumlab;

namespace {

std::filesystem::path root;

void write(const std::string& target, const std::string& name, ByteView bytes) {
  std::filesystem::create_directories(root / target);
  std::ofstream file(root / target / name, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

Bytes some_entries() {
  Bytes entries;
  raft::encode_entry(Term{1}, raft::EntryKind::noop, {}, entries);
  raft::encode_entry(Term{1}, raft::EntryKind::normal, as_bytes("x := 1"), entries);
  raft::encode_entry(Term{2}, raft::EntryKind::normal, as_bytes("y := 2"), entries);
  return entries;
}

void messages() {
  const Bytes entries = some_entries();
  for (int type = 1; type < raft::kMessageTypeCount; ++type) {
    raft::Message message;
    message.type = static_cast<raft::MessageType>(type);
    message.source = NodeId{1};
    message.target = NodeId{2};
    message.term = Term{3};
    message.index = LogIndex{300};
    message.log_term = Term{2};
    message.commit = LogIndex{299};
    message.context = 7;
    if (message.type == raft::MessageType::append_entries) {
      message.entry_count = 3;
      message.body = entries;
    }
    Bytes out;
    raft::encode(message, out);
    write("fuzz_message", raft::message_type_name(message.type), out);
  }
}

void conf_changes() {
  using Kind = raft::ConfChange::Kind;
  const raft::ConfChange changes[] = {
      {},
      {{{Kind::add_voter, NodeId{4}}}, false, true},
      {{{Kind::add_learner, NodeId{4}}}, true, false},
      {{{Kind::add_voter, NodeId{4}}, {Kind::remove, NodeId{1}}}, true, true}};
  int number = 0;
  for (const raft::ConfChange& change : changes) {
    Bytes out;
    raft::encode(change, out);
    write("fuzz_conf_change", std::to_string(number++), out);
  }
}

void requests() {
  for (int kind = 1; kind <= 6; ++kind) {
    Request request;
    request.kind = static_cast<Request::Kind>(kind);
    request.session = 5;
    request.sequence = 9;
    request.key = as_bytes("key");
    request.value = as_bytes("value");
    request.node = NodeId{2};
    Bytes out;
    encode(request, out);
    write("fuzz_request", "request_" + std::to_string(kind), out);
  }
  Response response;
  response.index = LogIndex{12};
  response.term = Term{3};
  response.leader = NodeId{1};
  response.value = as_bytes("value");
  Bytes out;
  encode(response, out);
  write("fuzz_request", "response", out);
}

void logs() {
  const auto with_split = [](ByteView log, ByteView snapshot) {
    Bytes input{static_cast<std::uint8_t>(log.size()), static_cast<std::uint8_t>(log.size() >> 8)};
    ByteWriter(input).raw(log);
    ByteWriter(input).raw(snapshot);
    return input;
  };
  Bytes log;
  raft::append_header(log);
  write("fuzz_wal", "header", with_split(log, {}));
  raft::append_hard_state({Term{2}, NodeId{1}, LogIndex{0}}, log);
  raft::append_entries_record(LogIndex{1}, 3, some_entries(), log);
  raft::append_hard_state({Term{2}, NodeId{1}, LogIndex{2}}, log);
  write("fuzz_wal", "entries", with_split(log, {}));
  write("fuzz_wal", "torn", with_split(ByteView(log).first(log.size() - 3), {}));
  raft::append_entries_record(LogIndex{3}, 3, some_entries(), log);
  write("fuzz_wal", "replaced", with_split(log, {}));
  raft::SnapshotMeta meta;
  meta.index = LogIndex{10};
  meta.term = Term{2};
  meta.chain = 77;
  meta.conf.voters = {NodeId{1}, NodeId{2}, NodeId{3}};
  Bytes snapshot, behind;
  raft::encode_snapshot(meta, as_bytes("state"), snapshot);
  write("fuzz_wal", "snapshot", with_split({}, snapshot));
  raft::append_header(behind);
  raft::append_log_start(meta.index, meta.term, meta.chain, behind);
  raft::append_hard_state({Term{2}, NodeId{1}, LogIndex{10}}, behind);
  raft::append_entries_record(LogIndex{11}, 3, some_entries(), behind);
  write("fuzz_wal", "behind_snapshot", with_split(behind, snapshot));
}

void traces() {
  trace::FileInfo info;
  info.scenario = "{}";
  info.seed = 1;
  info.names = {"n1", "n2"};
  trace::Trace records;
  Bytes out;
  trace::encode_file(info, records, out);
  write("fuzz_trace_file", "empty", out);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    trace::Record record;
    record.time_ns = static_cast<std::int64_t>(i) * 1'000;
    record.kind = static_cast<std::uint16_t>(Fact::became_leader);
    record.node = 1;
    record.a = i;
    record.cause = i - 1;
    records.append(record);
  }
  (void)records.text("a caption");
  (void)records.keep(as_bytes("a packet"));
  out.clear();
  trace::encode_file(info, records, out);
  write("fuzz_trace_file", "three_records", out);
}

void scenarios() {
  const std::string head = R"({"cluster": {"nodes": 3}, "timeline": [)";
  write("fuzz_scenario", "shortest", as_bytes(head + "]}"));
  write("fuzz_scenario", "comment",
        as_bytes("// why\n" + head + R"({"at": "1s", "kill": "n1"}]})"));
  write("fuzz_scenario", "wrong_unit", as_bytes(head + R"({"at": "1 parsec", "kill": "n1"}]})"));
  write("fuzz_scenario", "twice", as_bytes(head + R"({"at": "1s", "at": "2s", "kill": "n1"}]})"));
  write("fuzz_scenario", "two_verbs", as_bytes(head + R"({"kill": "@leader", "crash": "n9"}]})"));
  write("fuzz_scenario", "deep", as_bytes(std::string(300, '[')));
  write("fuzz_scenario", "wrong_type", as_bytes(R"({"cluster": [], "timeline": 1e999})"));
}

// Packets and streams of real serf: the first of each make, by the types within.
void gossip_captures() {
  const gossip::WireSettings settings;
  for (const char* name : {"plain", "lzw"}) {
    const Bytes file = captured(std::string(name) + ".pcap");
    Pcap pcap;
    if (!pcap.read(file)) std::abort();
    gossip::PacketReader reader;
    for (const UdpPacket& packet : pcap.packets) {
      std::string make = name;
      for (const gossip::Part& part : reader.read(packet.payload, settings)) {
        make += '_' + std::to_string(part.bytes[0]);
        if (part.type == gossip::MessageType::user) make += '.' + std::to_string(part.bytes[1]);
      }
      if (std::filesystem::exists(root / "fuzz_gossip_packet" / make)) continue;
      Bytes input{0x30};
      ByteWriter(input).raw(packet.payload);
      write("fuzz_gossip_packet", make, input);
    }
    int number = 0;
    for (const TcpStream& stream : pcap.streams) {
      const std::uint16_t port = stream.dialled ? stream.target_port : stream.source_port;
      if (port % 1000 >= 100) continue;  // RPC
      Bytes input{static_cast<std::uint8_t>(stream.dialled ? 0x10 : 0x30), 99};
      ByteWriter(input).raw(stream.payload);
      write("fuzz_gossip_stream", name + std::to_string(number++), input);
    }
  }
}

// What no capture holds: labels, ciphertext, and the rarer messages of streams.
void gossip_layers() {
  const std::vector<Bytes> keys{Bytes(16, 1)};
  gossip::WireSettings settings;
  settings.label = "blue";
  settings.keys = keys;
  Bytes ping, packet{0x33}, stream{0x13, 3}, refusal{0x20, 3}, user{0x20, 3};
  gossip::encode(gossip::Ping{1, "node1", {}, {}}, ping);
  gossip::make_packet(ping, settings, true, {}, packet);
  write("fuzz_gossip_packet", "sealed", packet);
  gossip::make_stream(ping, settings, gossip::StreamSide::dialled, {}, stream);
  write("fuzz_gossip_stream", "sealed", stream);
  gossip::encode(gossip::ErrorResponse{"why"}, refusal);
  write("fuzz_gossip_stream", "error", refusal);
  Bytes join;
  gossip::encode(gossip::JoinIntent{1, "node1"}, join);
  gossip::encode(gossip::UserMessageHeader{static_cast<std::int64_t>(join.size())}, user);
  ByteWriter(user).raw(join);
  write("fuzz_gossip_stream", "user", user);
  // Query responses that answer conflicts and key queries go the way of any message here.
  for (const char* name : {"conflictResponse", "keyRequest", "list_keys"}) {
    Bytes answer{0x00, 0x08};
    if (name[0] == 'c') {
      gossip::ConflictResponse response;
      response.member.emplace().name = "node2";
      response.member->tags = {{"role", "web"}};
      gossip::encode(response, answer);
    } else if (name[0] == 'k') {
      gossip::encode(gossip::KeyRequest{keys[0]}, answer);
    } else {
      gossip::encode(gossip::KeyResponse{true, "", {"a2V5"}, "a2V5"}, answer);
    }
    write("fuzz_gossip_packet", name, answer);
  }
}

// Requests of every kind, and the commands and the snapshot that come of them.
void key_values() {
  kv::ServerConfig config;
  config.node = NodeId{1};
  config.members = {{0, NodeId{1}, "n", {"http://n:7001"}, {"http://n:4001"}}};
  kv::Server server(config);
  kv::RaftView view;
  view.leader = NodeId{1};
  view.is_leader = true;
  view.term = Term{2};
  const Now now{Instant{0}, Instant{1'795'394'538'000'000'000}};
  kv::Out out;
  std::uint64_t index = 0, number = 0;
  server.start(now, view, out);
  const auto apply = [&](Bytes command) {
    if (!command.empty()) write("fuzz_kv", "command_" + std::to_string(index), command);
    out.clear();
    server.apply(now, LogIndex{++index}, Term{2}, command, view, out);
  };
  apply({});
  constexpr std::string_view kForm = "application/x-www-form-urlencoded";
  const kv::HttpRequest requests[] = {
      {"PUT", "/v2/keys/a/b", kForm, "5/1", "value=x&ttl=9", false},
      {"PUT", "/v2/keys/a/b?prevExist=true", kForm, "", "refresh=true&ttl=5", false},
      {"PUT", "/v2/keys/a/b?prevValue=x", kForm, "", "value=%3Cy%3E", false},
      {"PUT", "/v2/keys/d?prevExist=false", kForm, "", "dir=true", false},
      {"POST", "/v2/keys/q", kForm, "5/2/1", "value=1", false},
      {"GET", "/v2/keys/?recursive=true&sorted=true", "", "", "", true},
      {"GET", "/v2/keys/a?wait=true&recursive=true&waitIndex=5", "", "", "", false},
      {"GET", "/v2/keys/a?quorum=1", "", "", "", false},
      {"DELETE", "/v2/keys/a/b?prevIndex=6", "", "", "", false},
      {"DELETE", "/v2/keys/d?dir=true", "", "", "", false},
      {"GET", "/v2//keys/%zz", "", "", "", false},
      {"POST", "/v2/members", "application/json", "", R"({"peerURLs":["http://m:7001"]})", false},
      {"GET", "/v2/stats/store", "", "", "", false},
      {"GET", "/health", "", "", "", false}};
  for (const kv::HttpRequest& request : requests) {
    Bytes bytes;
    kv::encode(request, bytes);
    write("fuzz_kv", "request_" + std::to_string(number), bytes);
    out.clear();
    server.on_request(now, ++number, request, view, out);
    Bytes command;
    if (!out.proposals.empty() || !out.memberships.empty()) {
      const ByteView its =
          out.view(out.proposals.empty() ? out.memberships[0].command : out.proposals[0].bytes);
      command.assign(its.begin(), its.end());
    }
    if (!command.empty()) apply(command);
  }
  Bytes state;
  server.encode(state);
  write("fuzz_kv", "snapshot", state);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make_corpus FOLDER\n";
    return 64;
  }
  root = argv[1];
  messages();
  conf_changes();
  requests();
  logs();
  traces();
  scenarios();
  gossip_captures();
  gossip_layers();
  key_values();
  return 0;
}
