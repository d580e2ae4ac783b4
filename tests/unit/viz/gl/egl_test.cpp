// The window's way to a picture, OpenGL 3 by Dear ImGui's own backend, without a display (EGL, no
// surface): it shows what the software rasteriser shows. Where there is no EGL it says so.
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>
#include <GL/glext.h>
#include <backends/imgui_impl_opengl3.h>

#include <cstdlib>

#include "tests/unit/viz/recordings.h"
#include "tests/unit/viz/screen/screen.h"
#include "viz/backend/software/rasteriser.h"

namespace quorumlab::viz {
namespace {

// A context that draws into nothing; why not, if there is none.
class Egl {
 public:
  Egl() { problem_ = open(); }
  ~Egl() {
    if (display_ == EGL_NO_DISPLAY) return;
    eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    if (context_ != EGL_NO_CONTEXT) eglDestroyContext(display_, context_);
    eglTerminate(display_);
  }
  Egl(const Egl&) = delete;
  Egl& operator=(const Egl&) = delete;
  const std::string& problem() const { return problem_; }

 private:
  std::string open() {
    const auto get_display =
        reinterpret_cast<PFNEGLGETPLATFORMDISPLAYEXTPROC>(eglGetProcAddress("eglGetPlatformDisplayEXT"));
    if (get_display == nullptr) return "this EGL has no displays by platform";
    display_ = get_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr);
    if (display_ == EGL_NO_DISPLAY || eglInitialize(display_, nullptr, nullptr) == EGL_FALSE) {
      display_ = EGL_NO_DISPLAY;
      return "there is no EGL without a surface (Debian packages libegl1, libgl1-mesa-dri)";
    }
    eglBindAPI(EGL_OPENGL_API);
    const EGLint wanted[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
    EGLConfig config = nullptr;
    EGLint count = 0;
    if (eglChooseConfig(display_, wanted, &config, 1, &count) == EGL_FALSE || count == 0) return "EGL has no OpenGL";
    const EGLint version[] = {EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 3, EGL_CONTEXT_OPENGL_PROFILE_MASK,
                              EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT, EGL_NONE};
    context_ = eglCreateContext(display_, config, EGL_NO_CONTEXT, version);
    if (context_ == EGL_NO_CONTEXT) return "EGL has no OpenGL 3.3";
    if (eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, context_) == EGL_FALSE) return "EGL needs a surface";
    return {};
  }
  EGLDisplay display_ = EGL_NO_DISPLAY;
  EGLContext context_ = EGL_NO_CONTEXT;
  std::string problem_;
};

template <class Function>
Function gl(const char* name) {
  return reinterpret_cast<Function>(eglGetProcAddress(name));
}

// The frame that was drawn last, by OpenGL.
Image by_opengl(int width, int height, std::uint32_t back) {
  GLuint texture = 0, buffer = 0;
  glGenTextures(1, &texture);
  glBindTexture(GL_TEXTURE_2D, texture);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
  gl<PFNGLGENFRAMEBUFFERSPROC>("glGenFramebuffers")(1, &buffer);
  gl<PFNGLBINDFRAMEBUFFERPROC>("glBindFramebuffer")(GL_FRAMEBUFFER, buffer);
  gl<PFNGLFRAMEBUFFERTEXTURE2DPROC>("glFramebufferTexture2D")(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
  REQUIRE(gl<PFNGLCHECKFRAMEBUFFERSTATUSPROC>("glCheckFramebufferStatus")(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE);
  glViewport(0, 0, width, height);
  glClearColor(static_cast<float>(back >> 16 & 255) / 255, static_cast<float>(back >> 8 & 255) / 255, static_cast<float>(back & 255) / 255, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  std::vector<std::uint8_t> rows(static_cast<std::size_t>(width * height) * 4);
  glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, rows.data());
  // From the top, as the other has them.
  Image out{width, height, {}};
  for (int y = height - 1; y >= 0; --y) {
    const auto row = rows.begin() + static_cast<std::ptrdiff_t>(y) * width * 4;
    out.rgba.insert(out.rgba.end(), row, row + width * 4);
  }
  return out;
}

}  // namespace

TEST_CASE("OpenGL shows what the software rasteriser shows") {
  const Egl egl;
  if (!egl.problem().empty()) {
    WARN("skipped: " << egl.problem());
    return;
  }
  constexpr int kWidth = 1280, kHeight = 800;
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  Player player(timeline);
  for (const bool dark : {false, true}) {
    Screen screen(kWidth, kHeight);
    REQUIRE(ImGui_ImplOpenGL3_Init("#version 150"));
    ImGui_ImplOpenGL3_NewFrame();
    const Rasteriser rasteriser;
    screen.view.dark = dark;
    screen.view.panel = View::Panel::diagram;
    REQUIRE(player.seek_to("slide 21"));
    screen.frame(timeline, player);
    Image software;
    rasteriser.draw(*ImGui::GetDrawData(), background(dark), software);
    const Image opengl = by_opengl(kWidth, kHeight, background(dark));
    REQUIRE(opengl.rgba.size() == software.rgba.size());
    std::size_t differ = 0, ink = 0;
    int furthest = 0;
    for (std::size_t i = 0; i < software.rgba.size(); ++i) {
      if (i % 4 == 3) continue;
      const int off = std::abs(software.rgba[i] - opengl.rgba[i]);
      furthest = std::max(furthest, off);
      differ += off > 16 ? 1 : 0;
      ink += software.rgba[i] != (background(dark) >> (8 * (2 - i % 4)) & 255) ? 1 : 0;
    }
    INFO((dark ? "dark" : "light") << ": " << differ << " of " << software.rgba.size() << " differ by more than 16, the furthest by " << furthest);
    CHECK(ink > software.rgba.size() / 50);  // there is a picture
    // An edge right through a row's centres may fall into the row above or below.
    CHECK(differ < software.rgba.size() / 2'000);
    ImGui_ImplOpenGL3_Shutdown();
  }
}

}  // namespace quorumlab::viz
