// A run as a page, a picture and for other tools: complete, well formed, true to the trace, and honest about
// what it leaves out.
#include "sim/report/exports.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/report/ladder.h"
#include "sim/report/text.h"
#include "sim/script/loader.h"
#include "sim/script/runner.h"
#include "tests/catch.h"

namespace quorumlab::report {
namespace {

using trace::Record;
using trace::WorldFact;

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

struct Ran {
  world::Simulation sim;
  Subject subject;
  script::Scenario scenario;
  explicit Ran(const std::string& name) {
    script::Problems problems;
    script::Scenario& s = scenario;
    s =
        script::load_file(QUORUMLAB_SOURCE_DIR "/scenarios/" + name + ".scenario.json", {}, problems);
    REQUIRE(problems.empty());
    script::RunOptions options;
    options.seed = s.seed;
    options.keep_trace = true;
    script::RunResult result;
    script::Runner(s).run(sim, options, result);
    subject.title = s.title;
    subject.names = s.cluster.host_names();
    subject.servers = static_cast<std::uint32_t>(s.cluster.names.size());
    subject.clients = s.cluster.clients;
    subject.trace = &sim.trace();
  }
  Chart chart(const ChartOptions& options = {}) const { return make_chart(subject, options); }
};

// What is opened is closed, in turn.
void check_nesting(const std::string& page) {
  std::vector<std::string> open;
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    const std::size_t end = page.find('>', at);
    REQUIRE(end != std::string::npos);
    const std::string tag = page.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(tag[0] == '/' ? 1 : 0, tag.find_first_of(" \n") - (tag[0] == '/' ? 1 : 0));
    if (tag[0] == '!' || tag.ends_with('/') || name == "meta" || name == "link" || name == "input") continue;
    if (tag[0] == '/') {
      REQUIRE_FALSE(open.empty());
      REQUIRE(open.back() == name);
      open.pop_back();
    } else {
      open.push_back(name);
    }
    // A script's "<" is none of a tag.
    if (name == "script" && tag[0] != '/') at = page.find("</script>", at) - 1;
  }
  CHECK(open.empty());
}

}  // namespace

TEST_CASE("what a trace knows of its run's end stands on its page, whatever stretch is drawn", "[report]") {
  const Ran good("talk/quorum");
  const std::string page = run_html(good.subject, good.chart());
  CHECK(page.find("held: 12 expectations came true") != std::string::npos);
  // What a client asked has the same words in every part of it.
  CHECK(page.find("about operation ") == std::string::npos);
  CHECK(page.find(": operation ") == std::string::npos);

  const Ran bad("stale-lease-reads");
  const Ending alone = ending_of(bad.sim.trace(), bad.subject.names, nullptr);
  CHECK_FALSE(alone.held);
  CHECK(alone.account.find("Violated: read") != std::string::npos);
  CHECK(alone.account.find("How it came to that") != std::string::npos);
  ChartOptions early;
  early.to_ns = 300'000'000;
  CHECK(run_html(bad.subject, bad.chart(early)).find("invariant violated: read") != std::string::npos);
  // The scenario knows that it was to come, and who watched.
  const Ending told = ending_of(bad.sim.trace(), bad.subject.names, &bad.scenario);
  CHECK(told.held);
  CHECK(told.account.find("The checkers that watched") != std::string::npos);
}

TEST_CASE("a picture's words end inside it, and what is left out is counted", "[report]") {
  const Ran bad("stale-lease-reads");
  const Chart chart = bad.chart();
  for (const Chart::Point& p : chart.points) {
    if (bad.sim.trace()[p.id].is(WorldFact::violation)) CHECK(p.words.starts_with("violation of read-freshness (a read sees every write that was answered before it began)"));
  }
  // Columns of some 7.7 pixels from where the words begin.
  const std::string picture = svg(bad.subject, chart);
  for (std::size_t at = 0; (at = picture.find("<tspan class=\"who\">", at)) != std::string::npos; ++at) {
    const std::string line = picture.substr(at, picture.find("</text>", at) - at);
    CHECK(line.size() - std::string("<tspan class=\"who\"></tspan>").size() < 100);  // 80, and escapes
  }
  ChartOptions few;
  few.most = chart.points.size() + 1;
  const std::string note = left_out(bad.chart(few));
  if (chart.arrows.size() > few.most) CHECK((" " + note).find(" 0 events") == std::string::npos);
}

