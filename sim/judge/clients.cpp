// Freshness, exactly-once and the durability of answers.
#include "sim/judge/clients.h"

#include "core/node/request.h"

namespace quorumlab::judge {

void Clients::invoked(std::uint64_t operation, ByteView bytes) {
  const auto request = decode_request(bytes);
  if (!request) return;
  operations_.push_back({command_key(request->session, request->sequence), key_hash(request->key),
                         floor_, static_cast<std::uint8_t>(request->kind)});
  places_.at(operation) = operations_.size();
}

void Clients::answered(Moment moment, std::uint64_t operation, NodeId server,
                       std::uint64_t server_term, ByteView bytes, const History& history,
                       LeaderCompleteness& completeness, Verdicts& verdicts) {
  const std::uint64_t* place = places_.find(operation);
  const auto response = decode_response(bytes);
  if (place == nullptr || !response) return;
  const Operation asked = operations_[static_cast<std::size_t>(*place - 1)];
  const bool ok = response->status == Response::Status::ok;
  const std::uint64_t index = response->index.value;
  switch (static_cast<Request::Kind>(asked.kind)) {
    case Request::Kind::write:
    case Request::Kind::erase: {
      if (!ok || index == 0) return;
      const CommittedEntry* entry = history.committed(index);
      // What a client was told to stand there, stands there.
      if (!verdicts.check(Checker::durability, entry != nullptr, moment, server, kNobody, index,
                          operation)) {
        return;
      }
      verdicts.check(Checker::durability, entry->command == asked.command, moment, server, kNobody,
                     index, operation);
      if (asked.command != 0) {
        verdicts.check(Checker::exactly_once, entry->effect, moment, server, kNobody, index,
                       entry->effect ? index : history.first_place(asked.command));
      }
      completeness.answered(server_term, index, entry->chain);
      if (index > floor_) floor_ = index;
      return;
    }
    case Request::Kind::read:
    case Request::Kind::read_stale: {
      if (!ok && response->status != Response::Status::not_found) return;
      const bool linearizable = static_cast<Request::Kind>(asked.kind) == Request::Kind::read;
      if (linearizable) {
        verdicts.check(Checker::read_freshness, index >= asked.floor, moment, server, kNobody,
                       index, asked.floor);
      }
      if (index <= history.frontier()) {
        // The key's last change at that index is what the answer must show.
        const std::uint64_t change = history.last_change(asked.key, index);
        const CommittedEntry* entry = change == 0 ? nullptr : history.committed(change);
        const bool there = entry != nullptr && entry->value != 0;
        const std::uint64_t modified = ok ? response->modified.value : 0;
        const CommittedEntry* shown = modified == 0 ? nullptr : history.committed(modified);
        if (shown != nullptr && shown->command != 0) {
          verdicts.check(Checker::exactly_once, shown->effect, moment, server, kNobody, modified,
                         shown->effect ? modified : history.first_place(shown->command));
        }
        verdicts.check(
            Checker::read_freshness,
            there ? modified == change && entry->value == value_hash(response->value) : !ok, moment,
            server, kNobody, modified, change);
      }
      if (linearizable && index > floor_) floor_ = index;
      return;
    }
    case Request::Kind::change_config:
    case Request::Kind::agent:  // an agent has checkers of its own
    case Request::Kind::transfer:
      return;
  }
}

}  // namespace quorumlab::judge
