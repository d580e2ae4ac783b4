// Values of serf's RPC, read and written again without knowing what they mean: today's msgpack, in
// which texts and bytes have tags of their own.
#pragma once

#include <algorithm>

#include "core/gossip/msgpack.h"

namespace quorumlab::gossip {

inline void transcode_value(msgpack::Reader& in, msgpack::Writer& w) {
  const std::uint8_t tag = in.peek();
  if (tag == 0xc0) {
    in.skip();
    w.nil();
  } else if (tag == 0xc2 || tag == 0xc3) {
    w.boolean(in.boolean());
  } else if (tag == 0xcb) {
    w.float64(in.float64_bits());
  } else if ((tag & 0xe0) == 0xa0 || (tag >= 0xd9 && tag <= 0xdb)) {
    w.str(in.text());
  } else if (tag >= 0xc4 && tag <= 0xc6) {
    w.bin(in.raw());
  } else if ((tag & 0xf0) == 0x80 || tag == 0xde || tag == 0xdf) {
    std::uint32_t pairs = in.map();
    w.map(pairs);
    for (; pairs != 0 && in.ok(); --pairs) {
      transcode_value(in, w);
      transcode_value(in, w);
    }
  } else if ((tag & 0xf0) == 0x90 || tag == 0xdc || tag == 0xdd) {
    std::uint32_t items = in.array();
    w.array(items);
    for (; items != 0 && in.ok(); --items) transcode_value(in, w);
  } else {
    w.signed_integer(in.i64());
  }
}

// How many values `bytes` hold; -1 if one of them does not come out as it went in.
inline int transcode_values(ByteView bytes) {
  int values = 0;
  while (!bytes.empty()) {
    msgpack::Reader in(bytes);
    Bytes again;
    {
      msgpack::Writer w(again, 9 * bytes.size() + 16);
      transcode_value(in, w);
    }
    if (!in.ok() || again.size() + in.rest().size() != bytes.size() ||
        !std::equal(again.begin(), again.end(), bytes.begin())) {
      return -1;
    }
    bytes = in.rest();
    ++values;
  }
  return values;
}

}  // namespace quorumlab::gossip
