// What a request asks for, and how an answer looks on the wire: pure functions of the request on
// the one hand, of the result on the other. Everything that Go's server and etcd's two muxes decide
// before the store is asked is decided here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/types.h"
#include "core/kv/command.h"
#include "core/kv/errors.h"
#include "core/kv/form.h"
#include "core/kv/http.h"

namespace quorumlab::kv {

// How the answer is to look, whatever it says.
struct Shape {
  bool head = false;      // no body
  bool http10 = false;    // no chunks
  bool no_value = false;  // noValueOnSuccess
};

struct Call {
  enum class Kind : std::uint8_t {
    malformed,  // Go's server itself refuses it, before etcd sees it
    headers_too_large,
    options,
    moved,        // location
    not_found,    // no such path
    not_allowed,  // no such method there; allow
    refused,      // by the keys API: code, cause
    get,          // command: path, recursive, sorted
    watch,        // command: path, recursive; since, stream
    propose,      // command
    version,
    health,
    machines,
    members,
    member_leader,
    add_member,     // urls
    remove_member,  // command.member
    update_member,  // command.member, urls
    stats_self,
    stats_leader,
    stats_store,
    auth_enable,
    auth_users,
    auth_roles,
    auth_root_role,
    message  // status and cause: {"message":cause}
  };
  Kind kind = Kind::not_found;
  Shape shape;
  Command command;
  std::uint64_t since = 0;
  bool stream = false;
  bool cluster_header = false;  // with X-Etcd-Cluster-Id; of `message` and `not_allowed`
  bool writes_members = false;  // looks whether authentication is on
  int reads_auth = 0;           // how many of its keys it looks for, and does not find
  ErrorCode code = ErrorCode::none;
  std::uint16_t status = 0;
  std::string_view allow, cause, location;
};

// Views of the last call point into it.
class HttpApi {
 public:
  // `wall` is this node's clock: where a time to live begins.
  Call read(const HttpRequest& request, Instant wall);
  // The peer URLs of the last call, of add_member and update_member.
  const std::vector<std::string>& urls() const { return urls_; }

 private:
  void keys(const HttpRequest& request, Instant wall, Call& call);
  void key_command(const HttpRequest& request, Instant wall, Call& call);
  void members(const HttpRequest& request, Call& call);
  void auth(const HttpRequest& request, Call& call);
  bool json_body(const HttpRequest& request, Call& call);

  std::string path_;   // decoded
  std::string clean_;  // as Go's mux cleans it
  std::string key_;    // in the store
  std::string text_;   // location, message
  std::string_view query_;
  Form form_;
  std::vector<std::string> urls_;
};

// The head of an answer; what is not set is not sent.
struct Head {
  std::uint16_t status = 200;
  std::string_view allow, content_type, location;
  bool cors = true;
  bool nosniff = false;
  bool sniffed = false;   // Go found out the content type by itself, and writes it last
  bool plain_go = false;  // Go's own answer to a malformed request: none of the other headers
  std::optional<std::uint64_t> cluster_id, etcd_index, raft_index, raft_term;
};
class AnswerWriter {
 public:
  // A whole answer. Bodies of more than 2048 bytes go in chunks, as Go's buffer has it.
  void answer(const Head& head, Shape shape, Instant wall, ByteView body, Bytes& out);
  // The head of a watch; its events follow as chunks.
  void watch_head(const Head& head, Shape shape, Instant wall, Bytes& out);

 private:
  Bytes date_;
};
void write_chunk(ByteView body, bool last, Bytes& out);

}  // namespace quorumlab::kv
