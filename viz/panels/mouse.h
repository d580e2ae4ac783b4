// The mouse over parts of a panel that are no widgets of Dear ImGui's.
#pragma once

#include "viz/panels/paint.h"

namespace quorumlab::viz {

inline bool hovers(const Canvas& c, const Box& box) {
  const ImVec2 m = ImGui::GetIO().MousePos;
  if (c.view.help || c.dry()) return false;
  const ImVec2 least = c.brush.list()->GetClipRectMin(), most = c.brush.list()->GetClipRectMax();
  return m.x >= least.x && m.y >= least.y && m.x < most.x && m.y < most.y && m.x >= static_cast<float>(box.left) && m.x < static_cast<float>(box.right) &&
         m.y >= static_cast<float>(box.top) && m.y < static_cast<float>(box.bottom);
}
inline bool clicked(const Canvas& c, const Box& box) { return hovers(c, box) && ImGui::IsMouseClicked(0); }

// Opens the panel that tells why a record came to be.
inline void ask_why(const Canvas& c, trace::RecordId record) {
  if (record == 0) return;
  c.view.why = record;
  c.view.panel = View::Panel::why;
}

}  // namespace quorumlab::viz
