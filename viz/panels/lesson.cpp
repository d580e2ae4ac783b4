// The lesson: where one is, what is said there, what is asked, and the ways on and back.
#include <algorithm>

#include "sim/trace/question.h"
#include "viz/panels/fit.h"
#include "viz/panels/scroll.h"

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

// Text below text, on a brush that draws or only measures.
class Column {
 public:
  Column(const Canvas& c, const Box& box, const Fit& fit)
      : c_(c), b_(c.brush), asking_(fit.ask_plain ? c.brush.in_normal_type() : c.brush), fit_(fit), box_(box), y_(box.top) {}
  int y() const { return y_; }
  void gap(int n) { y_ += b_.px(n); }
  void text(const Brush& b, const std::string& words, Size size, ImU32 colour, int most = 99, int indent = 0) {
    y_ += b.paragraph({box_.left + indent, y_}, box_.width() - indent, words, size, colour, most);
  }

  // To be answered by a number or a click.
  void question(const Asked& q, trace::RecordId record) {
    const Brush& b = asking_;
    const Theme& t = b.colours();
    const int chosen = c_.view.choice(record);
    text(b, q.ask, fit_.ask, t.text, 6);
    gap(4);
    const int indent = b.px(30), pad = b.px(fit_.dense ? 2 : 4), most = fit_.brief ? 1 : 3;
    for (std::size_t i = 0; i < q.choices.size(); ++i) {
      const int top = y_, wide = box_.width() - indent - b.px(6);
      const bool here = chosen == static_cast<int>(i);
      const int high = std::min(most, static_cast<int>(b.fold(q.choices[i], wide, Size::small).size())) * b.line_height(Size::small);
      const Box row{box_.left, top, box_.right, top + high + 2 * pad};
      y_ = row.bottom + pad;
      b.fill(row, here ? palette::kBlue : t.back, b.px(5));
      if (!here) b.frame(row, hovers(c_, row) ? t.text : t.line, b.px(1), b.px(5));
      const ImU32 ink = here ? palette::kWhite : t.text;
      b.text({row.left + b.px(10), top + pad}, std::to_string(i + 1), Size::small, ink);
      b.paragraph({row.left + indent, top + pad}, wide, q.choices[i], Size::small, ink, most);
      c_.remember("choice:" + std::to_string(i + 1), row);
      if (fit_.brief && hovers(c_, row)) ImGui::SetTooltip("%s", q.choices[i].c_str());
      const Key key = static_cast<Key>(static_cast<int>(Key::choice_1) + static_cast<int>(i));
      const bool typed = !c_.dry() && c_.view.menu.kind == Menu::Kind::none && ImGui::IsKeyPressed(static_cast<int>(key), false);
      if (clicked(c_, row) || typed) c_.view.choose(record, static_cast<int>(i));
    }
    if (chosen >= 0) text(b, "Go on to see what happens.", Size::small, t.quiet, 2);
  }
  // `brief`: there is more to show.
  void answer(const Asked& q, trace::RecordId record, bool brief) {
    const Brush& b = asking_;
    const Theme& t = b.colours();
    const int chosen = c_.view.choice(record), indent = b.px(26);
    const int top = y_;
    const Size size = brief ? Size::small : fit_.ask;
    if (!brief) text(b, q.ask, Size::small, t.quiet, 3);
    const int line = y_;
    text(b, q.choices.empty() ? "" : q.choices[q.right], size, t.good, fit_.brief ? 1 : 3, indent);
    b.tick({box_.left + b.px(9), line + b.line_height(size) / 2}, b.px(8), t.good);
    if (!q.because.empty() && !brief) text(b, q.because, Size::small, t.text, 6, indent);
    if (chosen >= 0 && !brief) {
      const bool right = chosen == static_cast<int>(q.right);
      text(b, right ? "That is what you said." : "You said: " + q.choices[static_cast<std::size_t>(chosen)], Size::small, right ? t.good : t.bad, 2,
           indent);
    }
    c_.remember("answer", {box_.left, top, box_.right, y_});
  }

 private:
  const Canvas& c_;
  const Brush& b_;
  const Brush asking_;
  const Fit& fit_;
  Box box_;
  int y_;
};

// Everything in the box; answers where it ends.
int lay_out_lesson(const Canvas& c, const Box& inner, const Fit& fit) {
  const Theme& t = c.brush.colours();
  const Brush words = fit.words_plain ? c.brush.in_normal_type() : c.brush;
  Column column(c, inner, fit);
  column.text(words, c.frame.bookmark == 0 ? plain(c.timeline.recording().title) : plain(c.words(c.frame.bookmark)), fit.title, t.text);
  if (c.frame.caption != 0) {
    column.gap(fit.dense ? 4 : 8);
    const int top = column.y();
    column.text(words, plain(c.words(c.frame.caption)), fit.caption, t.text);
    c.remember("words", {inner.left, top, inner.right, column.y()});
  }
  // Nobody answers a picture, and a panel needs the room.
  if (!c.view.keys || c.view.panel != View::Panel::story) return column.y();
  const bool asked = c.frame.question != 0;
  if (c.frame.answered != 0) {
    column.gap(asked || fit.dense ? 4 : 12);
    column.answer(read_question(c.words(c.frame.answered)), c.frame.answered_record, asked || fit.brief);
  }
  if (asked) {
    column.gap(fit.dense ? 4 : 8);
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

int draw_lesson(const Canvas& c, const Box& box, const Fit& fit, int bottom) {
  const Brush& b = c.brush;
  const int top = draw_ways(c, box), pad = b.px(fit.dense ? 9 : 14), side = b.px(14);
  const Box inner{box.left + side, top + pad, box.right - side, box.bottom};
  const Brush measure = b.dry();
  const int whole = lay_out_lesson(c.with(measure), inner, fit) + pad;
  if (c.dry()) return whole;
  const Box panel{box.left, top, box.right, std::min(whole, std::max(bottom, top + b.px(60)))};
  b.fill(panel, b.colours().panel, b.px(6));
  b.fill({panel.left, top, panel.left + b.px(5), panel.bottom}, palette::kBlue);
  if (whole > panel.bottom) {
    const Scrolled view(c, panel, "lesson", c.frame.caption, whole - top, c.view.panel == View::Panel::story);
    lay_out_lesson(c, {inner.left, inner.top - view.offset(), inner.right, inner.bottom}, fit);
  } else {
    lay_out_lesson(c, inner, fit);
  }
  c.remember("caption", panel);
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
