// Menus, and the line across the ring.
#include "viz/panels/acts.h"

#include <algorithm>

#include "sim/trace/words.h"

namespace quorumlab::viz {
namespace {

using DeedKind = Deed::Kind;

// One line of a menu. With `next` it leads to another menu, else its deed is done.
struct Item {
  char letter = 0;  // 0: none
  std::string text;
  Deed deed;
  Menu::Kind next = Menu::Kind::none;
  bool marked = false;                              // chosen, or on
  UiAct::Kind act = UiAct::Kind::deed;
  std::string title, typed;                         // of what is to be typed
  std::string note;                                 // what it means, while it stands out
  bool done = false;                                // of a choice: that is all
};
using Items = std::vector<Item>;

constexpr std::size_t kMostShown = 14;

bool pressed(Key key, bool repeat = false) { return ImGui::IsKeyPressed(static_cast<int>(key), repeat); }

Deed of(DeedKind kind, std::vector<std::uint32_t> hosts = {}, std::vector<std::uint32_t> others = {}) {
  Deed out;
  out.kind = kind;
  out.hosts = std::move(hosts);
  out.others = std::move(others);
  return out;
}

// Hosts that are in the picture.
std::vector<std::uint32_t> hosts_of(const Canvas& c) {
  std::vector<std::uint32_t> servers, outside;
  for (std::uint32_t n = 1; n <= c.frame.hosts.size(); ++n) {
    if (c.timeline.has_kind(n, Host::Kind::server)) servers.push_back(n);
    else if (c.timeline.busy(n)) outside.push_back(n);
  }
  servers.insert(servers.end(), outside.begin(), outside.end());
  return servers;
}

std::vector<std::uint32_t> all_but(const Canvas& c, const std::vector<std::uint32_t>& some) {
  std::vector<std::uint32_t> out = hosts_of(c);
  std::erase_if(out, [&](std::uint32_t n) { return std::find(some.begin(), some.end(), n) != some.end(); });
  return out;
}

Item typing(char letter, std::string text, Deed deed, std::string title, std::string typed) {
  Item out{letter, std::move(text), std::move(deed), Menu::Kind::type};
  out.title = std::move(title);
  out.typed = std::move(typed);
  return out;
}

Items host_items(const Canvas& c, std::uint32_t host) {
  Items out;
  const Host& h = c.frame.hosts[host - 1];
  const auto add = [&](char letter, const char* text, DeedKind kind) { out.push_back({letter, text, of(kind, {host})}); };
  if (h.kind != Host::Kind::client) {
    if (h.runs()) {
      add('c', "crash: the power fails", DeedKind::crash);
      add('k', "kill the process", DeedKind::kill);
      if (h.process == Host::Process::paused) add('r', "resume", DeedKind::resume);
      else add('p', "pause", DeedKind::pause);
    } else {
      add('r', "restart", DeedKind::restart);
      add('w', "wipe its disk", DeedKind::wipe);
    }
  } else {
    out.push_back(typing('w', "write ...", of(DeedKind::write, {host}), "write from " + c.title(host) + ": key = value", "x = 1"));
  }
  const std::vector<std::uint32_t> others = all_but(c, {host});
  if (others.empty()) return out;
  out.push_back({'i', "isolate: a partition around it", of(DeedKind::partition, {host}, others)});
  out.push_back({'s', "silence: nothing gets from it to the others", of(DeedKind::cut, {host}, others)});
  out.push_back({'d', "deafen: nothing gets from the others to it", of(DeedKind::cut, others, {host})});
  Item cut{'t', "cut one way to ...", of(DeedKind::cut, {host}), Menu::Kind::pick};
  cut.title = "nothing gets from " + c.title(host) + " to";
  out.push_back(std::move(cut));
  return out;
}

Items message_items(trace::RecordId sent) {
  const auto deed = [&](DeedKind kind) {
    Deed out = of(kind);
    out.packet = sent;
    return out;
  };
  return {{'d', "drop it", deed(DeedKind::drop)},
          {'u', "duplicate it", deed(DeedKind::duplicate)},
          typing('l', "delay it by ...", deed(DeedKind::delay), "later by", "100ms"),
          {'o', "let the next one overtake it", deed(DeedKind::reorder)}};
}

std::string message_text(const Canvas& c, const Packet& p) {
  return trace::message_name(p.kind) + " " + c.title(p.source) + " -> " + c.title(p.target);
}

Items world_items(const Canvas& c) {
  const Offer& offer = *c.view.offer;
  Items out;
  out.push_back(typing('w', "write ...", of(DeedKind::write), "write: key = value", "x = 1"));
  Item divide{'p', "partition ...", of(DeedKind::partition), Menu::Kind::pick};
  divide.title = "on one side of a partition";
  out.push_back(std::move(divide));
  out.push_back({'h', "heal: all partitions and cuts end", of(DeedKind::heal)});
  if (!c.frame.packets.empty()) out.push_back({'m', "a message on its way ...", {}, Menu::Kind::messages});
  out.push_back({'r', "switch a rule ...", {}, Menu::Kind::rules});
  if (!offer.settings.empty()) out.push_back({'t', "change a timeout ...", {}, Menu::Kind::settings});
  out.push_back({'o', "run on: ten seconds more", of(DeedKind::run_on)});
  Item save{'s', "save as a scenario file", {}};
  save.act = UiAct::Kind::save_branch;
  out.push_back(std::move(save));
  return out;
}

Items items_of(const Canvas& c) {
  const Menu& menu = c.view.menu;
  const Offer& offer = *c.view.offer;
  Items out;
  switch (menu.kind) {
    case Menu::Kind::host: return host_items(c, menu.host);
    case Menu::Kind::message: return message_items(menu.message);
    case Menu::Kind::world: return world_items(c);
    case Menu::Kind::messages:
      for (const Packet& p : c.frame.packets) {
        Item item{0, message_text(c, p), {}, Menu::Kind::message};
        item.deed.packet = p.sent;
        out.push_back(std::move(item));
      }
      break;
    case Menu::Kind::rules:
      for (const Offer::Rule& rule : offer.rules) {
        if (rule.name.find(menu.typed) == std::string::npos && rule.demands.find(menu.typed) == std::string::npos) continue;
        Item item{0, rule.name, of(rule.on ? DeedKind::rule_off : DeedKind::rule_on)};
        item.deed.text = rule.name;
        item.marked = rule.on;
        item.note = rule.demands;
        out.push_back(std::move(item));
      }
      break;
    case Menu::Kind::settings:
      for (const Offer::Setting& s : offer.settings) {
        Deed deed = of(DeedKind::setting);
        deed.path = s.path;
        out.push_back(typing(0, s.label + ": " + s.value, deed, s.label + ", from the start of the run", s.value));
      }
      break;
    case Menu::Kind::pick: {
      const std::vector<std::uint32_t>& chosen = menu.deed.kind == DeedKind::cut ? menu.deed.others : menu.deed.hosts;
      for (const std::uint32_t host : hosts_of(c)) {
        if (menu.deed.kind == DeedKind::cut && host == menu.deed.hosts[0]) continue;
        Item item{out.size() < 9 ? static_cast<char>('1' + out.size()) : '\0', c.title(host), of(DeedKind::none, {host})};
        item.marked = std::find(chosen.begin(), chosen.end(), host) != chosen.end();
        item.next = Menu::Kind::pick;
        out.push_back(std::move(item));
      }
      Item go{'d', "do it", menu.deed};
      go.done = true;
      if (go.deed.kind == DeedKind::partition) go.deed.others = all_but(c, go.deed.hosts);
      out.push_back(std::move(go));
      break;
    }
    case Menu::Kind::type:
    case Menu::Kind::none: break;
  }
  return out;
}

void open(const Canvas& c, Menu::Kind kind, int x, int y) {
  c.view.menu = {};
  c.view.menu.kind = kind;
  c.view.menu.since = ImGui::GetFrameCount();
  c.view.menu.x = x;
  c.view.menu.y = y;
}

void ask(const Canvas& c, UiAct::Kind kind, Deed deed) {
  UiAct act;
  act.kind = kind;
  act.deed = std::move(deed);
  c.acts.push_back(std::move(act));
  c.view.menu = {};
}

void take(const Canvas& c, const Item& item) {
  Menu& menu = c.view.menu;
  if (menu.kind == Menu::Kind::pick && !item.done) {
    std::vector<std::uint32_t>& chosen = menu.deed.kind == DeedKind::cut ? menu.deed.others : menu.deed.hosts;
    const std::uint32_t host = item.deed.hosts[0];
    const auto at = std::find(chosen.begin(), chosen.end(), host);
    if (at == chosen.end()) chosen.insert(std::upper_bound(chosen.begin(), chosen.end(), host), host);
    else chosen.erase(at);
    return;
  }
  if (item.next == Menu::Kind::none) return ask(c, item.act, item.deed);
  if (item.next == Menu::Kind::message) menu.message = item.deed.packet;
  menu.kind = item.next;
  menu.deed = item.deed;
  menu.title = item.title;
  menu.typed = item.typed;
  menu.at = 0;
}

std::string title_of(const Canvas& c) {
  const Menu& menu = c.view.menu;
  switch (menu.kind) {
    case Menu::Kind::host: return c.title(menu.host);
    case Menu::Kind::message: {
      const trace::Record& r = c.timeline.recording().trace[menu.message];
      return trace::message_name(r.extra) + " " + c.title(r.node) + " -> " + c.title(r.peer);
    }
    case Menu::Kind::messages: return "on their way";
    case Menu::Kind::world: return "act";
    case Menu::Kind::rules: return menu.typed.empty() ? "rules (a tick: in force)" : "rules with: " + menu.typed + "_";
    case Menu::Kind::settings: return "from the start, in a run of its own";
    case Menu::Kind::pick:
    case Menu::Kind::type: return menu.title;
    case Menu::Kind::none: break;
  }
  return "";
}

// Serves the line that is typed; true when it is all.
bool type(Menu& menu) {
  for (const ImWchar letter : ImGui::GetIO().InputQueueCharacters) {
    if (letter >= 32 && letter < 127 && menu.typed.size() < 60) menu.typed += static_cast<char>(letter);
  }
  if (pressed(Key::backspace, true) && !menu.typed.empty()) menu.typed.pop_back();
  return pressed(Key::enter);
}

// What is typed narrows a list without letters of its own.
void search(Menu& menu) {
  const std::string before = menu.typed;
  for (const ImWchar letter : ImGui::GetIO().InputQueueCharacters) {
    if (letter >= 32 && letter < 127 && menu.typed.size() < 30) menu.typed += static_cast<char>(letter == ' ' ? '_' : letter);
  }
  if (pressed(Key::backspace, true) && !menu.typed.empty()) menu.typed.pop_back();
  if (menu.typed != before) menu.at = 0;
}

// Keys that choose a line; the number of the one that is taken, if one is.
std::optional<std::size_t> choose(Menu& menu, const Items& items) {
  if (items.empty()) return std::nullopt;
  menu.at = std::min(menu.at, items.size() - 1);
  if (pressed(Key::down, true)) menu.at = (menu.at + 1) % items.size();
  if (pressed(Key::up, true)) menu.at = (menu.at + items.size() - 1) % items.size();
  for (const ImWchar letter : ImGui::GetIO().InputQueueCharacters) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i].letter != 0 && letter == static_cast<ImWchar>(items[i].letter)) return i;
    }
  }
  if (pressed(Key::enter)) return menu.at;
  return std::nullopt;
}

