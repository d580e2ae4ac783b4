// What a picture of a run consists of, whatever draws it: hosts, what each was when, messages from where
// to where, what is told, and what held when. Made of the trace's records and of nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/report/page.h"
#include "sim/report/telling.h"
#include "sim/trace/question.h"
#include "sim/trace/trace.h"

namespace quorumlab::report {

// A run to draw. The trace must outlive what is made of it.
struct Subject {
  std::string title, description;
  std::string replay;              // the command that repeats it
  std::vector<std::string> names;  // of hosts, by id from 1
  std::uint32_t servers = 0;       // the first so many hosts; behind them `clients`, then programs
  std::uint32_t clients = 0;
  std::uint64_t seed = 0, digest = 0;
  std::string verdict;             // in a few words; empty: as the trace alone says
  bool held = true;
  std::string account;             // the verdict at length, in plain text
  const trace::Trace* trace = nullptr;
};

struct ChartOptions {
  // Only what is in this stretch of time; what was so when it begins is drawn, too.
  std::int64_t from_ns = 0;
  std::int64_t to_ns = INT64_MAX;
  bool background = false;     // heartbeats and their answers, probes and gossip, too
  std::size_t most = 10'000;   // events and messages; the rest is left out, and said so
};

struct Chart {
  struct Host {
    enum class Kind : std::uint8_t { server, client, program };
    Kind kind = Kind::server;
    std::string name;
  };
  // A stretch of time in which a host was something.
  struct Span {
    enum class Kind : std::uint8_t { leader, candidate, down, paused, blocked };
    Kind kind = Kind::down;
    std::uint32_t host = 0;
    trace::RecordId from = 0, to = 0;  // to: the record that ended it, or the last one drawn
    std::uint64_t term = 0;
  };
  struct Arrow {
    trace::RecordId sent = 0;
    trace::RecordId ended = 0;  // arrived or lost; 0: under way when the picture ends
    std::uint32_t from = 0, to = 0;
    bool lost = false;
    bool background = false;
  };
  // Something that is told.
  struct Point {
    trace::RecordId id = 0;
    Style style = Style::plain;
    std::string words;  // without the host's name in front
  };
  // What the script says.
  struct Remark {
    trace::RecordId id = 0;
    std::string bookmark, text;
    trace::Question question;
  };
  // One of the truths that differ: whether a majority could talk to each other, whether somebody led.
  struct Stretch {
    std::int64_t from_ns = 0, to_ns = 0;
    bool good = false;
    std::string words;
  };
  struct Write {
    std::int64_t time_ns = 0;
    bool accepted = false;
  };

  // What a client asked, and how it ended.
  struct Asked {
    trace::RecordId id = 0;
    std::uint32_t client = 0;
    std::int64_t ended_ns = -1;  // -1: it did not
    std::string what, answer;
    bool accepted = false;
  };

  std::vector<Host> hosts;  // by id from 1
  trace::RecordId first = 1, last = 0;  // records drawn
  std::int64_t from_ns = 0, to_ns = 0;
  std::vector<Span> spans;
  std::vector<Arrow> arrows;  // by sending
  std::vector<Point> points;  // ascending
  std::vector<Remark> remarks;
  bool elects = false;                // else nobody runs Raft or leads, and the next two are empty
  std::vector<Stretch> quorum, leader;
  std::vector<Write> writes;
  std::vector<Asked> asked;
  OperationNames operations;
  std::vector<trace::RecordId> faults;  // acts
  std::vector<trace::RecordId> broken;  // violations and failed expectations
  std::uint64_t hidden_background = 0;  // messages that are not drawn
  std::size_t left_out_points = 0, left_out_arrows = 0;
};

Chart make_chart(const Subject& subject, const ChartOptions& options);

// The name of a host; "" for nobody.
std::string host_of(const Chart& chart, std::uint32_t id);
// What is left out, in a sentence; empty: nothing.
std::string left_out(const Chart& chart);

}  // namespace quorumlab::report
