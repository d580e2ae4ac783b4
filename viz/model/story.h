// What is told of a run, and in which words: the choice and the words of the command line's reports.
#pragma once

#include <string>
#include <vector>

#include "sim/report/telling.h"
#include "viz/model/recording.h"

namespace quorumlab::viz {

struct Told {
  std::int64_t time_ns = 0;
  trace::RecordId record = 0;
  report::Style style = report::Style::plain;
};

class Story {
 public:
  // `programs`: whether programs run beside the store, which tell of its commits themselves.
  explicit Story(bool programs) : news_(programs) {}
  // REQUIRES: every record is shown, in order.
  void take(const trace::Trace& trace, trace::RecordId id);
  const std::vector<Told>& told() const { return told_; }
  // The last that is told by then; null: nothing yet.
  const Told* last(trace::RecordId by) const;
  // Any record in words; a client's operation by what it asks.
  std::string words(const Recording& recording, trace::RecordId id) const;

 private:
  report::News news_;
  report::OperationNames operations_;
  std::vector<Told> told_;
};

}  // namespace quorumlab::viz