// The host after the one that is chosen.
void next_host(const Canvas& c) {
  const std::vector<std::uint32_t> hosts = hosts_of(c);
  if (hosts.empty()) return;
  const auto at = std::find(hosts.begin(), hosts.end(), c.view.menu.host);
  const bool back = ImGui::GetIO().KeyShift;
  const std::size_t place = at == hosts.end() ? (back ? 0 : hosts.size() - 1) : static_cast<std::size_t>(at - hosts.begin());
  const std::uint32_t host = hosts[(place + (back ? hosts.size() - 1 : 1)) % hosts.size()];
  open(c, Menu::Kind::host, 0, 0);
  c.view.menu.host = host;
}

// Opens a menu by its key, if one was pressed.
void read_openers(const Canvas& c) {
  const std::vector<std::uint32_t> hosts = hosts_of(c);
  // Where a lesson asks, numbers are its answers.
  const bool asked = c.view.place("choice:1") != nullptr;
  for (const ImWchar letter : ImGui::GetIO().InputQueueCharacters) {
    if (letter == 'a' || letter == 'A') return open(c, Menu::Kind::world, 0, 0);
    if (!asked && letter >= '1' && letter <= '9' && static_cast<std::size_t>(letter - '1') < hosts.size()) {
      open(c, Menu::Kind::host, 0, 0);
      c.view.menu.host = hosts[letter - '1'];
      return;
    }
  }
}

