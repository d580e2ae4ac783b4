// Go's compress/lzw in the only form that memberlist uses: least significant bit first, literals of
// eight bits. Pure functions; their tables live on the stack.
#pragma once

#include "core/base/bytes.h"
#include "core/gossip/wire_error.h"

namespace quorumlab::gossip {

// Appends the compressed form of `data`, byte for byte what Go's encoder writes.
void lzw_compress(ByteView data, Bytes& out);
// Appends the decompressed form. Stops with too_large before `out` has grown by more than `limit`
// bytes, and with bad_compression when the data is no LZW or has no end. Bytes after the end code
// are ignored.
[[nodiscard]] WireError lzw_decompress(ByteView data, std::size_t limit, Bytes& out);

}  // namespace quorumlab::gossip
