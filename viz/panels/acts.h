// What a hand does to the world: menus on hosts, messages and the world, a line that divides the
// network, and lines to type. All of it ends in a deed; nothing here carries one out.
#pragma once

#include "viz/panels/layout.h"

namespace quorumlab::viz {

// Over the network: the host that is chosen, the line that is drawn, and the clicks that open menus.
void draw_hands(const Canvas& canvas, const Layout& layout, const Box& area);
// Over everything; and the keys that open and serve it. True: the keys were meant for it.
bool draw_menu(const Canvas& canvas, const Box& screen);
// What the last act came to.
void draw_notice(const Canvas& canvas, const Box& area);

// The branches as a tree, and the keys while it is shown. True: they were meant for it.
bool draw_branches(const Canvas& canvas, const Box& box);
// Which branch this is, if there are others; answers the height used.
void draw_branch_name(const Canvas& canvas, const Box& area, bool beside);
// The network of the branch shown and of the one beside it, and what differs.
void draw_two_networks(const Canvas& canvas, const Box& box);

}  // namespace quorumlab::viz