TEST_CASE("a chart has the three truths of the talk's slides apart", "[report]") {
  const Ran ran("talk/quorum");
  const Chart chart = ran.chart();
  REQUIRE(chart.hosts.size() == 6);
  CHECK(chart.hosts[4].kind == Chart::Host::Kind::server);
  CHECK(chart.hosts[5].kind == Chart::Host::Kind::client);
  // Available with five, four and three, then not, then again.
  std::vector<bool> quorum, leader;
  for (const Chart::Stretch& s : chart.quorum) quorum.push_back(s.good);
  CHECK(quorum == std::vector<bool>{true, true, true, false, true});
  for (std::size_t i = 1; i < chart.quorum.size(); ++i) CHECK(chart.quorum[i].from_ns == chart.quorum[i - 1].to_ns);
  // A leader is there before the quorum is lost, stays a little longer, and comes later than the quorum.
  for (const Chart::Stretch& s : chart.leader) leader.push_back(s.good);
  CHECK(leader == std::vector<bool>{true, false, true, false, true});
  CHECK(chart.leader[2].to_ns > chart.quorum[2].to_ns);
  CHECK(chart.leader[4].from_ns > chart.quorum[4].from_ns);
  std::vector<bool> writes;
  for (const Chart::Write& w : chart.writes) writes.push_back(w.accepted);
  CHECK(writes == std::vector<bool>{true, true, true, false, true});
  CHECK(chart.remarks.size() >= 4);
  CHECK(chart.remarks.front().bookmark.find("Slide 19") == 0);
  CHECK(chart.broken.empty());
  REQUIRE(chart.asked.size() == 5);
  CHECK(chart.asked[3].answer == "no answer in time");
}

TEST_CASE("every packet is drawn once, as it went", "[report]") {
  const Ran ran("talk/quorum");
  ChartOptions all;
  all.background = true;
  const Chart chart = ran.chart(all);
  std::size_t sent = 0, packets = 0, lost = 0, dropped = 0;
  for (trace::RecordId id = 1; id <= ran.sim.trace().size(); ++id) {
    sent += ran.sim.trace()[id].is(WorldFact::packet_sent);
    dropped += ran.sim.trace()[id].is(WorldFact::packet_dropped);
  }
  for (const Chart::Arrow& a : chart.arrows) {
    const Record& from = ran.sim.trace()[a.sent];
    CHECK(from.node == a.from);
    if (!from.is(WorldFact::packet_sent)) continue;
    ++packets;
    lost += a.lost;
    if (a.ended != 0 && !a.lost) CHECK(ran.sim.trace()[a.ended].is(WorldFact::packet_delivered));
  }
  CHECK(packets == sent);
  CHECK(lost == dropped);
  CHECK(chart.hidden_background == 0);
  const Chart calm = ran.chart();
  CHECK(calm.arrows.size() + calm.hidden_background == chart.arrows.size());
}

TEST_CASE("the diagram grows downwards with the trace, and its picture has all there is", "[report]") {
  for (const char* name : {"talk/quorum", "talk/serf", "etcd/blind-master"}) {
    INFO(name);
    const Ran ran(name);
    const Chart chart = ran.chart();
    const Ladder ladder(chart, ran.subject);
    double before = -1;
    for (trace::RecordId id = chart.first; id <= chart.last; ++id) {
      const double y = ladder.y(id);
      REQUIRE(y >= before);
      before = y;
    }
    CHECK(before <= ladder.height());
    const std::string picture = svg(ran.subject, chart);
    check_nesting(picture);
    CHECK(count(picture, "class=\"ev ") == chart.points.size());
    CHECK(count(picture, "<g class=\"msg ") == chart.arrows.size());
    CHECK(count(picture, "class=\"remark\"") == chart.remarks.size());
    CHECK(count(picture, "var(") == 0);
  }
}

