// The registry's part about etcd: the store, the programs that use it on hosts of their own, requests
// over HTTP, and what can be asked of answers and programs.
#include "sim/script/types.h"

namespace quorumlab::script {

const Type* etcd_type(TypeStore& s, const CommonTypes& c) {
  const Type* port = s.integer(1, 65'535, "the number of a port");
  return s.object(
      {{"redirect", s.choice({"off", "v0.4"}),
        "What a follower does with a write. off: it hands it to the leader, as etcd does since 2.0. v0.4: it answers "
        "307 with the leader's address, as at the time of the talk.",
        "\"off\""},
       {"client_port", port, "Where clients connect: etcd's own, or 4001 as before 2.0.", "2379"},
       {"peer_port", port, "Where members connect.", "2380"},
       {"rules_off", c.rules, "Rules of the store that no server obeys: to see what they are for.", ""}},
      "the settings of the etcd store", "etcd");
}

const Type* apps_type(TypeStore& s, const CommonTypes& c) {
  const Type* starts = s.any_of({c.duration, s.choice({"never"})}, "a duration, or \"never\"");
  const Type* app = s.object(
      {{"name", c.name, "The host's name, and what its program writes as its own.", "", true},
       {"title", c.word, "Its name for people, as in speech bubbles.", "the name"},
       {"runs", s.choice({"election", "lock", "elastic-ip", "gossip-lock", "follower", "resource"}),
        "election: wants to be master for as long as it lives. lock: holds a key for a while, gives it back. "
        "elastic-ip: an election whose winner takes an address over. gossip-lock: asks no "
        "store, but takes the lock once serf says that those in `after` are gone. follower: goes wherever the master is. "
        "resource: what masters write to.",
        "", true},
       {"key", c.word, "The key that it is all about.", "\"/master\""},
       {"ttl", c.duration, "The lease on the key; etcd knows whole seconds.", "\"5s\""},
       {"refresh_every", c.duration, "How often the holder refreshes it.", "a third of ttl"},
       {"timeout", c.duration, "Of a request; then it asks another server.", "\"2s\""},
       {"retry", c.duration, "The pause once every server was tried in vain.", "\"500ms\""},
       {"renew_wait", c.duration, "A wait for news is made anew after that long, lest its connection be dead; 0: never.", "\"0s\""},
       {"hold", c.duration, "lock: how long it keeps it; 0: for ever.", "\"0s\""},
       {"rest", c.duration, "lock: the pause before it tries again; 0: it does not.", "\"0s\""},
       {"times", c.count, "lock: how often it holds and gives back; 0: no limit.", "0"},
       {"after", s.list(c.name, 0, 64, "names of nodes"), "gossip-lock: whose failure lets it have the lock.", "[]"},
       {"question", c.word, "follower: what it says when it asks.", "\"DB?\""},
       {"quorum_reads", c.boolean, "follower: asks for more than the server's own copy.", "false"},
       {"address", c.word, "elastic-ip: what moves.", ""},
       {"resource", c.name, "Whom it writes to while it holds.", ""},
       {"work_every", c.duration, "How often it writes there.", "\"500ms\""},
       {"work_takes", c.duration, "From the look at the clock until the write leaves.", "\"0s\""},
       {"checks_lease", c.boolean, "It no longer holds once its own clock says that the lease is over.", "true"},
       {"rechecks", c.boolean, "It looks at the clock again just before a write leaves.", "false"},
       {"fencing", c.boolean, "resource: refuses a token below the highest that it has seen.", "false"},
       {"servers", s.list(c.name, 1, 64, "one or more names of nodes"), "Whom it asks, in this order.", "all, from a different one each"},
       {"clock", s.object(c.clock, "the settings of a clock"), "If its clock is not right.", ""},
       {"starts", starts, "When its program starts; never: by a `restart`.", "\"0s\""}},
      "an object with \"name\" and \"runs\"", "app");
  return s.list(app, 0, 64, "a list of programs", "apps");
}

void add_etcd_verbs(TypeStore& s, const CommonTypes& c, std::vector<Field>& verbs) {
  const Type* form = s.map(c.scalar, false, "an object from names to values");
  Type* http = s.object(
      {{"method", s.choice({"GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"}), "As on the request line.", "\"GET\""},
       {"path", c.word, "Path and query, escaped as on the request line: \"/v2/keys/message?wait=true\".", "", true},
       {"form", form, "Sent as a form, as curl's -d does.", ""},
       {"body", c.text, "Sent as it is.", ""},
       {"content_type", c.word, "Of the body.", "of a form: application/x-www-form-urlencoded"},
       {"session", c.word, "\"ID/SEQUENCE\": sent again under the same, it takes effect once.", ""},
       {"name", c.label, "For `answer`, when other requests have come in between.", ""},
       {"to", c.selector, "The node that is asked.", "the one that the client believes in"},
       {"follow", c.boolean, "It goes where an answer of 307 sends it, as curl -L does.", "true"},
       {"within", c.duration, "The client gives up after this long.", "the cluster's client.timeout"},
       {"client", c.name, "Which client asks: c1, c2, ...", "\"c1\""}},
      "an object with \"path\"", "http");
  http->exclusive = {{"form", "body"}};
  verbs.push_back({"http", http,
                   "A client sends one request to the etcd API, as curl would. The timeline waits for the end only if "
                   "`expect` speaks of it, or with `wait`.",
                   ""});
}

void add_etcd_conditions(TypeStore& s, const CommonTypes& c, std::vector<Field>& all) {
  Type* answer = s.object({{"of", c.label, "The request of this name; missing: the step's, else the last one.", ""},
                           {"status", s.integer(100, 599, "a status of HTTP"), "As on the status line.", ""},
                           {"action", c.word, "What happened to the key.", ""},
                           {"key", c.word, "Of which key the answer speaks.", ""},
                           {"value", c.scalar, "Its value.", ""},
                           {"previous", c.scalar, "The value before.", ""},
                           {"error", s.integer(1, 999, "etcd's code of an error"), "etcd's errorCode.", ""},
                           {"contains", c.word, "This stands somewhere in the body.", ""},
                           {"pending", c.yes, "There is none yet.", ""}},
                          "an object with what the answer says");
  answer->least_fields = 1;
  const Type* whose = s.any_of({c.targets, s.choice({"nobody"})}, "programs, or \"nobody\"");
  all.push_back({"answer", answer, "What the step's request over HTTP was answered.", ""});
  all.push_back({"holds", c.targets, "These programs believe to hold their key.", ""});
  all.push_back({"holds_nothing", c.targets, "These programs do not.", ""});
  all.push_back({"follows", s.map(whose, true, "an object from programs to whom they follow"),
                 "To whom these programs go.", ""});
  all.push_back({"said", s.map(c.word, true, "an object from programs to what was said"),
                 "A program said this since its start, or was told it.", ""});
}

}  // namespace quorumlab::script
