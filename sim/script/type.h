// The shapes that values of a scenario may have, as data. One description serves the reader (which
// checks and explains), the JSON Schema (which completes in an editor) and the page that lists
// everything, so that the three cannot drift apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/script/json.h"

namespace quorumlab::script {

struct Type;

struct Field {
  std::string name;
  const Type* type = nullptr;
  std::string doc;      // one sentence or two; an editor shows them
  std::string missing;  // what holds without it, as it would be written; empty: nothing in particular
  bool required = false;
};

struct Type {
  enum class Kind : std::uint8_t {
    boolean,
    yes,          // only true: "heal": true
    integer,      // min..max
    number,       // any JSON number
    text,
    name,         // of a node or client
    label,        // of a scenario, an alias, a topic: letters, digits, '-', '_', '.'
    selector,     // a name, or '@' and a word
    duration,
    signed_duration,
    percentage,   // "5%"
    fraction,     // a number from 0 to 1
    drift,        // "100ppm"
    choice,       // one of `choices`
    list,         // of `item`, at least `min`
    map,          // from names (or any text, `keys` = text) to `item`
    object,       // `fields`
    any_of        // one of `options`, told apart by the kind of JSON value
  };
  Kind kind = Kind::text;
  std::string title;     // in messages: "expected TITLE, got ..."
  std::string id;        // its name among the schema's definitions; empty: written out in place
  std::int64_t min = 0;
  std::int64_t max = INT64_MAX;
  std::vector<std::string> choices;
  const Type* item = nullptr;
  bool keys_are_names = false;
  bool keys_not_empty = false;           // of a map from any text
  std::vector<const Type*> options;
  std::vector<Field> fields;
  // Of an object: how many fields there may be.
  std::size_t least_fields = 0;
  std::size_t most_fields = SIZE_MAX;
  // Of an object: at least one of these.
  std::vector<std::string> needed;
  // Of an object: at most one of each group.
  std::vector<std::vector<std::string>> exclusive;
  // Of an object: the first only together with the second.
  std::vector<std::pair<std::string, std::string>> together;

  const Field* find(std::string_view name) const;
};

// Checks a value and notes every problem, with the path of where it is. `path` is that of `value`.
void check(const Type& type, const Json& value, const std::string& path, Problems& problems);

bool is_label(std::string_view text);

}  // namespace quorumlab::script
