// One host: its role by shape, colour and text, its term, its log.
#pragma once

#include "viz/panels/layout.h"

namespace quorumlab::viz {

void draw_server(const Canvas& canvas, const Layout& layout, std::uint32_t host);
void draw_outsider(const Canvas& canvas, const Layout& layout, std::uint32_t host);

}  // namespace quorumlab::viz
