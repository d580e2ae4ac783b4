// The speech bubbles of the talk's slides 29-50, and their like for the lock and the address.
#pragma once

#include "core/recipes/config.h"

namespace quorumlab::recipes {

void say_wants(Turn& turn);
// By the server, to who asked or to who waited; nothing when neither: it held all the time.
void say_holds(Turn& turn, NodeId server, bool asked, bool waited);
void say_no(Turn& turn, NodeId server, std::string_view holder);

}  // namespace quorumlab::recipes
