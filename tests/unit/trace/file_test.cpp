// A trace comes back from its file as it was, and any damage is told, never believed.
#include "sim/trace/file.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/trace/words.h"
#include "tests/catch.h"

namespace quorumlab::trace {
namespace {

Trace sample(std::size_t records) {
  Trace trace;
  for (std::size_t i = 1; i <= records; ++i) {
    Record r;
    r.time_ns = static_cast<std::int64_t>(i * 1000);
    r.cause = i / 2;
    r.kind = static_cast<std::uint16_t>(i % 3 == 0 ? WorldFact::packet_sent
                                                   : WorldFact::packet_delivered);
    r.reason = static_cast<std::uint16_t>(i % 2);
    r.node = static_cast<std::uint32_t>(i % 5 + 1);
    r.peer = static_cast<std::uint32_t>(i % 4);
    r.extra = 7;
    r.a = i;
    r.b = ~i;
    if (i % 100 == 0) r.c = trace.keep(as_bytes("packet " + std::to_string(i)));
    trace.append(r);
  }
  trace.text("a caption with \"quotes\"");
  trace.text("");
  return trace;
}

bool same(const Record& l, const Record& r) {
  return l.time_ns == r.time_ns && l.cause == r.cause && l.kind == r.kind && l.reason == r.reason &&
         l.node == r.node && l.peer == r.peer && l.extra == r.extra && l.a == r.a && l.b == r.b &&
         l.c == r.c;
}

const FileInfo kInfo{"{\"name\": \"x\\y\"}", 42, 0x123456789abcdef0u, 1, {"n1", "n2", "n3"}};

TEST_CASE("a trace survives its file", "[trace]") {
  for (const std::size_t records : {0u, 1u, 4096u, 10'000u}) {
    const Trace trace = sample(records);
    Bytes bytes;
    encode_file(kInfo, trace, bytes);
    const auto file = decode_file(bytes, "x.qlt");
    REQUIRE(file);
    CHECK(file->info.scenario == kInfo.scenario);
    CHECK(file->info.seed == kInfo.seed);
    CHECK(file->info.digest == kInfo.digest);
    CHECK(file->info.names == kInfo.names);
    REQUIRE(file->trace.size() == records);
    bool all = true;
    for (RecordId id = 1; id <= records; ++id) {
      all = all && same(trace[id], file->trace[id]);
      const ByteView l = trace.kept(trace[id].c), r = file->trace.kept(trace[id].c);
      all = all && std::equal(l.begin(), l.end(), r.begin(), r.end());
    }
    CHECK(all);
    CHECK(file->trace.text_at(1) == trace.text_at(1));
    CHECK(file->trace.text_count() == 2);
  }
}

TEST_CASE("every truncation and every flipped bit of a trace file is refused", "[trace]") {
  Bytes bytes;
  encode_file(kInfo, sample(110), bytes);
  REQUIRE(decode_file(bytes, "x.qlt"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = decode_file(ByteView(bytes).first(size), "x.qlt");
    REQUIRE_FALSE(cut);
    REQUIRE(cut.error().where.find("x.qlt") == 0);
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Bytes damaged = bytes;
    damaged[at] ^= static_cast<std::uint8_t>(1u << at % 8);
    REQUIRE_FALSE(decode_file(damaged, "x.qlt"));
  }
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK_FALSE(decode_file(longer, "x.qlt"));
}

TEST_CASE("a newer trace is refused and says so", "[trace]") {
  Bytes bytes;
  encode_file(kInfo, sample(3), bytes);
  bytes[8] = 9;
  const auto file = decode_file(bytes, "x.qlt");
  REQUIRE_FALSE(file);
  CHECK(file.error().text() ==
        "x.qlt: is a trace of version 9; this program reads up to version 2");
  CHECK_FALSE(decode_file(as_bytes("{\"not\": \"a trace\"}"), "x.json"));
  const auto missing = read_file("/nonexistent/x.qlt");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().text().find("cannot be read") != std::string::npos);
}

TEST_CASE("each JSON line is one object with the documented fields", "[trace]") {
  const Trace trace = sample(100);
  const auto header = nlohmann::json::parse(json_header(kInfo));
  CHECK(header["digest"] == "123456789abcdef0");
  CHECK(header["scenario"] == kInfo.scenario);
  CHECK(header["names"].size() == 3);
  for (RecordId id = 1; id <= trace.size(); ++id) {
    std::string line;
    append_json_line(trace[id], id, kInfo, trace, id % 2 == 0, line);
    REQUIRE(line.back() == '\n');
    const auto object = nlohmann::json::parse(line);
    CHECK(object["id"] == id);
    CHECK(object["time_ns"] == trace[id].time_ns);
    CHECK(object["kind"] == std::string(short_name(trace[id].kind)));
    CHECK(object["a"] == trace[id].a);
    CHECK(object["b"] == trace[id].b);
    CHECK(object.value("c", std::uint64_t{0}) ==
          (trace[id].is(WorldFact::packet_sent) ? 0 : trace[id].c));
    CHECK(object.contains("words") == (id % 2 == 0));
    CHECK(object.contains("peer") == (trace[id].peer != 0));
  }
}

TEST_CASE("numbers of every length stand in a JSON line digit by digit", "[trace]") {
  Trace trace;
  std::vector<std::uint64_t> numbers{1, UINT64_MAX, UINT64_MAX - 1};
  for (std::uint64_t power = 10; power < UINT64_MAX / 10; power *= 10) {
    for (const std::uint64_t n : {power - 1, power, power + 1, power / 9 * 7}) numbers.push_back(n);
  }
  for (std::uint64_t i = 2; i < 20'000; i += 7) numbers.push_back(i);
  for (const std::uint64_t n : numbers) {
    Record r;
    r.a = n;
    r.time_ns = static_cast<std::int64_t>(n);
    std::string line;
    append_json_line(r, n, kInfo, trace, false, line);
    REQUIRE(line.find("{\"id\":" + std::to_string(n) + ",\"time_ns\":" +
                      std::to_string(static_cast<std::int64_t>(n)) + ",") == 0);
    REQUIRE(line.find(",\"a\":" + std::to_string(n) + "}\n") != std::string::npos);
  }
}

TEST_CASE("records whose times, causes and places go back survive the file, too", "[trace]") {
  Trace trace;
  Record r;
  for (const std::uint64_t n : {std::uint64_t{1} << 40, std::uint64_t{3}, UINT64_MAX, std::uint64_t{0}}) {
    r.kind = static_cast<std::uint16_t>(WorldFact::packet_sent);
    r.time_ns = static_cast<std::int64_t>(n);
    r.cause = r.a = r.b = r.c = n;
    r.node = r.peer = r.extra = static_cast<std::uint32_t>(n);
    r.reason = static_cast<std::uint16_t>(n);
    trace.append(r);
    r.kind = UINT16_MAX;
    trace.append(r);
  }
  Bytes bytes;
  encode_file(kInfo, trace, bytes);
  const auto file = decode_file(bytes, "x.qlt");
  REQUIRE(file);
  REQUIRE(file->trace.size() == trace.size());
  for (RecordId id = 1; id <= trace.size(); ++id) CHECK(same(file->trace[id], trace[id]));
}

TEST_CASE("a trace that was cleared, and a copy of one, hold what was put in", "[trace]") {
  Trace trace;
  for (int round = 0; round < 3; ++round) {
    trace.clear();
    const Trace before = trace;
    std::vector<std::uint64_t> places;
    for (std::uint32_t i = 0; i < 9'000; ++i) {
      Record r;
      r.a = i + static_cast<std::uint32_t>(round);
      trace.append(r);
      places.push_back(trace.keep(as_bytes(std::string(i % 100, 'x') + std::to_string(i))));
    }
    const std::uint64_t large = trace.keep(Bytes(1 << 20, 7));
    const Trace copy = trace;
    trace.append({});
    CHECK(before.size() == 0);
    REQUIRE(copy.size() == 9'000);
    REQUIRE(trace.size() == 9'001);
    CHECK(copy.kept(large).size() == std::size_t{1} << 20);
    for (std::uint32_t i = 0; i < 9'000; ++i) {
      REQUIRE(copy[i + 1].a == i + static_cast<std::uint32_t>(round));
      REQUIRE(as_text(copy.kept(places[i])) == std::string(i % 100, 'x') + std::to_string(i));
    }
  }
}

std::string whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST_CASE("a trace on disk is what it is in memory, record by record", "[trace]") {
  const std::string path =
      (std::filesystem::temp_directory_path() / "quorumlab_file_test.qlt").string();
  FileInfo info = kInfo;
  info.scenario = std::string(3 << 20, 's');  // larger than what is written at once
  const Trace trace = sample(12'000);
  REQUIRE(write_file(path, info, trace));
  Bytes bytes;
  encode_file(info, trace, bytes);
  CHECK(whole(path) == as_text(bytes));
  const auto file = read_file(path);
  REQUIRE(file);
  CHECK(file->trace.size() == 12'000);
  CHECK(file->info.scenario == info.scenario);
  const auto check_lines = [&](const Trace& told, bool with_words) {
    REQUIRE(write_json_lines(path, info, told, with_words));
    std::string lines = json_header(info);
    for (RecordId id = 1; id <= told.size(); ++id) {
      append_json_line(told[id], id, info, told, with_words, lines);
    }
    CHECK(whole(path) == lines);
  };
  check_lines(trace, false);
  check_lines(trace, true);
  info.names[0] = std::string(3 << 20, 'n');
  check_lines(sample(6), false);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace quorumlab::trace