// Where the menu goes: beside its host, its click, or in the middle of the left part.
Box box_of(const Canvas& c, const Box& screen, int wide, int high) {
  const Menu& menu = c.view.menu;
  int x = menu.x, y = menu.y;
  if (menu.host != 0) {
    for (const char* kind : {"node:", "host:"}) {
      if (const View::Place* p = c.view.place(kind + c.title(menu.host))) {
        x = p->right;
        y = p->top;
      }
    }
  } else if (x == 0 && y == 0) {
    x = screen.left + c.brush.px(24);
    y = screen.top + c.brush.px(70);
  }
  x = std::clamp(x + c.brush.px(10), screen.left + c.brush.px(4), std::max(screen.left + c.brush.px(4), screen.right - wide - c.brush.px(4)));
  y = std::clamp(y, screen.top + c.brush.px(4), std::max(screen.top + c.brush.px(4), screen.bottom - high - c.brush.px(4)));
  return {x, y, x + wide, y + high};
}

bool inside(const Box& box, const ImVec2& at) {
  return at.x >= static_cast<float>(box.left) && at.x < static_cast<float>(box.right) && at.y >= static_cast<float>(box.top) &&
         at.y < static_cast<float>(box.bottom);
}

// The sheet, and the line under the mouse if it was clicked.
std::optional<std::size_t> draw_sheet(const Canvas& c, const Box& screen, const Items& items, const std::string& below) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  Menu& menu = c.view.menu;
  const int line = b.line_height(Size::body) + b.px(7), pad = b.px(12), indent = b.px(26);
  const std::string title = plain(title_of(c));
  const std::size_t shown = std::min(items.size(), kMostShown);
  const float wheel = ImGui::GetIO().MouseWheel;
  if (wheel < 0 && menu.at + 1 < items.size()) ++menu.at;
  if (wheel > 0 && menu.at > 0) --menu.at;
  const std::size_t first = menu.at >= kMostShown ? menu.at - kMostShown + 1 : 0;
  int wide = std::max(b.width(title, Size::body), b.width(below, Size::small));
  for (const Item& item : items) wide = std::max(wide, indent + b.width(item.text, Size::body) + b.px(24));
  wide = std::min(wide + 2 * pad, screen.width() - b.px(8));
  const bool typed = menu.kind == Menu::Kind::type;
  const int rows = static_cast<int>(shown) + (typed ? 1 : 0);
  const bool noted = menu.kind == Menu::Kind::rules;
  if (noted) wide = std::min(std::max(wide, b.px(b.large() ? 640 : 520)), screen.width() - b.px(8));
  const int notes = noted ? 3 * b.line_height(Size::small) + b.px(8) : 0;
  const int high = line * (rows + 1) + notes + b.line_height(Size::small) + 2 * pad + b.px(4);
  if (typed) wide = std::max(wide, std::min(b.px(420), screen.width() - b.px(8)));
  const Box box = box_of(c, screen, wide, high);
  b.fill(box, t.panel, b.px(8));
  b.frame(box, palette::kBlue, b.px(3), b.px(8));
  c.remember("menu", box);
  int y = box.top + pad;
  b.text({box.left + pad, y}, b.shortened(title, wide - 2 * pad, Size::body), Size::body, t.quiet);
  if (items.size() > shown) {
    const std::string part = std::to_string(first + 1) + "-" + std::to_string(first + shown) + " of " + std::to_string(items.size());
    b.text({box.right - pad, y}, part, Size::body, t.quiet, Align::right);
  }
  y += line;
  std::optional<std::size_t> clicked;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  for (std::size_t i = first; i < first + shown; ++i) {
    const Item& item = items[i];
    const Box row{box.left + b.px(5), y - b.px(3), box.right - b.px(5), y + line - b.px(3)};
    const ImVec2 moved = ImGui::GetIO().MouseDelta;
    if (inside(row, mouse) && (moved.x != 0 || moved.y != 0)) menu.at = i;
    const bool here = menu.at == i;
    if (here) b.fill(row, palette::kBlue, b.px(4));
    const ImU32 ink = here ? palette::kWhite : t.text;
    if (item.letter != 0) b.text({box.left + pad, y}, std::string(1, item.letter), Size::body, here ? ink : t.quiet);
    b.text({box.left + pad + indent, y}, b.shortened(plain(item.text), wide - 2 * pad - indent - b.px(20), Size::body), Size::body, ink);
    if (item.marked) b.tick({box.right - pad - b.px(6), y + b.line_height(Size::body) / 2}, b.px(7), here ? palette::kWhite : t.good);
    c.remember("menu:" + (item.letter != 0 ? std::string(1, item.letter) : item.text), row);
    if (inside(row, mouse) && ImGui::IsMouseClicked(0)) clicked = i;
    y += line;
  }
  if (noted && menu.at < items.size()) {
    const int top = box.bottom - pad - b.line_height(Size::small) - notes;
    b.line({box.left + pad, top}, {box.right - pad, top}, t.line, b.px(1));
    b.paragraph({box.left + pad, top + b.px(4)}, wide - 2 * pad, plain(items[menu.at].note), Size::small, t.text, 3);
    c.remember("meaning", {box.left + pad, top, box.right - pad, top + notes});
  }
  if (typed) {
    const Box field{box.left + pad, y - b.px(3), box.right - pad, y + line - b.px(3)};
    b.fill(field, t.back, b.px(3));
    b.frame(field, t.line, b.px(1), b.px(3));
    b.text({field.left + b.px(6), y}, menu.typed + "_", Size::body, t.text);
    c.remember("typed", field);
    y += line;
  }
  b.text({box.left + pad, box.bottom - pad - b.line_height(Size::small)}, below, Size::small, t.quiet);
  if (ImGui::GetFrameCount() == menu.since) return std::nullopt;
  const bool elsewhere = (ImGui::IsMouseClicked(0) || ImGui::IsMouseClicked(1)) && !inside(box, mouse);
  if (elsewhere) menu = {};
  return elsewhere ? std::nullopt : clicked;
}

