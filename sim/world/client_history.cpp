// From operations of clients to a history, and from its verdict to the judges.
#include "sim/world/client_history.h"

#include "sim/world/cluster.h"

namespace quorumlab::world {

using judge::Checker;

std::vector<linearizability::Operation> client_history(std::span<const Operation> operations) {
  namespace lin = linearizability;
  std::vector<lin::Operation> history;
  for (const Operation& op : operations) {
    if (op.verb != Verb::write && op.verb != Verb::erase && op.verb != Verb::read) continue;
    const bool reads = op.verb == Verb::read;
    const bool answered = op.outcome == Operation::Outcome::accepted ||
                          (reads && op.outcome == Operation::Outcome::not_found);
    if (reads && !answered) continue;  // it says nothing
    lin::Operation& h = history.emplace_back();
    h.id = op.id;
    h.client = op.client.value;
    h.kind = reads ? lin::Kind::get : op.verb == Verb::write ? lin::Kind::set : lin::Kind::erase;
    h.key = op.key;
    h.value = op.value;
    h.invoked = op.invoked;
    h.stale = op.stale;
    if (!answered) continue;
    h.result =
        op.outcome == Operation::Outcome::accepted ? lin::Result::ok : lin::Result::not_found;
    h.returned = op.completed;
    h.server = op.server.value;
    h.life = op.life;
    if (h.result == lin::Result::ok) h.index = (reads ? op.modified : op.index).value;
  }
  return history;
}

std::vector<linearizability::Operation> client_history(std::span<const Operation> operations,
                                                       const ClusterConfig& config) {
  if (config.node.run_kv) return etcd_history(operations, config.apps).operations;
  return client_history(operations);
}

void Cluster::judge_clients() {
  const bool linear = judges_.enabled(Checker::linearizability);
  const bool sequential = judges_.enabled(Checker::sequential_reads);
  if ((!judges_.judges_raft() && config_.foreign == nullptr) || (!linear && !sequential)) return;
  const std::vector<linearizability::Operation> history =
      client_history(operations_, config_);
  client_verdict_ = {};
  client_verdict_.judged = true;
  const auto tell = [&](Checker checker, bool holds, std::uint32_t place, std::uint64_t detail,
                        std::uint64_t count) {
    judge::Violation found;
    found.checker = checker;
    if (!holds) {
      const Operation& op = operations_[operation_place(history[place].id)];
      found.time_ns = op.completed.ns;
      found.record = op.record;
      found.node = op.server;
      found.other = op.client;
      found.a = op.id;
      found.b = detail;
    }
    judges_.clients_judged(found, holds, count);
  };
  if (linear) {
    const auto& outcome = client_verdict_.linear = linearizability::check(history);
    // What is undecided was not checked.
    const bool holds = outcome.verdict != linearizability::Verdict::not_linearizable;
    tell(Checker::linearizability, holds, outcome.shown_by, outcome.minimal.size(),
         client_verdict_.undecided() ? 0 : outcome.operations);
  }
  if (sequential) {
    const auto& outcome = client_verdict_.sequential = linearizability::check_sequential(history);
    const bool back = outcome.fault == linearizability::SequentialOutcome::Fault::went_back;
    tell(Checker::sequential_reads, outcome.holds(), outcome.read,
         back ? history[outcome.earlier].id : 0, outcome.compared);
  }
  if (!violation_told_ && judges_.violation().has_value()) note_violation();
}

}  // namespace quorumlab::world
