// A branch as a file. Nothing is said to be saved that was not read back and run again.
#include <cstdio>
#include <filesystem>

#include "viz/session/session.h"

namespace quorumlab::viz {

std::string Session::document() {
  script::Json out = shown().document;
  const auto put = [&](const char* key, const std::string& value) {
    if (script::Json* there = out.find(key)) *there = script::Json::of_text(value);
    else out.members.emplace(out.members.begin(), key, script::Json::of_text(value));
  };
  if (shown_ != 0) put("title", shown().recording.title + " (" + shown().name + ")");
  put("name", shown().recording.name);
  // Where the schema is depends on the folder that the file stands in.
  std::erase_if(out.members, [](const script::JsonMember& m) { return m.first == "$schema"; });
  return script::write_json(out);
}

bool Session::save(const std::string& path, std::string& why_not) {
  if (!wake(why_not)) return false;
  Branch& branch = shown();
  branch.grow_whole();
  const std::string text = document();
  script::Problems problems;
  const script::Scenario scenario = script::load_text(text, path, {}, problems);
  if (!problems.empty()) {
    why_not = "it would not read as a scenario: " + problems.list().front().what;
    return false;
  }
  world::Simulation sim;
  script::RunResult result;
  script::RunOptions options;
  options.seed = scenario.seed;
  script::Runner(scenario).run(sim, options, result);
  if (result.digest != branch.digest()) {
    why_not = "run from the file it would be another run; please report this scenario";
    return false;
  }
  std::FILE* out = std::fopen(path.c_str(), "wb");
  const bool whole = out != nullptr && std::fwrite(text.data(), 1, text.size(), out) == text.size();
  if (out == nullptr || std::fclose(out) != 0 || !whole) {
    why_not = path + ": cannot be written";
    return false;
  }
  return true;
}

std::string Session::free_path() {
  const std::string name = shown().recording.name.empty() ? "run" : shown().recording.name;
  std::error_code ignored;
  for (int i = 1;; ++i) {
    const std::string path = name + "-" + std::to_string(i) + ".scenario.json";
    if (!std::filesystem::exists(path, ignored)) return path;
  }
}

}  // namespace quorumlab::viz
