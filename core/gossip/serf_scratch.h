// Buffers that serf's half of an engine uses during a step and that mean nothing afterwards.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/gossip/message.h"
#include "core/gossip/regexp.h"

namespace quorumlab::gossip {

struct SerfScratch {
  Bytes message;  // what this node begins to gossip
  Bytes reply;    // what it answers
  Bytes payload;  // of either
  Bytes filters;  // of a query that is being written, one after the other
  Bytes text;
  Query query;
  Filter filter;
  Regexp regexp;
  std::vector<std::uint32_t> ends;  // of the parts of a buffer
  std::vector<Tag> tags;
  struct LeftName {
    std::string_view name;
    bool met = false;
  };
  std::vector<LeftName> left_names;
};

}  // namespace quorumlab::gossip
