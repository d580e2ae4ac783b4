// The words for what was wrong with bytes from outside.
#include "core/gossip/wire_error.h"

namespace quorumlab::gossip {

const char* wire_error_words(WireError error) {
  switch (error) {
    case WireError::none: return "nothing wrong";
    case WireError::truncated: return "the message ends before its last field";
    case WireError::wrong_type: return "a field holds another kind of value than it must";
    case WireError::out_of_range: return "a number does not fit its field";
    case WireError::bad_address: return "an address is neither IPv4 nor IPv6";
    case WireError::empty: return "there is no type byte";
    case WireError::bad_label: return "the label header is damaged";
    case WireError::other_label: return "the label is another cluster's";
    case WireError::too_short_to_decrypt: return "too short to hold nonce and tag";
    case WireError::unknown_encryption: return "the encryption version is unknown";
    case WireError::cannot_decrypt: return "no key opens it";
    case WireError::bad_padding: return "the padding is damaged";
    case WireError::bad_crc: return "the checksum does not match";
    case WireError::bad_compound: return "the compound's list of lengths is cut short";
    case WireError::truncated_compound: return "the compound's last parts are missing";
    case WireError::unknown_compression: return "the compression is unknown";
    case WireError::bad_compression: return "the compressed data is damaged";
    case WireError::too_large: return "it is larger than allowed";
    case WireError::nested_too_deep: return "layers are nested too deep";
    case WireError::too_many_parts: return "it has too many parts";
    case WireError::unsupported_type: return "the message's type has no place here";
    case WireError::not_encrypted: return "it is not encrypted although a key is set";
    case WireError::encrypted: return "it is encrypted and no key is set";
  }
  return "unknown";
}

}  // namespace quorumlab::gossip
