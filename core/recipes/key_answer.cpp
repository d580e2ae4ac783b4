// Reading of bodies. Whatever is not as expected counts as absent: a body comes from outside.
#include "core/recipes/key_answer.h"

#include <nlohmann/json.hpp>

namespace quorumlab::recipes {
namespace {
using Json = nlohmann::json;
using Action = KeyAnswer::Action;

const Json* field(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}
std::uint64_t number(const Json& object, const char* name) {
  const Json* value = field(object, name);
  return value != nullptr && value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
}
std::string text(const Json& object, const char* name) {
  const Json* value = field(object, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

Action action_named(std::string_view name) {
  if (name == "get") return Action::get;
  if (name == "set") return Action::set;
  if (name == "create") return Action::create;
  if (name == "update") return Action::update;
  if (name == "compareAndSwap") return Action::compare_and_swap;
  if (name == "delete") return Action::remove;
  if (name == "compareAndDelete") return Action::compare_and_delete;
  if (name == "expire") return Action::expire;
  return Action::none;
}
}  // namespace

KeyAnswer parse_key_answer(std::string_view body) {
  KeyAnswer answer;
  const Json json = Json::parse(body.begin(), body.end(), nullptr, false);
  if (!json.is_object()) return answer;
  answer.error = number(json, "errorCode");
  if (answer.error != 0) {
    answer.cause = text(json, "cause");
    answer.index = number(json, "index");
    answer.readable = true;
    return answer;
  }
  answer.action = action_named(text(json, "action"));
  const Json* node = field(json, "node");
  if (answer.action == Action::none || node == nullptr || !node->is_object()) return answer;
  answer.key = text(*node, "key");
  answer.has_value = node->contains("value");
  answer.value = text(*node, "value");
  if (const Json* ttl = field(*node, "ttl"); ttl != nullptr && ttl->is_number_integer()) {
    answer.ttl = ttl->get<std::int64_t>();
  }
  answer.modified_index = number(*node, "modifiedIndex");
  answer.created_index = number(*node, "createdIndex");
  if (const Json* before = field(json, "prevNode"); before != nullptr && before->is_object()) {
    answer.previous_value = text(*before, "value");
    answer.previous_created_index = number(*before, "createdIndex");
  }
  answer.readable = true;
  return answer;
}

}  // namespace quorumlab::recipes
