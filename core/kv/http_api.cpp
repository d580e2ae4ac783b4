// From a request line to what it asks for: Go's server, its mux, etcd's routes, then the parameters
// of the keys API in the order in which etcd checks them.
#include "core/kv/http_api.h"

#include "core/kv/json_text.h"
#include "core/kv/store.h"

namespace quorumlab::kv {
namespace {

// Go's server reads no more than this of a request's head; the rest of the head takes some of it.
constexpr std::size_t kMaxTarget = (1u << 20) + 4096 - 256;

bool is_method(std::string_view method) {
  if (method.empty()) return false;
  for (const char c : method) {
    if (c <= 0x20 || c >= 0x7f ||
        std::string_view("()<>@,;:\\\"/[]?={}").find(c) != std::string_view::npos) {
      return false;
    }
  }
  return true;
}

// Whether the rest of a path after `prefix` is nothing or begins with a slash.
bool is_at(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

// What follows the prefix and one slash.
std::string_view behind(std::string_view path, std::string_view prefix) {
  path.remove_prefix(prefix.size());
  if (path.starts_with('/')) path.remove_prefix(1);
  return path;
}

void html_escape(std::string_view text, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

bool is_one_of(std::string_view method, std::initializer_list<std::string_view> all) {
  for (const std::string_view one : all) {
    if (method == one) return true;
  }
  return false;
}

void refuse(Call& call, ErrorCode code, std::string_view cause) {
  call.kind = Call::Kind::refused;
  call.code = code;
  call.cause = cause;
}

void not_allowed(Call& call, std::string_view allow) {
  call.kind = Call::Kind::not_allowed;
  call.allow = allow;
}

// ID/SEQUENCE or ID/SEQUENCE/FIRST_OUTSTANDING.
bool read_session(std::string_view text, Command& command) {
  std::uint64_t numbers[3] = {0, 0, 0};
  int count = 0;
  for (;; ++count) {
    const std::size_t slash = text.find('/');
    const auto number = parse_uint(text.substr(0, slash));
    if (!number || count == 3) return false;
    numbers[count] = *number;
    if (slash == std::string_view::npos) break;
    text.remove_prefix(slash + 1);
  }
  command.session = numbers[0];
  command.sequence = numbers[1];
  command.first_outstanding = numbers[2];
  return count >= 1 && numbers[0] != 0 && numbers[1] != 0;
}

}  // namespace

Call HttpApi::read(const HttpRequest& request, Instant wall) {
  Call call;
  call.shape = {request.method == "HEAD", request.http10, false};
  call.kind = Call::Kind::malformed;
  if (request.target.size() > kMaxTarget) {
    call.kind = Call::Kind::headers_too_large;
    return call;
  }
  if (!is_method(request.method)) return call;
  for (const char c : request.target) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return call;
  }
  std::string_view target = request.target;
  if (const std::size_t scheme = target.find("://"); !target.starts_with('/')) {
    // The absolute form, as proxies are asked. "*" is for OPTIONS.
    if (target == "*" && request.method == "OPTIONS") {
      call.kind = Call::Kind::options;
      return call;
    }
    if (scheme == std::string_view::npos || scheme == 0) return call;
    target.remove_prefix(scheme + 3);
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
  }
  const std::size_t mark = target.find('?');
  query_ = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  path_.clear();
  std::string_view bad;
  if (!unescape(target.substr(0, mark), false, path_, bad)) return call;

  if (request.method == "OPTIONS") {
    call.kind = Call::Kind::options;
    return call;
  }
  clean_path(path_, clean_);
  if (path_.ends_with('/') && clean_ != "/") clean_ += '/';
  if (clean_ != path_) {
    call.kind = Call::Kind::moved;
    key_.clear();
    escape_path(clean_, key_);
    if (!query_.empty()) {
      key_ += '?';
      key_ += query_;
    }
    text_.clear();
    if (request.method == "GET") {
      text_ = "<a href=\"";
      html_escape(key_, text_);
      text_ += "\">Moved Permanently</a>.\n\n";
    }
    clean_.clear();
    for (const char c : key_) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x80) {
        clean_ += c;
      } else {
        clean_ += '%';
        clean_ += "0123456789abcdef"[byte >> 4];
        clean_ += "0123456789abcdef"[byte & 15];
      }
    }
    call.location = clean_;
    call.cause = text_;
    return call;
  }

  const std::string_view path = path_;
  const auto only_get = [&](Call::Kind kind) {
    call.kind = kind;
    if (request.method != "GET") not_allowed(call, "GET");
  };
  if (is_at(path, "/v2/keys")) {
    keys(request, wall, call);
  } else if (path == "/v2/machines") {
    call.kind = Call::Kind::machines;
    if (!is_one_of(request.method, {"GET", "HEAD"})) not_allowed(call, "GET,HEAD");
  } else if (is_at(path, "/v2/members")) {
    members(request, call);
  } else if (is_at(path, "/v2/auth")) {
    auth(request, call);
  } else if (path == "/v2/stats/self") {
    only_get(Call::Kind::stats_self);
  } else if (path == "/v2/stats/leader") {
    only_get(Call::Kind::stats_leader);
  } else if (path == "/v2/stats/store") {
    only_get(Call::Kind::stats_store);
  } else if (path == "/version") {
    only_get(Call::Kind::version);
  } else if (path == "/health") {
    only_get(Call::Kind::health);
  } else {
    call.kind = Call::Kind::not_found;
  }
  return call;
}

