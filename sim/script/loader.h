// From a file to a scenario: reads, checks everything, and tells every problem it finds.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/script/json.h"
#include "sim/script/scenario.h"

namespace quorumlab::script {

// A value put into the document before it is checked: "cluster.nodes" = "7", "timeline[1].after" =
// "2s". The value is read as JSON, or as a text if it is none.
struct Setting {
  std::string path, value;
};
// "KEY=VALUE"; nothing if there is no '='.
std::optional<Setting> parse_setting(std::string_view text);
// Puts it there.
void apply(const Setting& setting, Json& root, Problems& problems);

// Whose protocol runs where "cluster" names one of the reader's own. Without a factory: nobody runs it,
// it is only looked at.
struct OwnNodes {
  world::ForeignFactory factory = nullptr;
  const void* context = nullptr;
};

// The scenario is complete only if `problems` stays empty. A scenario whose "cluster" has "node" needs `own`.
Scenario load_text(std::string_view text, const std::string& file, const std::vector<Setting>& settings,
                   Problems& problems, const OwnNodes* own = nullptr);
// Of a document that was read already.
Scenario load_json(const Json& root, const std::string& file, Problems& problems, const OwnNodes* own = nullptr);
Scenario load_file(const std::string& file, const std::vector<Setting>& settings, Problems& problems);

}  // namespace quorumlab::script
