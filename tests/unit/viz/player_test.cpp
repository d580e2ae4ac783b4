// The cursor goes where it is told, and stops where a lesson does.
#include "tests/unit/viz/recordings.h"
#include "viz/player/place.h"
#include "viz/player/player.h"

namespace quorumlab::viz {
namespace {
using Kind = UiAct::Kind;
using trace::WorldFact;
}  // namespace

TEST_CASE("places as people name them") {
  CHECK(parse_time("1.5s") == 1'500'000'000);
  CHECK(parse_time("500ms") == 500'000'000);
  CHECK(parse_time("2") == 2'000'000'000);
  CHECK(parse_time(".25us") == 250);
  CHECK_FALSE(parse_time(""));
  CHECK_FALSE(parse_time("s"));
  CHECK_FALSE(parse_time("1.5 s"));
  CHECK_FALSE(parse_time("99999999999s"));
  const std::vector<Bookmark> all = {{"Slide 2: one", {}}, {"Slide 20: one is down", {}}, {"back", {}}};
  CHECK(find_bookmark(all, "slide 20") == 1);
  CHECK(find_bookmark(all, "Slide 2") == 0);
  CHECK(find_bookmark(all, "ONE") == 0);
  CHECK(find_bookmark(all, "is down") == 1);
  CHECK(find_bookmark(all, "back") == 2);
  CHECK(find_bookmark(all, "slide 20: one") == 1);
  CHECK_FALSE(find_bookmark(all, "slide"));
  CHECK_FALSE(find_bookmark(all, "nowhere"));
  CHECK_FALSE(find_bookmark(all, "2"));  // a time
}

TEST_CASE("bookmarks are reached by name, by remote and by playing") {
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  Player player(timeline);
  CHECK_FALSE(player.bookmark());
  REQUIRE(player.seek_to("two are down"));
  CHECK(player.bookmark() == 2u);
  CHECK(player.cursor() == timeline.bookmarks()[2].at);
  player.act({Kind::next_bookmark});
  CHECK(player.bookmark() == 3u);
  player.act({Kind::previous_bookmark});
  CHECK(player.bookmark() == 2u);
  player.act({Kind::next_event});
  player.act({Kind::previous_bookmark});  // from behind it: back to it
  CHECK(player.cursor() == timeline.bookmarks()[2].at);
  CHECK_FALSE(player.seek_to("nowhere"));

  player.act({Kind::toggle_play});
  CHECK(player.playing());
  for (int i = 0; i < 1'000 && player.playing(); ++i) player.advance(100'000'000);
  CHECK_FALSE(player.playing());
  CHECK(player.cursor() == timeline.bookmarks()[3].at);

  player.act({Kind::last});
  CHECK(player.cursor().record == timeline.size());
  player.act({Kind::next_bookmark});
  CHECK(player.cursor().record == timeline.size());
  player.act({Kind::toggle_play});  // from the start again
  CHECK(player.playing());
  CHECK(player.cursor().record == 0);
}

TEST_CASE("steps go by record, by mark and by kind of mark") {
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  Player player(timeline);
  for (int i = 0; i < 5; ++i) player.act({Kind::next_event});
  CHECK(player.cursor().record == 5);
  player.act({Kind::previous_event});
  CHECK(player.cursor().record == 4);

  std::size_t elections = 0;
  player.act({Kind::first});
  for (trace::RecordId before = 0;; ++elections) {
    player.act({Kind::next_of, 0, Mark::election});
    if (player.cursor().record == before) break;
    before = player.cursor().record;
    CHECK(recording.trace[before].is(Fact::became_leader));
  }
  CHECK(elections == 3);
  player.act({Kind::previous_of, 0, Mark::fault});
  CHECK(recording.trace[player.cursor().record].is(WorldFact::process_crashed));

  // Every mark is met going forth, and the same ones going back.
  player.act({Kind::first});
  player.seek_record(0);
  std::vector<trace::RecordId> forth, back;
  for (std::size_t i = 0; i < timeline.marks().size(); ++i) {
    player.act({Kind::next_visible});
    forth.push_back(player.cursor().record);
  }
  for (std::size_t i = 0; i + 1 < timeline.marks().size(); ++i) {
    back.push_back(player.cursor().record);
    player.act({Kind::previous_visible});
  }
  back.push_back(player.cursor().record);
  std::reverse(back.begin(), back.end());
  CHECK(forth == back);
  CHECK(forth.size() == timeline.marks().size());
}

TEST_CASE("speed is a logarithmic scale with two ends") {
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  Player player(timeline);
  CHECK(player.speed_text() == "1/10");
  player.act({Kind::toggle_play});
  const std::int64_t begun = player.cursor().time_ns;
  player.seek(100'000'000);
  player.advance(100'000'000);
  CHECK(player.cursor().time_ns == 110'000'000);
  CHECK(begun == 0);
  for (int i = 0; i < 50; ++i) player.act({Kind::slower});
  CHECK(player.speed() == 1'000'000);
  for (int i = 0; i < 50; ++i) player.act({Kind::faster});
  CHECK(player.speed() == 100'000'000'000);
  player.act({Kind::seek, -5});
  CHECK(player.cursor().time_ns == 0);
  player.act({Kind::seek, INT64_MAX});
  CHECK(player.cursor().time_ns == timeline.end_ns());
}

}  // namespace quorumlab::viz
