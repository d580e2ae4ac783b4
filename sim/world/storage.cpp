// Writes: from a node's step to its disk, and back as an event once they are durable or failed.
#include "sim/world/cluster.h"

namespace quorumlab::world {

// The notes of the step get the earlier records, since they say why it writes; the judges look at
// the writes first, since what a node says about itself may speak of them.
void Cluster::submit_writes(Process& p, RecordId cause) {
  const RecordId first = records_ + 1;
  for (const Note& note : effects_.notes) number(record_of(note, p, cause));
  for (const Effects::Write& write : effects_.writes) {
    const ByteView bytes = effects_.view(write.bytes);
    const bool replace = write.mode == Effects::Write::Mode::replace;
    const RecordId submitted =
        emit(fact(WorldFact::write_submitted, p.id.value, cause, 0,
                  static_cast<std::uint32_t>(write.file), write.id, bytes.size(), replace ? 1 : 0));
    judges_.write_submitted(now_.ns, submitted, p.id, write.id, write.file, write.mode, bytes);
    saw(Seen::write, static_cast<std::uint32_t>(write.file) << 1 | (replace ? 1 : 0), p.id.value,
        write.id, bytes);
    const std::uint64_t base = mix(disk_seed_, p.id.value, ++p.disk.writes);
    const Duration takes = network_.latency(
        p.disk.settings().latency, mix(base, static_cast<std::uint64_t>(DrawFor::disk_latency)));
    Disk::Write& w =
        p.disk.submit(now_.ns, write, bytes, takes,
                      mix(base, static_cast<std::uint64_t>(DrawFor::disk_fate)), queue_.blobs());
    w.cause = submitted;
    schedule_disk(p, write.file);
  }
  RecordId id = first;
  for (const Note& note : effects_.notes) {
    if (note.fact == Fact::config_applied) quorum_may_change(cause);
    if (note.fact == Fact::autopilot_removes) [[unlikely]]
      judge_eviction(p, note.peer, id);
    judges_.fact(record_of(note, p, cause), id++);
  }
}

// One entry in the queue for each file: for the first of its writes.
void Cluster::schedule_disk(Process& p, FileId file) {
  const std::size_t f = static_cast<std::size_t>(file);
  if (p.disk.scheduled[f] || !p.disk.has_pending(file)) return;
  p.disk.scheduled[f] = true;
  const SlotId slot = queue_.take(Slot::Kind::disk, p.id.value, 0);
  queue_[slot].file = static_cast<std::uint8_t>(f);
  queue_[slot].generation = p.disk.generation;
  queue_.schedule(std::max(p.disk.next_completion(file), now_.ns), slot);
}

void Cluster::on_disk(SlotId slot) {
  Process& p = at(queue_[slot].node);
  const FileId file = static_cast<FileId>(queue_[slot].file);
  if (queue_[slot].generation != p.disk.generation) return queue_.drop(slot);
  const std::int64_t due = p.disk.next_completion(file);
  if (due > now_.ns) {  // the disk stalls
    queue_.schedule(due, slot);
    return;
  }
  queue_.drop(slot);
  p.disk.scheduled[static_cast<std::size_t>(file)] = false;
  Disk::Write write = p.disk.complete(file, queue_.blobs());
  schedule_disk(p, file);
  ++events_;

  const std::uint32_t f = static_cast<std::uint32_t>(file);
  RecordId record;
  if (write.fails) {
    Record failed = fact(WorldFact::write_failed, p.id.value, write.cause, 0, f, write.id);
    failed.reason =
        static_cast<std::uint16_t>(write.full ? Reason::disk_full : Reason::write_failed);
    record = emit(failed);
    saw(Seen::write_failed, f, p.id.value, write.id);
  } else {
    record = emit(fact(WorldFact::write_durable, p.id.value, write.cause, 0, f, write.id));
    saw(Seen::durable, f, p.id.value, write.id);
  }
  // A write of a process that is gone reaches the disk, but nobody waits for it.
  if (!p.up()) return lose_packets(write);
  if (write.fails) {
    judges_.write_failed(now_.ns, record, p.id, write.id);
    lose_packets(write);
  } else {
    judges_.write_durable(now_.ns, record, p.id, write.id);
  }
  if (p.state == Process::State::paused) {
    const SlotId told = queue_.take(
        write.fails ? Slot::Kind::write_failed : Slot::Kind::write_durable, p.id.value, 0);
    Slot& s = queue_[told];
    s.id = write.id;
    s.cause = record;
    s.generation = p.life;
    s.chain = write.first_packet;
    p.waiting.push_back(told);
    return;
  }
  for (SlotId packet = write.first_packet; packet != kNoSlot;) {
    const SlotId next = queue_[packet].next;
    queue_[packet].cause = record;
    leave_or_wait(p, packet);
    packet = next;
  }
  Event event;
  event.kind = write.fails ? Event::Kind::write_failed : Event::Kind::write_durable;
  event.id = write.id;
  step(p, event, record);
}

// Promises that were to follow this write will never leave.
void Cluster::lose_packets(Disk::Write& write) {
  for (SlotId packet = write.first_packet; packet != kNoSlot;) {
    const SlotId next = queue_[packet].next;
    drop_packet(packet, WorldReason::sender_died);
    packet = next;
  }
  write.first_packet = write.last_packet = kNoSlot;
}

}  // namespace quorumlab::world
