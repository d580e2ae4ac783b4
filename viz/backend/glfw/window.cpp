// The loop of a window. Keys are handed on in the panels' own numbering (viz/panels/panels.h), which
// lies below GLFW's.
#include "viz/backend/glfw/window.h"

#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include <algorithm>

#include "viz/panels/keys.h"

namespace quorumlab::viz {
namespace {

std::string last_error;
void on_error(int, const char* text) { last_error = text; }

void map_keys() {
  struct Pair {
    Key key;
    int glfw;
  };
  static constexpr Pair kPairs[] = {
      {Key::space, GLFW_KEY_SPACE},         {Key::left, GLFW_KEY_LEFT},      {Key::right, GLFW_KEY_RIGHT},
      {Key::up, GLFW_KEY_UP},               {Key::down, GLFW_KEY_DOWN},      {Key::page_up, GLFW_KEY_PAGE_UP},
      {Key::page_down, GLFW_KEY_PAGE_DOWN}, {Key::home, GLFW_KEY_HOME},      {Key::end, GLFW_KEY_END},
      {Key::help, GLFW_KEY_F1},             {Key::theme, GLFW_KEY_T},        {Key::escape, GLFW_KEY_ESCAPE},
      {Key::event_next, GLFW_KEY_J},        {Key::event_previous, GLFW_KEY_K},
      {Key::commit, GLFW_KEY_M},
      {Key::election, GLFW_KEY_E},          {Key::fault, GLFW_KEY_F},        {Key::violation, GLFW_KEY_V},
      {Key::large, GLFW_KEY_L},             {Key::why, GLFW_KEY_W},          {Key::promises, GLFW_KEY_I},
      {Key::diagram, GLFW_KEY_D},           {Key::log, GLFW_KEY_O},          {Key::page_down, GLFW_KEY_N},
      {Key::page_up, GLFW_KEY_P},           {Key::black, GLFW_KEY_B},        {Key::black, GLFW_KEY_PERIOD},
      {Key::enter, GLFW_KEY_ENTER},         {Key::choice_1, GLFW_KEY_1},     {Key::choice_2, GLFW_KEY_2},
      {Key::choice_3, GLFW_KEY_3},          {Key::choice_4, GLFW_KEY_4},     {Key::choice_5, GLFW_KEY_5},
      {Key::tab, GLFW_KEY_TAB},             {Key::backspace, GLFW_KEY_BACKSPACE}, {Key::save, GLFW_KEY_S},
  };
  ImGuiIO& io = ImGui::GetIO();
  for (const Pair& p : kPairs) io.KeysDown[static_cast<int>(p.key)] = false;
  // Some have two.
  for (const Pair& p : kPairs) io.KeysDown[static_cast<int>(p.key)] |= io.KeysDown[p.glfw];
  // Where "?" is depends on the keyboard; the letter itself does not.
  if (std::find(io.InputQueueCharacters.begin(), io.InputQueueCharacters.end(), ImWchar('?')) !=
      io.InputQueueCharacters.end()) {
    io.KeysDown[static_cast<int>(Key::help)] = true;
  }
}

}  // namespace

bool run_window(const WindowOptions& options, const WindowCalls& calls, std::string& problem) {
  glfwSetErrorCallback(on_error);
  if (glfwInit() == GLFW_FALSE) {
    problem = last_error.empty() ? "no window can be opened" : last_error;
    return false;
  }
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 2);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  GLFWwindow* window = glfwCreateWindow(options.width, options.height, options.title.c_str(), nullptr, nullptr);
  if (window == nullptr) {
    problem = last_error.empty() ? "no window can be opened" : last_error;
    glfwTerminate();
    return false;
  }
  glfwMakeContextCurrent(window);
  glfwSwapInterval(1);
  IMGUI_CHECKVERSION();
  ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;
  calls.begin(options.width, options.height);
  ImGui_ImplGlfw_InitForOpenGL(window, true);
  ImGui_ImplOpenGL3_Init("#version 150");
  double before = glfwGetTime();
  for (long frame = 0; glfwWindowShouldClose(window) == GLFW_FALSE && frame != options.frames && !(calls.done && calls.done());
       ++frame) {
    glfwPollEvents();
    ImGui_ImplOpenGL3_NewFrame();
    ImGui_ImplGlfw_NewFrame();
    map_keys();
    ImGui::NewFrame();
    const double now = glfwGetTime();
    calls.draw(static_cast<std::int64_t>((now - before) * 1e9));
    before = now;
    ImGui::Render();
    int width = 0, height = 0;
    glfwGetFramebufferSize(window, &width, &height);
    glViewport(0, 0, width, height);
    const std::uint32_t c = calls.background();
    glClearColor(static_cast<float>(c >> 16 & 255) / 255, static_cast<float>(c >> 8 & 255) / 255, static_cast<float>(c & 255) / 255, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    glfwSwapBuffers(window);
  }
  ImGui_ImplOpenGL3_Shutdown();
  ImGui_ImplGlfw_Shutdown();
  ImGui::DestroyContext();
  glfwDestroyWindow(window);
  glfwTerminate();
  return true;
}

}  // namespace quorumlab::viz