// On which side of the line from one point to the other; 0: on it.
int side_of(Point from, Point to, Point at) {
  const long cross = static_cast<long>(to.x - from.x) * (at.y - from.y) - static_cast<long>(to.y - from.y) * (at.x - from.x);
  return cross < 0 ? -1 : cross > 0 ? 1 : 0;
}

// A line across the network: who stands on its two sides.
void draw_stroke(const Canvas& c, const Layout& layout, const Box& area) {
  Stroke& stroke = c.view.stroke;
  const Brush& b = c.brush;
  const ImGuiIO& io = ImGui::GetIO();
  if (!stroke.drawn) {
    if (!ImGui::IsMouseClicked(0) || !inside(area, io.MousePos) || c.view.help || c.view.hovered_next != 0) return;
    for (const View::Place& p : c.view.places) {
      if (inside({p.left - 4, p.top - 4, p.right + 4, p.bottom + 4}, io.MousePos)) return;
    }
    stroke = {true, static_cast<int>(io.MousePos.x), static_cast<int>(io.MousePos.y)};
    return;
  }
  const Point from{stroke.x, stroke.y}, to{static_cast<int>(io.MousePos.x), static_cast<int>(io.MousePos.y)};
  const int dx = to.x - from.x, dy = to.y - from.y;
  const bool line = dx * dx + dy * dy > b.px(50) * b.px(50);
  Deed deed = of(DeedKind::partition);
  for (const std::uint32_t host : layout.all) {
    (side_of(from, to, layout.at(host)) < 0 ? deed.hosts : deed.others).push_back(host);
  }
  const bool divides = line && !deed.hosts.empty() && !deed.others.empty();
  if (!io.MouseDown[0]) {
    stroke = {};
    if (divides) ask(c, UiAct::Kind::deed, std::move(deed));
    return;
  }
  if (!line) return;
  b.dashes(from, to, b.colours().bad, b.px(6), b.px(18), b.px(9));
  const std::string words = divides ? viz::words(deed, c.timeline.recording()) : "all on one side";
  const int wide = b.width(words, Size::body);
  const int x = std::clamp(to.x + b.px(14), area.left, std::max(area.left, area.right - wide - b.px(14)));
  const Box box{x, to.y, x + wide + b.px(12), to.y + b.line_height(Size::body) + b.px(6)};
  b.fill(box, b.colours().panel, b.px(4));
  b.text({x + b.px(6), to.y + b.px(3)}, plain(words), Size::body, b.colours().text);
}

}  // namespace

