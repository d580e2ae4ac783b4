// A run and its other futures: a tree of branches that have names. What a person does to the world at
// the cursor makes a new branch, and no future is lost. It asks no clock and draws nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "viz/session/branch.h"

namespace quorumlab::viz {

// What of_trace needs of a file that was read.
struct TraceFile {
  std::string path, scenario;
  std::uint64_t seed = 0, digest = 0;
  bool digest_known = true;  // of a version that this program computes, too
  std::vector<std::string> names;
  trace::Trace trace;
};

class Session {
 public:
  // The run of a scenario, of which so far nothing was run. Problems in words, if it cannot be read.
  static std::unique_ptr<Session> of_scenario(std::string_view text, const std::string& file,
                                              const std::vector<script::Setting>& settings,
                                              std::optional<std::uint64_t> seed, script::Problems& problems);
  // A run that was, from a .qlt file. It can be changed if running its scenario again gives its digest;
  // that is tried when somebody first wants to.
  static std::unique_ptr<Session> of_trace(TraceFile file);

  Timeline& timeline() { return *shown().timeline; }
  Player& player() { return *shown().player; }
  Branch& shown() { return *branches_[shown_]; }
  const std::vector<std::unique_ptr<Branch>>& branches() const { return branches_; }
  std::size_t shown_number() const { return shown_; }

  // So much real time goes by: the world runs on, at most so many events, and what plays moves on.
  void advance(std::int64_t real_ns, std::uint64_t most_events = 20'000);
  // Any act of a panel but those of the window itself. The world runs on as far as the act needs it.
  void act(const UiAct& act);
  // The branch in which it is done; nothing, and why, if it cannot be done.
  std::optional<std::size_t> act(const Deed& deed, std::string& why_not);
  // An entry of "meanwhile" as a file has it: {"at": "1.25s", "crash": "n1"}.
  std::optional<std::size_t> act(std::string_view entry, std::string& why_not);
  // When such an entry is to be done; nothing if it does not say it.
  static std::optional<std::int64_t> time_of(std::string_view entry);

  void show(std::size_t branch);
  void compare(std::optional<std::size_t> branch);
  // To a bookmark, a slide or a time, or to "violation"; as far as the world must run for it.
  bool seek_to(std::string_view place);
  // To the event that shows why the run failed; false if it did not fail.
  bool seek_failure();
  void run_whole() { shown().grow_whole(); }

  // The branch shown as a scenario file, which replays to the same digest: that is tried before
  // anything is said. False, and why, if it cannot be saved.
  bool save(const std::string& path, std::string& why_not);
  // Where to save when nobody says it: "quorum-2.scenario.json", a name that no file has.
  std::string free_path();
  // What the branch shown is in a file.
  std::string document();

  // For panels, at the frame that is drawn; valid until the next call of anything else.
  const Offer& offer(const Frame& frame);
  void tell(std::string words, bool bad = false);

 private:
  Session() = default;
  bool wake(std::string& why_not);
  std::optional<std::size_t> add(std::unique_ptr<Branch> branch, const std::string& name, std::size_t parent,
                                 std::int64_t forked_ns, std::int64_t seen_ns);
  std::optional<std::size_t> fork(Done done, std::int64_t seen_ns, const std::string& name, std::string& why_not);
  std::optional<std::size_t> set(const Deed& deed, std::string& why_not);
  std::optional<std::size_t> run_on(std::string& why_not);
  std::optional<script::Scenario> load(const script::Json& document, std::string& why_not) const;
  void grow_for(const UiAct& act);
  void look_for_difference();

  std::string file_;
  std::vector<std::unique_ptr<Branch>> branches_;
  std::size_t shown_ = 0;
  std::optional<std::size_t> beside_;
  // Of the two compared: all events before are the same.
  trace::RecordId same_ = 0;
  bool differs_ = false;
  Frame beside_frame_;
  // Of a trace: what it says it is a run of.
  std::string claimed_scenario_, claimed_why_;
  std::uint64_t claimed_digest_ = 0;
  bool claimed_ = false;
  Offer offer_;
  std::size_t offered_ = SIZE_MAX, offered_count_ = 0;
  trace::RecordId offered_record_ = UINT64_MAX;
  std::int64_t notice_ns_ = 0;  // that it stands yet
};

}  // namespace quorumlab::viz
