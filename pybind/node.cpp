// From events to handlers, and from what handlers ask for to effects.
#include "pybind/node.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/node/request.h"
#include "sim/script/quantity.h"
#include "sim/trace/own_message.h"

namespace quorumlab::python {
namespace {

class PyNode;

// What a node's Python object holds of the world.
struct NodeWorld {
  PyNode* node = nullptr;
  PyNode& in_handler() const;
};

// Names of handlers and attributes, made once and kept.
struct Words {
  py::object on_start = word("on_start"), on_message = word("on_message"), on_timer = word("on_timer"),
             on_request = word("on_request"), on_durable = word("on_durable"), world = word("_world"), id = word("id"),
             peers = word("peers"), disk = word("disk"), seed = word("_seed"), init = word("__init__"),
             write = word("write"), read = word("read"), erase = word("erase");
  py::object make_new = py::module_::import("builtins").attr("object").attr("__new__");
  py::object request = py::module_::import("quorumlab.node").attr("Request");
  static py::object word(const char* text) { return py::reinterpret_steal<py::object>(PyUnicode_InternFromString(text)); }
};
const Words& words() {
  static const Words* const all = new Words;  // never freed: the interpreter may be gone by then
  return *all;
}

// Guarded by the interpreter's lock, and never freed.
py::object* const stray = new py::object;

// For whoever destroys or copies a world without holding the lock.
struct Locked {
  PyGILState_STATE state = PyGILState_Ensure();
  ~Locked() { PyGILState_Release(state); }
};

class PyNode final : public world::ForeignBehaviour {
 public:
  explicit PyNode(const world::ForeignStart& start)
      : kind_(const_cast<NodeKind*>(static_cast<const NodeKind*>(start.context))),
        id_(start.id),
        seed_(start.random.draw(1, 0)) {
    const Locked lock;
    for (const std::string& name : *start.names) {
      names_.push_back(py::reinterpret_steal<py::object>(PyUnicode_InternFromString(name.c_str())));
    }
    world_ = std::make_shared<NodeWorld>();
    world_->node = this;
  }
  ~PyNode() override {
    const Locked lock;
    world_->node = nullptr;
    forget();
  }

  std::unique_ptr<ForeignBehaviour> clone() const override {
    const Locked lock;
    std::unique_ptr<PyNode> copy(new PyNode(*this));
    copy->world_ = std::make_shared<NodeWorld>();
    copy->world_->node = copy.get();
    copy->out_ = nullptr;
    if (self_) {
      const py::object old_world = py::cast(world_), new_world = py::cast(copy->world_);
      py::dict memo;
      memo[py::int_(reinterpret_cast<std::uintptr_t>(old_world.ptr()))] = new_world;
      copy->self_ = py::module_::import("copy").attr("deepcopy")(self_, memo);
      py::setattr(copy->self_, words().world, new_world);
    }
    return copy;
  }

  std::uint64_t leads() const override { return leads_; }

  void step(Now now, const Event& event, Effects& out) override;

  // What handlers ask for.
  void send(py::handle to, py::handle message, bool at_once);
  void persist(py::handle value);
  void set_timer(py::handle name, py::handle delay);
  bool cancel_timer(py::handle name);
  void reply(std::uint64_t request, Response::Status status, py::handle value, py::handle leader);
  void tell(py::handle text, Effects::Speech::Kind kind);
  void become(py::handle state, bool leads);

  Now now() const { return now_; }
  bool handling() const { return out_ != nullptr; }
  const py::object& self() const { return self_; }
  const std::string& state() const { return state_; }
  std::string name() const { return std::string(py::str(names_[id_.value - 1])); }

 private:
  struct Timer {
    py::object name;
    Instant at;
    std::uint64_t number = 0;
  };
  struct HeldReply {
    std::uint64_t after = 0, request = 0;
    Bytes bytes;
  };
  PyNode(const PyNode&) = default;