void HttpApi::keys(const HttpRequest& request, Instant wall, Call& call) {
  if (!is_one_of(request.method, {"HEAD", "GET", "PUT", "POST", "DELETE"})) {
    not_allowed(call, "HEAD,GET,PUT,POST,DELETE");
    return;
  }
  form_.parse(request.method, query_, request.content_type, request.body);
  if (!form_.error().empty()) {
    refuse(call, ErrorCode::invalid_form, form_.error());
    return;
  }
  // The path is clean but for a slash at its end.
  std::string_view rest = std::string_view(path_).substr(std::string_view("/v2/keys").size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  key_ = kUserRoot;
  key_ += rest;
  key_command(request, wall, call);
}

// In the order in which etcd looks: the first thing wrong is the one that is told.
void HttpApi::key_command(const HttpRequest& request, Instant wall, Call& call) {
  Command& command = call.command;
  command.path = key_;
  const auto number = [&](std::string_view name, std::string_view cause, std::uint64_t& value) {
    const auto text = form_.find(name);
    if (!text) return true;
    const auto parsed = parse_uint(*text);
    if (parsed) {
      value = *parsed;
    } else {
      refuse(call, ErrorCode::index_not_a_number, cause);
    }
    return parsed.has_value();
  };
  const auto flag = [&](std::string_view name, std::string_view cause, bool& value) {
    const auto text = form_.find(name);
    if (!text) return true;
    const auto parsed = parse_bool(*text);
    if (parsed) {
      value = *parsed;
    } else {
      refuse(call, ErrorCode::invalid_field, cause);
    }
    return parsed.has_value();
  };
  bool wait = false, quorum = false;
  if (!number("prevIndex", "invalid value for \"prevIndex\"", command.previous_index) ||
      !number("waitIndex", "invalid value for \"waitIndex\"", call.since) ||
      !flag("recursive", "invalid value for \"recursive\"", command.recursive) ||
      !flag("sorted", "invalid value for \"sorted\"", command.sorted) ||
      !flag("wait", "invalid value for \"wait\"", wait) ||
      !flag("dir", "invalid value for \"dir\"", command.dir) ||
      !flag("quorum", "invalid value for \"quorum\"", quorum) ||
      !flag("stream", "invalid value for \"stream\"", call.stream)) {
    return;
  }
  const bool is_get = request.method == "GET";
  if (wait && !is_get) {
    refuse(call, ErrorCode::invalid_field, "\"wait\" can only be used with GET requests");
    return;
  }
  if (const auto previous = form_.find("prevValue")) {
    if (previous->empty()) {
      refuse(call, ErrorCode::previous_value_required, "\"prevValue\" cannot be empty");
      return;
    }
    command.previous_value = *previous;
  }
  if (!flag("noValueOnSuccess", "invalid value for \"noValueOnSuccess\"", call.shape.no_value)) {
    return;
  }
  const std::string_view ttl = form_.value("ttl");
  if (!ttl.empty()) {
    const auto seconds = parse_uint(ttl);
    if (!seconds) {
      refuse(call, ErrorCode::ttl_not_a_number, "invalid value for \"ttl\"");
      return;
    }
    // Overflows as Go's does; what comes out before the year 2000 is taken for permanent.
    command.expiration =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(wall.ns) + *seconds * 1'000'000'000u);
  }
  bool exists = false;
  const bool asks_existence = form_.find("prevExist").has_value();
  if (!flag("prevExist", "invalid value for prevExist", exists) ||
      !flag("refresh", "invalid value for refresh", command.refresh)) {
    return;
  }
  command.value = form_.value("value");
  if (command.refresh && !command.value.empty()) {
    refuse(call, ErrorCode::refresh_value, "A value was provided on a refresh");
    return;
  }
  if (command.refresh && ttl.empty()) {
    refuse(call, ErrorCode::refresh_ttl_required, "No TTL value set");
    return;
  }

  if (!request.session.empty() && !read_session(request.session, command)) {
    call.kind = Call::Kind::message;
    call.status = 400;
    call.cause = "X-Quorumlab-Session: expected ID/SEQUENCE or ID/SEQUENCE/FIRST_OUTSTANDING";
    call.cluster_header = true;
    return;
  }
  using Kind = Command::Kind;
  call.kind = Call::Kind::propose;
  const bool conditional = command.previous_index != 0 || !command.previous_value.empty();
  if (is_get && quorum) {
    command.kind = Kind::quorum_get;
    command.session = 0;
  } else if (is_get && wait) {
    call.kind = Call::Kind::watch;
  } else if (is_get || request.method == "HEAD") {
    call.kind = Call::Kind::get;
  } else if (request.method == "POST") {
    command.kind = Kind::create_in_order;
  } else if (request.method == "DELETE") {
    command.kind = conditional ? Kind::compare_and_delete : Kind::remove;
  } else if (asks_existence && !exists) {
    command.kind = Kind::create;
  } else if (conditional) {
    command.kind = Kind::compare_and_swap;
  } else {
    command.kind = asks_existence ? Kind::update : Kind::set;
  }
}

bool HttpApi::json_body(const HttpRequest& request, Call& call) {
  call.kind = Call::Kind::message;
  call.cluster_header = true;
  std::string type(request.content_type);
  if (const std::size_t semicolon = type.find(';'); semicolon != std::string::npos) {
    type.resize(semicolon);
    std::size_t begin = 0, end = type.size();
    while (begin < end && type[begin] == ' ') ++begin;
    while (end > begin && type[end - 1] == ' ') --end;
    type = type.substr(begin, end - begin);
    for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (type != "application/json") {
    text_ = "Bad Content-Type " + type + ", accept application/json";
    call.status = 415;
    call.cause = text_;
    return false;
  }
  text_ = parse_peer_urls(request.body, urls_);
  if (text_.empty()) return true;
  call.status = 400;
  call.cause = text_;
  return false;
}

void HttpApi::members(const HttpRequest& request, Call& call) {
  using Kind = Call::Kind;
  if (!is_one_of(request.method, {"GET", "POST", "DELETE", "PUT"})) {
    not_allowed(call, "GET,POST,DELETE,PUT");
    return;
  }
  const std::string_view id = behind(path_, "/v2/members");
  const auto message = [&](std::uint16_t status, std::string_view text) {
    call.kind = Kind::message;
    call.status = status;
    call.cause = text;
    call.cluster_header = true;
  };
  if (request.method == "GET") {
    if (id.empty()) {
      call.kind = Kind::members;
    } else if (id == "leader") {
      call.kind = Kind::member_leader;
    } else {
      message(404, "Not found");
    }
    return;
  }
  call.writes_members = true;
  if (request.method == "POST") {
    if (json_body(request, call)) call.kind = Kind::add_member;
    return;
  }
  if (id.empty()) {
    call.kind = Kind::not_allowed;  // without Allow, and with the cluster's id
    call.cluster_header = true;
    return;
  }
  std::uint64_t number = 0;
  bool good = id.size() <= 16;
  for (const char c : id) {
    const std::size_t digit = std::string_view("0123456789abcdefABCDEF").find(c);
    good = good && digit != std::string_view::npos;
    number = number * 16 + (digit > 15 ? digit - 6 : digit);
  }
  if (!good) {
    text_ = "No such member: ";
    text_ += id;
    message(404, text_);
    return;
  }
  call.command.member = number;
  if (request.method == "DELETE") {
    call.kind = Kind::remove_member;
  } else if (json_body(request, call)) {
    call.kind = Kind::update_member;
  }
}

// Nobody can be made a user here, so that nobody is: what etcd answers while authentication is off.
void HttpApi::auth(const HttpRequest& request, Call& call) {
  using Kind = Call::Kind;
  const std::string_view rest = behind(path_, "/v2/auth");
  const auto message = [&](std::uint16_t status, std::string_view text) {
    call.kind = Kind::message;
    call.status = status;
    call.cause = text;
    call.cluster_header = true;
  };
  const bool is_get = request.method == "GET";
  call.kind = Kind::not_found;
  if (rest == "enable") {
    if (!is_one_of(request.method, {"GET", "PUT", "DELETE"}))
      return not_allowed(call, "GET,PUT,DELETE");
    call.kind = Kind::auth_enable;
    call.reads_auth = 1;
    if (request.method == "PUT") {
      message(409, "auth: No root user available, please create one");
      call.reads_auth = 4;
    } else if (!is_get) {
      message(409, "auth: already disabled");
      call.reads_auth = 3;
    }
    return;
  }
  const bool users = is_at(rest, "users");
  if (!users && !is_at(rest, "roles")) return;
  const std::string_view name = behind(rest, users ? "users" : "roles");
  if (name.empty()) {
    if (!is_get) return not_allowed(call, "GET");
    call.kind = users ? Kind::auth_users : Kind::auth_roles;
    call.reads_auth = 2;
    return;
  }
  if (name.find('/') != std::string_view::npos) {
    message(400, "Invalid path");
    call.cluster_header = false;
    return;
  }
  if (!is_one_of(request.method, {"GET", "PUT", "DELETE"}))
    return not_allowed(call, "GET,PUT,DELETE");
  if (!is_get) return message(501, "auth: users and roles are not offered");
  call.reads_auth = 2;
  if (!users && name == "root") {
    call.kind = Kind::auth_root_role;
    call.reads_auth = 1;
    return;
  }
  text_ = users ? "auth: User " : "auth: Role ";
  text_ += name;
  text_ += " does not exist.";
  message(404, text_);
}

}  // namespace quorumlab::kv
