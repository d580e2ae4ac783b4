// The one registry: every key that a scenario file may hold, with its type, unit, meaning and what
// holds without it. Reader, JSON Schema, command line and the page of verbs are made from it.
#pragma once

#include <string>
#include <vector>

#include "sim/script/type.h"

namespace quorumlab::script {

struct Registry {
  const Type* scenario = nullptr;   // the whole file
  const Type* cluster = nullptr;
  const Type* step = nullptr;
  const Type* conditions = nullptr; // of wait_until, expect and finally
  std::vector<Field> triggers;      // of a step: when
  std::vector<Field> verbs;         // of a step: what
  std::vector<Field> rest;          // of a step: everything else
  std::vector<Field> selectors;     // words after '@', without it; `type` is null
};

const Registry& registry();

}  // namespace quorumlab::script
