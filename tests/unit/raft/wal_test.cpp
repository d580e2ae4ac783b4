// Recovery from what the disk kept: cut anywhere, damaged anywhere, written by another version.
#include "core/raft/wal.h"

#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::raft;

namespace {

Bytes entries(std::uint64_t term, const std::vector<std::string>& payloads) {
  Bytes bytes;
  for (const std::string& p : payloads) {
    encode_entry({term}, EntryKind::normal, as_bytes(p), bytes);
  }
  return bytes;
}

struct Sample {
  Bytes file;
  std::vector<std::size_t> ends;  // of the records
};

Sample sample() {
  Sample s;
  const auto done = [&s] { s.ends.push_back(s.file.size()); };
  append_header(s.file), done();
  append_entries_record({1}, 2, entries(1, {"one", "two"}), s.file), done();
  append_hard_state({{1}, {2}, {1}}, s.file), done();
  append_entries_record({2}, 2, entries(2, {"zwei", "drei"}), s.file), done();
  append_hard_state({{2}, {3}, {2}}, s.file), done();
  return s;
}

}  // namespace

TEST_CASE("a whole log file gives back what was written; later entries replace earlier ones") {
  const RecoverResult r = recover(sample().file, {});
  REQUIRE_FALSE(r.failure);
  CHECK_FALSE(r.torn);
  CHECK_FALSE(r.needs_header);
  CHECK(r.recovered.hard_state == HardState{{2}, {3}, {2}});
  const Log& log = r.recovered.log;
  REQUIRE(log.last_index().value == 3);
  CHECK(as_text(log.entry({1}).payload) == "one");
  CHECK(as_text(log.entry({2}).payload) == "zwei");
  CHECK(log.term({3}) == Term{2});
}

TEST_CASE("an empty disk is a fresh node") {
  const RecoverResult r = recover({}, {});
  CHECK_FALSE(r.failure);
  CHECK_FALSE(r.torn);
  CHECK(r.needs_header);
  CHECK(r.recovered.log.last_index().value == 0);
}

TEST_CASE("a file cut at any byte keeps exactly its whole records") {
  const Sample s = sample();
  for (std::size_t size = 0; size <= s.file.size(); ++size) {
    const RecoverResult r = recover(ByteView(s.file).first(size), {});
    INFO("cut at " << size);
    REQUIRE_FALSE(r.failure);
    std::size_t whole = 0;
    for (const std::size_t end : s.ends) {
      if (end <= size) whole = end;
    }
    CHECK(r.offset == whole);
    CHECK(r.torn == (whole != size));
    CHECK(r.needs_header == (whole == 0));
    CHECK(r.recovered.log.last_index().value == (whole >= s.ends[3] ? 3 : whole >= s.ends[1] ? 2 : 0));
  }
}

TEST_CASE("a flipped byte before the last record refuses, in the last one it is cut off") {
  const Sample s = sample();
  for (std::size_t at = 0; at < s.file.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      Bytes file = s.file;
      file[at] = static_cast<std::uint8_t>(file[at] ^ (1 << bit));
      const RecoverResult r = recover(file, {});
      INFO("byte " << at << " bit " << bit);
      if (at < s.ends[s.ends.size() - 2]) {
        REQUIRE(r.failure == Reason::corrupt_record);
        std::size_t begin = 0;
        for (const std::size_t end : s.ends) {
          if (end <= at) begin = end;
        }
        CHECK(r.offset == begin);
      } else {
        REQUIRE_FALSE(r.failure);
        CHECK(r.torn);
        CHECK(r.recovered.log.last_index().value == 3);
        // The term of an entry that survived is not forgotten, the vote is.
        CHECK(r.recovered.hard_state.term == Term{2});
        CHECK(r.recovered.hard_state.voted_for == kNobody);
      }
    }
  }
}

TEST_CASE("a newer version is refused, of either file") {
  Bytes file;
  append_header(file);
  Bytes newer;
  {
    // The same record with version 2 and its checksum.
    newer = {1, 0, 0, 0, 0, 0, 0, 0, 1, 2};
    const std::uint32_t sum =
        static_cast<std::uint32_t>(hash_bytes(ByteView(newer).subspan(8), 1));
    for (int i = 0; i < 4; ++i) newer[4 + i] = static_cast<std::uint8_t>(sum >> (8 * i));
  }
  CHECK(recover(newer, {}).failure == Reason::newer_format);
  CHECK_FALSE(recover(file, {}).failure);
}

