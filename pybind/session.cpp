// The running cluster for Python: acts, time, and what can be read of it at any moment.
#include <pybind11/stl.h>

#include <algorithm>

#include "pybind/live.h"
#include "sim/report/text.h"
#include "sim/script/loader.h"
#include "sim/script/quantity.h"
#include "sim/trace/words.h"
#include "sim/world/action_text.h"

namespace quorumlab::python {
namespace {

using script::Session;
using Use = Live::Use;

const char* ending_word(Session::Ending ending) {
  switch (ending) {
    case Session::Ending::reached: return "reached";
    case Session::Ending::stopped: return "stopped";
    case Session::Ending::violated: return "violated";
    case Session::Ending::interrupted: return "interrupted";
    case Session::Ending::failed: return "failed";
    case Session::Ending::exhausted: return "exhausted";
  }
  return "";
}

// From a callback time cannot pass: the run that called has not come to its end.
struct Running {
  explicit Running(Live& l) : live(l) {
    if (live.running) throw std::runtime_error("a run is under way: a callback may look at the cluster, not drive it");
    live.running = true;
  }
  ~Running() { live.running = false; }
  Live& live;
};

// How a run ended: (word, why, what made it stop, record that was waited for).
py::tuple ended(Live& live, Session::Ending ending, Caller& caller) {
  caller.rethrow();
  std::string stop;
  if (caller.told_to_stop) stop = "told";
  if (caller.enough_events) stop = "events";
  if (caller.predicate_held) stop = "predicate";
  if (caller.found != 0) stop = "found";
  return py::make_tuple(ending_word(ending), live.session.why(), stop, caller.found);
}

// What nodes in Python did wrong on the way.
void look_back(Live& live, const NodeRun& nodes) {
  if (!nodes.broken.empty()) {
    const world::Simulation& sim = live.session.sim();
    const std::string words = nodes.broken_words + ", at " + script::to_text(Duration{sim.now().ns});
    live.broken = {nodes.broken, words, sim.now().ns, sim.trace().size()};
    live.session.remark_failure(nodes.broken_words);
  }
  nodes.rethrow(live.session.sim());
}

template <class Work>
py::tuple drive(Live& live, const Wish& wish, Work work) {
  const Use use(live);
  const Running running(live);
  NodeRun nodes(live.kind, live.told);
  Caller caller(wish, live.session.sim(), live.kind == nullptr ? nullptr : &nodes);
  script::RunOptions how;
  how.watcher = &caller;
  Session::Ending ending;
  if (live.kind != nullptr) {
    // Every event runs Python: the lock is taken once.
    ending = work(how);
  } else {
    const py::gil_scoped_release release;
    ending = work(how);
  }
  look_back(live, nodes);
  return ended(live, ending, caller);
}

Wish make_wish(std::uint64_t most_events, std::vector<std::uint16_t> until_kinds, py::object until,
               std::vector<std::uint16_t> told_kinds, py::object tell) {
  return {most_events, std::move(until_kinds), std::move(until), std::move(told_kinds), std::move(tell)};
}

py::tuple run_until(Live& live, std::int64_t until_ns, std::uint64_t most_events, std::vector<std::uint16_t> until_kinds,
                    py::object until, std::vector<std::uint16_t> told_kinds, py::object tell) {
  const Wish wish = make_wish(most_events, std::move(until_kinds), std::move(until), std::move(told_kinds), std::move(tell));
  return drive(live, wish, [&](const script::RunOptions& how) { return live.session.run_until({until_ns}, how); });
}

py::tuple wait_for(Live& live, const std::string& conditions, std::int64_t until_ns, std::vector<std::uint16_t> told_kinds,
                   py::object tell) {
  script::Problems problems;
  script::Conditions wanted;
  {
    const Use use(live);
    wanted = live.session.read_conditions(conditions, problems);
  }
  if (!problems.empty()) refuse(problems, "");
  const Wish wish = make_wish(UINT64_MAX, {}, py::none(), std::move(told_kinds), std::move(tell));
  return drive(live, wish, [&](const script::RunOptions& how) { return live.session.wait_for(wanted, {until_ns}, how); });
}

bool holds(Live& live, const std::string& conditions) {
  const Use use(live);
  script::Problems problems;
  const script::Conditions wanted = live.session.read_conditions(conditions, problems);
  if (!problems.empty()) refuse(problems, "");
  return live.session.holds(wanted);
}

// A step; answers how it ended as run_until does, and the numbers of the operations that it began.
py::tuple perform(Live& live, const std::string& step, std::vector<std::uint16_t> told_kinds, py::object tell) {
  script::Problems problems;
  std::vector<std::uint64_t> operations;
  const Wish wish = make_wish(UINT64_MAX, {}, py::none(), std::move(told_kinds), std::move(tell));
  py::tuple how_ended = drive(live, wish, [&](const script::RunOptions& how) {
    return live.session.perform(step, how, problems, operations);
  });
  if (!problems.empty()) refuse(problems, "");
  return py::make_tuple(how_ended, operations);
}

std::vector<std::string> resolve(Live& live, const std::string& targets) {
  const Use use(live);
  script::Problems problems;
  const auto nodes = live.session.resolve(targets, problems);
  if (!problems.empty()) refuse(problems, "");
  const auto names = live.session.sim().config().host_names();
  std::vector<std::string> out;
  for (const NodeId n : nodes) out.push_back(names[n.value - 1]);
  return out;
}

const char* role_word(raft::Role role) {
  switch (role) {
    case raft::Role::follower: return "follower";
    case raft::Role::pre_candidate: return "pre_candidate";
    case raft::Role::candidate: return "candidate";
    case raft::Role::leader: return "leader";
  }
  return "";
}

std::string name_of(const std::vector<std::string>& names, NodeId id) {
  return id.value >= 1 && id.value <= names.size() ? names[id.value - 1] : std::string();
}

bool is_server(const world::Simulation& sim, std::uint32_t id) { return id >= 1 && id <= sim.node_count(); }

void expect_server(const world::Simulation& sim, std::uint32_t id) {
  if (!is_server(sim, id)) throw py::index_error("there is no server " + std::to_string(id));
}

// What one host is right now.
py::dict status(Live& live, std::uint32_t id) {
  const Use use(live);
  const world::Simulation& sim = live.session.sim();
  const std::vector<std::string> names = sim.config().host_names();
  if (id < 1 || id > names.size()) throw py::index_error("there is no host " + std::to_string(id));
  const NodeId n{id};
  py::dict out;
  out["name"] = names[id - 1];
  const std::size_t clients_end = sim.node_count() + sim.config().clients;
  out["kind"] = id <= sim.node_count() ? "server" : id <= clients_end ? "client" : "program";
  const bool is_client = id > sim.node_count() && id <= clients_end;
  out["running"] = is_client || sim.is_running(n);
  out["paused"] = !is_client && sim.is_running(n) && sim.is_paused(n);
  out["blocked"] = is_server(sim, id) && sim.is_running(n) && sim.is_blocked(n);
  if (!is_client) {
    const Now clock = sim.clock(n);
    out["wall_ns"] = clock.wall.ns;
    out["monotonic_ns"] = clock.monotonic.ns;
  }
  if (id > clients_end) {
    if (const recipes::App* app = sim.app(n); app != nullptr && sim.is_running(n)) {
      const auto s = app->status();
      out["holds"] = s.holds;
      out["token"] = s.token;
      out["follows"] = name_of(names, s.follows);
      out["doing"] = std::string(s.doing);
    }
    return out;
  }
  const NodeConfig& config = sim.config().node;
  out["raft"] = config.run_raft;
  out["gossip"] = config.run_gossip;
  out["kv"] = config.run_kv;
  if (sim.foreign(n) != nullptr && sim.is_running(n)) {
    out["state"] = node_state(sim, n);
    out["leads"] = sim.foreign(n)->leads() != 0;
  }
  if (is_client || !sim.is_running(n) || sim.foreign(n) != nullptr) return out;
  if (config.run_raft) {
    const raft::Status& s = sim.node(n).status();
    out["role"] = role_word(s.role);
    out["term"] = s.term.value;
    out["voted_for"] = name_of(names, s.voted_for);
    out["leader"] = name_of(names, s.leader);
    out["first_index"] = s.first_index.value;
    out["last_index"] = s.last_index.value;
    out["commit_index"] = s.commit.value;
    out["applied_index"] = s.applied.value;
    out["durable_index"] = s.durable.value;
    out["last_term"] = s.last_term.value;
    out["stopped"] = s.stopped;
  }
  if (config.run_gossip) {
    const gossip::Engine& g = sim.node(n).gossip();
    out["awareness"] = g.awareness();
    out["incarnation"] = g.incarnation();
  }
  return out;
}

const char* entry_word(raft::EntryKind kind) {
  return kind == raft::EntryKind::normal ? "command" : kind == raft::EntryKind::config ? "configuration" : "empty";
}

// Entries of the log in memory, [(index, term, kind, payload)].
py::list log(Live& live, std::uint32_t id) {
  const Use use(live);
  const world::Simulation& sim = live.session.sim();
  expect_server(sim, id);
  py::list out;
  if (!sim.is_running({id}) || !sim.config().node.run_raft || sim.foreign({id}) != nullptr) return out;
  const raft::Log& entries = sim.node({id}).raft().log();
  for (LogIndex i = entries.first_index(); i <= entries.last_index(); i = i.next()) {
    const raft::Entry entry = entries.entry(i);
    py::object key = py::none(), value = py::none();
    std::string word = entry_word(entry.kind);
    if (entry.kind == raft::EntryKind::normal && !sim.config().node.run_kv) {
      if (const auto request = decode_request(entry.payload)) {
        key = py::str(std::string(as_text(request->key)));
        if (request->kind == Request::Kind::write) value = py::str(std::string(as_text(request->value)));
        word = request->kind == Request::Kind::erase ? "erase" : "write";
      }
    }
    out.append(py::make_tuple(entry.index.value, entry.term.value, word, key, value,
                              py::bytes(reinterpret_cast<const char*>(entry.payload.data()), entry.payload.size())));
  }
  return out;
}

void collect(const kv::Store& store, kv::Store::Handle at, py::dict& out) {
  for (const kv::Store::Handle child : store.node(at).children) {
    const auto& node = store.node(child);
    if (node.dir) {
      collect(store, child, out);
      continue;
    }
    std::string path;
    store.append_path(child, path);
    // The API's keys lie under "/1", which it does not show.
    if (path.starts_with("/1/")) path.erase(0, 2);
    out[py::str(path)] = py::make_tuple(node.value, node.modified);
  }
}

// What a server's state machine holds: {key: (value, index of its last change)}.
py::dict store(Live& live, std::uint32_t id) {
  const Use use(live);
  const world::Simulation& sim = live.session.sim();
  expect_server(sim, id);
  py::dict out;
  if (!sim.is_running({id}) || !sim.config().node.run_raft || sim.foreign({id}) != nullptr) return out;
  const Node& node = sim.node({id});
  if (const kv::Server* server = node.kv()) {
    collect(server->store(), server->store().root(), out);
    return out;
  }
  for (const auto* item : node.state().sorted()) {
    out[py::str(item->key)] = py::make_tuple(item->value.value, item->value.modified.value);
  }
  return out;
}

// What a server's agent believes of whom: [(name, address, status, tags)], by name.
py::list members(Live& live, std::uint32_t id) {
  const Use use(live);
  const world::Simulation& sim = live.session.sim();
  expect_server(sim, id);
  py::list out;
  if (!sim.is_running({id}) || !sim.config().node.run_gossip || sim.foreign({id}) != nullptr) return out;
  const gossip::Engine& engine = sim.node({id}).gossip();
  std::vector<std::pair<std::string, py::tuple>> rows;
  engine.for_each_member([&](gossip::PeerId peer) {
    const gossip::Member& m = engine.member(peer);
    const gossip::PeerRecord& record = sim.names().record(m.record);
    std::vector<gossip::Tag> list;
    (void)gossip::decode_tags(record.meta, list);
    py::dict tags;
    for (const gossip::Tag& tag : list) tags[py::str(std::string(tag.name))] = std::string(tag.value);
    std::string name(sim.names().name(peer));
    rows.emplace_back(name, py::make_tuple(name, record.address.text(), std::string(gossip::status_name(m.status)), tags));
  });
  std::sort(rows.begin(), rows.end(), [](const auto& l, const auto& r) { return l.first < r.first; });
  for (auto& row : rows) out.append(std::move(row.second));
  return out;
}

py::dict operation(Live& live, std::uint64_t id) {
  const Use use(live);
  const world::Simulation& sim = live.session.sim();
  const world::Operation& op = sim.operation(id);
  const std::vector<std::string> names = sim.config().host_names();
  py::dict out;
  out["id"] = op.id;
  out["verb"] = std::string(world::verb_name(op.verb));
  out["client"] = name_of(names, op.client);
  out["outcome"] = std::string(script::outcome_word(op.outcome));
  out["reason"] = op.reason == Reason::none ? std::string()
                                            : std::string(trace::reason_name(static_cast<std::uint16_t>(op.reason)));
  out["invoked_ns"] = op.invoked.ns;
  out["completed_ns"] = op.completed.ns;
  out["server"] = name_of(names, op.server);
  out["index"] = op.index.value;
  out["modified"] = op.modified.value;
  out["key"] = op.key;
  // What came over the wire need not be text.
  out["value"] = py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(op.value.data(), static_cast<py::ssize_t>(op.value.size()), "replace"));
  out["count"] = op.count;
  out["acks"] = op.acks;
  out["responses"] = op.responses;
  return out;
}

py::tuple quorum(Live& live) {
  const Use use(live);
  const script::Quorum q = script::quorum(live.session.sim());
  return py::make_tuple(q.available, q.have, q.need, q.voters);
}

// For each of these servers, in order, the number of the first one that it can talk to both ways and back: sides.
std::vector<std::vector<std::string>> sides(Live& live) {
  const Use use(live);
  const world::Simulation& sim = live.session.sim();
  std::vector<std::vector<std::string>> out;
  std::vector<std::uint32_t> first;
  for (std::uint32_t i = 1; i <= sim.node_count(); ++i) {
    if (!sim.is_running({i}) || sim.is_paused({i})) continue;
    std::size_t side = 0;
    for (; side < first.size(); ++side) {
      if (sim.connected({i}, {first[side]}) && sim.connected({first[side]}, {i})) break;
    }
    if (side == first.size()) {
      first.push_back(i);
      out.emplace_back();
    }
    out[side].push_back(sim.config().names[i - 1]);
  }
  return out;
}

std::shared_ptr<Tape> tape(Live& live, const std::string& scenario, const std::string& replay) {
  const Use use(live);
  const world::Simulation& sim = live.session.sim();
  auto out = std::make_shared<Tape>();
  out->trace = sim.trace();
  describe(live.session.scenario(), *out);
  out->subject.seed = sim.seed();
  out->subject.digest = sim.digest().value();
  out->subject.replay = replay;
  if (const auto violation = sim.violation()) {
    out->subject.held = false;
    out->subject.verdict = "invariant violated";
  }
  out->scenario = scenario;
  return out;
}

// One record, as Tape.event has it, without a copy of the trace.
py::tuple event(Live& live, trace::RecordId id) {
  const Use use(live);
  const trace::Trace& trace = live.session.sim().trace();
  if (id < 1 || id > trace.size()) throw py::index_error("the trace has no record " + std::to_string(id));
  const trace::Record& r = trace[id];
  const std::vector<std::string> names = live.session.sim().config().host_names();
  const trace::Context context{names, &trace};
  return py::make_tuple(id, r.time_ns, std::string(trace::short_name(r)),
                        r.node == 0 ? std::string() : trace::host_name(r.node, context),
                        r.peer == 0 ? std::string() : trace::host_name(r.peer, context),
                        r.reason == 0 ? std::string() : std::string(trace::reason_name(r.reason)), r.cause, r.extra,
                        r.a, r.b, r.c, trace::words(r, context));
}

// Records [first, size] of these kinds, at most so many: their numbers, and where to go on.
py::tuple next_records(Live& live, trace::RecordId first, const std::vector<std::uint16_t>& kinds) {
  const Use use(live);
  const trace::Trace& trace = live.session.sim().trace();
  std::vector<trace::RecordId> out;
  trace::RecordId id = first;
  for (; id <= trace.size(); ++id) {
    if (kinds.empty() || std::find(kinds.begin(), kinds.end(), trace[id].kind) != kinds.end()) out.push_back(id);
  }
  return py::make_tuple(out, id);
}

std::shared_ptr<Live> make(const std::string& text, py::object seed, bool keep_trace, const NodeKind* kind) {
  script::Problems problems;
  const script::OwnNodes own = kind == nullptr ? script::OwnNodes{} : kind->own();
  script::Scenario scenario = script::load_text(text, "", {}, problems, kind == nullptr ? nullptr : &own);
  problems.sort();
  if (!problems.empty()) refuse(problems, "");
  const std::uint64_t chosen = seed.is_none() ? scenario.seed : seed.cast<std::uint64_t>();
  auto live = std::make_shared<Live>(Session(std::move(scenario), chosen, keep_trace));
  live->text = text;
  live->kind = kind;
  return live;
}

std::optional<std::int64_t> duration_ns(const std::string& text) {
  const auto d = script::parse_signed_duration(text);
  return d ? std::optional(d->ns) : std::nullopt;
}

template <class Read>
auto reading(Read read) {
  return [read](Live& live) {
    const Use use(live);
    return read(live.session);
  };
}

}  // namespace

