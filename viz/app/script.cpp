// Commands, and the frames between press and release.
#include "viz/app/script.h"

#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <vector>

#include "sim/cli/cli.h"
#include "viz/player/place.h"

namespace quorumlab::viz {
namespace {

constexpr std::int64_t kFrame = 1'000'000'000 / 60;

struct NamedKey {
  const char* name;
  Key key;
};
constexpr NamedKey kKeys[] = {
    {"Space", Key::space},     {"Left", Key::left},         {"Right", Key::right},  {"Up", Key::up},
    {"Down", Key::down},       {"PageUp", Key::page_up},    {"PageDown", Key::page_down},
    {"Home", Key::home},       {"End", Key::end},           {"?", Key::help},       {"T", Key::theme},
    {"Escape", Key::escape},   {"J", Key::event_next},      {"K", Key::event_previous},
    {"E", Key::election},      {"M", Key::commit},          {"F", Key::fault},      {"V", Key::violation},
    {"N", Key::page_down},     {"P", Key::page_up},         {".", Key::black},
    {"L", Key::large},               {"W", Key::why},           {"I", Key::promises},   {"D", Key::diagram},
    {"O", Key::log},                 {"B", Key::black},         {"Return", Key::enter},  {"1", Key::choice_1},
    {"2", Key::choice_2},            {"3", Key::choice_3},      {"4", Key::choice_4},    {"5", Key::choice_5},
    {"Enter", Key::enter},           {"Tab", Key::tab},         {"Backspace", Key::backspace}, {"S", Key::save},
};

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

std::optional<Key> key_named(const std::string& name) {
  for (const NamedKey& k : kKeys) {
    if (lower(k.name) == lower(name)) return k.key;
  }
  return std::nullopt;
}

// Words; what is quoted stays together. A `#` at a word's beginning ends the line.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == ' ' || line[at] == '\t' || line[at] == '\r') {
      ++at;
      continue;
    }
    if (line[at] == '#') break;
    std::string word;
    if (line[at] == '"' || line[at] == '\'') {
      const std::size_t end = std::min(line.find(line[at], at + 1), line.size());
      word = line.substr(at + 1, end - at - 1);
      at = end + 1;
    } else {
      while (at < line.size() && line[at] != ' ' && line[at] != '\t' && line[at] != '\r') word += line[at++];
    }
    out.push_back(std::move(word));
  }
  return out;
}

struct Spot {
  int x = 0, y = 0;
};

class Hands {
 public:
  Hands(Session& session, Stage& stage, bool small)
      : session_(session), stage_(stage), small_(small) {}

  // The reason why it could not be done; empty: it was.
  std::string run(const std::vector<std::string>& words) {
    const std::string& verb = words[0];
    std::string rest;
    for (std::size_t i = 1; i < words.size(); ++i) rest += (i > 1 ? " " : "") + words[i];
    if (rest.empty()) return verb + ": what? (" + usage() + ")";
    if (verb == "seek") return seek(rest);
    if (verb == "key") return key(rest);
    if (verb == "click") return click(rest, 0);
    if (verb == "rclick") return click(rest, 1);
    if (verb == "hover") return hover(rest);
    if (verb == "drag") return words.size() == 3 ? drag(words[1], words[2]) : "drag: expected two places";
    if (verb == "wheel") return wheel(words);
    if (verb == "type") return type(rest);
    if (verb == "wait") return wait(rest);
    if (verb == "shows" || verb == "hides") return look(rest, verb == "shows");
    if (verb == "hints" && (rest == "on" || rest == "off")) {
      stage_.view.keys = rest == "on";
      return {};
    }
    if (verb == "screenshot") {
      if (!rest.ends_with(".png")) return rest + ": a picture is a .png";
      stage_.step(0);
      return (small_ ? write_small_png : write_png)(rest, stage_.picture()) ? "" : rest + ": cannot be written";
    }
    return "\"" + verb + "\" is no command (" + usage() + ")";
  }

 private:
  static std::string usage() { return "there are: seek, key, click, rclick, hover, drag, wheel, type, wait, shows, hides, hints, screenshot"; }

