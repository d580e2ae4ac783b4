// The toy protocol's steps; what they are for stands in the header.
#include "tests/toy/toy_node.h"

#include <algorithm>
#include <optional>

namespace quorumlab::toy {
namespace {
// A file goes out in pieces of this size, so that a receiver must put them together.
constexpr std::size_t kPiece = 7;
}  // namespace

void ToyNode::step(Now now, const Event& event, Effects& out) {
  switch (event.kind) {
    case Event::Kind::started: {
      ByteView kept;
      for (const FileContent& file : event.files) {
        if (file.file == FileId::toy) kept = file.bytes;
      }
      start(kept, out);
      next_ping_ = now.monotonic + kInterval;
      break;
    }
    case Event::Kind::packet:
      on_packet(event.peer, event.bytes, out);
      break;
    case Event::Kind::deadline_reached:
      // A wake-up may come early; only the clock says whether it is time.
      if (now.monotonic < next_ping_) break;
      on_deadline(out);
      next_ping_ = now.monotonic + kInterval;
      break;
    case Event::Kind::write_durable:
      on_durable(event.id, out);
      break;
    case Event::Kind::write_failed:
      out.stop = true;
      break;
    case Event::Kind::stream_opened:
      if (event.id == outgoing_) {
        transfer(out);
      } else {
        incoming_.push_back({event.id, {}});
      }
      break;
    case Event::Kind::stream_refused:
      outgoing_ = 0;
      break;  // the next deadline tries again
    case Event::Kind::stream_bytes:
      for (Incoming& incoming : incoming_) {
        if (incoming.stream == event.id) ByteWriter(incoming.bytes).raw(event.bytes);
      }
      break;
    case Event::Kind::stream_closed:
      on_stream_end(event.id);
      break;
    case Event::Kind::client_request:
      on_request(event, out);
      break;
    case Event::Kind::client_gone:
      std::erase_if(pending_, [&](const Pending& p) { return p.request == event.id; });
      break;
    case Event::Kind::answered:
    case Event::Kind::ask_failed:
      break;  // it asks no server
    case Event::Kind::sends_blocked:
    case Event::Kind::sends_unblocked:
      break;  // it waits for no send
  }
  out.wake_at = next_ping_;
}

std::size_t ToyNode::count(ByteView file, Counts& counts) {
  ByteReader reader(file);
  std::size_t whole = 0;
  while (reader.remaining() > 0) {
    const auto kind = static_cast<RecordKind>(reader.u8());
    const std::uint64_t value = reader.varint();
    if (!reader.ok()) break;
    whole = reader.position();
    if (kind == RecordKind::ping) counts.pings = value;
    if (kind == RecordKind::add) counts.sum += value;
  }
  return whole;
}

void ToyNode::start(ByteView file, Effects& out) {
  const std::size_t whole = count(file, counts_);
  file_.assign(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(whole));
  if (whole < file.size()) {
    // A torn tail was never durable, so nobody was promised it; what follows must not be appended
    // to it.
    const std::uint32_t begin = out.begin();
    ByteWriter(out.bytes).raw(file_);
    write(Effects::Write::Mode::replace, out.end(begin), out);
  }
  out.notes.push_back({Fact::toy, Reason::boot, {}, counts_.pings, counts_.sum, 0});
}

void ToyNode::on_deadline(Effects& out) {
  if (acknowledged_ < kPings) send(PacketKind::ping, successor(), acknowledged_ + 1, 0, out);
  const bool complete = acknowledged_ == kPings && counts_.pings == kPings;
  if (complete && !transferred_ && outgoing_ == 0) {
    outgoing_ = ++streams_;
    out.streams.push_back({Effects::Stream::Op::open, outgoing_, successor(), {}});
  }
}

void ToyNode::transfer(Effects& out) {
  for (std::size_t at = 0; at < file_.size(); at += kPiece) {
    const std::uint32_t begin = out.begin();
    ByteWriter(out.bytes).raw(ByteView(file_).subspan(at, std::min(kPiece, file_.size() - at)));
    out.streams.push_back({Effects::Stream::Op::send, outgoing_, {}, out.end(begin)});
  }
  out.streams.push_back({Effects::Stream::Op::close, outgoing_, {}, {}});
  transferred_ = true;
  outgoing_ = 0;
}

void ToyNode::on_packet(NodeId source, ByteView bytes, Effects& out) {
  ByteReader reader(bytes);
  const auto kind = static_cast<PacketKind>(reader.u8());
  const std::uint64_t number = reader.varint();
  if (!reader.finished()) return;
  if (kind == PacketKind::acknowledgement) {
    if (number == acknowledged_ + 1) acknowledged_ = number;
    return;
  }
  if (kind != PacketKind::ping || number > counts_.pings + 1) return;
  // A ping that came before may still be on its way to the disk: the last write covers it.
  const std::uint64_t write = number == counts_.pings + 1
                                  ? persist(RecordKind::ping, counts_.pings = number, out)
                                  : (last_write_ > durable_write_ ? last_write_ : 0);
  send(PacketKind::acknowledgement, source, number, write, out);
}

void ToyNode::on_request(const Event& event, Effects& out) {
  const std::optional<Request> request = decode_request(event.bytes);
  if (!request) return answer(event.id, Response::Status::bad_request, "", out);
  if (request->kind == Request::Kind::read) {
    return answer(event.id, Response::Status::ok, report(), out);
  }
  std::uint64_t value = 0;
  for (const char digit : as_text(request->value)) {
    if (digit < '0' || digit > '9') {
      return answer(event.id, Response::Status::bad_request, "", out);
    }
    value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  counts_.sum += value;
  pending_.push_back({persist(RecordKind::add, value, out), event.id});
  // An empty first piece: the answer has begun, its end waits for the disk.
  out.replies.push_back({event.id, false, {}});
}

void ToyNode::answer(std::uint64_t request, Response::Status status, std::string_view text,
                     Effects& out) {
  Response response;
  response.status = status;
  response.value = as_bytes(text);
  const std::uint32_t begin = out.begin();
  encode(response, out.bytes);
  out.replies.push_back({request, true, out.end(begin)});
}

void ToyNode::on_durable(std::uint64_t write, Effects& out) {
  durable_write_ = std::max(durable_write_, write);
  for (const Pending& pending : pending_) {
    if (pending.write <= write) answer(pending.request, Response::Status::ok, "added", out);
  }
  std::erase_if(pending_, [&](const Pending& p) { return p.write <= write; });
}

void ToyNode::on_stream_end(std::uint64_t stream) {
  if (stream == outgoing_) outgoing_ = 0;
  for (const Incoming& incoming : incoming_) {
    Counts counts;
    if (incoming.stream != stream) continue;
    if (count(incoming.bytes, counts) == incoming.bytes.size()) copied_ = counts.pings;
  }
  std::erase_if(incoming_, [&](const Incoming& i) { return i.stream == stream; });
}

std::uint64_t ToyNode::persist(RecordKind kind, std::uint64_t value, Effects& out) {
  const std::uint32_t begin = out.begin();
  ByteWriter writer(out.bytes);
  writer.u8(static_cast<std::uint8_t>(kind));
  writer.varint(value);
  const Slice record = out.end(begin);
  ByteWriter(file_).raw(out.view(record));
  write(Effects::Write::Mode::append, record, out);
  return last_write_;
}

void ToyNode::write(Effects::Write::Mode mode, Slice bytes, Effects& out) {
  out.writes.push_back({++last_write_, FileId::toy, mode, bytes});
}

void ToyNode::send(PacketKind kind, NodeId target, std::uint64_t number, std::uint64_t after,
                   Effects& out) const {
  const std::uint32_t begin = out.begin();
  ByteWriter writer(out.bytes);
  writer.u8(static_cast<std::uint8_t>(kind));
  writer.varint(number);
  out.packets.push_back({target, static_cast<std::uint8_t>(kind), after, out.end(begin)});
}

std::string ToyNode::report() const {
  return "pings " + std::to_string(counts_.pings) + " sum " + std::to_string(counts_.sum) +
         " copied " + std::to_string(copied_);
}

}  // namespace quorumlab::toy
