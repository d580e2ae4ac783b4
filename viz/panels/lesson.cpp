// The lesson: where one is, what is said there, what is asked, and the ways on and back.
#include <algorithm>

#include "sim/trace/question.h"
#include "viz/panels/mouse.h"

namespace quorumlab::viz {
namespace {

struct Asked {
  std::string ask, because;
  std::vector<std::string> choices;
  std::size_t right = 0;
};

Asked read_question(std::string_view text) {
  const trace::Question question = trace::read_question(text);
  Asked out{plain(question.ask), plain(question.because), {}, question.answer == 0 ? 0 : question.answer - 1};
  for (const std::string& choice : question.choices) out.choices.push_back(plain(choice));
  return out;
}

// Lays text out, and draws it only if it is asked to: a frame's height must be known before it.
class Column {
 public:
  Column(const Canvas& c, const Box& box, bool draws) : c_(c), b_(c.brush), box_(box), y_(box.top), draws_(draws) {}
  int y() const { return y_; }
  void gap(int n) { y_ += b_.px(n); }
  void text(const std::string& words, Size size, ImU32 colour, int most, int indent = 0) {
    const int wide = box_.width() - indent;
    if (draws_) y_ += b_.paragraph({box_.left + indent, y_}, wide, words, size, colour, most);
    else y_ += std::min(most, static_cast<int>(b_.fold(words, wide, size).size())) * b_.line_height(size);
  }

  // To be answered by a number or a click.
  void question(const Asked& q, trace::RecordId record) {
    const Theme& t = b_.colours();
    const int chosen = c_.view.choice(record);
    text(q.ask, b_.large() ? Size::small : Size::body, t.text, 4);
    gap(4);
    for (std::size_t i = 0; i < q.choices.size(); ++i) {
      const int top = y_, indent = b_.px(30);
      const bool here = chosen == static_cast<int>(i);
      const int high = std::min(3, static_cast<int>(b_.fold(q.choices[i], box_.width() - indent - b_.px(6), Size::small).size())) *
                       b_.line_height(Size::small);
      const Box row{box_.left, top, box_.right, top + high + b_.px(8)};
      y_ = row.bottom + b_.px(4);
      if (!draws_) continue;
      b_.fill(row, here ? palette::kBlue : t.back, b_.px(5));
      if (!here) b_.frame(row, hovers(c_, row) ? t.text : t.line, b_.px(1), b_.px(5));
      const ImU32 ink = here ? palette::kWhite : t.text;
      b_.text({row.left + b_.px(10), top + b_.px(4)}, std::to_string(i + 1), Size::small, ink);
      b_.paragraph({row.left + indent, top + b_.px(4)}, box_.width() - indent - b_.px(6), q.choices[i], Size::small, ink, 3);
      c_.remember("choice:" + std::to_string(i + 1), row);
      const Key key = static_cast<Key>(static_cast<int>(Key::choice_1) + static_cast<int>(i));
      if (clicked(c_, row) || (c_.view.menu.kind == Menu::Kind::none && ImGui::IsKeyPressed(static_cast<int>(key), false))) c_.view.choose(record, static_cast<int>(i));
    }
    if (chosen >= 0) text("Go on to see what happens.", Size::small, t.quiet, 2);
  }
  // `brief`: there is more to show.
  void answer(const Asked& q, trace::RecordId record, bool brief) {
    const Theme& t = b_.colours();
    const int chosen = c_.view.choice(record), indent = b_.px(26);
    const int top = y_;
    const Size size = brief ? Size::small : Size::body;
    if (!brief) text(q.ask, Size::small, t.quiet, 3);
    const int line = y_;
    text(q.choices.empty() ? "" : q.choices[q.right], size, t.good, 3, indent);
    if (draws_) b_.tick({box_.left + b_.px(9), line + b_.line_height(size) / 2}, b_.px(8), t.good);
    if (!q.because.empty() && !brief) text(q.because, Size::small, t.text, 4, indent);
    if (chosen >= 0 && !brief) {
      const bool right = chosen == static_cast<int>(q.right);
      text(right ? "That is what you said." : "You said: " + q.choices[static_cast<std::size_t>(chosen)], Size::small, right ? t.good : t.bad, 2,
           indent);
    }
    if (draws_) c_.remember("answer", {box_.left, top, box_.right, y_});
  }

