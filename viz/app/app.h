// The program quorumlab-viz: a run in a window, or as a picture without one.
#pragma once

namespace quorumlab::viz {

int run_viz(int argc, char** argv);

}  // namespace quorumlab::viz