  void start(const Event& event);
  void fire();
  void ask(const Event& event);
  void forget() {
    timers_.clear();
    names_.clear();
    self_ = py::object();
  }
  template <class... Args>
  void call(const py::object& handler, const Args&... args) {
    PyObject* all[] = {nullptr, self_.ptr(), args.ptr()...};
    handler_ = &handler;
    const py::object done = py::reinterpret_steal<py::object>(
        PyObject_VectorcallMethod(handler.ptr(), all + 1, (sizeof...(args) + 1) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
    if (!done) throw py::error_already_set();
  }
  NodeId number_of(py::handle name, const char* what) const;
  Slice put(std::string_view text) {
    const std::uint32_t begin = out_->begin();
    ByteWriter(out_->bytes).raw(as_bytes(text));
    return out_->end(begin);
  }

  NodeKind* kind_;
  NodeId id_;
  std::uint64_t seed_;
  std::vector<py::object> names_;  // by id - 1
  std::shared_ptr<NodeWorld> world_;
  py::object self_;
  std::vector<Timer> timers_;
  std::uint64_t timers_set_ = 0;
  std::uint64_t writes_ = 0, durable_ = 0;
  std::vector<HeldReply> held_;
  std::string state_;
  std::uint64_t leads_ = 0;
  // During a step.
  Now now_;
  Effects* out_ = nullptr;
  const py::object* handler_ = nullptr;
};

PyNode& NodeWorld::in_handler() const {
  if (node == nullptr) throw std::runtime_error("this node runs in no cluster (any more)");
  if (!node->handling()) throw std::runtime_error("a node acts in its handlers only; from outside it can be looked at");
  return *node;
}

void PyNode::step(Now now, const Event& event, Effects& out) {
  const Locked lock;
  now_ = now;
  out_ = &out;
  handler_ = nullptr;
  if (NodeRun::current != nullptr) NodeRun::current->stepped();
  try {
    switch (event.kind) {
      case Event::Kind::started:
        start(event);
        break;
      case Event::Kind::packet: {
        if (!self_) break;
        const ByteView value = trace::own_value(event.bytes);
        if (value.empty()) {
          out.notes.push_back({Fact::packet_corrupt, Reason::none, event.peer, event.bytes.size(), 0, 0});
          break;
        }
        handler_ = &words().on_message;
        call(words().on_message, names_[event.peer.value - 1], kind_->codec.decode(value));
        break;
      }
      case Event::Kind::deadline_reached:
        fire();
        break;
      case Event::Kind::write_durable:
        durable_ = std::max(durable_, event.id);
        for (const HeldReply& held : held_) {
          if (held.after > durable_) continue;
          const std::uint32_t begin = out.begin();
          ByteWriter(out.bytes).raw(held.bytes);
          out.replies.push_back({held.request, true, out.end(begin)});
        }
        std::erase_if(held_, [&](const HeldReply& held) { return held.after <= durable_; });
        if (kind_->hears_durable && self_ && durable_ == writes_) call(words().on_durable);
        break;
      case Event::Kind::write_failed:
        // What the disk holds is unknown from here on; a node that went on could promise what it cannot keep.
        out.notes.push_back({Fact::stopped_itself, Reason::write_failed, kNobody, event.id, 0, 0});
        out.stop = true;
        break;
      case Event::Kind::client_request:
        ask(event);
        break;
      default:
        break;  // it opens no streams, asks nobody, and waits for no send
    }
  } catch (py::error_already_set& error) {
    py::object value = error.value();
    if (error.trace()) PyException_SetTraceback(value.ptr(), error.trace().ptr());
    const std::string in = handler_ == nullptr ? "its start" : std::string(py::str(*handler_));
    const std::string kind = Py_TYPE(value.ptr())->tp_name;
    out.speeches.push_back({kNobody, put("its " + in + " raised " + kind), Effects::Speech::Kind::note});
    out.stop = true;
    if (NodeRun::current != nullptr) {
      NodeRun::current->failed(std::move(value), id_, in);
    } else if (!*stray) {
      *stray = py::module_::import("quorumlab.errors").attr("NodeError").attr("of")(name(), in, now.monotonic.ns, 0, value);
    }
  }
  out_ = nullptr;
  if (out.stop) return;
  for (const Timer& timer : timers_) out.wake_at = std::min(out.wake_at, timer.at);
}

void PyNode::start(const Event& event) {
  const Words& w = words();
  py::object disk = py::none();
  for (const FileContent& file : event.files) {
    if (file.file != FileId::toy || file.bytes.empty()) continue;
    const ByteView value = trace::own_value(file.bytes);
    if (value.empty()) {
      out_->notes.push_back({Fact::refused_to_start, Reason::unreadable, kNobody, 0, 0, 0});
      out_->stop = true;
      return;
    }
    disk = kind_->codec.decode(value);
  }
  handler_ = &w.init;
  py::object self = w.make_new(kind_->type);
  py::setattr(self, w.world, py::cast(world_));
  py::list peers;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (i + 1 != id_.value) peers.append(names_[i]);
  }
  py::setattr(self, w.id, names_[id_.value - 1]);
  py::setattr(self, w.peers, py::tuple(peers));
  py::setattr(self, w.disk, disk);
  py::setattr(self, w.seed, py::int_(seed_));
  self_ = self;
  self.attr(w.init)(*kind_->args, **kind_->keywords);
  call(w.on_start);
}

// Timers that are due, in order; those that are set meanwhile come another time.
void PyNode::fire() {
  const std::uint64_t last = timers_set_;
  while (self_) {
    auto first = timers_.end();
    for (auto at = timers_.begin(); at != timers_.end(); ++at) {
      if (at->at > now_.monotonic || at->number > last) continue;
      if (first == timers_.end() || std::pair(at->at, at->number) < std::pair(first->at, first->number)) first = at;
    }
    if (first == timers_.end()) return;
    const py::object name = first->name;
    timers_.erase(first);
    call(words().on_timer, name);
  }
}

void PyNode::ask(const Event& event) {
  const Words& w = words();
  const auto request = decode_request(event.bytes);
  const bool known = request && (request->kind == Request::Kind::write || request->kind == Request::Kind::erase ||
                                 request->kind == Request::Kind::read || request->kind == Request::Kind::read_stale);
  if (!known || !self_) {
    const std::uint32_t begin = out_->begin();
    Response response;
    response.status = Response::Status::bad_request;
    encode(response, out_->bytes);
    out_->replies.push_back({event.id, true, out_->end(begin)});
    return;
  }
  const auto text = [](ByteView bytes) {
    return py::reinterpret_steal<py::object>(PyUnicode_DecodeUTF8(reinterpret_cast<const char*>(bytes.data()),
                                                                  static_cast<Py_ssize_t>(bytes.size()), "replace"));
  };
  const bool writes = request->kind == Request::Kind::write, erases = request->kind == Request::Kind::erase;
  const std::uint32_t client = event.peer.value - static_cast<std::uint32_t>(names_.size());
  const py::object made = w.request(
      writes ? w.write : erases ? w.erase : w.read, text(request->key), writes ? text(request->value) : py::none(),
      py::str("c" + std::to_string(client)), py::int_(request->sequence), py::int_(request->first_outstanding),
      py::bool_(request->kind == Request::Kind::read_stale), py::int_(event.id));
  call(w.on_request, made);
}

NodeId PyNode::number_of(py::handle name, const char* what) const {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (names_[i].is(name)) return {static_cast<std::uint32_t>(i + 1)};
  }
  std::string all;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (py::isinstance<py::str>(name) && names_[i].equal(name)) return {static_cast<std::uint32_t>(i + 1)};
    all += " " + std::string(py::str(names_[i]));
  }
  throw py::value_error(std::string(what) + ": there is no node " + std::string(py::str(py::repr(name))) + "; there are" + all);
}

void PyNode::send(py::handle to, py::handle message, bool at_once) {
  const NodeId target = number_of(to, "send");
  const std::uint32_t begin = out_->begin();
  kind_->codec.encode(message, "message", out_->bytes);
  const std::uint64_t after = at_once || durable_ >= writes_ ? 0 : writes_;
  out_->packets.push_back({target, trace::kOwnMessage, after, out_->end(begin), Port::raft});
}

void PyNode::persist(py::handle value) {
  const std::uint32_t begin = out_->begin();
  kind_->codec.encode(value, "persist", out_->bytes);
  out_->writes.push_back({++writes_, FileId::toy, Effects::Write::Mode::replace, out_->end(begin)});
}

Duration delay_of(py::handle delay) {
  std::int64_t ns = 0;
  if (PyFloat_CheckExact(delay.ptr())) {
    const double seconds = PyFloat_AS_DOUBLE(delay.ptr());
    if (!(seconds >= 0 && seconds < 1e9)) {
      throw py::value_error("set_timer: expected a delay of 0 or more, got " + std::string(py::str(delay)));
    }
    ns = static_cast<std::int64_t>(seconds * 1e9 + 0.5);
  } else if (PyUnicode_CheckExact(delay.ptr())) {
    const auto parsed = script::parse_signed_duration(delay.cast<std::string>());
    if (!parsed || parsed->ns < 0) {
      throw py::value_error("set_timer: expected a delay like \"150ms\", got " + std::string(py::str(py::repr(delay))));
    }
    ns = parsed->ns;
  } else {
    ns = py::module_::import("quorumlab.values").attr("nanoseconds")(delay, "set_timer").cast<std::int64_t>();
  }
  return {ns};
}

void PyNode::set_timer(py::handle name, py::handle delay) {
  if (!PyUnicode_Check(name.ptr())) {
    throw py::type_error("set_timer: expected a name, a text, got " + std::string(py::str(py::repr(name))));
  }
  const Instant at = now_.monotonic + delay_of(delay);
  cancel_timer(name);
  timers_.push_back({py::reinterpret_borrow<py::object>(name), at, ++timers_set_});
}

bool PyNode::cancel_timer(py::handle name) {
  return std::erase_if(timers_, [&](const Timer& t) { return t.name.is(name) || t.name.equal(name); }) > 0;
}

void PyNode::reply(std::uint64_t request, Response::Status status, py::handle value, py::handle leader) {
  Response response;
  response.status = status;
  if (status == Response::Status::dropped) response.reason = Reason::not_leader;
  if (!leader.is_none()) response.leader = number_of(leader, "refuse");
  std::string text;
  if (!value.is_none()) {
    text = value.cast<std::string>();
    response.value = as_bytes(text);
  }
  // A refusal promises nothing.
  if (writes_ > durable_ && status != Response::Status::dropped) {
    HeldReply& held = held_.emplace_back();
    held.after = writes_;
    held.request = request;
    encode(response, held.bytes);
    return;
  }
  const std::uint32_t begin = out_->begin();
  encode(response, out_->bytes);
  out_->replies.push_back({request, true, out_->end(begin)});
}

void PyNode::tell(py::handle text, Effects::Speech::Kind kind) {
  out_->speeches.push_back({kNobody, put(std::string(py::str(text))), kind});
}

void PyNode::become(py::handle state, bool leads) {
  state_ = state.cast<std::string>();
  leads_ = leads ? static_cast<std::uint64_t>(std::max<std::int64_t>(now_.monotonic.ns, 1)) : 0;
  out_->speeches.push_back({kNobody, put(state_), leads ? Effects::Speech::Kind::lead : Effects::Speech::Kind::state});
}

std::unique_ptr<world::ForeignBehaviour> make_node(const world::ForeignStart& start) {
  return std::make_unique<PyNode>(start);
}

const PyNode* node_at(const world::Simulation& sim, NodeId node) {
  if (!sim.is_running(node) || sim.config().foreign != &make_node) return nullptr;
  return static_cast<const PyNode*>(sim.foreign(node));
}

const NodeKind* make_kind(py::object type, py::tuple args, py::dict keywords, const py::list& invariants,
                          bool hears_durable) {
  NodeKind* kind = new NodeKind;  // never freed
  kind->type = std::move(type);
  kind->args = std::move(args);
  kind->keywords = std::move(keywords);
  for (const py::handle invariant : invariants) kind->invariants.push_back(py::reinterpret_borrow<py::object>(invariant));
  kind->hears_durable = hears_durable;
  return kind;
}

}  // namespace