TEST_CASE("the page is whole by itself, and has the causes of all that it draws", "[report]") {
  Ran ran("etcd/blind-master");
  ran.subject.title = "<script>alert(1)</script> & \"co\"";
  const Chart chart = ran.chart();
  const std::string page = run_html(ran.subject, chart);
  check_nesting(page);
  CHECK(page.find("<script>alert") == std::string::npos);
  for (const char* elsewhere : {"https:", "src=", "@import", "url("}) CHECK(count(page, elsewhere) == 0);
  const std::string open = "type=\"application/json\">";
  const std::size_t at = page.find(open) + open.size();
  const auto records = nlohmann::json::parse(page.substr(at, page.find("</script>", at) - at));
  for (const Chart::Point& p : chart.points) {
    std::size_t steps = 0;
    for (trace::RecordId id = p.id; id != 0; id = records.at(std::to_string(id)).at(3).get<trace::RecordId>()) ++steps;
    CHECK(steps == trace::why(ran.sim.trace(), p.id).size());
  }
  REQUIRE_FALSE(chart.broken.empty());
  CHECK(count(page, "class=\"broken\"") == chart.broken.size());
  // Without a verdict the trace speaks; with one, what was expected does.
  CHECK(count(page, "class=\"verdict bad\"><b>&#10007;") == 1);
  ran.subject.verdict = "held (the violation came, as expected)";
  CHECK(count(run_html(ran.subject, chart), "class=\"verdict good\"><b>&#10003;") == 1);
}

TEST_CASE("a lesson's questions stand on the page, their answers behind a click", "[report]") {
  Ran ran("talk/quorum");
  const Chart chart = ran.chart();
  const auto asked = static_cast<std::size_t>(std::count_if(
      chart.remarks.begin(), chart.remarks.end(), [](const Chart::Remark& r) { return !r.question.ask.empty(); }));
  REQUIRE(asked == 3);
  const std::string page = run_html(ran.subject, chart);
  check_nesting(page);
  CHECK(count(page, "class=\"question\"") == asked);
  CHECK(count(page, "<details><summary>What happens</summary><p><b>2. They stop for a moment, until a new leader is elected.</b>") == 1);
}

TEST_CASE("what is left out is said", "[report]") {
  const Ran ran("talk/quorum");
  const std::size_t all = ran.chart().points.size();
  ChartOptions few;
  few.most = 10;
  const Chart chart = ran.chart(few);
  CHECK(chart.points.size() == 10);
  CHECK(chart.arrows.size() == 10);
  CHECK(chart.left_out_points == all - 10);
  CHECK(left_out(chart).find(std::to_string(all - 10) + " events") != std::string::npos);
  for (const auto make : {svg, run_html, mermaid}) CHECK(make(ran.subject, chart).find("left out") != std::string::npos);
}

TEST_CASE("a stretch of time begins with what was so already", "[report]") {
  const Ran ran("talk/quorum");
  ChartOptions part;
  part.from_ns = 2'600'000'000;
  part.to_ns = 4'000'000'000;
  const Chart chart = ran.chart(part);
  for (const Chart::Point& p : chart.points) {
    CHECK(ran.sim.trace()[p.id].time_ns >= part.from_ns);
    CHECK(ran.sim.trace()[p.id].time_ns <= part.to_ns);
  }
  std::size_t down = 0;
  for (const Chart::Span& s : chart.spans) down += s.kind == Chart::Span::Kind::down;
  CHECK(down == 3);
  REQUIRE(chart.quorum.size() == 1);
  CHECK_FALSE(chart.quorum[0].good);
  CHECK(chart.quorum[0].from_ns == part.from_ns);
}

