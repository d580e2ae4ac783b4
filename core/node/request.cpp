// Encoding of requests and responses: one byte of version and kind, then variable-length integers.
#include "core/node/request.h"

namespace quorumlab {
namespace {

constexpr std::uint8_t kVersion = 1;

bool is_known(Request::Kind kind) {
  return kind >= Request::Kind::write && kind <= Request::Kind::agent;
}

bool is_known(Response::Status status) {
  return status >= Response::Status::ok && status <= Response::Status::bad_request;
}

// Nearly every request and response: each of its integers is a byte. False for all others, damaged
// ones among them.
bool decode_short(ByteView bytes, Request& request) {
  constexpr std::size_t kKey = 6;  // head, four integers and the key's size stand before it
  if (bytes.size() <= kKey) return false;
  const std::uint8_t* p = bytes.data();
  if (((p[1] | p[2] | p[3] | p[4] | p[5]) & 0x80) != 0 || p[0] >> 4 != kVersion) return false;
  const std::size_t value = kKey + p[5] + 1;
  if (value > bytes.size() || p[value - 1] >= 0x80 || value + p[value - 1] != bytes.size()) {
    return false;
  }
  request.kind = static_cast<Request::Kind>(p[0] & 0x0f);
  request.session = p[1];
  request.sequence = p[2];
  request.first_outstanding = p[3];
  request.node = NodeId{p[4]};
  request.key = {p + kKey, p[5]};
  request.value = {p + value, p[value - 1]};
  return is_known(request.kind);
}

bool decode_short(ByteView bytes, Response& response) {
  constexpr std::size_t kValue = 7;  // head, five integers and the value's size stand before it
  if (bytes.size() < kValue) return false;
  const std::uint8_t* p = bytes.data();
  if (((p[1] | p[2] | p[3] | p[4] | p[5] | p[6]) & 0x80) != 0 || p[0] >> 4 != kVersion ||
      kValue + p[6] != bytes.size()) {
    return false;
  }
  response.status = static_cast<Response::Status>(p[0] & 0x0f);
  response.reason = static_cast<Reason>(p[1]);
  response.index = LogIndex{p[2]};
  response.term = Term{p[3]};
  response.leader = NodeId{p[4]};
  response.modified = LogIndex{p[5]};
  response.value = {p + kValue, p[6]};
  return is_known(response.status);
}

}  // namespace

void encode(const Request& request, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(kVersion << 4 | static_cast<std::uint8_t>(request.kind)));
  w.varint(request.session);
  w.varint(request.sequence);
  w.varint(request.first_outstanding);
  w.varint(request.node.value);
  w.sized(request.key);
  w.sized(request.value);
}

std::optional<Request> decode_request(ByteView bytes) {
  std::optional<Request> result;
  Request& request = result.emplace();
  if (decode_short(bytes, request)) [[likely]] return result;
  ByteReader r(bytes);
  const std::uint8_t head = r.u8();
  request.kind = static_cast<Request::Kind>(head & 0x0f);
  request.session = r.varint();
  request.sequence = r.varint();
  request.first_outstanding = r.varint();
  const std::uint64_t node = r.varint();
  request.node = NodeId{static_cast<std::uint32_t>(node)};
  request.key = r.sized();
  request.value = r.sized();
  if (!r.finished() || head >> 4 != kVersion || !is_known(request.kind) || node > UINT32_MAX) {
    result.reset();
  }
  return result;
}

bool is_agent_request(ByteView bytes) {
  return !bytes.empty() && (bytes[0] & 0x0f) == static_cast<std::uint8_t>(Request::Kind::agent);
}

void encode(const Response& response, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(kVersion << 4 | static_cast<std::uint8_t>(response.status)));
  w.varint(static_cast<std::uint64_t>(response.reason));
  w.varint(response.index.value);
  w.varint(response.term.value);
  w.varint(response.leader.value);
  w.varint(response.modified.value);
  w.sized(response.value);
}

std::optional<Response> decode_response(ByteView bytes) {
  std::optional<Response> result;
  Response& response = result.emplace();
  if (decode_short(bytes, response)) [[likely]] return result;
  ByteReader r(bytes);
  const std::uint8_t head = r.u8();
  response.status = static_cast<Response::Status>(head & 0x0f);
  const std::uint64_t reason = r.varint();
  response.reason = static_cast<Reason>(reason);
  response.index = LogIndex{r.varint()};
  response.term = Term{r.varint()};
  const std::uint64_t leader = r.varint();
  response.leader = NodeId{static_cast<std::uint32_t>(leader)};
  response.modified = LogIndex{r.varint()};
  response.value = r.sized();
  if (!r.finished() || head >> 4 != kVersion || !is_known(response.status) ||
      leader > UINT32_MAX || reason > UINT16_MAX) {
    result.reset();
  }
  return result;
}

}  // namespace quorumlab