thread_local NodeRun* NodeRun::current = nullptr;

py::object take_stray_error() { return std::exchange(*stray, py::object()); }

script::OwnNodes NodeKind::own() const { return {&make_node, this}; }

const NodeKind* kind_of(const world::ClusterConfig& config) {
  return config.foreign == &make_node ? static_cast<const NodeKind*>(config.foreign_context) : nullptr;
}

py::object node_object(const world::Simulation& sim, NodeId node) {
  const PyNode* own = node_at(sim, node);
  return own == nullptr || !own->self() ? py::none() : own->self();
}

std::string node_state(const world::Simulation& sim, NodeId node) {
  const PyNode* own = node_at(sim, node);
  return own == nullptr ? std::string() : own->state();
}

bool NodeRun::judge(const world::Simulation& sim) {
  judged_ = steps_;
  const Locked lock;
  py::list nodes;
  for (std::uint32_t id = 1; id <= sim.node_count(); ++id) {
    const PyNode* own = node_at(sim, {id});
    if (own != nullptr && own->self()) nodes.append(own->self());
  }
  for (std::size_t i = 0; i < kind_->invariants.size(); ++i) {
    if (std::find(told_.begin(), told_.end(), i) != told_.end()) continue;
    const py::object& invariant = kind_->invariants[i];
    const std::string name(py::str(py::getattr(invariant, "__name__", py::str("invariant"))));
    try {
      const py::object answer = invariant(nodes);
      if (!answer.is(py::handle(Py_False))) continue;
      broken_words = name + " does not hold";
    } catch (py::error_already_set& raised) {
      if (!raised.matches(PyExc_AssertionError)) {
        py::object value = raised.value();
        if (raised.trace()) PyException_SetTraceback(value.ptr(), raised.trace().ptr());
        failed(std::move(value), kNobody, "invariant " + name);
        return true;
      }
      const std::string words(py::str(raised.value()));
      broken_words = name + (words.empty() ? " does not hold" : ": " + words);
    }
    broken = name;
    told_.push_back(i);
    return true;
  }
  return false;
}

