// The bytes of requests and replies, and their text.
#include "core/kv/http.h"

#include <algorithm>

#include "core/kv/form.h"

namespace quorumlab::kv {
namespace {

constexpr std::uint8_t kRequestVersion = 2;  // core/node's own requests begin with 1

enum Flag : std::uint8_t { kChunked = 1, kCloses = 2, kHttp10 = 4 };

bool same_name(std::string_view l, std::string_view r) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c + 0; };
  return l.size() == r.size() && std::equal(l.begin(), l.end(), r.begin(),
                                            [&](char a, char b) { return lower(a) == lower(b); });
}

std::optional<HttpPart::Kind> kind_of(ByteReader& r) {
  const std::uint8_t head = r.u8();
  if (!r.ok() || head >> 4 != PartWriter::kVersion || (head & 15) < 1 || (head & 15) > 4) {
    return std::nullopt;
  }
  return static_cast<HttpPart::Kind>(head & 15);
}

// Takes a line without its end off the front.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  if (text.empty() || text.size() > 8) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    const std::size_t digit = std::string_view("0123456789abcdefABCDEF").find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value * 16 + (digit > 15 ? digit - 6 : digit);
  }
  return value;
}

bool take_chunks(std::string_view text, std::string& body) {
  for (;;) {
    const auto line = take_line(text);
    const auto size = line ? parse_hex(*line) : std::nullopt;
    if (!size) return false;
    if (*size == 0) return text == "\r\n" || text == "\n" || text.empty();
    if (*size > text.size()) return false;
    body += text.substr(0, *size);
    text.remove_prefix(*size);
    if (!take_line(text)) return false;
  }
}

}  // namespace

void encode(const HttpRequest& request, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(kRequestVersion << 4 | (request.http10 ? 1 : 0)));
  w.sized(request.method);
  w.sized(request.target);
  w.sized(request.content_type);
  w.sized(request.session);
  w.sized(request.body);
}

bool is_http_request(ByteView bytes) { return !bytes.empty() && bytes[0] >> 4 == kRequestVersion; }

std::optional<HttpRequest> decode_http_request(ByteView bytes) {
  ByteReader r(bytes);
  HttpRequest request;
  const std::uint8_t head = r.u8();
  request.http10 = (head & 1) != 0;
  request.method = as_text(r.sized());
  request.target = as_text(r.sized());
  request.content_type = as_text(r.sized());
  request.session = as_text(r.sized());
  request.body = as_text(r.sized());
  if (!r.finished() || head >> 4 != kRequestVersion || (head & 15) > 1) return std::nullopt;
  return request;
}

void render(const HttpRequest& request, std::string_view host, std::string& out) {
  const auto header = [&](std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  };
  out += request.method;
  out += ' ';
  out += request.target;
  out += request.http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
  header("Host", host);
  if (!request.session.empty()) header("X-Quorumlab-Session", request.session);
  if (!request.body.empty()) header("Content-Length", std::to_string(request.body.size()));
  if (!request.content_type.empty()) header("Content-Type", request.content_type);
  out += "\r\n";
  out += request.body;
}

void PartWriter::head(std::uint16_t status, bool chunked, bool closes, bool http10,
                      std::size_t headers) {
  w_.varint(status);
  w_.u8(static_cast<std::uint8_t>((chunked ? kChunked : 0) | (closes ? kCloses : 0) |
                                  (http10 ? kHttp10 : 0)));
  w_.varint(headers);
}

const std::string* HttpResponse::header(std::string_view name) const {
  for (const auto& [its_name, value] : headers) {
    if (same_name(its_name, name)) return &value;
  }
  return nullptr;
}