void draw_hands(const Canvas& c, const Layout& layout, const Box& area) {
  View& view = c.view;
  if (view.menu.host != 0 && layout.has(view.menu.host)) {
    const Point at = layout.at(view.menu.host);
    c.brush.circle(at, layout.radius + c.brush.px(14), 0, palette::kPurple, c.brush.px(4));
  }
  if (view.menu.kind != Menu::Kind::none) return;
  draw_stroke(c, layout, area);
  if (view.stroke.drawn || !ImGui::IsMouseClicked(1)) return;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  if (!inside(area, mouse)) return;
  const int x = static_cast<int>(mouse.x), y = static_cast<int>(mouse.y);
  if (view.hovered_next != 0) {
    open(c, Menu::Kind::message, x, y);
    view.menu.message = view.hovered_next;
    return;
  }
  for (const std::uint32_t host : layout.all) {
    const Point at = layout.at(host);
    const bool server = c.timeline.has_kind(host, Host::Kind::server);
    const int reach_x = server ? layout.radius : c.brush.px(56), reach_y = server ? layout.radius : c.brush.px(30);
    if (std::abs(at.x - x) > reach_x || std::abs(at.y - y) > reach_y) continue;
    open(c, Menu::Kind::host, 0, 0);
    view.menu.host = host;
    return;
  }
  open(c, Menu::Kind::world, x, y);
}

