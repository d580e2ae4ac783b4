// The picture of a history: whole by itself, true to the verdict, and safe whatever values say.
#include "sim/report/history.h"

#include "sim/script/loader.h"
#include "sim/script/runner.h"
#include "tests/catch.h"

namespace quorumlab::report {
namespace {

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

// Needs nothing from elsewhere, and what is opened is closed.
void check_whole(const std::string& page) {
  for (const char* elsewhere : {"http:", "https:", "src=", "@import", "url(//", "<link"}) {
    INFO(elsewhere);
    CHECK(count(page, elsewhere) == 0);
  }
  for (const std::string tag : {"html", "head", "body", "style", "script", "svg", "g", "div", "text", "title",
                                "table", "tr", "td", "p", "ul", "li", "defs", "pattern"}) {
    INFO(tag);
    CHECK(count(page, "<" + tag + ">") + count(page, "<" + tag + " ") == count(page, "</" + tag + ">"));
  }
}

HistoryPage page_of(const std::string& name) {
  script::Problems problems;
  const script::Scenario scenario =
      script::load_file(QUORUMLAB_SOURCE_DIR "/scenarios/" + name + ".scenario.json", {}, problems);
  REQUIRE(problems.empty());
  world::Simulation sim;
  script::RunOptions options;
  options.seed = scenario.seed;
  options.keep_trace = true;
  script::RunResult result;
  script::Runner(scenario).run(sim, options, result);
  return make_history_page(scenario.title, scenario.description, sim);
}

TEST_CASE("a run with a stale read shows the operations without an order, and the cut", "[report]") {
  const HistoryPage page = page_of("read-without-order");
  CHECK(page.verdict.linear.verdict == linearizability::Verdict::not_linearizable);
  REQUIRE(page.tracks.size() == 6);  // five servers and the network
  CHECK(page.tracks.back().name == "network");
  REQUIRE(page.tracks.back().stretches.size() == 1);
  CHECK(page.tracks.back().stretches[0].words.find("partition") == 0);
  std::size_t leading = 0;
  for (const Track& track : page.tracks) {
    for (const Stretch& s : track.stretches) {
      CHECK(s.from_ns <= s.to_ns);
      CHECK(s.to_ns <= page.end_ns);
      leading += s.kind == Stretch::Kind::leads;
    }
  }
  CHECK(leading == 2);

  const std::string text = html(page);
  check_whole(text);
  CHECK(count(text, "Not linearizable") == 1);
  CHECK(count(text, "The operations that fit into no order") == 1);
  // Each of the three stands in both pictures; one of them shows it.
  CHECK(count(text, "<g class=\"op write culprit\" ") + count(text, "<g class=\"op read culprit shows\" ") == 6);
  CHECK(count(text, "<tr class=\"culprit\">") == 3);
  CHECK(count(text, "no answer") >= 1);  // the write that was lost
  CHECK(count(text, "class=\"cut band\"") == 1);
  CHECK(html(page_of("read-without-order")) == text);
}

TEST_CASE("a run that holds says so, with its deaths", "[report]") {
  const HistoryPage page = page_of("rolling-restart");
  const std::string text = html(page);
  check_whole(text);
  CHECK(count(text, "&#10003; Linearizable") == 1);
  CHECK(count(text, "fit into no order") == 0);
  std::size_t down = 0;
  for (const Track& track : page.tracks) {
    for (const Stretch& s : track.stretches) down += s.kind == Stretch::Kind::down;
  }
  CHECK(down == 5);
}

HistoryPage by_hand(std::size_t operations) {
  HistoryPage page;
  page.title = "by hand";
  page.names = {"n1", "c1"};
  for (std::size_t i = 0; i < operations; ++i) {
    linearizability::Operation op;
    op.client = 2;
    op.kind = linearizability::Kind::set;
    op.result = linearizability::Result::ok;
    op.key = "x";
    op.value = "v" + std::to_string(i);
    op.invoked = {static_cast<std::int64_t>(i) * 1000};
    op.returned = {static_cast<std::int64_t>(i) * 1000 + 500};
    page.history.push_back(op);
  }
  page.end_ns = static_cast<std::int64_t>(operations) * 1000;
  page.verdict.judged = true;
  page.verdict.linear.operations = operations;
  return page;
}

TEST_CASE("undecided is not said to be linearizable", "[report]") {
  HistoryPage page = by_hand(3);
  page.verdict.linear.verdict = linearizability::Verdict::undecided;
  page.verdict.linear.undecided_keys = page.verdict.linear.keys = 1;
  const std::string text = html(page);
  check_whole(text);
  CHECK(count(text, "Undecided") == 1);
  CHECK(count(text, "Linearizable") == 0);
}

TEST_CASE("values and names are words, not markup", "[report]") {
  HistoryPage page = by_hand(1);
  page.title = "<script>alert(1)</script> & more";
  page.history[0].value = "</svg><img onerror=x>";
  page.history[0].key = "\"><b>\x01";
  const std::string text = html(page);
  check_whole(text);
  CHECK(count(text, "<img") == 0);
  CHECK(count(text, "alert(1)</script>") == 0);
  CHECK(count(text, "\x01") == 0);
  CHECK(count(text, "&lt;script&gt;alert(1)") == 2);
}

TEST_CASE("a long history is drawn around the fault, and says what it leaves out", "[report]") {
  const HistoryPage page = by_hand(5000);
  const std::string text = html(page);
  check_whole(text);
  CHECK(count(text, "2,000 of 5,000 operations are drawn") == 1);
  CHECK(count(text, "<g class=\"op write\" ") == 2000);
  CHECK(text.size() < 3'000'000);
  // Nothing at all is a page, too.
  check_whole(html(by_hand(0)));
}

}  // namespace
}  // namespace quorumlab::report
