// The names and promises of the checkers (sim/judge): their numbers are part of the trace format.
#pragma once

// X(name, what it promises, source)
#define QUORUMLAB_CHECKERS(X)                                                                      \
  X(election_safety, "at most one leader in a term", "Raft fig. 3")                                \
  X(vote_safety, "a node grants one vote in a term", "Raft 5.2")                                   \
  X(leader_append_only, "a leader never removes or replaces entries of its log", "Raft fig. 3")    \
  X(log_matching, "logs that agree on an entry agree on all before it", "Raft fig. 3")             \
  X(leader_completeness, "a leader has every committed entry", "Raft fig. 3")                      \
  X(state_machine_safety, "no two nodes apply different entries at an index", "Raft fig. 3")       \
  X(monotonic, "term, commit and applied index never go back", "Raft fig. 2")                      \
  X(durability, "what a node promised or a client was told survives", "Raft fig. 2")               \
  X(read_freshness, "a read sees every write that was answered before it began", "thesis 6.4")     \
  X(exactly_once, "a command of a session takes effect once", "thesis 6.3")                        \
  X(lying_disk_noticed, "a damaged disk is noticed, never believed", "own")                        \
  X(configuration, "members are what the committed changes say", "thesis 4, Raft 6")               \
  X(quorum, "votes and copies make a majority of each half", "Raft 5.2, 5.4.2, 6")                 \
  X(read_authority, "only a leader without a successor lets reads be answered", "thesis 6.4")      \
  X(handover, "leadership is handed only to who has the whole log", "thesis 3.10")                 \
  X(gossip_completeness, "everybody is probed in turn, every death found in time",                 \
    "SWIM 4.3")                                                                                    \
  X(gossip_accuracy, "no failure without suspicion, none of who is connected",                     \
    "SWIM 4.2")                                                                                    \
  X(gossip_convergence, "in the end all agents agree on who is alive", "memberlist")               \
  X(event_delivery, "an agent takes an event once, none from before its time", "serf")             \
  X(lamport_monotonic, "Lamport clocks never go back, and pass what they hear", "Lamport 1978")    \
  X(incarnation_monotonic, "a member's incarnation never falls, and rises to revive",              \
    "SWIM 4.2")                                                                                    \
  X(message_budget, "a member sends no more than parameters and news allow", "SWIM 4.1")           \
  X(linearizability, "one order of all operations explains every answer",                          \
    "Herlihy and Wing 1990")                                                                       \
  X(sequential_reads, "stale reads show what was, and never go back on a server",                  \
    "Lamport 1979")                                                                                \
  X(mutual_exclusion, "no two running programs believe to hold a key",                             \
    "Gray and Cheriton 1989")                                                                      \
  X(fencing, "nothing is taken from a holder that a newer one replaced", "Burrows 2006")           \
  X(watch_order, "a watch is told each event once, none before or in place of an earlier one",     \
    "etcd v2 api: waitIndex")                                                                      \
  X(ttl_bounds, "keys expire as soon as the leader's clock says so, and not before",               \
    "etcd v2: SYNC")                                                                               \
  X(session_once, "a request of a session changes the store once", "thesis 6.3")                   \
  X(autopilot_quorum, "no detector evicts a voter in reach, or the quorum", \
    "own")

// Those from the first to the last judge gossip, the others Raft.
#define QUORUMLAB_FIRST_GOSSIP_CHECKER gossip_completeness
#define QUORUMLAB_LAST_GOSSIP_CHECKER message_budget