bool draw_menu(const Canvas& c, const Box& screen) {
  Menu& menu = c.view.menu;
  if (c.view.help) return false;
  if (ImGui::GetIO().KeyCtrl && pressed(Key::save)) {
    ask(c, UiAct::Kind::save_branch, {});
    return true;
  }
  if (pressed(Key::tab) && (menu.kind == Menu::Kind::none || menu.kind == Menu::Kind::host)) {
    next_host(c);
  } else if (menu.kind == Menu::Kind::none) {
    read_openers(c);
    // The letter that opened it is none of its own.
    if (menu.kind == Menu::Kind::none) return false;
  } else if (pressed(Key::escape)) {
    menu = {};
    return true;
  } else {
    if (menu.kind == Menu::Kind::rules) search(menu);
    const Items items = items_of(c);
    if (menu.kind == Menu::Kind::type) {
      if (type(menu)) {
        menu.deed.text = menu.typed;
        ask(c, UiAct::Kind::deed, menu.deed);
        return true;
      }
    } else if (const auto taken = choose(menu, items)) {
      take(c, items[*taken]);
      if (menu.kind == Menu::Kind::none) return true;
    }
  }
  const Items items = items_of(c);
  const std::string below = menu.kind == Menu::Kind::type   ? "Enter: do it   Esc: leave it"
                            : menu.kind == Menu::Kind::pick ? "a number or a click chooses   d: do it   Esc: leave it"
                            : menu.kind == Menu::Kind::rules ? "letters search   Enter: switch it   Esc: leave it"
                            : items.empty() || items[0].letter == 0 ? "Up, Down and Enter   Esc: leave it"
                                                            : "a letter, or Up, Down and Enter   Esc: leave it";
  if (const auto clicked = draw_sheet(c, screen, items, below)) take(c, items[*clicked]);
  return true;
}

void draw_notice(const Canvas& c, const Box& area) {
  const Offer& offer = *c.view.offer;
  if (offer.notice.empty()) return;
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const int wide = std::min(area.width() - b.px(40), b.px(760)), pad = b.px(10);
  const auto lines = static_cast<int>(std::min<std::size_t>(b.fold(plain(offer.notice), wide - 2 * pad, Size::body).size(), 4));
  const int high = lines * b.line_height(Size::body) + 2 * pad;
  const int left = area.middle().x - wide / 2, bottom = area.bottom - b.px(34);
  const Box box{left, bottom - high, left + wide, bottom};
  b.fill(box, t.panel, b.px(6));
  b.frame(box, offer.bad_news ? t.bad : t.good, b.px(3), b.px(6));
  b.paragraph({box.left + pad, box.top + pad}, wide - 2 * pad, plain(offer.notice), Size::body, t.text, 4);
  c.remember("notice", box);
}

}  // namespace quorumlab::viz
