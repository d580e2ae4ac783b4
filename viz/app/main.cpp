// The program `quorumlab-viz`.
#include "viz/app/app.h"

int main(int argc, char** argv) { return quorumlab::viz::run_viz(argc, argv); }
