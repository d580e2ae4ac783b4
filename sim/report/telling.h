// What of a trace tells the story, for every picture and text that is made of it: which records count,
// which of them are news where they stand, and how they are coloured.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "sim/report/page.h"
#include "sim/trace/record.h"

namespace quorumlab::report {

// "2.323 s", or "2.323165 s".
std::string time_text(std::int64_t ns, bool fine);
// A heartbeat or its answer, by a packet's kind.
bool is_background_message(std::uint32_t kind);
// Whether a record is part of the story, or only of the full account.
bool tells(const trace::Record& r);
Style style_of(const trace::Record& r);

// Without the name of the host whom it is about, which stands beside it: "its write" for "n1's write".
std::string without_name(std::string words, const std::string& name);

// What clients asked, by the numbers under which records speak of it.
class OperationNames {
 public:
  void learn(std::uint64_t number, std::string_view words) { words_[number] = words; }
  // "" if nothing is known.
  const std::string& of(std::uint64_t number) const;
  // Of a client's record: "asks n1: "write x = 3"" for "asks n1: operation 7".
  std::string named(const trace::Record& r, std::string text) const;

 private:
  std::map<std::uint64_t, std::string> words_;
};

// Follows a trace: what a fact means depends on what was before.
class News {
 public:
  // `programs`: hosts on which programs run, which tell of the store's commits themselves.
  explicit News(bool programs) : programs_(programs) {}
  // Whether a record that tells is news. Every record must be shown to it, in order.
  bool is_news(const trace::Record& r) {
    const bool news = judge(r);
    learn(r);
    return news;
  }

 private:
  bool judge(const trace::Record& r);
  void learn(const trace::Record& r);

  std::map<std::uint32_t, Fact> roles_;
  std::map<std::uint32_t, std::uint64_t> tokens_;  // of holders of keys
  bool programs_ = false;
};

}  // namespace quorumlab::report
