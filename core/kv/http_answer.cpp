// How an answer looks: headers in Go's order, and its ways to bound a body.
#include <array>

#include "core/base/assert.h"
#include "core/kv/http_api.h"
#include "core/kv/json_text.h"

namespace quorumlab::kv {
namespace {

// Go's server buffers so much of a body before it gives up counting it.
constexpr std::size_t kBuffered = 2048;

class Headers {
 public:
  void add(std::string_view name, std::string_view value) {
    ASSERT(count_ < all_.size(), "an answer has no more headers than that");
    all_[count_++] = {name, value};
  }
  // The digits stay here until the headers are written.
  void add_number(std::string_view name, std::uint64_t number, unsigned base) {
    std::array<char, 20> digits;
    std::size_t n = 0;
    do {
      digits[n++] = "0123456789abcdef"[number % base];
      number /= base;
    } while (number > 0);
    const std::size_t begin = text_size_;
    while (n > 0) text_[text_size_++] = digits[--n];
    add(name, {text_.data() + begin, text_size_ - begin});
  }
  void write(PartWriter& w) const {
    for (std::size_t i = 0; i < count_; ++i) w.header(all_[i].first, all_[i].second);
  }
  std::size_t size() const { return count_; }

 private:
  std::array<std::pair<std::string_view, std::string_view>, 16> all_;
  std::size_t count_ = 0;
  std::array<char, 120> text_;
  std::size_t text_size_ = 0;
};

void own_headers(const Head& head, Headers& headers) {
  if (head.cors) {
    headers.add("Access-Control-Allow-Headers", "accept, content-type, authorization");
    headers.add("Access-Control-Allow-Methods", "POST, GET, OPTIONS, PUT, DELETE");
    headers.add("Access-Control-Allow-Origin", "*");
  }
  if (!head.allow.empty()) headers.add("Allow", head.allow);
  if (!head.sniffed && !head.content_type.empty()) headers.add("Content-Type", head.content_type);
  if (!head.location.empty()) headers.add("Location", head.location);
  if (head.nosniff) headers.add("X-Content-Type-Options", "nosniff");
  if (head.cluster_id) headers.add_number("X-Etcd-Cluster-Id", *head.cluster_id, 16);
  if (head.etcd_index) headers.add_number("X-Etcd-Index", *head.etcd_index, 10);
  if (head.raft_index) headers.add_number("X-Raft-Index", *head.raft_index, 10);
  if (head.raft_term) headers.add_number("X-Raft-Term", *head.raft_term, 10);
}

// In a buffer of its own size: "Mon, 23 Nov 2026 00:42:22 GMT".
Bytes& date_of(Instant wall, Bytes& room) {
  room.clear();
  append_http_date(wall.ns, room);
  return room;
}

}  // namespace

void AnswerWriter::answer(const Head& head, Shape shape, Instant wall, ByteView body, Bytes& out) {
  Headers headers;
  if (head.plain_go) {
    headers.add("Content-Type", head.content_type);
    headers.add("Connection", "close");
    PartWriter w(out, HttpPart::Kind::whole);
    w.head(head.status, false, true, false, headers.size());
    headers.write(w);
    w.body(body);
    return;
  }
  own_headers(head, headers);
  headers.add("Date", as_text(date_of(wall, date_)));
  const bool has_body = head.status != 204;
  const bool counted = body.size() <= kBuffered;
  bool chunked = false;
  if (has_body && counted && (!shape.head || !body.empty())) {
    headers.add_number("Content-Length", body.size(), 10);
  }
  if (head.sniffed && !body.empty()) headers.add("Content-Type", head.content_type);
  if (has_body && !counted && !shape.head && !shape.http10) {
    headers.add("Transfer-Encoding", "chunked");
    chunked = true;
  }
  PartWriter w(out, HttpPart::Kind::whole);
  w.head(head.status, chunked, shape.http10, shape.http10, headers.size());
  headers.write(w);
  w.body(shape.head ? ByteView{} : body);
}

void AnswerWriter::watch_head(const Head& head, Shape shape, Instant wall, Bytes& out) {
  Headers headers;
  own_headers(head, headers);
  headers.add("Date", as_text(date_of(wall, date_)));
  if (!shape.http10) headers.add("Transfer-Encoding", "chunked");
  PartWriter w(out, HttpPart::Kind::head);
  w.head(head.status, !shape.http10, shape.http10, shape.http10, headers.size());
  headers.write(w);
}

void write_chunk(ByteView body, bool last, Bytes& out) {
  PartWriter w(out, last ? HttpPart::Kind::end : HttpPart::Kind::chunk);
  w.body(body);
}

}  // namespace quorumlab::kv