 private:
  const Canvas& c_;
  const Brush& b_;
  Box box_;
  int y_;
  bool draws_;
};

// Everything in the box; answers where it ends.
int lay_out_lesson(const Canvas& c, const Box& inner, bool draws) {
  const Theme& t = c.brush.colours();
  const bool roomy = c.view.panel == View::Panel::story;
  Column column(c, inner, draws);
  column.text(c.frame.bookmark == 0 ? plain(c.timeline.recording().title) : plain(c.words(c.frame.bookmark)), Size::title, t.text, 3);
  if (c.frame.caption != 0) {
    column.gap(8);
    const bool asked = c.view.keys && c.frame.question != 0;
    column.text(plain(c.words(c.frame.caption)), Size::body, t.text, !roomy || (asked && c.brush.large()) ? 4 : 14);
  }
  // Nobody answers a picture, and a panel needs the room.
  if (!c.view.keys || !roomy) return column.y();
  const bool asked = c.frame.question != 0;
  if (c.frame.answered != 0) {
    column.gap(asked ? 4 : 12);
    column.answer(read_question(c.words(c.frame.answered)), c.frame.answered_record, asked);
  }
  if (asked) {
    column.gap(8);
    column.question(read_question(c.words(c.frame.question)), c.frame.question_record);
  }
  return column.y();
}

void draw_way(const Canvas& c, const Box& box, bool on, const std::string& text, const char* name) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  b.fill(box, hovers(c, box) ? t.faint : t.panel, b.px(5));
  const int y = box.middle().y, line = b.line_height(Size::small);
  const Point tip{on ? box.right - b.px(13) : box.left + b.px(13), y};
  b.polygon(tip, b.px(7), 3, on ? 0 : 180, t.text, 0, 0);
  const std::string shown = b.shortened(text.starts_with("Slide ") ? text.substr(6) : text, box.width() - b.px(36), Size::small);
  b.text({on ? box.right - b.px(26) : box.left + b.px(26), y - line / 2}, shown, Size::small, t.text, on ? Align::right : Align::left);
  c.remember(name, box);
  if (clicked(c, box)) c.acts.push_back({on ? UiAct::Kind::next_bookmark : UiAct::Kind::previous_bookmark, 0, Mark::nothing});
}

// Named after where they lead.
int draw_ways(const Canvas& c, const Box& box) {
  if (!c.view.keys) return box.top;
  const Brush& b = c.brush;
  const int high = b.line_height(Size::small) + b.px(12), middle = box.middle().x, gap = b.px(4);
  const Stop* next = c.player.next_stop();
  const Stop* previous = c.player.previous_stop();
  const bool ended = c.frame.record == c.timeline.size(), begun = c.frame.record == 0;
  if (!begun) draw_way(c, {box.left, box.top, middle - gap, box.top + high}, false, previous != nullptr ? plain(previous->text) : "the beginning", "previous");
  if (!ended) draw_way(c, {middle + gap, box.top, box.right, box.top + high}, true, next != nullptr ? plain(next->text) : "the end", "next");
  return box.top + high + b.px(8);
}

}  // namespace

int draw_lesson(const Canvas& c, const Box& box) {
  const Brush& b = c.brush;
  const int top = draw_ways(c, box), pad = b.px(14);
  const Box inner{box.left + pad, top + pad, box.right - pad, box.bottom};
  const Box panel{box.left, top, box.right, lay_out_lesson(c, inner, false) + pad};
  b.fill(panel, b.colours().panel, b.px(6));
  b.fill({panel.left, top, panel.left + b.px(5), panel.bottom}, palette::kBlue);
  lay_out_lesson(c, inner, true);
  c.remember("caption", {panel.left, panel.top, panel.right, std::min(panel.bottom, box.bottom)});
  return panel.bottom;
}

// At the start, until a key is pressed or something is clicked.
void draw_hints(const Canvas& c, const Box& box) {
  if (!c.view.hints || !c.view.keys || c.view.help) return;
  static constexpr const char* kHints[] = {"Page Down or N: on to the next slide", "Space: play and pause; arrows: step",
                                           "click on anything: why?", "? : all keys"};
  const Brush& b = c.brush;
  const int line = b.line_height(Size::body) + b.px(2), wide = b.px(b.large() ? 560 : 430);
  const int high = line * static_cast<int>(std::size(kHints)) + b.px(24);
  const Box panel{box.left + b.px(20), box.bottom - high - b.px(40), box.left + b.px(20) + wide, box.bottom - b.px(40)};
  b.fill(panel, palette::kBlue, b.px(8));
  int y = panel.top + b.px(12);
  for (const char* hint : kHints) {
    b.text({panel.left + b.px(18), y}, hint, Size::body, palette::kWhite);
    y += line;
  }
  c.remember("hints", panel);
}

}  // namespace quorumlab::viz
