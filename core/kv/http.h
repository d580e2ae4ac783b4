// HTTP requests and answers as plain values, the compact bytes in which they travel through the
// world (of Event::client_request and Effects::Reply), and the text of HTTP/1.1 for showing them.
// What sends and receives them over real sockets stands elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/bytes.h"

namespace quorumlab::kv {

// Views into whatever it was decoded from.
struct HttpRequest {
  std::string_view method;        // "GET"; methods are case-sensitive
  std::string_view target;        // path and query as on the request line, still escaped
  std::string_view content_type;  // empty: none
  // X-Quorumlab-Session: "ID/SEQUENCE" or "ID/SEQUENCE/FIRST_OUTSTANDING", numbers in decimal. A
  // write that is sent again under the same pair is not applied again and gets its first answer
  // (thesis 6.3).
  std::string_view session;
  std::string_view body;
  bool http10 = false;
  bool operator==(const HttpRequest&) const = default;
};
void encode(const HttpRequest& request, Bytes& out);
std::optional<HttpRequest> decode_http_request(ByteView bytes);
// Whether these bytes are an encoded HttpRequest, without a look at the rest: their first byte
// differs from every Request of core/node.
bool is_http_request(ByteView bytes);
// Request line, headers and body, as a client sends it.
void render(const HttpRequest& request, std::string_view host, std::string& out);

// One reply of a server. A plain answer is a whole; a watch is a head, sent at once, then chunks,
// the last of which may be empty.
struct HttpPart {
  enum class Kind : std::uint8_t {
    whole = 1,  // head and body; nothing follows
    head = 2,   // status and headers only
    chunk = 3,  // more of the body
    end = 4     // the last of the body, maybe nothing; then the terminating chunk
  };
  Kind kind = Kind::whole;
};

// What a client has of an answer so far.
struct HttpResponse {
  std::uint16_t status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // as on the wire, in order
  std::string body;                                          // what arrived of it, chunks joined
  bool chunked = false;                                      // sent with Transfer-Encoding: chunked
  bool closes = false;                                       // the connection ends with the answer
  bool http10 = false;
  bool complete = false;
  bool operator==(const HttpResponse&) const = default;
  // The value of the first header of that name, whatever its case; null if there is none.
  const std::string* header(std::string_view name) const;
};
// Adds one reply's bytes to the answer. False if they are malformed or out of turn.
[[nodiscard]] bool add_part(ByteView bytes, HttpResponse& response);
// The chunk that a reply's bytes bring, or nothing; for those who look at a watch event by event.
std::optional<std::string_view> chunk_of(ByteView bytes);
// Status line, headers in wire order and body, as curl -i prints them; on the wire a chunked body
// is one chunk and, if nothing follows, the terminating one.
void render(const HttpResponse& response, std::string& out, bool on_the_wire = false);
// The text of a whole answer back into a value: Content-Length, chunks or the end of the text bound
// the body.
std::optional<HttpResponse> parse_http_response(std::string_view text);
std::string_view reason_phrase(std::uint16_t status);

// Writes the parts; the server's side of the encoding.
class PartWriter {
 public:
  // Flags as in HttpResponse. `headers` counts the header() calls that follow.
  PartWriter(Bytes& out, HttpPart::Kind kind) : w_(out) {
    w_.u8(kVersion << 4 | static_cast<std::uint8_t>(kind));
  }
  void head(std::uint16_t status, bool chunked, bool closes, bool http10, std::size_t headers);
  void header(std::string_view name, std::string_view value) {
    w_.sized(name);
    w_.sized(value);
  }
  void body(ByteView bytes) { w_.sized(bytes); }

  static constexpr std::uint8_t kVersion = 3;

 private:
  ByteWriter w_;
};

}  // namespace quorumlab::kv
