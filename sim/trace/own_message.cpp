// Values as people read them: as Python writes them, and not too long.
#include "sim/trace/own_message.h"

#include <fmt/format.h>

#include <bit>

namespace quorumlab::trace {
namespace {

constexpr std::size_t kMostText = 40, kMostWords = 160;

std::string plain(ByteView bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) {
    if (out.size() >= kMostText && (byte & 0xc0) != 0x80) return out + "...";
    out += byte < 0x20 || byte == 0x7f ? ' ' : static_cast<char>(byte);
  }
  return out;
}

class Reading {
 public:
  explicit Reading(ByteView value) : in_(value) {}

  // The next value in words; once there are enough of them, it is only passed over.
  void value(std::string& out, int depth = 0) {
    if (depth > kMostValueDepth || !in_.ok()) return;
    switch (static_cast<ValueTag>(in_.u8())) {
      case ValueTag::none: return add(out, "None");
      case ValueTag::no: return add(out, "False");
      case ValueTag::yes: return add(out, "True");
      case ValueTag::integer: {
        const std::uint64_t z = in_.varint();
        return add(out, std::to_string(static_cast<std::int64_t>((z >> 1) ^ (~(z & 1) + 1))));
      }
      case ValueTag::large: return add(out, plain(in_.sized()));
      case ValueTag::real: return add(out, fmt::format("{:g}", std::bit_cast<double>(in_.u64())));
      case ValueTag::text: return add(out, "'" + plain(in_.sized()) + "'");
      case ValueTag::bytes: return add(out, fmt::format("{} bytes", in_.sized().size()));
      case ValueTag::list: return items(out, "[", "]", in_.varint(), depth);
      case ValueTag::tuple: return items(out, "(", ")", in_.varint(), depth);
      case ValueTag::map: return map(out, in_.varint(), depth);
      case ValueTag::object: {
        add(out, plain(in_.sized()));
        add(out, "(");
        const std::uint64_t count = in_.varint();
        for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
          add(out, (i > 0 ? ", " : "") + plain(in_.sized()) + "=");
          value(out, depth + 1);
        }
        return add(out, ")");
      }
    }
    in_.raw(in_.remaining() + 1);  // it is no value
  }

  // The message's own name.
  std::string name() {
    switch (static_cast<ValueTag>(in_.u8())) {
      case ValueTag::text:
      case ValueTag::object: return plain(in_.sized());
      case ValueTag::list:
      case ValueTag::tuple:
        if (in_.varint() > 0 && static_cast<ValueTag>(in_.u8()) == ValueTag::text) return plain(in_.sized());
        break;
      case ValueTag::map: {
        std::string key, text;
        for (std::uint64_t count = in_.varint(); count > 0 && in_.ok(); --count) {
          key.clear();
          text.clear();
          value(key);
          const bool is_text = in_.remaining() > 0 && Reading(*this).in_.u8() == static_cast<std::uint8_t>(ValueTag::text);
          value(text);
          if (key == "'type'" && is_text) return text.substr(1, text.size() - 2);
        }
        break;
      }
      default: break;
    }
    return "message";
  }

 private:
  void add(std::string& out, const std::string& what) {
    if (out.size() < kMostWords) {
      out += what;
    } else if (!out.ends_with("...")) {
      out += "...";
    }
  }
  void items(std::string& out, const char* open, const char* close, std::uint64_t count, int depth) {
    add(out, open);
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
      if (i > 0) add(out, ", ");
      value(out, depth + 1);
    }
    add(out, close);
  }
  void map(std::string& out, std::uint64_t count, int depth) {
    add(out, "{");
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
      if (i > 0) add(out, ", ");
      value(out, depth + 1);
      add(out, ": ");
      value(out, depth + 1);
    }
    add(out, "}");
  }
  ByteReader in_;
};

}  // namespace

std::uint32_t own_checksum(ByteView value) { return static_cast<std::uint32_t>(hash_bytes(value, 0x0a11)); }

ByteView own_value(ByteView message) {
  if (message.size() < 5) return {};
  const ByteView value = message.subspan(4);
  return ByteReader(message).u32() == own_checksum(value) ? value : ByteView{};
}

std::string own_message_name(ByteView message) {
  const ByteView value = own_value(message);
  return value.empty() ? "message" : Reading(value).name();
}

std::string own_message_words(ByteView message) {
  const ByteView value = own_value(message);
  if (value.empty()) return "message";
  std::string words;
  Reading(value).value(words);
  return words;
}

}  // namespace quorumlab::trace