  std::string seek(const std::string& where) {
    if (!session_.seek_to(where)) return "seek: no bookmark is called \"" + where + "\", or more than one, and it is no time";
    stage_.step(0);
    return {};
  }
  std::string key(std::string name) {
    const bool shift = lower(name).starts_with("shift+");
    if (shift) name.erase(0, 6);
    const bool control = lower(name).starts_with("ctrl+");
    if (control) name.erase(0, 5);
    const auto found = key_named(name);
    // Menus read letters: A, G, C and what stands in them.
    const bool letter = name.size() == 1 && std::string_view("abcdefghijklmnopqrstuvwxyz0123456789").find(lower(name)) != std::string::npos;
    if (!found && !letter) {
      std::string all;
      for (const NamedKey& k : kKeys) all += std::string(all.empty() ? "" : " ") + k.name;
      return "key: no key is called \"" + name + "\"; there are letters, digits, and: " + all;
    }
    stage_.shift(shift);
    stage_.control(control);
    // As a keyboard does it: the key, and the letter that it types.
    if (letter && !control) stage_.letter(shift ? name[0] : lower(name)[0]);
    if (found) stage_.press(*found, true);
    stage_.step(kFrame);
    if (found) stage_.press(*found, false);
    stage_.shift(false);
    stage_.control(false);
    stage_.step(kFrame);
    return {};
  }
  // A name, or "640,400".
  std::string find(const std::string& name, Spot& out) {
    int x = 0, y = 0, end = 0;
    if (std::sscanf(name.c_str(), "%d,%d%n", &x, &y, &end) == 2 && static_cast<std::size_t>(end) == name.size()) {
      out = {x, y};
      return {};
    }
    stage_.step(0);
    if (const View::Place* p = stage_.view.place(name)) {
      out = {(p->left + p->right) / 2, (p->top + p->bottom) / 2};
      return {};
    }
    std::string all;
    for (const View::Place& p : stage_.view.places) all += (all.empty() ? "" : " ") + p.name;
    return "nothing on the screen is called \"" + name + "\"; there are: " + all;
  }
  std::string click(const std::string& name, int button) {
    Spot at;
    if (std::string problem = find(name, at); !problem.empty()) return problem;
    stage_.point_at(at.x, at.y);
    stage_.step(kFrame);
    stage_.press(button, true);
    stage_.step(kFrame);
    stage_.press(button, false);
    stage_.step(kFrame);
    return {};
  }
  std::string hover(const std::string& name) {
    Spot at;
    if (std::string problem = find(name, at); !problem.empty()) return problem;
    stage_.point_at(at.x, at.y);
    stage_.step(kFrame);
    return {};
  }
  std::string drag(const std::string& from, const std::string& to) {
    Spot a, b;
    if (std::string problem = find(from, a); !problem.empty()) return problem;
    if (std::string problem = find(to, b); !problem.empty()) return problem;
    stage_.point_at(a.x, a.y);
    stage_.step(kFrame);
    stage_.press(0, true);
    constexpr int kSteps = 8;
    for (int i = 0; i <= kSteps; ++i) {
      stage_.point_at(a.x + (b.x - a.x) * i / kSteps, a.y + (b.y - a.y) * i / kSteps);
      stage_.step(kFrame);
    }
    stage_.press(0, false);
    stage_.step(kFrame);
    return {};
  }
  std::string wheel(const std::vector<std::string>& words) {
    int notches = 0, end = 0;
    if (std::sscanf(words[1].c_str(), "%d%n", &notches, &end) != 1 || static_cast<std::size_t>(end) != words[1].size()) {
      return "wheel: expected a number of notches";
    }
    if (words.size() > 2) {
      if (std::string problem = hover(words[2]); !problem.empty()) return problem;
    }
    stage_.wheel(notches);
    stage_.step(kFrame);
    stage_.step(kFrame);
    return {};
  }
  std::string type(const std::string& text) {
    for (const char c : text) stage_.letter(c);
    stage_.step(kFrame);
    return {};
  }
  std::string wait(const std::string& text) {
    const auto time = parse_time(text);
    if (!time || *time > 600'000'000'000) return "wait: expected a time like 500ms, of ten minutes at most";
    for (std::int64_t left = *time; left > 0; left -= kFrame) stage_.step(std::min(left, kFrame));
    return {};
  }
  std::string look(const std::string& name, bool wanted) {
    stage_.step(0);
    if ((stage_.view.place(name) != nullptr) == wanted) return {};
    return "\"" + name + "\" is " + (wanted ? "not " : "") + "on the screen at " + std::to_string(session_.player().cursor().time_ns) + " ns of " +
           session_.timeline().recording().title;
  }

  Session& session_;
  Stage& stage_;
  bool small_;
};

}  // namespace

int run_script(const std::string& text, const std::string& name, Session& session, Stage& stage, bool small) {
  std::istringstream lines(text);
  std::string line;
  Hands hands(session, stage, small);
  stage.step(0);
  for (int number = 1; std::getline(lines, line); ++number) {
    const auto words = words_of(line);
    if (words.empty()) continue;
    if (const std::string problem = hands.run(words); !problem.empty()) {
      std::fprintf(stderr, "%s:%d: %s\n", name.c_str(), number, problem.c_str());
      return 1;
    }
  }
  return 0;
}

int run_script_file(const std::string& file, Session& session, Stage& stage, bool small) {
  std::ostringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
  } else {
    std::ifstream in(file);
    if (!in) {
      std::fprintf(stderr, "quorumlab-viz: %s: cannot be read\n", file.c_str());
      return cli::kExitBadFile;
    }
    text << in.rdbuf();
  }
  return run_script(text.str(), file == "-" ? "standard input" : file, session, stage, small);
}

}  // namespace quorumlab::viz
