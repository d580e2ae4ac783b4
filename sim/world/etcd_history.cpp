// What clients asked of etcd's keys API, as a history of single keys: only requests whose effect on one
// key is known from the request itself have a place in it. What reaches beyond one key, or changes keys
// without a client's asking, takes the keys that it may touch out of the history (decided by design, and
// told by `keys_left_out`); a key that expires is there, with an erasure that may come at any time.
#include <algorithm>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "core/kv/http_api.h"
#include "sim/world/client_history.h"
#include "sim/world/http_text.h"

namespace quorumlab::world {
namespace {

namespace lin = linearizability;
using Command = kv::Command;

// A client's request, as the server reads it.
struct Asked {
  enum class Kind : std::uint8_t { nothing, key, beyond };
  Kind kind = Kind::nothing;  // beyond: not about this one key, or not by itself
  bool expires = false;
  std::uint64_t session = 0;
  lin::Operation op;  // what is asked; key is the path in the store
};

lin::Kind kind_of(Command::Kind kind) {
  switch (kind) {
    case Command::Kind::create:
      return lin::Kind::create;
    case Command::Kind::update:
      return lin::Kind::update;
    case Command::Kind::compare_and_swap:
      return lin::Kind::compare_and_swap;
    case Command::Kind::remove:
      return lin::Kind::remove;
    case Command::Kind::compare_and_delete:
      return lin::Kind::compare_and_delete;
    case Command::Kind::quorum_get:
      return lin::Kind::get;
    default:
      return lin::Kind::set;
  }
}

Asked read_request(kv::HttpApi& api, const kv::HttpRequest& request) {
  Asked asked;
  const kv::Call call = api.read(request, Instant{});
  const bool local = call.kind == kv::Call::Kind::get;
  if (!local && call.kind != kv::Call::Kind::propose) return asked;  // it changes no key
  const Command& command = call.command;
  asked.kind = Asked::Kind::key;
  asked.session = command.session;
  asked.op.key = command.path;
  asked.op.kind = local ? lin::Kind::get : kind_of(command.kind);
  asked.op.stale = local;
  if (asked.op.kind == lin::Kind::get) return asked;
  asked.op.value = command.value;
  asked.op.compares_value = !command.previous_value.empty();
  asked.op.expected_value = command.previous_value;
  asked.op.expected_index = command.previous_index;
  asked.expires = command.expiration != kv::kPermanent;
  // A refresh keeps a value that the request does not tell.
  if (command.dir || command.recursive || command.refresh ||
      command.kind == Command::Kind::create_in_order) {
    asked.kind = Asked::Kind::beyond;
  }
  return asked;
}

// What the answer says; false: nothing that a history could hold.
bool read_answer(const Operation& operation, Asked& asked) {
  lin::Operation& op = asked.op;
  const bool get = op.kind == lin::Kind::get;
  const bool answered = operation.outcome != Operation::Outcome::pending &&
                        operation.outcome != Operation::Outcome::timed_out &&
                        operation.reason == Reason::none && operation.count != 0;
  // Answered with 500 it may still be applied.
  if (!answered || operation.count >= 500) return !get;
  const nlohmann::json body = nlohmann::json::parse(operation.value, nullptr, false);
  const bool object = body.is_object();
  op.returned = operation.completed;
  op.server = operation.server.value;
  op.life = operation.life;
  if (operation.count == 200 || operation.count == 201) {
    op.result = lin::Result::ok;
    const auto node = object ? body.find("node") : body.end();
    const bool told = object && node != body.end() && node->is_object();
    if (told) op.index = node->value("modifiedIndex", std::uint64_t{0});
    if (!get) return true;
    if (told && node->value("dir", false)) asked.kind = Asked::Kind::beyond;
    if (!told || !node->contains("value") || !(*node)["value"].is_string()) return false;
    op.value = (*node)["value"].get<std::string>();
    return true;
  }
  switch (object ? body.value("errorCode", 0) : 0) {
    case static_cast<int>(kv::ErrorCode::key_not_found):
      op.result = lin::Result::not_found;
      return true;
    case static_cast<int>(kv::ErrorCode::compare_failed):
      op.result = lin::Result::compare_failed;
      return true;
    case static_cast<int>(kv::ErrorCode::key_exists):
      op.result = lin::Result::exists;
      return true;
    default:
      return false;  // refused before it could take effect
  }
}

// A read or write of a client that tries until it is answered, each time under the same number of its
// session.
bool read_verb(kv::HttpApi& api, const Operation& operation, Asked& asked) {
  kv::HttpRequest request;
  const std::string target = keys_target(operation.key);
  request.method = operation.verb == Verb::read    ? "GET"
                   : operation.verb == Verb::write ? "PUT"
                                                   : "DELETE";
  request.target = target;
  asked = read_request(api, request);
  if (asked.kind == Asked::Kind::nothing) return false;
  lin::Operation& op = asked.op;
  op.stale = operation.stale;
  if (operation.verb == Verb::write) op.value = operation.value;
  const bool found = operation.outcome == Operation::Outcome::accepted;
  const bool answered = found || (operation.outcome == Operation::Outcome::not_found &&
                                  operation.verb != Verb::write);
  if (!answered) return operation.verb != Verb::read;
  op.result = found ? lin::Result::ok : lin::Result::not_found;
  op.returned = operation.completed;
  op.server = operation.server.value;
  op.life = operation.life;
  if (operation.verb == Verb::read) op.value = operation.value;
  if (found) op.index = (operation.verb == Verb::read ? operation.modified : operation.index).value;
  return true;
}

bool one_below_other(const std::set<std::string, std::less<>>& paths, std::string_view key) {
  for (std::size_t slash = key.rfind('/'); slash != std::string_view::npos && slash > 0;
       slash = key.rfind('/', slash - 1)) {
    if (paths.contains(key.substr(0, slash))) return true;
  }
  const auto below = paths.upper_bound(std::string(key) + '/');
  return below != paths.end() && below->size() > key.size() && (*below)[key.size()] == '/' &&
         below->starts_with(key);
}

}  // namespace

EtcdHistory etcd_history(std::span<const Operation> operations, std::span<const AppHost> apps) {
  EtcdHistory out;
  kv::HttpApi api;
  std::vector<bool> expires;  // beside out.operations
  std::set<std::string, std::less<>> written, beyond;
  std::set<std::uint64_t> sessions;  // that requests name
  // What programs do stands in no client's history.
  for (const AppHost& host : apps) {
    if (!host.app.key.empty()) beyond.insert(std::string(kv::kUserRoot) + host.app.key);
  }
  for (const Operation& operation : operations) {
    if (operation.verb != Verb::http) continue;
    const auto request = kv::decode_http_request(operation.request);
    if (!request) continue;
    if (const Asked asked = read_request(api, *request); asked.session != 0) {
      sessions.insert(asked.session);
      beyond.insert(asked.op.key);  // another one may stand in its place
    }
  }
  for (const Operation& operation : operations) {
    Asked asked;
    bool says_something = false;
    if (operation.verb == Verb::http) {
      const auto request = kv::decode_http_request(operation.request);
      if (!request) continue;
      asked = read_request(api, *request);
      if (asked.kind == Asked::Kind::nothing) continue;
      says_something = read_answer(operation, asked);
    } else if (operation.verb == Verb::write || operation.verb == Verb::erase ||
               operation.verb == Verb::read) {
      says_something = read_verb(api, operation, asked);
      if (asked.kind == Asked::Kind::nothing) continue;
      // Its numbers may have been used by somebody else.
      if (operation.verb != Verb::read && sessions.contains(operation.client.value)) {
        asked.kind = Asked::Kind::beyond;
      }
    } else {
      continue;
    }
    if (asked.op.kind != lin::Kind::get) written.insert(asked.op.key);
    if (asked.kind == Asked::Kind::beyond) beyond.insert(asked.op.key);
    if (!says_something || asked.kind != Asked::Kind::key) continue;
    asked.op.id = operation.id;
    asked.op.client = operation.client.value;
    asked.op.invoked = operation.invoked;
    const bool took_effect =
        asked.op.result == lin::Result::ok || asked.op.result == lin::Result::unknown;
    out.operations.push_back(std::move(asked.op));
    expires.push_back(asked.expires && took_effect);
  }
  std::set<std::string, std::less<>> left_out;
  std::vector<lin::Operation> kept;
  kept.reserve(out.operations.size());
  for (std::size_t i = 0; i < out.operations.size(); ++i) {
    lin::Operation& op = out.operations[i];
    if (beyond.contains(op.key) || one_below_other(beyond, op.key) ||
        one_below_other(written, op.key)) {
      left_out.insert(op.key);
      continue;
    }
    if (expires[i]) {
      lin::Operation& end = kept.emplace_back();
      end.id = op.id;
      end.client = op.client;
      end.kind = lin::Kind::erase;
      end.key = op.key;
      end.invoked = op.invoked;
    }
    kept.push_back(std::move(op));
  }
  out.operations = std::move(kept);
  out.keys_left_out.assign(left_out.begin(), left_out.end());
  return out;
}

}  // namespace quorumlab::world