void bind_session(py::module_& m) {
  const auto kinds = std::vector<std::uint16_t>{};
  py::class_<Live, std::shared_ptr<Live>>(m, "Session", "A cluster that runs; quorumlab.Cluster wraps it.")
      .def(py::init(&make), py::arg("text"), py::arg("seed"), py::arg("keep_trace"), py::arg("kind") = nullptr)
      .def("fork", [](Live& live) {
        const Use use(live);
        return std::make_shared<Live>(live);
      })
      .def("reset", [](Live& live, std::uint64_t seed) {
        const Use use(live);
        const Running running(live);
        live.session.reset(seed);
        live.told.clear();
        live.broken.reset();
      }, py::arg("seed"))
      .def("expect_rest", [](Live& live) {
        const Use use(live);
        const Running rests(live);
      })
      .def("perform", &perform, py::arg("step"), py::arg("told_kinds") = kinds, py::arg("tell") = py::none())
      .def("run_until", &run_until, py::arg("until_ns"), py::arg("most_events"), py::arg("until_kinds"), py::arg("until"),
           py::arg("told_kinds"), py::arg("tell"))
      .def("wait_for", &wait_for, py::arg("conditions"), py::arg("until_ns"), py::arg("told_kinds"), py::arg("tell"))
      .def("holds", &holds, py::arg("conditions"))
      .def("step", [](Live& live) {
        const Use use(live);
        const Running running(live);
        NodeRun nodes(live.kind, live.told);
        const bool happened = live.session.step();
        nodes.look(live.session.sim());
        look_back(live, nodes);
        return happened;
      })
      .def("resolve", &resolve, py::arg("targets"))
      .def("judge_clients", [](Live& live) {
        const Use use(live);
        const Running running(live);
        const py::gil_scoped_release release;
        live.session.judge_clients();
      })
      .def("status", &status, py::arg("id"))
      .def("log", &log, py::arg("id"))
      .def("store", &store, py::arg("id"))
      .def("members", &members, py::arg("id"))
      .def("operation", &operation, py::arg("id"))
      .def("operations", reading([](const Session& s) {
        std::vector<std::uint64_t> out;
        for (const world::Operation& op : s.sim().operations()) out.push_back(op.id);
        return out;
      }))
      .def("quorum", &quorum)
      .def("sides", &sides)
      .def("connected", [](Live& live, std::uint32_t a, std::uint32_t b) {
        const Use use(live);
        const auto hosts = live.session.sim().config().host_count();
        if (a < 1 || b < 1 || a > hosts || b > hosts) throw py::index_error("there is no such host");
        return live.session.sim().connected({a}, {b});
      }, py::arg("source"), py::arg("target"))
      .def("leader", reading([](const Session& s) {
        const world::ClusterConfig& config = s.sim().config();
        return config.node.run_raft || config.foreign != nullptr ? script::leading(s.sim()).value : 0u;
      }))
      .def("node", [](Live& live, std::uint32_t id) {
        expect_server(live.session.sim(), id);
        return node_object(live.session.sim(), {id});
      }, py::arg("id"))
      .def("broken", [](Live& live) -> py::object {
        if (!live.broken) return py::none();
        py::dict out;
        out["checker"] = live.broken->name;
        out["words"] = live.broken->words;
        out["time_ns"] = live.broken->time_ns;
        out["record"] = live.broken->record;
        return out;
      })
      .def("tape", &tape, py::arg("scenario"), py::arg("replay"))
      .def("event", &event, py::arg("id"))
      .def("next_records", &next_records, py::arg("first"), py::arg("kinds"))
      .def("violation", reading([](const Session& s) -> py::object {
        const auto v = s.sim().violation();
        return v ? py::object(violation_dict(*v, s.sim().config().host_names())) : py::none();
      }))
      .def("checks", reading([](const Session& s) {
        py::dict out;
        for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
          const auto checker = static_cast<judge::Checker>(i);
          out[py::str(std::string(judge::checker_name(checker)))] = s.sim().checks(checker);
        }
        return out;
      }))
      .def("next_ns", reading([](const Session& s) { return s.sim().next_event().ns; }))
      .def_property_readonly("now_ns", reading([](const Session& s) { return s.sim().now().ns; }))
      .def_property_readonly("events", reading([](const Session& s) { return s.sim().events(); }))
      .def_property_readonly("records", reading([](const Session& s) { return s.sim().trace().size(); }))
      .def_property_readonly("seed", reading([](const Session& s) { return s.sim().seed(); }))
      .def_property_readonly("steps", reading([](const Session& s) { return s.steps(); }))
      .def_property_readonly("digest", reading([](const Session& s) { return report::digest_text(s.sim().digest().value()); }))
      .def_property_readonly("keeps_trace", reading([](const Session& s) { return s.keeps_trace(); }))
      .def_property_readonly("servers", reading([](const Session& s) { return s.sim().config().names; }))
      .def_property_readonly("hosts", reading([](const Session& s) { return s.sim().config().host_names(); }))
      .def_property_readonly("text", [](const Live& live) { return live.text; });
  m.def("duration_ns", &duration_ns, py::arg("text"), "Nanoseconds of a duration as texts say it, or None.");
  m.def("duration_text", [](std::int64_t ns) { return script::to_text(Duration{ns}); }, py::arg("ns"));
}

}  // namespace quorumlab::python
