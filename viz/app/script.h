// A person's hands, written down: one command a line drives the panels by mouse and keys, for
// pictures in documentation and for tests.
//
//   seek slide 22            a bookmark, a slide or a time
//   key Space | key Shift+E | key Ctrl+S | key A   pressed and let go
//   click node:n1 | rclick node:n1 | click 640,400
//   hover node:n1            the mouse goes there
//   drag scrubber 900,700
//   wheel -3 diagram         notches; towards oneself is negative
//   type some text
//   wait 500ms               of real time: what plays, plays on
//   shows caption | hides help
//   hints on | hints off     what only a window needs: buttons, keys
//   screenshot out.png
//
// Places are what panels call them ("node:n1", 'node:DB X'); `#` begins a comment.
#pragma once

#include <string>

#include "viz/app/stage.h"

namespace quorumlab::viz {

// `name` stands in messages; `small`: pictures of 256 colours. 0, or an exit code after the reason was printed with its line.
int run_script(const std::string& text, const std::string& name, Session& session, Stage& stage, bool small);
// The same with a file; "-" is standard input.
int run_script_file(const std::string& file, Session& session, Stage& stage, bool small);

}  // namespace quorumlab::viz
