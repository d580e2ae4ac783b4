// A node's real files: what is appended or replaced is read back, and a failed write is not
// forgotten.
#include "core/runtime/disk.h"

#include <signal.h>
#include <sys/resource.h>

#include "tests/catch.h"
#include "tests/toy/loopback.h"

using namespace quorumlab;
using runtime::Disk;

TEST_CASE("appended and replaced bytes are there after opening again") {
  const toy::TemporaryFolder folder;
  for (int round = 0; round < 2; ++round) {
    auto disk = Disk::open(folder.path("n1"));
    REQUIRE(disk.has_value());
    CHECK(disk->append(FileId::log, as_bytes("abc")).has_value());
    CHECK(disk->replace(FileId::snapshot, as_bytes("old and long")).has_value());
    CHECK(disk->replace(FileId::snapshot, as_bytes("new")).has_value());
    CHECK(disk->append(FileId::snapshot, as_bytes("er")).has_value());
    CHECK(as_text(*disk->read(FileId::log)) == (round == 0 ? "abc" : "abcabc"));
    CHECK(as_text(*disk->read(FileId::snapshot)) == "newer");
    CHECK(disk->read(FileId::toy)->empty());
  }
}

TEST_CASE("after a failed write every later write of that file fails, others do not") {
  const toy::TemporaryFolder folder;
  auto disk = Disk::open(folder.path("n1"));
  REQUIRE(disk.has_value());
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);  // then write answers EFBIG instead
  rlimit small = before;
  small.rlim_cur = 4;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const bool fits = disk->append(FileId::log, as_bytes("1234")).has_value();
  const auto too_much = disk->append(FileId::log, as_bytes("5"));
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, old_handler);
  CHECK(fits);
  REQUIRE_FALSE(too_much.has_value());
  CHECK(too_much.error().text().find("cannot append") != std::string::npos);
  CHECK_FALSE(disk->append(FileId::log, as_bytes("6")).has_value());
  CHECK_FALSE(disk->replace(FileId::log, as_bytes("6")).has_value());
  CHECK(disk->append(FileId::snapshot, as_bytes("6")).has_value());
  CHECK(as_text(*disk->read(FileId::log)) == "1234");
}
