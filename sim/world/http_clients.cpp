// Clients of the etcd store: writes, reads and erasures as requests to the keys API, and what the
// answers mean to them.
#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "core/kv/http.h"
#include "sim/world/cluster.h"
#include "sim/world/http_text.h"

namespace quorumlab::world {
namespace {

// etcd's errors, as far as a client of ours can be told them.
constexpr int kKeyNotFound = 100;

// What the answer says in the terms of the other clients. `node` views into `body`.
Response meaning(const kv::HttpResponse& answer, const nlohmann::json& body) {
  Response response;
  if (answer.status == 200 || answer.status == 201) {
    response.status = Response::Status::ok;
    const auto node = body.find("node");
    if (node != body.end() && node->is_object()) {
      response.modified = response.index = {node->value("modifiedIndex", std::uint64_t{0})};
      const auto value = node->find("value");
      if (value != node->end() && value->is_string()) {
        response.value = as_bytes(value->get_ref<const std::string&>());
      }
    }
    return response;
  }
  const int code = body.is_object() ? body.value("errorCode", 0) : 0;
  if (code == kKeyNotFound) {
    response.status = Response::Status::not_found;
    response.index = {body.value("index", std::uint64_t{0})};
  } else if (answer.status >= 500) {
    response.status = Response::Status::unknown;  // it may still be applied
  } else {
    response.status = Response::Status::bad_request;
  }
  return response;
}

}  // namespace

void percent_encode(std::string_view text, bool path, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~' || (path && c == '/');
    if (plain) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kHex[static_cast<unsigned char>(c) & 15]);
    }
  }
}

std::string keys_target(std::string_view key) {
  std::string target = "/v2/keys/";
  percent_encode(key.starts_with('/') ? key.substr(1) : key, true, target);
  return target;
}

void Cluster::encode_http_request(ActiveOperation& op, const Action& action) {
  op.http = op.follows = true;
  std::string target = keys_target(action.key), body, session;
  kv::HttpRequest request;
  if (action.verb == Verb::read) {
    request.method = "GET";
    if (action.mode == ReadKind::linearizable) target += "?quorum=true";
  } else {
    const std::uint64_t first = next_in_session(op);
    session = std::to_string(client_at(op.client).id) + '/' + std::to_string(op.sequence) + '/' +
              std::to_string(first);
    request.session = session;
    request.method = action.verb == Verb::write ? "PUT" : "DELETE";
    if (action.verb == Verb::write) {
      body = "value=";
      percent_encode(action.value, false, body);
      request.content_type = "application/x-www-form-urlencoded";
      request.body = body;
    }
  }
  request.target = target;
  kv::encode(request, op.request);
}

// A part of an answer; the last one ends the operation, or has it tried again.
void Cluster::on_http_part(SlotId slot, ActiveOperation& op) {
  const Slot s = queue_[slot];
  Operation& history = operations_[op.operation];
  // Only the latest attempt's answer is gathered; what it is about is the same.
  if (clients_.current(ClientTable::place_of(s.id)) != s.id) return queue_.drop(slot);
  const bool sound = kv::add_part(queue_.payload(s), op.answer);
  queue_.drop(slot);
  if (history.verb == Verb::http) {
    history.count = op.answer.status;
    history.value = op.answer.body;
    history.server = {s.peer};
    history.life = s.generation;
  }
  if (sound && !op.answer.complete && s.flags == 0) {
    const RecordId part =
        emit(fact(WorldFact::client_answered, op.client, s.cause, s.peer, 1, history.id, op.answer.status));
    if (history.verb == Verb::http && op.answer.body.size() > op.told) tell_exchange(op, part);
    return;
  }
  if (op.answer.status == 307 && op.follows) {
    const std::uint32_t place = ClientTable::place_of(s.id);
    const RecordId record =
        emit(fact(WorldFact::client_answered, op.client, s.cause, s.peer, 1, history.id, op.answer.status));
    if (follow_redirect(place, record)) return;
  }
  if (history.verb == Verb::http) {
    const RecordId record =
        emit(fact(WorldFact::client_answered, op.client, s.cause, s.peer, 2, history.id, op.answer.status));
    tell_exchange(op, record);
    const bool good = sound && op.answer.status < 400;
    return finish(ClientTable::place_of(s.id),
                  good                       ? Operation::Outcome::accepted
                  : op.answer.status == 404 ? Operation::Outcome::not_found
                                             : Operation::Outcome::refused,
                  sound ? Reason::none : Reason::unreadable, record);
  }
  const nlohmann::json body = nlohmann::json::parse(op.answer.body, nullptr, false);
  std::optional<Response> response;
  if (sound) response = meaning(op.answer, body);
  const RecordId record =
      emit(fact(WorldFact::client_answered, op.client, s.cause, s.peer, 0, history.id,
                response ? static_cast<std::uint64_t>(response->status) : 0,
                response ? response->index.value : 0));
  op.answer = {};
  take_response(s.id, s.peer, s.generation, response, {}, record);
}

// The same request again, at the host that Location names. False: it leads nowhere, or round in circles.
bool Cluster::follow_redirect(std::uint32_t place, RecordId cause) {
  constexpr std::uint32_t kMost = 50;  // curl's --max-redirs
  ActiveOperation& op = clients_.active[place];
  const std::string* location = op.answer.header("Location");
  const std::size_t scheme = location == nullptr ? std::string::npos : location->find("://");
  if (scheme == std::string::npos || ++op.redirects > kMost) return false;
  std::string_view host = std::string_view(*location).substr(scheme + 3);
  host = host.substr(0, host.find_first_of(":/"));
  const auto at = std::find(config_.names.begin(), config_.names.end(), host);
  if (at == config_.names.end()) return false;
  const auto server = static_cast<std::uint32_t>(at - config_.names.begin() + 1);
  if (op.fixed != 0) op.fixed = server;
  client_at(op.client).believed = server;
  attempt(place, cause);
  return true;
}

// The exchange as people see it: what the server said since they looked last.
void Cluster::tell_exchange(ActiveOperation& op, RecordId cause) {
  if (!keep_trace_ || (op.told > 0 && op.told == op.answer.body.size())) return;
  Record printed = fact(WorldFact::command_printed, op.client, cause, op.asked, 1,
                        operations_[op.operation].id);
  std::string text;
  if (op.told == 0) {
    kv::render(op.answer, text);
  } else {
    text = op.answer.body.substr(op.told);
  }
  op.told = op.answer.body.size();
  printed.b = trace_.text(text);
  emit(printed);
}

}  // namespace quorumlab::world