void NodeRun::rethrow(const world::Simulation& sim) const {
  if (!error) return;
  const Locked lock;
  if (PyErr_GivenExceptionMatches(error.ptr(), PyExc_Exception) == 0) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
    throw py::error_already_set();
  }
  const std::string name = node.value == 0 ? std::string() : sim.config().names[node.value - 1];
  const py::object type = py::module_::import("quorumlab.errors").attr("NodeError");
  const py::object made = type.attr("of")(name, handler, sim.now().ns, sim.seed(), error);
  PyErr_SetObject(type.ptr(), made.ptr());
  throw py::error_already_set();
}

void bind_node(py::module_& m) {
  py::class_<NodeKind, std::unique_ptr<NodeKind, py::nodelete>>(m, "NodeKind", "What nodes in Python are made of.")
      .def(py::init([](py::object type, py::tuple args, py::dict keywords, const py::list& invariants,
                       bool hears_durable) {
             return const_cast<NodeKind*>(make_kind(std::move(type), std::move(args), std::move(keywords), invariants, hears_durable));
           }),
           py::arg("type"), py::arg("args"), py::arg("keywords"), py::arg("invariants"), py::arg("hears_durable"));
  using Kind = Effects::Speech::Kind;
  py::class_<NodeWorld, std::shared_ptr<NodeWorld>>(m, "NodeWorld", "What a node in Python acts on; quorumlab.Node wraps it.")
      .def(py::init<>())
      .def("send", [](const NodeWorld& w, py::handle to, py::handle message, bool at_once) { w.in_handler().send(to, message, at_once); },
           py::arg("to"), py::arg("message"), py::arg("at_once"))
      .def("persist", [](const NodeWorld& w, py::handle value) { w.in_handler().persist(value); }, py::arg("value"))
      .def("set_timer", [](const NodeWorld& w, py::handle name, py::handle delay) { w.in_handler().set_timer(name, delay); },
           py::arg("name"), py::arg("delay"))
      .def("cancel_timer", [](const NodeWorld& w, py::handle name) { return w.in_handler().cancel_timer(name); }, py::arg("name"))
      .def("reply", [](const NodeWorld& w, std::uint64_t request, bool found, py::handle value) {
             w.in_handler().reply(request, found ? Response::Status::ok : Response::Status::not_found, value, py::none());
           }, py::arg("request"), py::arg("found"), py::arg("value"))
      .def("refuse", [](const NodeWorld& w, std::uint64_t request, py::handle leader) {
             w.in_handler().reply(request, Response::Status::dropped, py::none(), leader);
           }, py::arg("request"), py::arg("leader"))
      .def("say", [](const NodeWorld& w, py::handle text) { w.in_handler().tell(text, Kind::aloud); }, py::arg("text"))
      .def("log", [](const NodeWorld& w, py::handle text) { w.in_handler().tell(text, Kind::note); }, py::arg("text"))
      .def("become", [](const NodeWorld& w, py::handle state, bool leads) { w.in_handler().become(state, leads); },
           py::arg("state"), py::arg("leads"))
      .def_property_readonly("state", [](const NodeWorld& w) { return w.node == nullptr ? std::string() : w.node->state(); })
      .def_property_readonly("now_ns", [](const NodeWorld& w) { return w.node == nullptr ? 0 : w.node->now().monotonic.ns; })
      .def_property_readonly("wall_ns", [](const NodeWorld& w) { return w.node == nullptr ? 0 : w.node->now().wall.ns; });
}

}  // namespace quorumlab::python
