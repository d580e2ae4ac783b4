// The program `quorumlab`.
#include "sim/cli/cli.h"

int main(int argc, char** argv) { return quorumlab::cli::run_cli(argc, argv); }
