// A file, its settings and its top level; the parts are in reader_*.cpp.
#include "sim/script/loader.h"

#include <cctype>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "sim/script/reader.h"
#include "sim/script/verbs.h"

namespace quorumlab::script {
namespace {

// "timeline[1].after" as its parts; a number stands for a place in a list.
std::vector<std::string> path_parts(std::string_view path) {
  std::vector<std::string> parts(1);
  for (const char c : path) {
    if (c == '.' || c == '[') {
      if (!parts.back().empty()) parts.emplace_back();
    } else if (c != ']') {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace

void apply(const Setting& setting, Json& root, Problems& problems) {
  const std::string where = "--set " + setting.path;
  Json value;
  Problems ignored;
  value = parse_json(setting.value, ignored);
  if (!ignored.empty()) value = Json::of_text(setting.value);
  value.line = 0;
  Json* at = &root;
  for (const std::string& part : path_parts(setting.path)) {
    if (part.empty()) return problems.add(0, where, "expected a path like cluster.nodes or timeline[1].after");
    if (at->is(Json::Kind::list)) {
      const auto place = unsigned_integer(part);
      if (!place || *place >= at->items.size()) {
        return problems.add(0, where, "expected a place below " + std::to_string(at->items.size()) +
                                          " in the list, got \"" + part + "\"");
      }
      at = &at->items[*place];
      continue;
    }
    if (at->is(Json::Kind::null)) at->kind = Json::Kind::object;
    if (!at->is(Json::Kind::object)) {
      return problems.add(0, where, "\"" + part + "\" lies inside " + describe(*at) + ", which has no keys");
    }
    Json* next = at->find(part);
    if (next == nullptr) next = &at->members.emplace_back(part, Json{}).second;
    at = next;
  }
  *at = std::move(value);
}

std::optional<Setting> parse_setting(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  return Setting{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

Scenario load_text(std::string_view text, const std::string& file, const std::vector<Setting>& settings,
                   Problems& problems, const OwnNodes* own) {
  Json root = parse_json(text, problems);
  if (root.is(Json::Kind::null)) {
    if (problems.empty()) problems.add(1, "", "expected " + registry().scenario->title + ", got null");
    Scenario none;
    none.file = file;
    return none;
  }
  for (const Setting& setting : settings) apply(setting, root, problems);
  return load_json(root, file, problems, own);
}

Scenario load_json(const Json& root, const std::string& file, Problems& problems, const OwnNodes* own) {
  Scenario out;
  out.file = file;
  check(*registry().scenario, root, "", problems);
  if (!root.is(Json::Kind::object)) return out;

  const auto read_text = [&](const char* key, std::string& to) {
    const Json* json = root.find(key);
    if (json != nullptr && json->is(Json::Kind::text)) to = json->text;
  };
  out.name = std::filesystem::path(file).stem().stem().string();
  read_text("name", out.name);
  read_text("title", out.title);
  read_text("description", out.description);
  read_text("topic", out.topic);
  if (const Json* seed = root.find("seed"); seed != nullptr && seed->is(Json::Kind::number)) {
    out.seed = unsigned_integer(seed->text).value_or(out.seed);
  }
  Reader reader(out, problems);
  if (const Json* cluster = root.find("cluster")) reader.cluster(*cluster, "cluster");
  if (!out.cluster.foreign_name.empty()) {
    if (own == nullptr) {
      problems.add(root.find("cluster")->line, "cluster.node",
                   "\"" + out.cluster.foreign_name + "\" is written in Python: run it with quorumlab's Python package");
    } else {
      out.cluster.foreign = own->factory;
      out.cluster.foreign_context = own->context;
    }
  }
  reader.know_events(root);
  if (const Json* timeline = root.find("timeline")) reader.timeline(*timeline, "timeline");
  if (const Json* meanwhile = root.find("meanwhile")) reader.meanwhile(*meanwhile, "meanwhile");
  if (const Json* finally = root.find("finally")) reader.finally(*finally, "finally");

  out.watched = (1u << judge::kCheckerCount) - 1;
  if (const Json* always = root.find("always"); always != nullptr && always->is(Json::Kind::list)) {
    out.watched = 0;
    for (const Json& item : always->items) {
      if (const auto checker = judge::find_checker(item.text)) out.watched |= 1u << static_cast<unsigned>(*checker);
    }
  }
  if (const Json* expected = root.find("expect_violation")) {
    out.expect_violation = judge::find_checker(expected->text);
    // Other checkers may trip on the way to it, and are not what the run is about.
    if (out.expect_violation) out.watched = 1u << static_cast<unsigned>(*out.expect_violation);
    if (root.find("always") != nullptr) {
      problems.add(expected->line, "expect_violation",
                   "contradicts \"always\": only the expected checker is watched; leave one of them out");
    }
  }
  out.cluster.ignored_checkers = ~out.watched & ((1u << judge::kCheckerCount) - 1);
  return out;
}

Scenario load_file(const std::string& file, const std::vector<Setting>& settings, Problems& problems) {
  Scenario none;
  none.file = file;
  std::error_code code;
  if (std::filesystem::is_directory(file, code)) {
    problems.add(0, "", "is a directory; expected a scenario file");
    return none;
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "rb"), &std::fclose);
  if (!in) {
    problems.add(0, "", "cannot be read: there is no such file, or no permission");
    return none;
  }
  // One byte more than allowed tells that there is too much, however much there is.
  std::string text(kMaxFileBytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), in.get()));
  if (std::ferror(in.get()) != 0) {
    problems.add(0, "", "cannot be read");
    return none;
  }
  if (text.size() > kMaxFileBytes) {
    problems.add(0, "", "is larger than " + std::to_string(kMaxFileBytes) + " bytes; a scenario is not");
    return none;
  }
  Scenario out = load_text(text, file, settings, problems);
  problems.sort();
  return out;
}

}  // namespace quorumlab::script
