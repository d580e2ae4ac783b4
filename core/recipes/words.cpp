// Who says what.
#include "core/recipes/words.h"

namespace quorumlab::recipes {

void say_wants(Turn& turn) {
  const bool lock = turn.config.kind == AppConfig::Kind::lock ||
                    turn.config.kind == AppConfig::Kind::gossip_lock;
  say(turn, kNobody, {lock ? "Lock it for me!" : "Master me!"});
}

void say_holds(Turn& turn, NodeId server, bool asked, bool waited) {
  const bool lock = turn.config.kind == AppConfig::Kind::lock;
  if (asked || waited) {
    say(turn, server, {!waited ? "Ok!" : lock ? "It's yours!" : "You da master!"});
  }
  if (turn.config.kind == AppConfig::Kind::elastic_ip && !turn.config.address.empty()) {
    say(turn, kNobody, {turn.config.address, " is mine."});
  }
}

void say_no(Turn& turn, NodeId server, std::string_view holder) {
  const bool lock = turn.config.kind == AppConfig::Kind::lock;
  say(turn, server, {"No, ", title_of(turn.config, holder), lock ? " has it." : " is."});
}

}  // namespace quorumlab::recipes
