// Builders of types, for the registry alone.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "sim/script/verbs.h"

namespace quorumlab::script {

// Owns the types; their addresses stay.
class TypeStore {
 public:
  using Kind = Type::Kind;
  const Type* keep(Type type) { return &types_.emplace_back(std::move(type)); }
  Type* make(Kind kind, std::string title, std::string id = {}) {
    Type& type = types_.emplace_back();
    type.kind = kind;
    type.title = std::move(title);
    type.id = std::move(id);
    return &type;
  }
  const Type* choice(std::vector<std::string> words, std::string title = {}, std::string id = {}) {
    Type* type = make(Kind::choice, std::move(title), std::move(id));
    type->choices = std::move(words);
    return type;
  }
  const Type* integer(std::int64_t min, std::int64_t max, std::string title) {
    Type* type = make(Kind::integer, std::move(title));
    type->min = min;
    type->max = max;
    return type;
  }
  const Type* list(const Type* item, std::int64_t min, std::int64_t max, std::string title,
                   std::string id = {}) {
    Type* type = make(Kind::list, std::move(title), std::move(id));
    type->item = item;
    type->min = min;
    type->max = max;
    return type;
  }
  const Type* any_of(std::vector<const Type*> options, std::string title, std::string id = {}) {
    Type* type = make(Kind::any_of, std::move(title), std::move(id));
    type->options = std::move(options);
    return type;
  }
  Type* object(std::vector<Field> fields, std::string title, std::string id = {}) {
    Type* type = make(Kind::object, std::move(title), std::move(id));
    type->fields = std::move(fields);
    return type;
  }
  Type* map(const Type* item, bool keys_are_names, std::string title, std::string id = {}) {
    Type* type = make(Kind::map, std::move(title), std::move(id));
    type->item = item;
    type->keys_are_names = keys_are_names;
    return type;
  }

 private:
  std::deque<Type> types_;
};

// How many nodes a scenario may have; and where Raft runs, whose judges count its servers in 64 bits.
inline constexpr std::size_t kMostHosts = 1000, kMostServers = 64;

// The types that more than one part uses.
struct CommonTypes {
  explicit CommonTypes(TypeStore& store);
  const Type *boolean, *yes, *text, *word, *label, *name, *selector, *targets, *duration,
      *signed_duration, *probability, *drift, *latency, *count, *positive, *bytes, *scalar, *rules;
  std::vector<Field> link, disk, clock;
};

const Type* cluster_type(TypeStore& store, const CommonTypes& common);
const Type* serf_type(TypeStore& store, const CommonTypes& common);
void add_serf_verbs(TypeStore& store, const CommonTypes& common, std::vector<Field>& verbs);
void add_serf_conditions(TypeStore& store, const CommonTypes& common, const Type* number,
                         std::vector<Field>& conditions);
const Type* etcd_type(TypeStore& store, const CommonTypes& common);
const Type* apps_type(TypeStore& store, const CommonTypes& common);
void add_etcd_verbs(TypeStore& store, const CommonTypes& common, std::vector<Field>& verbs);
void add_etcd_conditions(TypeStore& store, const CommonTypes& common, std::vector<Field>& conditions);
const Type* condition_type(TypeStore& store, const CommonTypes& common);
std::vector<Field> verb_fields(TypeStore& store, const CommonTypes& common);
std::vector<std::string> checker_names();

}  // namespace quorumlab::script