TEST_CASE("trace events nest, and every flow begins and ends in a slice", "[report]") {
  const char* name = GENERATE("talk/leader-election", "talk/quorum");
  const Ran ran(name);
  const auto json = nlohmann::json::parse(perfetto(ran.subject, ran.chart()));
  std::map<std::pair<int, double>, std::size_t> slices;
  std::map<int, std::vector<std::pair<double, double>>> rows;
  std::map<std::uint64_t, int> flows;
  for (const auto& e : json.at("traceEvents")) {
    const std::string kind = e.at("ph");
    if (kind == "X") {
      ++slices[{e.at("tid"), e.at("ts")}];
      rows[e.at("tid")].push_back({e.at("ts"), e.at("ts").get<double>() + e.at("dur").get<double>()});
    }
    if (kind == "s") ++flows[e.at("id")];
    if (kind == "f") --flows[e.at("id")];
  }
  CHECK(flows.size() > 100);
  for (const auto& [id, open] : flows) CHECK(open == 0);
  for (const auto& e : json.at("traceEvents")) {
    if (e.at("ph") == "s" || e.at("ph") == "f") CHECK(slices.contains({e.at("tid"), e.at("ts")}));
  }
  for (auto& [row, all] : rows) {
    INFO(row);
    std::sort(all.begin(), all.end());
    for (std::size_t i = 1; i < all.size(); ++i) {
      // As readers do: doubles, and no tolerance.
      const bool apart = all[i].first >= all[i - 1].second, within = all[i].second <= all[i - 1].second;
      CHECK((apart || within));
    }
  }
}

TEST_CASE("ShiViz's clocks know all that led to an event", "[report]") {
  const Ran ran("talk/quorum");
  const Chart chart = ran.chart();
  std::istringstream log(shiviz(ran.subject, chart));
  std::string line, words;
  std::getline(log, line);
  CHECK(line == R"((?<host>\S*) (?<clock>{.*})\n(?<event>.*))");
  std::getline(log, line);
  CHECK(line.empty());
  std::map<std::string, nlohmann::json> last;
  std::size_t events = 0, met = 0;
  while (std::getline(log, line) && std::getline(log, words)) {
    ++events;
    const std::string host = line.substr(0, line.find(' '));
    const auto clock = nlohmann::json::parse(line.substr(line.find(' ') + 1));
    const std::uint64_t own = clock.at(host);
    CHECK(own == (last.contains(host) ? last[host].at(host).get<std::uint64_t>() : 0) + 1);
    for (const auto& [other, value] : clock.items()) {
      if (other == host) continue;
      // Nobody knows more of another than that one knows itself, and nobody forgets.
      CHECK(value.get<std::uint64_t>() <= last.at(other).at(other).get<std::uint64_t>());
      met += !last.contains(host) || !last[host].contains(other);
    }
    if (last.contains(host)) {
      for (const auto& [other, value] : last[host].items()) CHECK(clock.at(other) >= value);
    }
    last[host] = clock;
  }
  CHECK(events > chart.arrows.size());
  CHECK(met >= 20);  // everybody heard of nearly everybody
}

TEST_CASE("a sequence diagram names everybody and every message that ended", "[report]") {
  const Ran ran("talk/quorum");
  ChartOptions part;
  part.to_ns = 400'000'000;
  const Chart chart = ran.chart(part);
  const std::string text = mermaid(ran.subject, chart);
  CHECK(text.starts_with("sequenceDiagram\n"));
  CHECK(count(text, "  participant ") == 6);
  std::size_t ended = 0;
  for (const Chart::Arrow& a : chart.arrows) ended += a.ended != 0;
  CHECK(count(text, "->>") + count(text, "-x") == ended);
  // A semicolon would end a statement.
  CHECK(count(text, ";") == count(text, "#59;") + count(text, "#35;"));
}

}  // namespace quorumlab::report