bool add_part(ByteView bytes, HttpResponse& response) {
  ByteReader r(bytes);
  const auto kind = kind_of(r);
  if (!kind) return false;
  const bool begins = *kind == HttpPart::Kind::whole || *kind == HttpPart::Kind::head;
  if (response.complete || begins != (response.status == 0)) return false;
  if (begins) {
    const std::uint64_t status = r.varint();
    const std::uint8_t flags = r.u8();
    const std::uint64_t headers = r.varint();
    if (!r.ok() || status < 100 || status > 999 || flags > 7 || headers > r.remaining())
      return false;
    HttpResponse fresh;
    fresh.status = static_cast<std::uint16_t>(status);
    fresh.chunked = (flags & kChunked) != 0;
    fresh.closes = (flags & kCloses) != 0;
    fresh.http10 = (flags & kHttp10) != 0;
    for (std::uint64_t i = 0; i < headers; ++i) {
      std::string name(as_text(r.sized()));
      fresh.headers.emplace_back(std::move(name), as_text(r.sized()));
    }
    if (*kind == HttpPart::Kind::whole) fresh.body = as_text(r.sized());
    fresh.complete = *kind == HttpPart::Kind::whole;
    if (!r.finished()) return false;
    response = std::move(fresh);
    return true;
  }
  const ByteView more = r.sized();
  if (!r.finished()) return false;
  response.body += as_text(more);
  response.complete = *kind == HttpPart::Kind::end;
  return true;
}

std::optional<std::string_view> chunk_of(ByteView bytes) {
  ByteReader r(bytes);
  const auto kind = kind_of(r);
  if (!kind || (*kind != HttpPart::Kind::chunk && *kind != HttpPart::Kind::end))
    return std::nullopt;
  const std::string_view text = as_text(r.sized());
  if (!r.finished()) return std::nullopt;
  return text;
}

void render(const HttpResponse& response, std::string& out, bool on_the_wire) {
  out += response.http10 ? "HTTP/1.0 " : "HTTP/1.1 ";
  out += std::to_string(response.status);
  out += ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  for (const auto& [name, value] : response.headers) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
  out += "\r\n";
  if (!on_the_wire || !response.chunked) {
    out += response.body;
    return;
  }
  if (!response.body.empty()) {
    std::string size;
    for (std::size_t n = response.body.size(); n > 0; n /= 16) size += "0123456789abcdef"[n % 16];
    out.append(size.rbegin(), size.rend());
    out += "\r\n";
    out += response.body;
    out += "\r\n";
  }
  if (response.complete) out += "0\r\n\r\n";
}

std::optional<HttpResponse> parse_http_response(std::string_view text) {
  HttpResponse response;
  const auto first = take_line(text);
  if (!first || first->size() < 12 || !first->starts_with("HTTP/1.") || (*first)[8] != ' ') {
    return std::nullopt;
  }
  response.http10 = (*first)[7] == '0';
  const auto status = parse_uint(first->substr(9, 3));
  if (!status || *status < 100) return std::nullopt;
  response.status = static_cast<std::uint16_t>(*status);
  for (;;) {
    const auto line = take_line(text);
    if (!line) return std::nullopt;
    if (line->empty()) break;
    const std::size_t colon = line->find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view value = line->substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    response.headers.emplace_back(line->substr(0, colon), value);
  }
  const std::string* encoding = response.header("Transfer-Encoding");
  const std::string* length = response.header("Content-Length");
  const std::string* connection = response.header("Connection");
  response.chunked = encoding != nullptr && *encoding == "chunked";
  response.closes = response.http10 || (connection != nullptr && *connection == "close");
  response.complete = true;
  if (response.chunked) {
    if (!take_chunks(text, response.body)) return std::nullopt;
  } else if (length != nullptr) {
    const auto size = parse_uint(*length);
    if (!size || (*size != text.size() && !text.empty())) return std::nullopt;  // empty: of a HEAD
    response.body = text;
  } else {
    response.body = text;
  }
  return response;
}

std::string_view reason_phrase(std::uint16_t status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 415:
      return "Unsupported Media Type";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "";
  }
}

}  // namespace quorumlab::kv