TEST_CASE("a snapshot drops what it covers") {
  const Sample s = sample();
  const Log whole = recover(s.file, {}).recovered.log;
  SnapshotMeta meta;
  meta.index = {2};
  meta.term = {2};
  meta.chain = whole.chain({2});
  meta.conf.voters = {{1}, {2}};
  meta.conf.voters_outgoing = {{1}, {3}};
  meta.conf.learners = {{9}};
  meta.conf.auto_leave = true;
  Bytes snapshot;
  encode_snapshot(meta, as_bytes("state"), snapshot);

  SECTION("the log goes on behind it") {
    const RecoverResult r = recover(s.file, snapshot);
    REQUIRE_FALSE(r.failure);
    CHECK(r.recovered.log.first_index().value == 3);
    CHECK(r.recovered.log.last_index().value == 3);
    CHECK(r.recovered.log.chain({3}) == whole.chain({3}));
    CHECK(r.recovered.snapshot.conf == meta.conf);
    CHECK(as_text(r.recovered.snapshot_bytes) == "state");
  }
  SECTION("a log of another history is void") {
    meta.chain ^= 1;
    snapshot.clear();
    encode_snapshot(meta, as_bytes("state"), snapshot);
    const RecoverResult r = recover(s.file, snapshot);
    REQUIRE_FALSE(r.failure);
    CHECK(r.recovered.log.last_index().value == 2);
    CHECK(r.recovered.log.base_chain() == meta.chain);
    // The next write says so, else what follows would be read on top of the old entries.
    REQUIRE(r.recovered.log_start_missing);
    Config config;
    config.id = {1};
    Engine engine(config, r.recovered, Random(1), Now{});
    Ready ready;
    engine.take_ready(ready);
    REQUIRE(ready.write_log_start);
    Bytes file = s.file;
    append_write(ready, file);
    append_entries_record({3}, 1, entries(4, {"three"}), file);
    meta.index = {3};  // and a newer snapshot that replaces this one does not make it a gap
    Bytes newer;
    encode_snapshot(meta, as_bytes("newer"), newer);
    CHECK_FALSE(recover(file, newer).failure);
    const RecoverResult again = recover(file, snapshot);
    CHECK(again.recovered.log.last_index().value == 3);
    CHECK_FALSE(again.recovered.log_start_missing);
  }
  SECTION("a snapshot beyond the log, and entries behind it") {
    meta.index = {10};
    snapshot.clear();
    encode_snapshot(meta, as_bytes("state"), snapshot);
    Bytes file = s.file;
    RecoverResult r = recover(file, snapshot);
    REQUIRE_FALSE(r.failure);
    CHECK(r.recovered.log.last_index().value == 10);
    CHECK(r.recovered.hard_state.commit.value == 10);
    append_log_start({10}, meta.term, meta.chain, file);
    append_entries_record({11}, 1, entries(4, {"elf"}), file);
    r = recover(file, snapshot);
    REQUIRE_FALSE(r.failure);
    CHECK(r.recovered.log.last_index().value == 11);
    CHECK(as_text(r.recovered.log.entry({11}).payload) == "elf");
    // Without the snapshot that it stands on the log is not to be trusted.
    CHECK(recover(file, {}).failure == Reason::corrupt_record);
  }
  SECTION("a gap that no snapshot explains") {
    Bytes file = s.file;
    append_entries_record({7}, 1, entries(4, {"sieben"}), file);
    CHECK(recover(file, {}).failure == Reason::corrupt_record);
    CHECK(recover(file, snapshot).failure == Reason::corrupt_record);
  }
  SECTION("every damage to a snapshot is noticed") {
    for (std::size_t at = 0; at < snapshot.size(); ++at) {
      Bytes damaged = snapshot;
      damaged[at] ^= 0x10;
      const RecoverResult r = recover(s.file, damaged);
      REQUIRE(r.failure == Reason::corrupt_record);
      CHECK(r.failed_in_snapshot);
      REQUIRE(recover(s.file, ByteView(snapshot).first(std::max<std::size_t>(at, 1))).failure);
    }
  }
}

TEST_CASE("without checksums damage goes unnoticed: what verify_checksums is for") {
  Sample s = sample();
  const std::size_t at = s.ends[1] - 1;  // the last letter of "two"
  s.file[at] ^= 1;
  CHECK(recover(s.file, {}).failure == Reason::corrupt_record);
  CHECK_FALSE(recover(s.file, {}, false).failure);
}
