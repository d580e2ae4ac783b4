// Pixels of one moment of a run, as the visualizer draws it, by its own rasteriser: no display, no driver, and the
// same bytes on every machine. Only where the visualizer is built.
#include "pybind/bind.h"

#ifdef QUORUMLAB_HAS_VIZ
#include <imgui.h>
#include <pybind11/numpy.h>

#include "viz/backend/software/rasteriser.h"
#include "viz/panels/panels.h"

namespace quorumlab::python {
namespace {

// Dear ImGui has one current context; another one's owner gets it back.
struct Context {
  Context() : before(ImGui::GetCurrentContext()), own(ImGui::CreateContext()) { ImGui::SetCurrentContext(own); }
  ~Context() {
    ImGui::DestroyContext(own);
    ImGui::SetCurrentContext(before);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ImGuiContext* before;
  ImGuiContext* own;
};

// The interpreter's lock is held throughout: it guards the current context.
py::array_t<std::uint8_t> screenshot(const Tape& tape, std::int64_t time_ns, int width, int height) {
  if (width < 320 || width > 7680 || height < 240 || height > 4320) {
    throw py::value_error("a picture is 320 to 7,680 pixels wide and 240 to 4,320 high");
  }
  viz::Recording recording;
  recording.name = recording.title = tape.subject.title;
  recording.seed = tape.subject.seed;
  recording.names = tape.subject.names;
  recording.titles = tape.titles.empty() ? tape.subject.names : tape.titles;
  recording.trace = tape.trace;
  viz::Timeline timeline(recording);
  viz::Player player(timeline);
  player.seek(time_ns);
  const Context context;
  viz::prepare_picture(width, height);
  const viz::Rasteriser rasteriser;
  viz::View view;
  view.keys = false;
  viz::Frame frame;
  timeline.look(player.cursor(), frame);
  std::vector<viz::UiAct> acts;
  ImGui::NewFrame();
  viz::draw(timeline, frame, player, view, acts);
  ImGui::Render();
  viz::Image image;
  rasteriser.draw(*ImGui::GetDrawData(), viz::background(view.dark), image);
  py::array_t<std::uint8_t> out({image.height, image.width, 3});
  std::uint8_t* to = out.mutable_data();
  for (std::size_t i = 0; i < image.rgba.size(); ++i) {
    if (i % 4 != 3) *to++ = image.rgba[i];
  }
  return out;
}

}  // namespace

void bind_picture(py::module_& m) {
  m.def("screenshot", &screenshot, py::arg("tape"), py::arg("time_ns"), py::arg("width"), py::arg("height"),
        "One moment as height x width x 3 bytes.");
}

}  // namespace quorumlab::python
#else
namespace quorumlab::python {
void bind_picture(py::module_&) {}
}  // namespace quorumlab::python
#endif
