// The registry, put together from its parts.
#include "sim/script/verbs.h"

#include "sim/script/types.h"

namespace quorumlab::script {
namespace {

struct Built {
  TypeStore store;
  Registry registry;
  Built();
};

const Type* question_type(TypeStore& store, const CommonTypes& c) {
  constexpr std::int64_t kMost = 5;
  Type* type = store.object({{"ask", c.word, "The question.", "", true},
                             {"choices", store.list(c.word, 2, kMost, "two to five answers"), "Answers to choose from.", "", true},
                             {"answer", store.integer(1, kMost, "the number of an answer"), "The number of the right one, from 1.", "", true},
                             {"because", c.word, "Why, in a sentence.", ""}},
                            "an object with \"ask\", \"choices\" and \"answer\"", "question");
  return type;
}

Built::Built() {
  const CommonTypes c(store);
  Registry& r = registry;
  r.conditions = condition_type(store, c);
  r.cluster = cluster_type(store, c);
  const Type* when = store.any_of({c.duration, store.list(c.duration, 2, 2, "two durations")},
                                  "a duration like \"2s\", or a range like [\"0ms\", \"75ms\"] to draw from", "when");
  r.triggers = {
      {"at", when, "When: this long after the start (at once, if that has passed). Of a range, by lot.", ""},
      {"after", when, "When: this long after the step before has ended. Of a range, by lot.", ""},
      {"wait_until", r.conditions, "When: as soon as these conditions hold.", ""},
      {"within", c.duration, "The longest that wait_until may take; it is an error if they do not hold by then.", ""}};
  r.verbs = verb_fields(store, c);
  r.rest = {
      {"expect", r.conditions, "What must hold right after the step (after the operation's end, if it speaks of one).", ""},
      {"wait", c.boolean, "The timeline waits for the end of the operation.", "false"},
      {"as", c.label, "A name for the nodes that the step hits (of several groups: the first): later steps say @NAME.", ""},
      {"show_members", c.targets, "What `serf members` prints on these hosts stands in the report.", ""},
      {"say", c.word, "A caption for those who watch.", ""},
      {"bookmark", c.word, "A place to come back to.", ""},
      {"slide", store.integer(1, 9999, "the number of a slide"), "The slide of a talk that this step shows.", ""},
      {"question", question_type(store, c), "What happens next? Those who watch may answer before it does.", ""}};
  Type* step = store.object({}, "a step: an object with a trigger, a verb, or both", "step");
  step->least_fields = 1;
  std::vector<std::string> names;
  for (const Field& f : r.triggers) step->fields.push_back(f);
  for (const Field& f : r.verbs) {
    step->fields.push_back(f);
    names.push_back(f.name);
  }
  for (const Field& f : r.rest) step->fields.push_back(f);
  step->exclusive = {{"at", "after", "wait_until"}, names};
  step->together = {{"wait_until", "within"}, {"within", "wait_until"}};
  r.step = step;

  std::vector<Field> beside = {{"at", c.duration, "When, counted from the start of the run.", "", true}};
  beside.insert(beside.end(), r.verbs.begin(), r.verbs.end());
  Type* by_hand = store.object(beside, "an object with \"at\", and a verb as steps have them", "meanwhile");
  by_hand->exclusive = {names};

  std::vector<Field> last = r.conditions->fields;
  last.push_back({"within", c.duration, "They may take this long to come true after the last step.", "\"0s\""});
  Type* finally = store.object(last, "one or more conditions, for example {\"leader\": \"exists\"}", "finally");
  for (const Field& f : r.conditions->fields) finally->needed.push_back(f.name);
  const Type* checker = store.choice(checker_names(), "the name of a checker", "checker");
  r.scenario = store.object(
      {{"$schema", c.text, "Where this description is, so that an editor completes and explains.", ""},
       {"name", c.label, "A short name without spaces.", "the file's name"},
       {"title", c.word, "One line for lists.", ""},
       {"description", c.text, "What it shows, for a reader.", ""},
       {"topic", c.label, "What it is about, for lists.", ""},
       {"seed", store.integer(0, INT64_MAX, "a whole number from 0 to 2^64-1"), "Decides all chance.", "1"},
       {"cluster", r.cluster, "The nodes, and the world they live in.", "", true},
       {"timeline", store.list(step, 0, 10'000, "a list of steps"), "What happens, step by step, read from top to bottom.", "", true},
       {"meanwhile", store.list(by_hand, 0, 10'000, "a list of acts with their times"),
        "What is done beside the timeline, each at its exact time, as by somebody who looks on; the run lasts "
        "at least until the last of them.", ""},
       {"always", store.list(checker, 1, 64, "one or more checkers"), "The checkers that watch; all of them without it.", "all"},
       {"finally", store.list(finally, 1, 100, "one or more objects with conditions"), "What must hold at the end.", ""},
       {"expect_violation", checker, "The run holds exactly if this checker is violated.", ""}},
      "a scenario: an object with \"cluster\" and \"timeline\"", "");
  r.selectors = {
      {"leader", nullptr, "the leader of the highest term among the running nodes", ""},
      {"follower", nullptr, "a running voter that does not lead, by lot", ""},
      {"followers", nullptr, "all running voters that do not lead", ""},
      {"candidate", nullptr, "a candidate or pre-candidate, by lot", ""},
      {"random", nullptr, "a running member, by lot", ""},
      {"minority", nullptr, "as many voters as can be missing, by lot", ""},
      {"majority", nullptr, "as many voters as make a majority, by lot", ""},
      {"all", nullptr, "every member", ""},
      {"others", nullptr, "every member that nothing else in this step names", ""},
      {"last-crashed", nullptr, "the node that went down last and is still down", ""},
      {"crashed", nullptr, "every node that is down", ""},
      {"paused", nullptr, "every node that is paused", ""},
      {"clients", nullptr, "every client host", ""},
      {"spares", nullptr, "every host that is no member", ""}};
}

}  // namespace

const Registry& registry() {
  static const Built built;
  return built.registry;
}

}  // namespace quorumlab::script
